//! An Open Policy Agent as its REST API's documentation says: `POST` of an input, `{"result": …}` of a decision, without a
//! `result` where it knows no such decision. It says what a test tells it to, on loopback, and remembers what it was asked.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde_json::{Value, json};

use crate::listening::{Asked, Listening, Reply};

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
    listening: Listening,
    state: Arc<Mutex<State>>,
}

impl Opa {
    /// Knows no decision yet.
    ///
    /// # Panics
    /// When no port can be listened on.
    pub async fn start() -> Self {
        let state = State { status: 200, body: "{}".to_owned(), after: Duration::ZERO, asked: Vec::new() };
        let state = Arc::new(Mutex::new(state));
        let served = state.clone();
        let answer = move |asked: Asked| answer(&asked, &mut served.lock().unwrap_or_else(PoisonError::into_inner));
        Self { listening: Listening::start(answer).await, state }
    }

    /// Without a path, as EM Agent's `OPA_URL`.
    pub fn url(&self) -> String {
        self.listening.url()
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

fn answer(asked: &Asked, state: &mut State) -> Reply {
    state.asked.push(asked.json()["input"].clone());
    let is_known = asked.line() == format!("POST {PATH}");
    let (status, body) = if is_known { (state.status, state.body.as_str()) } else { (200, "{}") };
    Reply::Late(state.after, Box::new(Reply::with(status, &[], body)))
}
