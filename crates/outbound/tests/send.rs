//! The client against servers that misbehave.

use std::time::{Duration, Instant};

use outbound::{Outbound, OutboundError, Request, StatusCode};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

/// A server that answers every connection with the same bytes and counts nothing.
async fn answering(bytes: &'static [u8]) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let addr = listener.local_addr().expect("an address");
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut request = [0; 4096];
            let _ = stream.read(&mut request).await;
            let _ = stream.write_all(bytes).await;
            if bytes.is_empty() {
                std::future::pending::<()>().await;
            }
        }
    });
    format!("http://{addr}/")
}

fn client(timeout: Duration) -> Outbound {
    Outbound::new(timeout, 16).expect("a client")
}

#[tokio::test]
async fn an_answer_is_given_back_whatever_its_status() {
    let url = answering(b"HTTP/1.1 503 Busy\r\nRetry-After: 7\r\ncontent-length: 10\r\n\r\n{\"a\": [1]}").await;
    let answer = client(Duration::from_secs(5)).send(Request::get(url)).await.expect("answered");
    assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(answer.json()["a"][0], 1);
    assert_eq!((answer.header("retry-after"), answer.header("etag")), (Some("7"), None));
}

#[tokio::test]
async fn a_redirect_is_an_answer_and_not_followed() {
    let url = answering(b"HTTP/1.1 302 Found\r\nlocation: http://127.0.0.1:1/\r\ncontent-length: 0\r\n\r\n").await;
    let answer = client(Duration::from_secs(5)).send(Request::get(url)).await.expect("answered");
    assert_eq!(answer.status, StatusCode::FOUND);
}

#[tokio::test]
async fn a_large_answer_is_cut_off() {
    let url = answering(b"HTTP/1.1 200 OK\r\ncontent-length: 17\r\n\r\n12345678901234567").await;
    let error = client(Duration::from_secs(5)).send(Request::get(url)).await.expect_err("too large");
    assert!(matches!(error, OutboundError::TooLarge { cap_bytes: 16, .. }), "{error}");
}

#[tokio::test]
async fn a_server_that_says_nothing_is_left_at_the_deadline() {
    let url = answering(b"").await;
    let started = Instant::now();
    let error = client(Duration::from_millis(50)).send(Request::get(url)).await.expect_err("no answer");
    assert!(matches!(error, OutboundError::Unanswered { .. }), "{error}");
    assert!(started.elapsed() < Duration::from_secs(5));
    assert!(error.may_have_arrived());
    assert_eq!(error.kind(), "no answer in time");
}

#[tokio::test]
async fn what_was_never_sent_is_told_from_what_was_not_answered() {
    let nobody = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let url = format!("http://{}/", nobody.local_addr().expect("an address"));
    drop(nobody);
    let send =
        |url: String| async move { client(Duration::from_secs(5)).send(Request::get(url)).await.expect_err("fails") };
    let refused = send(url).await;
    assert_eq!((refused.may_have_arrived(), refused.kind()), (false, "no connection"));
    let no_address = send("http://".to_owned()).await;
    assert_eq!((no_address.may_have_arrived(), no_address.kind()), (false, "the address is none"));
    let cut_off = send(answering(b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\n1").await).await;
    assert!(cut_off.may_have_arrived(), "{}", cut_off.kind());
}

#[tokio::test]
async fn a_header_with_a_line_end_is_refused() {
    let request = Request::post("http://127.0.0.1:1/", vec![("x".to_owned(), "a\r\nb: c".to_owned())], Vec::new());
    let error = client(Duration::from_secs(1)).send(request).await.expect_err("refused");
    assert!(matches!(error, OutboundError::Header(_)), "{error}");
}
