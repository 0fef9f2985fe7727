//! A small HTTP server on loopback: hands over what is asked and sends what it is told to.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::Value;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

/// One request that came.
#[derive(Clone, Debug, Default)]
pub struct Asked {
    pub method: String,
    /// Path and query as they were sent.
    pub target: String,
    pub path: String,
    pub query: BTreeMap<String, String>,
    /// Names in lower case.
    pub headers: BTreeMap<String, String>,
    pub body: Vec<u8>,
}

impl Asked {
    pub fn line(&self) -> String {
        format!("{} {}", self.method, self.path)
    }

    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }

    /// Empty where it is no text.
    pub fn text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap_or_default()
    }

    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map(String::as_str).unwrap_or_default()
    }
}

/// What is sent back.
#[derive(Clone, Debug)]
pub enum Reply {
    Answer {
        status: u16,
        headers: Vec<(String, String)>,
        body: String,
    },
    /// The connection ends without a word.
    Cut,
    /// Nothing comes, and the connection stays.
    Silence,
    /// The same after so long.
    Late(Duration, Box<Reply>),
}

impl Reply {
    pub fn json(status: u16, body: &Value) -> Self {
        Self::Answer { status, headers: Vec::new(), body: body.to_string() }
    }

    pub fn with(status: u16, headers: &[(&str, String)], body: &str) -> Self {
        let headers = headers.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect();
        Self::Answer { status, headers, body: body.to_owned() }
    }
}

/// Listens on loopback until it is dropped.
pub struct Listening {
    port: u16,
    task: JoinHandle<()>,
}

impl Listening {
    /// # Panics
    /// When no port can be listened on.
    pub async fn start(answer: impl Fn(Asked) -> Reply + Clone + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, answer.clone()));
            }
        });
        Self { port, task }
    }

    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }
}

impl Drop for Listening {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn serve(stream: TcpStream, answer: impl Fn(Asked) -> Reply) -> Option<()> {
    let mut stream = BufReader::new(stream);
    loop {
        let mut reply = answer(read(&mut stream).await?);
        while let Reply::Late(time, then) = reply {
            tokio::time::sleep(time).await;
            reply = *then;
        }
        match reply {
            Reply::Cut | Reply::Late(..) => return None,
            Reply::Silence => std::future::pending().await,
            Reply::Answer { status, headers, body } => {
                let headers: String = headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
                let length = if status == 204 { String::new() } else { format!("content-length: {}\r\n", body.len()) };
                let text = format!("HTTP/1.1 {status} X\r\n{headers}{length}\r\n{body}");
                stream.write_all(text.as_bytes()).await.ok()?;
            }
        }
    }
}

async fn read(stream: &mut BufReader<TcpStream>) -> Option<Asked> {
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        if stream.read_line(&mut head).await.ok()? == 0 {
            return None;
        }
    }
    let mut words = head.split(' ');
    let (method, target) = (words.next()?.to_owned(), words.next()?.to_owned());
    let headers: BTreeMap<String, String> = head
        .lines()
        .filter_map(|line| line.split_once(':'))
        .map(|(name, value)| (name.to_ascii_lowercase(), value.trim().to_owned()))
        .collect();
    let length = headers.get("content-length").and_then(|text| text.parse().ok()).unwrap_or_default();
    let mut body = vec![0; length];
    stream.read_exact(&mut body).await.ok()?;
    let (path, query) = target.split_once('?').unwrap_or((&target, ""));
    let query = form_urlencoded::parse(query.as_bytes()).into_owned().collect();
    let path = path.to_owned();
    Some(Asked { method, target, path, query, headers, body })
}
