//! The REST API of a code host, as its documentation says: lists in pages, filters by time, limits and faults on demand.
//!
//! It serves what a test puts there, on loopback, and remembers what it was asked.

use std::collections::{BTreeMap, VecDeque};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use chrono::{DateTime, Utc};
use serde_json::Value;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

/// How the next page is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pages {
    /// `Link: <…>; rel="next"`, as GitHub.
    Link,
    /// `X-Next-Page: 2`, as GitLab.
    Number,
}

/// One request that came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asked {
    /// Path and query.
    pub target: String,
    /// Whatever it proved itself with.
    pub token: Option<String>,
}

/// An answer instead of the usual one.
#[derive(Clone, Debug)]
pub struct Instead {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub body: String,
}

struct State {
    things: BTreeMap<String, Value>,
    asked: Vec<Asked>,
    /// The next request whose target contains the text is answered so.
    instead: VecDeque<(String, Instead)>,
    page_size: usize,
    /// After so many more requests, each is asked to come again in an hour until this is set anew.
    until_interrupted: Option<usize>,
}

/// Listens until it is dropped.
pub struct Rest {
    address: SocketAddr,
    state: Arc<Mutex<State>>,
    listening: JoinHandle<()>,
}

impl Rest {
    /// # Panics
    /// When no port can be listened on.
    pub async fn start(pages: Pages) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let (things, asked, instead) = (BTreeMap::new(), Vec::new(), VecDeque::new());
        let state = Arc::new(Mutex::new(State { things, asked, instead, page_size: 100, until_interrupted: None }));
        let served = state.clone();
        let listening = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, served.clone(), pages, address));
            }
        });
        Self { address, state, listening }
    }

    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Serves an object, or a list page by page, at a path.
    pub fn put(&self, path: &str, thing: Value) {
        self.state().things.insert(path.to_owned(), thing);
    }

    /// No page is longer, whatever is asked for.
    pub fn page_size(&self, most: usize) {
        self.state().page_size = most;
    }

    /// Answers the next request whose target contains `part` otherwise.
    pub fn instead(&self, part: &str, status: u16, headers: &[(&str, &str)], body: &str) {
        let headers = headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        self.state().instead.push_back((part.to_owned(), Instead { status, headers, body: body.to_owned() }));
    }

    /// Answers so many requests, and every one after those with a limit of an hour.
    pub fn interrupt_after(&self, requests: usize) {
        self.state().until_interrupted = Some(requests);
    }

    /// What was asked since the last look.
    pub fn asked(&self) -> Vec<Asked> {
        std::mem::take(&mut self.state().asked)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Rest {
    fn drop(&mut self) {
        self.listening.abort();
    }
}

/// Answers the requests of one connection; `None` when it has ended.
async fn serve(stream: TcpStream, state: Arc<Mutex<State>>, pages: Pages, address: SocketAddr) -> Option<()> {
    let mut stream = BufReader::new(stream);
    loop {
        let mut head = String::new();
        while !head.ends_with("\r\n\r\n") {
            if stream.read_line(&mut head).await.ok()? == 0 {
                return None;
            }
        }
        let answer = answer(&head, &mut state.lock().unwrap_or_else(PoisonError::into_inner), pages, address);
        let headers: String = answer.headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
        let (status, length, body) = (answer.status, answer.body.len(), answer.body);
        let text = format!("HTTP/1.1 {status} X\r\n{headers}Content-Length: {length}\r\n\r\n{body}");
        stream.write_all(text.as_bytes()).await.ok()?;
    }
}

fn answer(head: &str, state: &mut State, pages: Pages, address: SocketAddr) -> Instead {
    let target = head.split(' ').nth(1).unwrap_or_default().to_owned();
    let fields = head.lines().filter_map(|line| line.split_once(": "));
    let mut proofs =
        fields.filter(|(name, _)| ["authorization", "private-token"].contains(&name.to_ascii_lowercase().as_str()));
    let token = proofs.next().map(|(_, value)| value.to_owned());
    state.asked.push(Asked { target: target.clone(), token });
    if let Some(place) = state.instead.iter().position(|(part, _)| target.contains(part.as_str())) {
        return state.instead.remove(place).map(|(_, instead)| instead).expect("a place");
    }
    match &mut state.until_interrupted {
        Some(0) => {
            let headers = vec![("Retry-After".to_owned(), "3600".to_owned())];
            return Instead { status: 429, headers, body: "{}".to_owned() };
        }
        Some(left) => *left -= 1,
        None => {}
    }
    let (path, query) = target.split_once('?').unwrap_or((&target, ""));
    let query: BTreeMap<&str, &str> = query.split('&').filter_map(|pair| pair.split_once('=')).collect();
    match state.things.get(path) {
        None => Instead { status: 404, headers: Vec::new(), body: r#"{"message":"Not Found"}"#.to_owned() },
        Some(Value::Array(list)) => page(list, &query, state.page_size, (pages, address, path)),
        Some(thing) => Instead { status: 200, headers: Vec::new(), body: thing.to_string() },
    }
}

fn page(
    list: &[Value],
    query: &BTreeMap<&str, &str>,
    most: usize,
    (pages, address, path): (Pages, SocketAddr, &str),
) -> Instead {
    let mut listed: Vec<&Value> = list.iter().filter(|object| fits(object, query)).collect();
    if query.get("direction").or(query.get("sort")) == Some(&"desc") {
        listed.sort_by_key(|object| std::cmp::Reverse(time(object).unwrap_or_default()));
    }
    let number = |name: &str, usual: usize| query.get(name).and_then(|text| text.parse().ok()).unwrap_or(usual);
    let (size, page) = (number("per_page", 30).min(most), number("page", 1));
    let is_last = listed.len() <= page * size;
    let listed: Vec<&Value> = listed.into_iter().skip((page - 1) * size).take(size).collect();
    let header = match pages {
        Pages::Number => Some(("X-Next-Page", if is_last { String::new() } else { (page + 1).to_string() })),
        Pages::Link if is_last => None,
        Pages::Link => {
            let others =
                query.iter().filter(|(name, _)| **name != "page").map(|(name, value)| format!("{name}={value}&"));
            let (query, next) = (others.collect::<String>(), page + 1);
            Some(("Link", format!("<http://{address}{path}?{query}page={next}>; rel=\"next\"")))
        }
    };
    let headers = header.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
    Instead { status: 200, headers, body: serde_json::to_string(&listed).expect("JSON") }
}

/// Whether it is between the times that were asked for.
fn fits(object: &Value, query: &BTreeMap<&str, &str>) -> bool {
    let bound = |name: &str| query.get(name).map(|text| text.parse::<DateTime<Utc>>().expect("a time in the query"));
    let Some(at) = time(object) else { return true };
    bound("since").or(bound("updated_after")).is_none_or(|from| at >= from) && bound("until").is_none_or(|to| at <= to)
}

/// The time that filters and orders go by.
fn time(object: &Value) -> Option<DateTime<Utc>> {
    let committed = object.pointer("/commit/committer/date").or(object.get("committed_date"));
    committed.or(object.get("updated_at")).or(object.get("released_at"))?.as_str()?.parse().ok()
}
