//! Reads a request's body: counted while it streams, chunked or not, and within a deadline.
//!
//! Nothing is decoded: a body that is encoded in any way is refused, so that what is signed is what is read. What all
//! bodies together hold of the memory is bounded: a thousand slow senders of large bodies are told to come again.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use actix_web::HttpRequest;
use actix_web::http::header::{CONTENT_ENCODING, CONTENT_LENGTH};
use actix_web::web::{Bytes, BytesMut, Payload};
use futures::StreamExt;
use serde::de::DeserializeOwned;

use crate::problem::{Code, Problem};

/// A sender that is slower than this holds a connection for nothing.
const DEADLINE: Duration = Duration::from_secs(15);
/// Calls of the API are small.
pub(crate) const MOST_API_BYTES: usize = 256 * 1024;

/// So much is set aside for a body that is announced; more is found when it comes.
const LARGEST_GUESS: usize = 1 << 20;
/// Bytes of bodies that one process holds while they arrive and while they wait for their commit.
const MOST_HELD_BYTES: usize = 512 << 20;

/// How much of the memory the bodies of this process hold. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Memory {
    held: Arc<AtomicUsize>,
    most: usize,
}

impl Default for Memory {
    fn default() -> Self {
        Self { held: Arc::default(), most: MOST_HELD_BYTES }
    }
}

/// One body's part of the memory, given back when it is dropped.
pub(crate) struct Share {
    memory: Memory,
    bytes: usize,
}

impl Share {
    fn grow(&mut self, bytes: usize) -> Result<(), Problem> {
        self.bytes += bytes;
        if self.memory.held.fetch_add(bytes, Ordering::Relaxed) + bytes <= self.memory.most {
            return Ok(());
        }
        Err(Problem::new(Code::NotKept, "more bodies are arriving than this process may hold").retry_after(5))
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        self.memory.held.fetch_sub(self.bytes, Ordering::Relaxed);
    }
}

/// The whole body, at most `most_bytes` of it, and its share of the memory: to be kept as long as the body.
pub(crate) async fn read(
    memory: &Memory,
    request: &HttpRequest,
    payload: Payload,
    most_bytes: usize,
) -> Result<(Bytes, Share), Problem> {
    let mut share = Share { memory: memory.clone(), bytes: 0 };
    let body = read_within(DEADLINE, &mut share, request, payload, most_bytes).await?;
    Ok((body, share))
}

async fn read_within(
    deadline: Duration,
    share: &mut Share,
    request: &HttpRequest,
    payload: Payload,
    most_bytes: usize,
) -> Result<Bytes, Problem> {
    refuse_encoded(request)?;
    let header = |name| request.headers().get(name).and_then(|value| value.to_str().ok());
    let announced = header(CONTENT_LENGTH).and_then(|text| text.parse::<usize>().ok()).unwrap_or(0);
    if announced > most_bytes {
        return Err(too_large(most_bytes));
    }
    let seconds = deadline.as_secs();
    let late = || Problem::new(Code::RequestTimeout, format!("the body did not arrive within {seconds} seconds"));
    tokio::time::timeout(deadline, collect(payload, share, announced, most_bytes)).await.map_err(|_| late())?
}

async fn collect(
    mut payload: Payload,
    share: &mut Share,
    announced: usize,
    most_bytes: usize,
) -> Result<Bytes, Problem> {
    let broken = |error| Problem::new(Code::InvalidRequest, "the body ended early").because(format!("{error}"));
    let Some(first) = payload.next().await else { return Ok(Bytes::new()) };
    let first = first.map_err(broken)?;
    if first.len() > most_bytes {
        return Err(too_large(most_bytes));
    }
    share.grow(first.len())?;
    if first.len() >= announced && announced > 0 {
        return Ok(first);
    }
    // What is only announced takes no memory.
    let mut body = BytesMut::with_capacity(announced.min(LARGEST_GUESS).max(first.len()));
    body.extend_from_slice(&first);
    while let Some(chunk) = payload.next().await {
        let chunk = chunk.map_err(broken)?;
        if body.len() + chunk.len() > most_bytes {
            return Err(too_large(most_bytes));
        }
        share.grow(chunk.len())?;
        body.extend_from_slice(&chunk);
    }
    Ok(body.freeze())
}

fn refuse_encoded(request: &HttpRequest) -> Result<(), Problem> {
    let identity = |value: &[u8]| value.trim_ascii().is_empty() || value.trim_ascii().eq_ignore_ascii_case(b"identity");
    if request.headers().get_all(CONTENT_ENCODING).all(|value| identity(value.as_bytes())) {
        return Ok(());
    }
    Err(Problem::new(Code::UnsupportedEncoding, "send the body without Content-Encoding"))
}

fn too_large(most_bytes: usize) -> Problem {
    Problem::new(Code::TooLarge, format!("the body may have {most_bytes} bytes"))
}

/// A body as JSON; an empty one is `{}`.
pub(crate) fn json<T: DeserializeOwned>(body: &[u8]) -> Result<T, Problem> {
    let text = if body.trim_ascii().is_empty() { b"{}" } else { body };
    serde_json::from_slice(text).map_err(|error| Problem::unfit("", format!("the body does not fit: {error}")))
}

#[cfg(test)]
mod tests {
    use actix_web::FromRequest;
    use actix_web::test::TestRequest;

    use super::*;

    async fn outcome(request: TestRequest, most_bytes: usize) -> Result<usize, Code> {
        taken(&Memory::default(), request, most_bytes).await.map(|(body, _)| body.len())
    }

    async fn taken(memory: &Memory, request: TestRequest, most_bytes: usize) -> Result<(Bytes, Share), Code> {
        let (request, mut payload) = request.to_http_parts();
        let payload = Payload::from_request(&request, &mut payload).await.expect("a payload");
        read(memory, &request, payload, most_bytes).await.map_err(|problem| problem.code())
    }

    #[actix_web::test]
    async fn bodies_together_hold_no_more_than_the_memory_for_them_and_give_it_back() {
        let memory = Memory { held: Arc::default(), most: 150 };
        let of_hundred = || TestRequest::post().set_payload(vec![b'x'; 100]);
        let first = taken(&memory, of_hundred(), 100).await.expect("room");
        assert_eq!(taken(&memory, of_hundred(), 100).await.err(), Some(Code::NotKept));
        drop(first);
        assert!(taken(&memory, of_hundred(), 100).await.is_ok());
        assert_eq!(memory.held.load(Ordering::Relaxed), 0);
    }

    #[actix_web::test]
    async fn the_last_byte_that_fits_is_taken_and_the_next_is_not() {
        let of = |len: usize| TestRequest::post().set_payload(vec![b'x'; len]);
        assert_eq!(outcome(of(100), 100).await, Ok(100));
        assert_eq!(outcome(of(101), 100).await, Err(Code::TooLarge));
        let announced = TestRequest::post().insert_header((CONTENT_LENGTH, "101"));
        assert_eq!(outcome(announced, 100).await, Err(Code::TooLarge));
    }

    #[actix_web::test]
    async fn only_plain_bodies_are_taken() {
        for (encoding, expected) in
            [("identity", Ok(1)), ("gzip", Err(Code::UnsupportedEncoding)), ("br", Err(Code::UnsupportedEncoding))]
        {
            let request = TestRequest::post().insert_header((CONTENT_ENCODING, encoding)).set_payload("x");
            assert_eq!(outcome(request, 10).await, expected, "{encoding}");
        }
    }

    #[actix_web::test]
    async fn a_body_that_does_not_end_is_not_waited_for_for_ever() {
        let first = futures::stream::iter([Ok(Bytes::from_static(b"x"))]);
        let endless = first.chain(futures::stream::pending());
        let mut payload: actix_web::dev::Payload = actix_web::dev::Payload::Stream { payload: Box::pin(endless) };
        let request = TestRequest::post().to_http_request();
        let payload = Payload::from_request(&request, &mut payload).await.expect("a payload");
        let mut share = Share { memory: Memory::default(), bytes: 0 };
        let read = read_within(Duration::from_millis(50), &mut share, &request, payload, 100).await;
        assert_eq!(read.map_err(|problem| problem.code()), Err(Code::RequestTimeout));
    }
}
