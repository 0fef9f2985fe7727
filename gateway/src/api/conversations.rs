//! Conversations: what people asked and were answered, theirs alone. An administrator sees those of all.

use actix_web::{HttpResponse, web};
use chrono::{DateTime, Utc};
use serde::Serialize;
use serde_json::Value;
use store::Connection;
use store::conversations::{self, Conversation as Row, Message as MessageRow};
use store::events::After;
use utoipa::ToSchema;
use uuid::Uuid;

use super::people::asker::Asker;
use crate::access::{Caller, Role, Viewer};
use crate::found::{found, gone};
use crate::page::{List, Page, PageQuery};
use crate::problem::{Problem, ProblemBody};
use crate::query::{Asked, NoQuery};
use crate::state::{Shared, State};

pub(super) const WHAT: &str = "conversation";
/// The newest messages of one conversation.
const MOST_MESSAGES: i64 = 200;

/// Of one person, or of all.
const LIST: List<Option<String>, Row> = List {
    name: "conversations",
    operation: "conversation_list",
    read: |conn, tenant, person, after, most| conversations::list(conn, tenant, person.as_deref(), after, most),
    place: |row| After { time: row.updated_at, id: row.id },
};

/// A conversation without what was said.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Conversation {
    #[schema(value_type = String)]
    id: Uuid,
    /// Whose it is.
    person: String,
    /// Of Slack, where it is held there.
    #[serde(skip_serializing_if = "Option::is_none")]
    channel: Option<String>,
    /// The first question, cut.
    title: String,
    /// How many messages it has.
    message_count: i32,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
}

impl From<Row> for Conversation {
    fn from(row: Row) -> Self {
        let Row { id, person, channel, title, messages, created_at, updated_at } = row;
        Self { id, person, channel, title, message_count: messages, created_at, updated_at }
    }
}

/// A conversation with its newest messages.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = WholeConversation)]
pub(crate) struct Whole {
    #[serde(flatten)]
    conversation: Conversation,
    /// Oldest first, the newest 200 at most.
    messages: Vec<Message>,
}

/// What somebody said.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Message {
    /// `user` or `assistant`.
    role: String,
    text: String,
    at: DateTime<Utc>,
    /// Of an answer: `citations`, `documents`, `steps`, `generated_by`, `why`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    detail: Option<Value>,
}

impl From<MessageRow> for Message {
    fn from(row: MessageRow) -> Self {
        Self { role: row.said_by, text: row.text, at: row.at, detail: row.detail }
    }
}

/// The caller's conversations, the last held first; an administrator's list has those of all.
#[utoipa::path(get, path = "/v1/conversations", tag = "ask", params(PageQuery),
    responses(
    (status = 200, body = Page<Conversation>),
    (status = 400, body = ProblemBody),
))]
pub(crate) async fn list(
    caller: Caller<Viewer>,
    state: Shared,
    Asked(query): Asked<PageQuery>,
) -> Result<HttpResponse, Problem> {
    let portion = query.portion()?;
    let person = Asker::from(&caller).known(&state).await?;
    let person = Some(person.id).filter(|_| caller.role != Role::Admin);
    LIST.answer(&state, caller.tenant, (person, portion), Conversation::from).await
}

/// One conversation with what was said.
#[utoipa::path(get, path = "/v1/conversations/{id}", tag = "ask",
    params(("id" = String, Path, description = "The conversation's id")),
    responses(
    (status = 200, body = Whole),
    (status = 404, body = ProblemBody),
))]
pub(crate) async fn one(
    caller: Caller<Viewer>,
    state: Shared,
    id: web::Path<String>,
    _: NoQuery,
) -> Result<HttpResponse, Problem> {
    let row = theirs(&state, &caller, &id).await?;
    let id = row.id;
    let read = move |conn: &mut Connection| conversations::messages(conn, &caller.tenant, id, MOST_MESSAGES);
    let messages = state.store.call("conversation_messages", read).await?;
    let messages = messages.into_iter().map(Message::from).collect();
    Ok(HttpResponse::Ok().json(Whole { conversation: row.into(), messages }))
}

/// Deletes a conversation with all that was said.
#[utoipa::path(delete, path = "/v1/conversations/{id}", tag = "ask",
    params(("id" = String, Path, description = "The conversation's id")),
    responses(
    (status = 204, description = "It is gone"),
    (status = 404, body = ProblemBody),
))]
pub(crate) async fn delete(
    caller: Caller<Viewer>,
    state: Shared,
    id: web::Path<String>,
    _: NoQuery,
) -> Result<HttpResponse, Problem> {
    theirs(&state, &caller, &id).await?;
    let delete = move |conn: &mut Connection, id| conversations::delete(conn, &caller.tenant, id);
    gone(&state, (WHAT, "conversation_delete"), &id, delete).await
}

/// A conversation of the caller's, or any for an administrator. Others' are not there.
async fn theirs<R>(state: &State, caller: &Caller<R>, id: &str) -> Result<Row, Problem> {
    let person = Asker::from(caller).known(state).await?;
    let (tenant, sees_all) = (caller.tenant.clone(), caller.role == Role::Admin);
    let read = move |conn: &mut Connection, id| {
        Ok(conversations::one(conn, &tenant, id)?.filter(|row| sees_all || row.person == person.id))
    };
    found(state, (WHAT, "conversation_one"), id, read).await
}
