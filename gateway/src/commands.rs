//! What each word of `/em` answers: one function a command, from what is known to an [`Answer`].
//!
//! The door (`slack`) has proved who asks; here is only what is said, and to whom a command is open. Nothing here reads a
//! form or knows how an answer travels. `Err` is what the database could not do: the door logs it once and says that
//! it cannot be answered now.

mod status;

use chrono::{DateTime, Utc};
use domain::approvals::Person;
use domain::ids::TenantId;
use slack::answers::Answer;
use slack::commands::Command;
use store::StoreError;

use crate::access::Role;
use crate::state::State;

/// What a command may use.
pub(crate) struct Asked {
    pub(crate) tenant: TenantId,
    /// `None`: nobody knows them.
    pub(crate) person: Option<Person>,
    /// Their id in Slack, where the command comes from there.
    pub(crate) slack_user: Option<String>,
    /// The conversation that it was typed in.
    pub(crate) channel: Option<String>,
    pub(crate) role: Role,
    pub(crate) now: DateTime<Utc>,
}

/// Runs one command to its answer.
pub(crate) async fn run(state: &State, asked: Asked, command: Command) -> Result<Answer, StoreError> {
    match command {
        Command::Status => status::say(state, &asked).await,
        _ => Ok(Answer::private("That is not answered yet.")),
    }
}

/// The first message of a report. What more there is, is a matter for who posts it.
fn first(mut messages: Vec<slack::fit::Message>) -> slack::fit::Message {
    messages.swap_remove(0)
}
