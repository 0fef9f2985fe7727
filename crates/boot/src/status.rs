//! The worker's own small listener: `/metrics`, `/health` and `/ready` on `METRICS_ADDR`, and nothing else.
//!
//! Plain HTTP/1.1 with one answer a connection, so that the worker needs no web framework. Requests have no bodies;
//! what takes too long or is too large is hung up on.

use std::future::Future;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;

const HEAD_BYTES: usize = 8 * 1024;
const PATIENCE: Duration = Duration::from_secs(10);
const AT_A_TIME: usize = 32;

/// Whether the process can do its work, and the details for people.
#[derive(Clone, Debug, PartialEq)]
pub struct Readiness {
    pub ok: bool,
    pub body: serde_json::Value,
}

/// Asks the process whether it is ready.
pub type ReadyCheck = Arc<dyn Fn() -> Pin<Box<dyn Future<Output = Readiness> + Send>> + Send + Sync>;

/// What the listener shows.
#[derive(Clone)]
pub struct Pages {
    pub metrics: Arc<dyn Fn() -> String + Send + Sync>,
    pub ready: ReadyCheck,
}

/// Listens on `addr` until `stop`. Answers with the address it got.
pub async fn serve(addr: SocketAddr, pages: Pages, stop: CancellationToken) -> std::io::Result<SocketAddr> {
    let listener = TcpListener::bind(addr).await?;
    let bound = listener.local_addr()?;
    let places = Arc::new(Semaphore::new(AT_A_TIME));
    tokio::spawn(async move {
        loop {
            let Ok(place) = places.clone().acquire_owned().await else { return };
            let accepted = tokio::select! {
                () = stop.cancelled() => return,
                accepted = listener.accept() => accepted,
            };
            let Ok((stream, _)) = accepted else {
                // Out of file descriptors, for example: trying again at once would only burn the processor.
                tokio::time::sleep(Duration::from_millis(100)).await;
                continue;
            };
            let pages = pages.clone();
            tokio::spawn(async move {
                // A caller that hangs up early has no one to tell.
                let _ = tokio::time::timeout(PATIENCE, answer(stream, &pages)).await;
                drop(place);
            });
        }
    });
    Ok(bound)
}

async fn answer(mut stream: TcpStream, pages: &Pages) -> std::io::Result<()> {
    let mut head = Vec::with_capacity(512);
    while !head.windows(4).any(|end| end == b"\r\n\r\n") {
        if head.len() > HEAD_BYTES || stream.read_buf(&mut head).await? == 0 {
            return Ok(());
        }
    }
    let line = String::from_utf8_lossy(&head);
    let mut words = line.split_whitespace();
    let (method, target) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    let path = target.split('?').next().unwrap_or_default();
    let (status, kind, body) = page(method, path, pages).await;
    let length = body.len();
    let head = format!(
        "HTTP/1.1 {status}\r\ncontent-type: {kind}\r\ncontent-length: {length}\r\ncache-control: no-store\r\nconnection: close\r\n\r\n"
    );
    stream.write_all(head.as_bytes()).await?;
    if method != "HEAD" {
        stream.write_all(body.as_bytes()).await?;
    }
    stream.shutdown().await
}

async fn page(method: &str, path: &str, pages: &Pages) -> (&'static str, &'static str, String) {
    const JSON: &str = "application/json";
    if !["GET", "HEAD"].contains(&method) {
        return ("405 Method Not Allowed", "text/plain", "only GET and HEAD\n".to_owned());
    }
    match path {
        "/health" => ("200 OK", JSON, r#"{"status":"ok"}"#.to_owned()),
        "/ready" => {
            let ready = (pages.ready)().await;
            let status = if ready.ok { "200 OK" } else { "503 Service Unavailable" };
            (status, JSON, ready.body.to_string())
        }
        "/metrics" => ("200 OK", "text/plain; version=0.0.4; charset=utf-8", (pages.metrics)()),
        _ => ("404 Not Found", "text/plain", "here are /metrics, /health and /ready\n".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn ask(addr: SocketAddr, request: &str) -> String {
        let mut stream = TcpStream::connect(addr).await.expect("connected");
        stream.write_all(request.as_bytes()).await.expect("sent");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.expect("an answer");
        answer
    }

    #[tokio::test]
    async fn three_pages_are_shown_and_nothing_else() {
        let ready = || Box::pin(async { Readiness { ok: false, body: serde_json::json!({"database": "down"}) } }) as _;
        let pages = Pages { metrics: Arc::new(|| "up 1\n".to_owned()), ready: Arc::new(ready) };
        let stop = CancellationToken::new();
        let addr = serve(([127, 0, 0, 1], 0).into(), pages, stop.clone()).await.expect("listening");

        let metrics = ask(addr, "GET /metrics?x=1 HTTP/1.1\r\nhost: a\r\n\r\n").await;
        assert!(metrics.starts_with("HTTP/1.1 200 OK\r\n") && metrics.ends_with("\r\n\r\nup 1\n"), "{metrics}");
        let ready = ask(addr, "GET /ready HTTP/1.1\r\n\r\n").await;
        assert!(ready.starts_with("HTTP/1.1 503 ") && ready.ends_with(r#"{"database":"down"}"#), "{ready}");
        assert!(ask(addr, "HEAD /health HTTP/1.1\r\n\r\n").await.ends_with("\r\n\r\n"));
        assert!(ask(addr, "POST /health HTTP/1.1\r\n\r\n").await.starts_with("HTTP/1.1 405 "));
        assert!(ask(addr, "GET /v1/events HTTP/1.1\r\n\r\n").await.starts_with("HTTP/1.1 404 "));

        stop.cancel();
        let closed = async {
            while TcpStream::connect(addr).await.is_ok() {
                tokio::task::yield_now().await
            }
        };
        tokio::time::timeout(Duration::from_secs(5), closed).await.expect("closed in time");
    }
}
