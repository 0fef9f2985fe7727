//! Systems that keep documents, on loopback: they serve what a test puts there and remember what they were asked.
//!
//! What stands in the query or the body makes no difference, but where a test puts an answer for a target that has it.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde_json::{Value, json};

use crate::listening::{Asked, Listening, Reply};

#[derive(Default)]
struct State {
    /// By path, or by path and the part of the query that stands behind a `?`.
    things: BTreeMap<String, Value>,
    asked: Vec<Asked>,
    instead: VecDeque<(String, Reply)>,
}

/// Listens until it is dropped.
pub struct Shelf {
    listening: Listening,
    state: Arc<Mutex<State>>,
}

impl Shelf {
    /// # Panics
    /// When no port can be listened on.
    pub async fn start() -> Self {
        let state = Arc::new(Mutex::new(State::default()));
        let served = state.clone();
        let answer = move |asked: Asked| answer(asked, &mut served.lock().unwrap_or_else(PoisonError::into_inner));
        Self { listening: Listening::start(answer).await, state }
    }

    pub fn url(&self) -> String {
        self.listening.url()
    }

    /// Serves it at a path; `path?name=value` is only for requests with that.
    pub fn put(&self, path: &str, thing: Value) {
        self.state().things.insert(path.to_owned(), thing);
    }

    pub fn remove(&self, path: &str) {
        self.state().things.remove(path);
    }

    /// Answers the next request whose path has this part otherwise.
    pub fn instead(&self, part: &str, status: u16, headers: &[(&str, &str)]) {
        let headers: Vec<(&str, String)> = headers.iter().map(|(name, value)| (*name, (*value).to_owned())).collect();
        self.state().instead.push_back((part.to_owned(), Reply::with(status, &headers, "{}")));
    }

    /// What was asked since the last look.
    pub fn asked(&self) -> Vec<Asked> {
        std::mem::take(&mut self.state().asked)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn answer(asked: Asked, state: &mut State) -> Reply {
    state.asked.push(asked.clone());
    if let Some(place) = state.instead.iter().position(|(part, _)| asked.path.contains(part.as_str())) {
        return state.instead.remove(place).map(|(_, reply)| reply).expect("a place");
    }
    let narrowed = asked.query.iter().map(|(name, value)| format!("{}?{name}={value}", asked.path));
    let mut keys = narrowed.chain([asked.path.clone()]);
    match keys.find_map(|key| state.things.get(&key)) {
        Some(thing) => Reply::json(200, thing),
        None => Reply::json(404, &json!({"message": "Not Found"})),
    }
}
