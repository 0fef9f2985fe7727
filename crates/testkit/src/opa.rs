//! An Open Policy Agent as its REST API's documentation says: `POST` of an input, `{"result": …}` of a decision, without a
//! `result` where it knows no such decision. It says what a test tells it to, on loopback, and remembers what it was asked.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

/// The one decision that it knows.
pub const PATH: &str = "/v1/data/em_agent/decision";

struct State {
    status: u16,
    body: String,
    after: Duration,
    asked: Vec<Value>,
}

/// Listens until it is dropped.
pub struct Opa {
    address: SocketAddr,
    state: Arc<Mutex<State>>,
    listening: JoinHandle<()>,
}

impl Opa {
    /// Knows no decision yet.
    ///
    /// # Panics
    /// When no port can be listened on.
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let state = State { status: 200, body: "{}".to_owned(), after: Duration::ZERO, asked: Vec::new() };
        let state = Arc::new(Mutex::new(state));
        let served = state.clone();
        let listening = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, served.clone()));
            }
        });
        Self { address, state, listening }
    }

    /// Without a path, as EM Agent's `OPA_URL`.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Decides so from now on.
    pub fn decides(&self, result: &Value) {
        self.says(200, &json!({"result": result}).to_string());
    }

    /// Answers so from now on, whatever is asked.
    pub fn says(&self, status: u16, body: &str) {
        let mut state = self.state();
        (state.status, state.body) = (status, body.to_owned());
    }

    /// Takes so long from now on.
    pub fn takes(&self, after: Duration) {
        self.state().after = after;
    }

    /// The inputs since the last look.
    pub fn asked(&self) -> Vec<Value> {
        std::mem::take(&mut self.state().asked)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Opa {
    fn drop(&mut self) {
        self.listening.abort();
    }
}

/// Answers the requests of one connection; `None` when it has ended.
async fn serve(stream: TcpStream, state: Arc<Mutex<State>>) -> Option<()> {
    let mut stream = BufReader::new(stream);
    loop {
        let mut head = String::new();
        while !head.ends_with("\r\n\r\n") {
            if stream.read_line(&mut head).await.ok()? == 0 {
                return None;
            }
        }
        let length =
            head.lines().find_map(|line| line.to_ascii_lowercase().strip_prefix("content-length: ")?.parse().ok());
        let mut body = vec![0; length.unwrap_or(0)];
        stream.read_exact(&mut body).await.ok()?;
        let (status, answer, after) = {
            let mut state = state.lock().unwrap_or_else(PoisonError::into_inner);
            let asked: Value = serde_json::from_slice(&body).unwrap_or_default();
            state.asked.push(asked["input"].clone());
            let known = head.starts_with(&format!("POST {PATH} "));
            let (status, body) = if known { (state.status, state.body.clone()) } else { (200, "{}".to_owned()) };
            (status, body, state.after)
        };
        tokio::time::sleep(after).await;
        let text = format!("HTTP/1.1 {status} X\r\nContent-Length: {}\r\n\r\n{answer}", answer.len());
        stream.write_all(text.as_bytes()).await.ok()?;
    }
}
