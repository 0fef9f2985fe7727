//! Slack's Web API, as far as we call it: one request, one [`Outcome`], no retries.
//!
//! Who calls keeps the pace, waits after [`Outcome::RateLimited`] and decides what an [`Outcome::Unknown`] means: for
//! everything but a new message it is safe to try again. The token stands in a header and nowhere else; an address that
//! lets its holder write (`response_url`, incoming webhook) is asked only at Slack's own host and never repeated.

mod calls;
mod outcome;

pub use calls::{Found, Identity, Posted, Profile};
pub use outcome::{Outcome, Refused};

use outbound::{Answer as Response, Outbound, Request};
use secrecy::{ExposeSecret, SecretString};
use serde::Serialize;
use serde_json::Value;

use crate::answers::Answer;
use crate::fit::Message;

/// Slack's Web API. `SLACK_API_URL` names another one, which ends in `/api/` as well.
pub const API_URL: &str = "https://slack.com/api/";
/// Where every `response_url` and incoming webhook lives.
pub const HOOKS_URL: &str = "https://hooks.slack.com/";

const JSON: &str = "application/json; charset=utf-8";
const FORM: &str = "application/x-www-form-urlencoded";

/// The client. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Client {
    outbound: Outbound,
    api_url: String,
    hooks_url: String,
    /// Without one only hooks can be posted to.
    token: Option<SecretString>,
}

impl Client {
    pub fn new(outbound: Outbound, api_url: &str, token: SecretString) -> Self {
        Self { token: Some(token), ..Self::without_token(outbound, api_url) }
    }

    /// A client that only answers where a hook is given; every method is refused.
    pub fn without_token(outbound: Outbound, api_url: &str) -> Self {
        let api_url = format!("{}/", api_url.trim_end_matches('/'));
        // Who plays Slack's API plays its hooks too.
        let is_slacks = api_url == API_URL;
        let hooks_url = if is_slacks { HOOKS_URL.to_owned() } else { origin(&api_url) };
        Self { outbound, api_url, hooks_url, token: None }
    }

    /// Whether methods can be called.
    pub fn has_token(&self) -> bool {
        self.token.is_some()
    }

    /// An answer to a command or a press, after the first three seconds.
    pub async fn respond(&self, response_url: &str, answer: &Answer) -> Outcome<()> {
        self.hook(response_url, answer).await
    }

    /// A message through an incoming webhook: it has its channel, and cannot be updated.
    pub async fn post_to_webhook(&self, webhook_url: &str, message: &Message) -> Outcome<()> {
        self.hook(webhook_url, message).await
    }

    /// The same of a message that was made before and kept as JSON.
    pub async fn post_kept_to_webhook(&self, webhook_url: &str, message: &Value) -> Outcome<()> {
        self.hook(webhook_url, message).await
    }

    async fn hook(&self, url: &str, body: &impl Serialize) -> Outcome<()> {
        if !url.starts_with(&self.hooks_url) || url.contains(char::is_whitespace) {
            return Outcome::Refused(Refused::ours("not_a_hook"));
        }
        let Ok(body) = serde_json::to_vec(body) else { return Outcome::Refused(Refused::ours("not_json")) };
        let headers = vec![("content-type".to_owned(), JSON.to_owned())];
        match self.outbound.send(Request::post(url, headers, body)).await {
            Ok(response) => outcome::of_hook(&response),
            Err(error) => outcome::of_error(&error),
        }
    }

    /// Calls a method with a JSON body.
    async fn call(&self, method: &str, body: &impl Serialize) -> Outcome<(Value, Response)> {
        match serde_json::to_vec(body) {
            Ok(body) => self.send(method, JSON, body).await,
            Err(_) => Outcome::Refused(Refused::ours("not_json")),
        }
    }

    /// Calls a method that reads no JSON.
    async fn call_form(&self, method: &str, fields: &[(&str, &str)]) -> Outcome<(Value, Response)> {
        let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        self.send(method, FORM, body.into_bytes()).await
    }

    async fn send(&self, method: &str, content_type: &str, body: Vec<u8>) -> Outcome<(Value, Response)> {
        let Some(token) = &self.token else { return Outcome::Refused(Refused::ours("not_authed")) };
        let headers = vec![
            ("authorization".to_owned(), format!("Bearer {}", token.expose_secret())),
            ("content-type".to_owned(), content_type.to_owned()),
        ];
        match self.outbound.send(Request::post(format!("{}{method}", self.api_url), headers, body)).await {
            Ok(response) => outcome::of_call(response),
            Err(error) => outcome::of_error(&error),
        }
    }
}

/// The address up to the path.
fn origin(url: &str) -> String {
    let host = url.find("://").map_or(0, |place| place + 3);
    let end = url[host..].find('/').map_or(url.len(), |place| host + place);
    format!("{}/", &url[..end])
}
