//! Asking within a conversation: what was said before is read, the answer is kept. A conversation is its person's; an
//! administrator may read along.

use chrono::{DateTime, TimeDelta, Utc};
use domain::ids::TenantId;
use serde_json::json;
use store::conversations::{self, Conversation, Message, New, Turn};
use store::{Connection, StoreError};
use uuid::Uuid;

use crate::{Answer, Ask, Question};

/// Messages that are looked back at.
const MOST_MESSAGES: i64 = 200;
const LONGEST_TITLE: usize = 120;
/// A conversation in a channel goes on for so long.
const GOES_ON: TimeDelta = TimeDelta::hours(1);

/// Where a question is asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// A conversation that begins.
    New,
    /// One that goes on.
    Conversation(Uuid),
    /// A channel of Slack: what its person asked there in the last hour goes on.
    Channel(String),
}

/// A question within a conversation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Said {
    pub tenant: TenantId,
    pub person: String,
    pub place: Place,
    /// The id of a conversation that begins.
    pub new_id: Uuid,
    pub text: String,
}

/// Tells the time: answers take a while.
pub type Clock = fn() -> DateTime<Utc>;

impl Ask {
    /// Answers and keeps the turn; with the conversation's id. None: this person has no such conversation.
    pub async fn converse(&self, said: &Said, clock: Clock) -> Result<Option<(Uuid, Answer)>, StoreError> {
        let now = clock();
        let Some((found, before)) = self.before(said, now).await? else { return Ok(None) };
        let id = found.as_ref().map_or(said.new_id, |found| found.id);
        let question = Question { tenant: said.tenant.clone(), text: said.text.clone(), before, session: id, now };
        let answer = self.answer(&question).await?;
        let turn = Turn {
            question: said.text.clone(),
            asked_at: now,
            answer: answer.text(),
            detail: detail(&answer),
            answered_at: clock(),
        };
        let (said, goes_on) = (said.clone(), found.is_some());
        let keep = move |conn: &mut Connection| {
            if goes_on {
                return conversations::add(conn, &said.tenant, id, &turn);
            }
            let channel = if let Place::Channel(channel) = said.place { Some(channel) } else { None };
            let title = said.text.chars().take(LONGEST_TITLE).collect();
            conversations::begin(conn, &said.tenant, &New { id, person: said.person, channel, title }, &turn)
                .map(|()| true)
        };
        // Whoever deleted it meanwhile wants it gone: the answer is told all the same.
        self.reach.store.call("ask_keep", keep).await?;
        Ok(Some((id, answer)))
    }

    /// The conversation that goes on, where one does, with what was said in it.
    async fn before(
        &self,
        said: &Said,
        now: DateTime<Utc>,
    ) -> Result<Option<(Option<Conversation>, Vec<Message>)>, StoreError> {
        let said = said.clone();
        let look = move |conn: &mut Connection| {
            let found = match &said.place {
                Place::New => return Ok(Some((None, Vec::new()))),
                Place::Conversation(id) => {
                    let one = conversations::one(conn, &said.tenant, *id)?;
                    let Some(one) = one.filter(|one| one.person == said.person) else { return Ok(None) };
                    Some(one)
                }
                Place::Channel(channel) => {
                    conversations::recent(conn, &said.tenant, (&said.person, channel), now - GOES_ON)?
                }
            };
            let messages = match &found {
                Some(one) => conversations::messages(conn, &said.tenant, one.id, MOST_MESSAGES)?,
                None => Vec::new(),
            };
            Ok(Some((found, messages)))
        };
        self.reach.store.call("ask_before", look).await
    }
}

/// What is kept of an answer beside its words.
fn detail(answer: &Answer) -> serde_json::Value {
    json!({
        "citations": answer.citations(), "documents": answer.documents(), "steps": answer.steps,
        "generated_by": answer.by, "why": answer.why, "spent": answer.spent,
    })
}
