//! A model server of nobody's: speaks as OpenAI, Anthropic and Gemini do, says what it is told to say, and remembers what it
//! was asked. The same question has the same answer.

mod words;

use std::collections::VecDeque;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde_json::{Value, json};

use crate::listening::{Asked, Listening, Reply};
use words::Dialect;

/// What it says to a request, of the request's body.
pub type Answering = Arc<dyn Fn(&Value) -> String + Send + Sync>;

/// How it behaves.
#[derive(Clone)]
pub enum Behaviour {
    Says(String),
    /// What this makes of the request's body, as it was sent.
    Answers(Answering),
    /// The beginning of JSON.
    InvalidJson,
    /// Stops where the answer may not be longer.
    Truncated(String),
    /// Its content filter steps in.
    Refuses,
    /// 429, come again after so many seconds.
    TooMany(u32),
    /// This status, with a body that repeats the key it was given.
    Errors(u16),
    /// Says it after so long.
    Slow(Duration, String),
    /// Never says anything.
    Silent,
    /// Says it, and not what it used.
    NoUsage(String),
    /// The prompt is longer than it takes.
    ContextTooLong,
    /// Wants this tool called with these arguments.
    CallsTool(String, Value),
}

impl fmt::Debug for Behaviour {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Behaviour")
    }
}

/// What it says that it used.
#[derive(Clone, Copy, Debug)]
pub struct Used {
    /// With those that were cached.
    pub input: i64,
    pub cached: i64,
    /// With those of reasoning.
    pub output: i64,
    pub reasoning: i64,
}

struct State {
    usual: Behaviour,
    next: VecDeque<Behaviour>,
    used: Option<Used>,
    asked: Vec<Asked>,
}

/// Listens until it is dropped.
pub struct FakeModels {
    listening: Listening,
    state: Arc<Mutex<State>>,
}

impl FakeModels {
    /// Says `fine` until it is told otherwise.
    ///
    /// # Panics
    /// When no port can be listened on.
    pub async fn start() -> Self {
        let usual = Behaviour::Says("fine".to_owned());
        let state = Arc::new(Mutex::new(State { usual, next: VecDeque::new(), used: None, asked: Vec::new() }));
        let taken = state.clone();
        let listening = Listening::start(move |asked| {
            let mut state = taken.lock().unwrap_or_else(PoisonError::into_inner);
            state.asked.push(asked.clone());
            answer(&asked, &mut state)
        })
        .await;
        Self { listening, state }
    }

    /// `OPENAI_BASE_URL`, `ANTHROPIC_BASE_URL` or `AGENT_GEMINI_BASE_URL`.
    pub fn url(&self) -> String {
        format!("{}/v1", self.listening.url())
    }

    /// From now on.
    pub fn behaves(&self, behaviour: Behaviour) {
        self.state().usual = behaviour;
    }

    /// Once, after those that were asked for before.
    pub fn next(&self, behaviour: Behaviour) {
        self.state().next.push_back(behaviour);
    }

    /// What every answer says that it used; else it is counted by characters.
    pub fn uses(&self, used: Used) {
        self.state().used = Some(used);
    }

    /// The bodies of all requests so far.
    pub fn asked(&self) -> Vec<Value> {
        self.state().asked.iter().map(Asked::json).collect()
    }

    /// The requests so far.
    pub fn requests(&self) -> Vec<Asked> {
        self.state().asked.clone()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn answer(asked: &Asked, state: &mut State) -> Reply {
    let Some(dialect) = Dialect::of(&asked.path) else {
        return refusal(404, &json!({"error": {"message": "no such path"}}));
    };
    let behaviour = state.next.pop_front().unwrap_or_else(|| state.usual.clone());
    let body = asked.json();
    let said = |text: &str| {
        let used = state.used.unwrap_or_else(|| counted(&body, text));
        Reply::with(200, &json_headers(), &dialect.says(&body, text, Some(used)).to_string())
    };
    match behaviour {
        Behaviour::Says(text) => said(&text),
        Behaviour::Answers(answering) => said(&answering(&body)),
        Behaviour::InvalidJson => said("{\"headline\": \"cut"),
        Behaviour::Truncated(text) => stopped(dialect.cut_off(&body, &text, counted(&body, &text))),
        Behaviour::Refuses => stopped(dialect.refuses(&body, counted(&body, ""))),
        Behaviour::TooMany(seconds) => {
            let mut headers = json_headers();
            headers.push(("retry-after", seconds.to_string()));
            Reply::with(429, &headers, "{\"error\": {\"message\": \"too many requests\"}}")
        }
        Behaviour::Errors(status) => {
            let key = format!("{} {}", asked.header("authorization"), asked.header("x-api-key"));
            refusal(status, &json!({"error": {"message": format!("it failed for {key}")}}))
        }
        Behaviour::Slow(time, text) => Reply::Late(time, Box::new(said(&text))),
        Behaviour::Silent => Reply::Silence,
        Behaviour::NoUsage(text) => stopped(dialect.says(&body, &text, None)),
        Behaviour::ContextTooLong => refusal(400, &dialect.too_long()),
        Behaviour::CallsTool(name, arguments) => {
            stopped(dialect.calls(&body, &name, &arguments, counted(&body, &name)))
        }
    }
}

fn stopped(body: Value) -> Reply {
    Reply::with(200, &json_headers(), &body.to_string())
}

fn refusal(status: u16, body: &Value) -> Reply {
    Reply::with(status, &json_headers(), &body.to_string())
}

fn json_headers() -> Vec<(&'static str, String)> {
    vec![("content-type", "application/json".to_owned())]
}

/// Four characters are a token.
fn counted(body: &Value, text: &str) -> Used {
    let tokens = |length: usize| i64::try_from(length.div_ceil(4)).unwrap_or(i64::MAX);
    Used { input: tokens(body.to_string().len()), cached: 0, output: tokens(text.len()), reasoning: 0 }
}
