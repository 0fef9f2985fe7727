//! Messages that somebody wants others to read: queued here, said by the worker within its pace and the day's limit.

use chrono::{DateTime, Utc};
use domain::ids::TenantId;
use serde::Serialize;
use slack::fit::Message;
use store::slack_messages::{Note, say};
use store::{Connection, StoreError};
use uuid::Uuid;

use crate::problem::{Code, Problem};
use crate::slack::posting::place;
use crate::state::State;

/// What is on its way.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Queued {
    /// `#name`, or the id of a channel.
    pub(crate) channel: String,
    /// The worker says it, in its turn.
    pub(crate) state: &'static str,
    /// What was asked for is known by it.
    pub(crate) key: String,
    /// A long report has more than one.
    pub(crate) messages: usize,
}

/// Why nothing can be posted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Cannot {
    NoToken,
    NoPlace,
}

impl Cannot {
    pub(crate) fn why(self) -> &'static str {
        match self {
            Self::NoToken => "nothing can be posted to Slack: set SLACK_BOT_TOKEN",
            Self::NoPlace => "say a `channel`, or set SLACK_DEFAULT_CHANNEL",
        }
    }
}

impl From<Cannot> for Problem {
    fn from(cannot: Cannot) -> Self {
        match cannot {
            Cannot::NoToken => Self::new(Code::Conflict, cannot.why()),
            Cannot::NoPlace => Self::unfit("/channel", cannot.why()),
        }
    }
}

/// Where it goes: where it was said, else to the default channel.
pub(crate) fn where_to(state: &State, said: Option<String>) -> Result<String, Cannot> {
    let (place, default) = (place(state, said), place(state, None));
    // A webhook stands for the default channel.
    let is_hooks = state.settings.slack.webhook_url.is_some() && place == default;
    match place {
        _ if !state.slack.client.has_token() && !is_hooks => Err(Cannot::NoToken),
        place => place.ok_or(Cannot::NoPlace),
    }
}

/// Asks for the messages, one after the other. Must be called in a transaction: all of them or none.
pub(crate) fn ask(
    conn: &mut Connection,
    tenant: &TenantId,
    (kind, place): (&str, &str),
    messages: &[Message],
    now: DateTime<Utc>,
) -> Result<Queued, StoreError> {
    let key = format!("{kind} {}", Uuid::new_v4().simple());
    for (number, message) in (1..).zip(messages) {
        let message = serde_json::to_value(message).map_err(|error| StoreError::Corrupt(error.to_string()))?;
        let part = if number == 1 { key.clone() } else { format!("{key} {number}") };
        say(conn, tenant, Note { key: &part, place, thread_ts: None, message: &message }, now)?;
    }
    Ok(Queued { channel: place.to_owned(), state: "queued", key, messages: messages.len() })
}
