//! A server that plays Slack: one answer for everything, and the last request to look at.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use outbound::Outbound;
use secrecy::SecretString;
use serde_json::Value;
use slack::client::Client;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

pub(crate) const TOKEN: &str = "xoxb-000000000000-notreal";

/// Answers every request with the same bytes and remembers the last one. Without bytes it never answers.
pub(crate) struct Playing {
    pub(crate) address: String,
    pub(crate) last: Arc<Mutex<String>>,
}

impl Playing {
    pub(crate) async fn start(status: u16, headers: &str, body: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address").to_string();
        let length = body.len();
        let answer =
            format!("HTTP/1.1 {status} X\r\n{headers}content-length: {length}\r\nconnection: close\r\n\r\n{body}");
        let last = Arc::new(Mutex::new(String::new()));
        let seen = last.clone();
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let request = whole(&mut stream).await;
                *seen.lock().expect("unpoisoned") = request;
                match status {
                    0 => std::future::pending().await,
                    _ => stream.write_all(answer.as_bytes()).await.expect("written"),
                }
            }
        });
        Self { address, last }
    }

    pub(crate) fn client(&self) -> Client {
        let outbound = Outbound::new(Duration::from_millis(500), 1_000_000).expect("a client");
        Client::new(outbound, &format!("http://{}/api/", self.address), SecretString::from(TOKEN))
    }

    pub(crate) fn head(&self) -> String {
        self.last.lock().expect("unpoisoned").split("\r\n\r\n").next().unwrap_or_default().to_lowercase()
    }

    /// What was asked for.
    pub(crate) fn path(&self) -> String {
        self.last.lock().expect("unpoisoned").split(' ').nth(1).unwrap_or_default().to_owned()
    }

    pub(crate) fn body(&self) -> String {
        self.last
            .lock()
            .expect("unpoisoned")
            .split_once("\r\n\r\n")
            .map(|(_, body)| body.to_owned())
            .unwrap_or_default()
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body()).expect("JSON was sent")
    }
}

/// A request with all of its body.
async fn whole(stream: &mut TcpStream) -> String {
    let (mut bytes, mut chunk) = (Vec::new(), [0; 4096]);
    loop {
        let text = String::from_utf8_lossy(&bytes).into_owned();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length =
                head.to_lowercase().lines().find_map(|line| line.strip_prefix("content-length: ")?.parse().ok());
            if body.len() >= length.unwrap_or(0) {
                return text;
            }
        }
        match stream.read(&mut chunk).await {
            Ok(read) if read > 0 => bytes.extend_from_slice(&chunk[..read]),
            _ => return String::from_utf8_lossy(&bytes).into_owned(),
        }
    }
}
