//! What became of a call. Slack answers 200 also when it refuses, and sometimes fails after it has done what was asked.

use std::fmt;
use std::time::Duration;

use outbound::{Answer as Response, OutboundError};
use serde_json::Value;

/// What became of a call.
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use]
pub enum Outcome<T> {
    Ok(T),
    /// Nothing was done. The whole method rests that long.
    RateLimited {
        retry_after: Duration,
    },
    /// Nothing was done, and the same again will be refused again.
    Refused(Refused),
    /// It may have been done or not: the answer was lost, or Slack failed while it worked.
    Unknown {
        why: String,
    },
    /// Nothing was done: Slack was not reached.
    Unreachable {
        why: String,
    },
}

impl<T> Outcome<T> {
    pub fn map<U>(self, with: impl FnOnce(T) -> U) -> Outcome<U> {
        self.and_then(|value| Outcome::Ok(with(value)))
    }

    pub fn and_then<U>(self, with: impl FnOnce(T) -> Outcome<U>) -> Outcome<U> {
        match self {
            Self::Ok(value) => with(value),
            Self::RateLimited { retry_after } => Outcome::RateLimited { retry_after },
            Self::Refused(refused) => Outcome::Refused(refused),
            Self::Unknown { why } => Outcome::Unknown { why },
            Self::Unreachable { why } => Outcome::Unreachable { why },
        }
    }
}

/// Why Slack refused: its own code.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused {
    pub code: String,
    /// With `missing_scope`: the scope.
    pub needed: Option<String>,
}

impl Refused {
    pub(super) fn ours(code: &str) -> Self {
        Self { code: code.to_owned(), needed: None }
    }

    /// Whether the message or the channel of an update is gone, so that a new message has to be posted.
    pub fn is_gone(&self) -> bool {
        matches!(
            self.code.as_str(),
            "message_not_found" | "channel_not_found" | "is_archived" | "cant_update_message" | "edit_window_closed"
        )
    }

    /// What somebody can do about it.
    pub fn advice(&self) -> &'static str {
        match self.code.as_str() {
            "invalid_auth" | "not_authed" | "account_inactive" | "token_revoked" | "token_expired" => {
                "install the app again and set SLACK_BOT_TOKEN to its new token"
            }
            "missing_scope" | "no_permission" => {
                "take the manifest of `em-agent slack manifest` for the app and install it again"
            }
            "not_in_channel" => "invite the app: /invite @em-agent",
            "channel_not_found" => {
                "name the channel by its id; a private one only takes messages of apps that were invited"
            }
            "is_archived" => "name another channel: this one is archived",
            "user_not_found" | "users_not_found" => "map the person with `/em link` or POST /v1/identities",
            "expired_trigger_id" | "exchanged_trigger_id" => {
                "press the button again: a window has to be opened within three seconds"
            }
            "not_a_hook" => "an address of https://hooks.slack.com/ is needed",
            "no_service" | "invalid_token" | "no_team" => "make the incoming webhook anew and set SLACK_WEBHOOK_URL",
            "used_url" | "expired_url" => "ask again: Slack takes five answers within half an hour",
            _ => "see the method's page at https://docs.slack.dev/reference/methods",
        }
    }
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let needed = self.needed.as_deref().map(|scope| format!(" ({scope})")).unwrap_or_default();
        write!(f, "Slack refused: {}{needed}; {}", self.code, self.advice())
    }
}

/// Where Slack says no time.
const REST: Duration = Duration::from_secs(30);
/// However long it says.
const LONGEST_REST: Duration = Duration::from_secs(3_600);

pub(super) fn of_call(response: Response) -> Outcome<(Value, Response)> {
    if let Some(other) = of_status(&response) {
        return other;
    }
    let body = response.json();
    match body["ok"].as_bool() {
        Some(true) => Outcome::Ok((body, response)),
        Some(false) => of_code(&body, &response),
        None => Outcome::Unknown { why: format!("the answer with status {} is not Slack's", response.status.as_u16()) },
    }
}

fn of_code<T>(body: &Value, response: &Response) -> Outcome<T> {
    let code = code(body["error"].as_str().unwrap_or("unknown_error"));
    match code.as_str() {
        "ratelimited" | "rate_limited" | "message_limit_exceeded" => {
            Outcome::RateLimited { retry_after: rest(response) }
        }
        // Slack: "it is possible some aspect of the operation succeeded before the error was raised".
        "fatal_error" | "internal_error" | "request_timeout" | "service_unavailable" => {
            Outcome::Unknown { why: format!("Slack failed: {code}") }
        }
        _ => Outcome::Refused(Refused { code, needed: body["needed"].as_str().map(self::code) }),
    }
}

/// A hook answers `ok` or a code as plain text, or a body like the Web API's.
pub(super) fn of_hook(response: &Response) -> Outcome<()> {
    if let Some(other) = of_status(response) {
        return other;
    }
    let body = response.json();
    if response.status.is_success() {
        return if body["ok"] == Value::Bool(false) { of_code(&body, response) } else { Outcome::Ok(()) };
    }
    let told = body["error"].as_str().map_or_else(|| response.text(), str::to_owned);
    Outcome::Refused(Refused { code: code(&told), needed: None })
}

/// What the status alone says.
fn of_status<T>(response: &Response) -> Option<Outcome<T>> {
    match response.status.as_u16() {
        429 => Some(Outcome::RateLimited { retry_after: rest(response) }),
        status @ (300..=399 | 500..=599) => {
            Some(Outcome::Unknown { why: format!("Slack answered with status {status}") })
        }
        _ => None,
    }
}

pub(super) fn of_error<T>(error: &OutboundError) -> Outcome<T> {
    let why = error.kind().to_owned();
    if error.may_have_arrived() { Outcome::Unknown { why } } else { Outcome::Unreachable { why } }
}

fn rest(response: &Response) -> Duration {
    let seconds = response.header("retry-after").and_then(|text| text.trim().parse().ok());
    seconds.map_or(REST, Duration::from_secs).clamp(Duration::from_secs(1), LONGEST_REST)
}

/// A code is a word. What is none is not repeated.
fn code(text: &str) -> String {
    let text = text.trim();
    let is_word = !text.is_empty()
        && text.len() <= 100
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b':' | b'.' | b','));
    if is_word { text.to_owned() } else { "unknown_error".to_owned() }
}
