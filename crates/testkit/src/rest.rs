//! The REST API of a code host, as its documentation says: lists in pages, filters by time, limits and faults on demand.
//!
//! It serves what a test puts there, on loopback, and remembers what it was asked.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use chrono::{DateTime, Utc};
use serde_json::Value;

use crate::listening::{self, Listening, Reply};

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

struct State {
    things: BTreeMap<String, Value>,
    asked: Vec<Asked>,
    /// The next request whose target contains the text is answered so.
    instead: VecDeque<(String, Reply)>,
    page_size: usize,
    /// After so many more requests, each is asked to come again in an hour until this is set anew.
    until_interrupted: Option<usize>,
}

/// Listens until it is dropped.
pub struct Rest {
    listening: Listening,
    state: Arc<Mutex<State>>,
}

impl Rest {
    /// # Panics
    /// When no port can be listened on.
    pub async fn start(pages: Pages) -> Self {
        let (things, asked, instead) = (BTreeMap::new(), Vec::new(), VecDeque::new());
        let state = Arc::new(Mutex::new(State { things, asked, instead, page_size: 100, until_interrupted: None }));
        let served = state.clone();
        let answer = move |asked: listening::Asked| {
            answer(&asked, &mut served.lock().unwrap_or_else(PoisonError::into_inner), pages)
        };
        Self { listening: Listening::start(answer).await, state }
    }

    pub fn url(&self) -> String {
        self.listening.url()
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
        let headers: Vec<(&str, String)> = headers.iter().map(|(name, value)| (*name, (*value).to_owned())).collect();
        self.state().instead.push_back((part.to_owned(), Reply::with(status, &headers, body)));
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

fn answer(asked: &listening::Asked, state: &mut State, pages: Pages) -> Reply {
    let target = asked.target.clone();
    let token = asked.headers.get("authorization").or(asked.headers.get("private-token")).cloned();
    state.asked.push(Asked { target: target.clone(), token });
    if let Some(place) = state.instead.iter().position(|(part, _)| target.contains(part.as_str())) {
        return state.instead.remove(place).map(|(_, instead)| instead).expect("a place");
    }
    match &mut state.until_interrupted {
        Some(0) => {
            return Reply::with(429, &[("Retry-After", "3600".to_owned())], "{}");
        }
        Some(left) => *left -= 1,
        None => {}
    }
    let (path, query) = target.split_once('?').unwrap_or((&target, ""));
    let query: BTreeMap<&str, &str> = query.split('&').filter_map(|pair| pair.split_once('=')).collect();
    match state.things.get(path) {
        None => Reply::with(404, &[], r#"{"message":"Not Found"}"#),
        Some(Value::Array(list)) => page(list, &query, state.page_size, (pages, asked.header("host"), path)),
        Some(thing) => Reply::json(200, thing),
    }
}

fn page(list: &[Value], query: &BTreeMap<&str, &str>, most: usize, (pages, host, path): (Pages, &str, &str)) -> Reply {
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
            Some(("Link", format!("<http://{host}{path}?{query}page={next}>; rel=\"next\"")))
        }
    };
    Reply::with(200, &Vec::from_iter(header), &serde_json::to_string(&listed).expect("JSON"))
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
