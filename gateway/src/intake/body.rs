//! Reads a body up to its cap, counted while it streams, within a deadline.

use std::time::Duration;

use actix_web::error::PayloadError;
use actix_web::web;
use bytes::{Bytes, BytesMut};
use futures::StreamExt;

use super::{Ending, Turned};
use crate::problem::{Code, Problem};

/// A body that has not arrived by then is a trickle: it would hold memory and a connection.
const DEADLINE: Duration = Duration::from_secs(15);

/// The raw bytes of the body, `cap` at most. `announced` is the Content-Length, refused before anything is read.
pub(super) async fn read(payload: web::Payload, announced: Option<u64>, cap: usize) -> Result<Bytes, Turned> {
    if announced.is_some_and(|length| length > cap as u64) {
        return Err(too_large(cap));
    }
    let capacity = announced.map_or(0, |length| length as usize);
    tokio::time::timeout(DEADLINE, collect(payload, cap, capacity)).await.unwrap_or_else(|_| {
        let problem = Problem::new(Code::RequestTimeout, "the body did not arrive within 15 seconds");
        Err(Turned::new(Ending::RejectedParse, "the body did not arrive in time", problem))
    })
}

async fn collect(mut payload: web::Payload, cap: usize, capacity: usize) -> Result<Bytes, Turned> {
    let mut first: Option<Bytes> = None;
    let mut whole: Option<BytesMut> = None;
    while let Some(chunk) = payload.next().await {
        let chunk = chunk.map_err(broken)?;
        let so_far = whole.as_ref().map_or(first.as_ref().map_or(0, Bytes::len), BytesMut::len);
        if so_far + chunk.len() > cap {
            return Err(too_large(cap));
        }
        match (&mut whole, first.take()) {
            (Some(whole), _) => whole.extend_from_slice(&chunk),
            // Most bodies come in one piece, which then needs no copy.
            (None, None) => first = Some(chunk),
            (None, Some(one)) => {
                let mut both = BytesMut::with_capacity(capacity.max(one.len() + chunk.len()));
                both.extend_from_slice(&one);
                both.extend_from_slice(&chunk);
                whole = Some(both);
            }
        }
    }
    Ok(whole.map(BytesMut::freeze).or(first).unwrap_or_default())
}

fn too_large(cap: usize) -> Turned {
    let problem = Problem::new(Code::TooLarge, format!("the body is larger than {cap} bytes"));
    Turned::new(Ending::RejectedSize, "the body is too large", problem)
}

fn broken(error: PayloadError) -> Turned {
    let problem = Problem::new(Code::InvalidRequest, "the body broke off").because(error);
    Turned::new(Ending::RejectedParse, "the body broke off", problem)
}
