//! Has a delivery judged: on this thread or, when it is large, on a blocking one, and again with each certificate that
//! its proof turns out to need.

use actix_web::http::header::HeaderMap;
use actix_web::web;
use bytes::Bytes;

use super::endings::{Ending, Turned, no_certificate};
use super::judge::{self, Judged, Knock};
use crate::problem::{Code, Problem};
use crate::state::State;

/// Larger bodies are verified and read on a blocking thread: a megabyte takes about a millisecond.
const READ_IN_PLACE_BYTES: usize = 256 << 10;

/// A leaf and what stands between it and a root.
const MOST_CERTIFICATES: usize = 4;

/// Judges a delivery, with the certificates that it turns out to need.
pub(super) async fn proved(
    state: &State,
    mut knock: Knock,
    headers: &HeaderMap,
    body: Bytes,
) -> Result<Judged, Turned> {
    for _ in 0..MOST_CERTIFICATES {
        let (back, judged) = judged(knock, headers, body.clone()).await?;
        let Judged::Need(url) = judged else { return Ok(judged) };
        knock = back;
        knock.certificates.push(state.certificates.get(&url).await.ok_or_else(no_certificate)?);
    }
    judged(knock, headers, body).await.map(|(_, judged)| judged)
}

async fn judged(knock: Knock, headers: &HeaderMap, body: Bytes) -> Result<(Knock, Judged), Turned> {
    if body.len() <= READ_IN_PLACE_BYTES {
        let judged = judge::judge(&knock, &judge::headers(headers), &body)?;
        return Ok((knock, judged));
    }
    let headers = headers.clone();
    let work = move || judge::judge(&knock, &judge::headers(&headers), &body).map(|judged| (knock, judged));
    web::block(work).await.unwrap_or_else(|stopped| {
        let problem = Problem::new(Code::NotKept, "the server is stopping").because(stopped);
        Err(Turned::new(Ending::Failed, "the server is stopping", problem))
    })
}
