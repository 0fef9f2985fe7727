//! Slack's Web API as its documentation says, on loopback: messages that stay, and faults on demand.
//!
//! It takes JSON and forms, as the official clients send them, and remembers what it was asked. `#name` and a person's id
//! become the id of a channel, as in Slack. What it keeps can be looked at and taken away.

mod members;
mod methods;

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::listening::{Asked, Listening, Reply};
pub use members::{Member, SECRET};

/// A message that stands in a channel.
#[derive(Clone, Debug, PartialEq)]
pub struct Message {
    pub channel: String,
    pub ts: String,
    pub thread_ts: Option<String>,
    /// As it is now: text, blocks, and what else was sent with it.
    pub body: Value,
    /// How often it was written anew.
    pub updates: usize,
}

impl Message {
    pub fn text(&self) -> &str {
        self.body["text"].as_str().unwrap_or_default()
    }

    /// The `action_id`s of its buttons.
    pub fn buttons(&self) -> Vec<String> {
        let blocks = self.body["blocks"].as_array().cloned().unwrap_or_default();
        let elements =
            blocks.iter().filter(|block| block["type"] == "actions").filter_map(|block| block["elements"].as_array());
        elements.flatten().filter_map(|button| button["action_id"].as_str().map(str::to_owned)).collect()
    }
}

/// One call that came.
#[derive(Clone, Debug)]
pub struct Call {
    pub method: String,
    /// What stood behind `Bearer`.
    pub token: Option<String>,
    pub body: Value,
    pub at: Instant,
}

/// What happens to a call instead of the usual.
#[derive(Clone, Debug)]
pub enum Fault {
    /// 429, come again after so many seconds. Nothing is done.
    Limited(u32),
    /// Slack's own code of refusal. Nothing is done.
    Refused(String),
    /// 500. Nothing is done.
    Failed,
    /// 500, and it is done all the same.
    FailedAfter,
    /// It is done, and the connection breaks without an answer.
    Lost,
    /// No answer for so long; nothing is done.
    Silent(Duration),
}

#[derive(Default)]
struct State {
    token: String,
    messages: Vec<Message>,
    whispers: Vec<Value>,
    views: Vec<Value>,
    channels: BTreeMap<String, String>,
    /// By e-mail address: the id, and the workspace that they belong to.
    people: BTreeMap<String, (String, String)>,
    /// What came to each `response_url`.
    responses: Vec<(String, Value)>,
    calls: Vec<Call>,
    /// The next call of the method meets it.
    faults: VecDeque<(String, Fault)>,
    said: u32,
}

/// Listens until it is dropped.
pub struct Slack {
    listening: Listening,
    state: Arc<Mutex<State>>,
}

impl Slack {
    /// Takes calls with this token only.
    ///
    /// # Panics
    /// When no port can be listened on.
    pub async fn start(token: &str) -> Self {
        let state = Arc::new(Mutex::new(State { token: token.to_owned(), ..State::default() }));
        let served = state.clone();
        let answer = move |asked: Asked| answer(&asked, &mut served.lock().unwrap_or_else(PoisonError::into_inner));
        Self { listening: Listening::start(answer).await, state }
    }

    /// `SLACK_API_URL`.
    pub fn url(&self) -> String {
        format!("{}/api/", self.listening.url())
    }

    /// The next call of a method that no other fault waits for meets this one.
    pub fn fault(&self, method: &str, fault: Fault) {
        self.state().faults.push_back((method.to_owned(), fault));
    }

    /// Somebody who is found by their e-mail address.
    pub fn person(&self, email: &str, user_id: &str) {
        self.state().people.insert(email.to_owned(), (user_id.to_owned(), methods::TEAM.to_owned()));
    }

    /// Somebody of another workspace, who is in a channel that both share.
    pub fn outsider(&self, email: &str, user_id: &str) {
        self.state().people.insert(email.to_owned(), (user_id.to_owned(), "T0OTHER001".to_owned()));
    }

    /// What came to a `response_url`.
    pub fn responses(&self, url: &str) -> Vec<Value> {
        let state = self.state();
        state.responses.iter().filter(|(hook, _)| url.ends_with(hook.as_str())).map(|(_, body)| body.clone()).collect()
    }

    /// All messages, in the order in which they came.
    pub fn messages(&self) -> Vec<Message> {
        self.state().messages.clone()
    }

    /// What only one person saw.
    pub fn whispers(&self) -> Vec<Value> {
        self.state().whispers.clone()
    }

    /// Views that were opened or published.
    pub fn views(&self) -> Vec<Value> {
        self.state().views.clone()
    }

    /// Somebody deletes a message.
    pub fn delete(&self, ts: &str) {
        self.state().messages.retain(|message| message.ts != ts);
    }

    /// Every call so far.
    pub fn calls(&self) -> Vec<Call> {
        self.state().calls.clone()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What a call meets, and what comes back. What is not for us is cut.
fn answer(asked: &Asked, state: &mut State) -> Reply {
    let Some(call) = read(asked) else { return Reply::Cut };
    state.calls.push(call.clone());
    let place = state.faults.iter().position(|(method, _)| *method == call.method);
    match place.and_then(|place| state.faults.remove(place)).map(|(_, fault)| fault) {
        None => ok(&done(&call, state)),
        Some(Fault::Limited(seconds)) => Reply::with(429, &[("Retry-After", seconds.to_string())], ""),
        Some(Fault::Refused(code)) => ok(&methods::refused(&code)),
        Some(Fault::Failed) => Reply::with(500, &[], ""),
        Some(Fault::FailedAfter) => Reply::json(500, &done(&call, state)),
        Some(Fault::Lost) => {
            done(&call, state);
            Reply::Cut
        }
        Some(Fault::Silent(time)) => Reply::Late(time, Box::new(Reply::Cut)),
    }
}

fn ok(body: &Value) -> Reply {
    Reply::with(200, &[("X-OAuth-Scopes", "chat:write,commands".to_owned())], &body.to_string())
}

/// `None`: it is no call.
fn read(asked: &Asked) -> Option<Call> {
    let path = asked.path.as_str();
    let method = path.strip_prefix("/api/").or_else(|| path.strip_prefix('/').filter(|hook| is_hook(hook)))?.to_owned();
    let is_json = asked.header("content-type").starts_with("application/json");
    let body = if is_json { serde_json::from_slice(&asked.body).ok()? } else { fields(&asked.body) };
    let token = asked.header("authorization").strip_prefix("Bearer ").map(str::to_owned);
    Some(Call { method, token, body, at: Instant::now() })
}

/// A form's fields; those that are JSON, as blocks and views are, as such.
fn fields(body: &[u8]) -> Value {
    let field = |(name, text): (std::borrow::Cow<'_, str>, std::borrow::Cow<'_, str>)| {
        let is_json = text.starts_with(['[', '{']);
        let value = if is_json { serde_json::from_str(&text).ok() } else { None };
        (name.into_owned(), value.unwrap_or_else(|| Value::from(text.into_owned())))
    };
    Value::Object(form_urlencoded::parse(body).map(field).collect())
}

/// Whoever has the address may write there.
fn is_hook(method: &str) -> bool {
    method.starts_with("hooks/")
}

fn done(call: &Call, state: &mut State) -> Value {
    if is_hook(&call.method) {
        state.responses.push((call.method.clone(), call.body.clone()));
        return json!({"ok": true});
    }
    let is_known = call.token.as_deref() == Some(state.token.as_str());
    if is_known { methods::answer(call, state) } else { methods::refused("invalid_auth") }
}
