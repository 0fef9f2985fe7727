//! Questions answered from what is known, and the conversations that they make. Whoever may read may ask; what tools find is
//! the caller's tenant's. How an answer is made is the crate `ask`'s.

use actix_web::web::Payload;
use actix_web::{HttpRequest, HttpResponse, web};
use ask::conversations::{Place, Said};
use ask::tools::Document;
use ask::{Answer, By, Step};
use chrono::{DateTime, SubsecRound, Utc};
use domain::approvals::Person;
use domain::ids;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use store::Connection;
use store::conversations::{self, Conversation as Row, Message as MessageRow};
use store::events::After;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::deliveries::NoQuery;
use super::people::asker::Asker;
use crate::access::{Caller, Role, Viewer};
use crate::body;
use crate::cursor::Scope;
use crate::fields::Fields;
use crate::page::{self, Page};
use crate::problem::{Problem, ProblemBody};
use crate::query::{Asked, Faults};
use crate::state::{Shared, State};

const WHAT: &str = "conversation";
pub(crate) const LONGEST_QUESTION: usize = 2_000;
/// The newest messages of one conversation.
const MOST_MESSAGES: i64 = 200;
const MICRO: f64 = 1_000_000.0;

/// A question.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Question {
    /// 1 to 2000 characters.
    question: Option<String>,
    /// The conversation that it goes on with; a new one unless given.
    conversation_id: Option<String>,
}

/// An answer, with what it rests on.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Answered {
    /// Plain text, a line for each thing. What sources wrote stands in it as text: escape it where it is shown.
    answer: String,
    /// For `GET /v1/events/{id}`.
    #[schema(value_type = Vec<String>)]
    citations: Vec<Uuid>,
    /// Documents of the knowledge base.
    #[schema(value_type = Vec<Object>)]
    documents: Vec<Document>,
    #[schema(value_type = String)]
    conversation_id: Uuid,
    /// Which tools were used, and how much they found.
    #[schema(value_type = Vec<Object>)]
    steps: Vec<Step>,
    /// `model` or `rules`.
    #[schema(value_type = String)]
    generated_by: By,
    /// Why rules answered.
    #[serde(skip_serializing_if = "Option::is_none")]
    why: Option<String>,
    /// The model that was asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    model: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tokens: Option<Tokens>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cost_usd: Option<f64>,
}

/// What models read and wrote.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Tokens {
    input: i64,
    output: i64,
}

impl Answered {
    fn of(conversation_id: Uuid, answer: Answer) -> Self {
        let spent = answer.spent.as_ref();
        Self {
            answer: answer.text(),
            citations: answer.citations(),
            documents: answer.documents(),
            conversation_id,
            generated_by: answer.by,
            model: spent.map(|spent| spent.model.clone()),
            tokens: spent.map(|spent| Tokens { input: spent.input_tokens, output: spent.output_tokens }),
            cost_usd: spent.map(|spent| spent.cost_micro_usd as f64 / MICRO),
            why: answer.why,
            steps: answer.steps,
        }
    }
}

/// Answers a question.
#[utoipa::path(post, path = "/v1/ask", tag = "ask", request_body = Question, security(("bearer" = []), ("admin_key" = [])),
    responses(
    (status = 200, body = Answered),
    (status = 400, body = ProblemBody, content_type = "application/problem+json"),
    (status = 404, body = ProblemBody, content_type = "application/problem+json"),
))]
pub(crate) async fn ask(
    caller: Caller<Viewer>,
    state: Shared,
    request: HttpRequest,
    payload: Payload,
    Asked(NoQuery {}): Asked<NoQuery>,
) -> Result<HttpResponse, Problem> {
    let (sent, _share) = body::read(&state.memory, &request, payload, body::MOST_API_BYTES).await?;
    let said: Question = body::json(&sent)?;
    let mut fields = Fields::default();
    if said.question.as_deref().map_or("", str::trim).is_empty() {
        fields.add("question", "`question` is required");
    }
    let question = fields.words("question", said.question.as_deref(), LONGEST_QUESTION).unwrap_or_default();
    fields.none()?;
    let place = match said.conversation_id.as_deref() {
        Some(id) => Place::Conversation(Uuid::try_parse(id).map_err(|_| Problem::not_found(WHAT))?),
        None => Place::New,
    };
    let person = person(&state, &caller).await?;
    let said = Said { tenant: caller.tenant, person: person.id, place, new_id: new_id(), text: question };
    let (id, answer) = state.ask.converse(&said, now).await?.ok_or_else(|| Problem::not_found(WHAT))?;
    Ok(HttpResponse::Ok().json(Answered::of(id, answer)))
}

/// As PostgreSQL keeps it.
pub(crate) fn now() -> DateTime<Utc> {
    Utc::now().trunc_subsecs(6)
}

/// The id of a conversation that begins.
pub(crate) fn new_id() -> Uuid {
    ids::row(now(), Uuid::new_v4().into_bytes())
}

async fn person<R>(state: &State, caller: &Caller<R>) -> Result<Person, Problem> {
    let asker = Asker::from(caller);
    Ok(state.store.call("ask_person", move |conn| asker.person(conn)).await?)
}

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

/// What is shown of a list.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct ConversationQuery {
    /// Rows of a page, 1 to 200; 50 unless given.
    limit: Option<String>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
}

/// The caller's conversations, the last held first; an administrator's list has those of all.
#[utoipa::path(get, path = "/v1/conversations", tag = "ask", params(ConversationQuery),
    security(("bearer" = []), ("admin_key" = [])), responses(
    (status = 200, body = Page<Conversation>),
    (status = 400, body = ProblemBody, content_type = "application/problem+json"),
))]
pub(crate) async fn list(
    caller: Caller<Viewer>,
    state: Shared,
    Asked(query): Asked<ConversationQuery>,
) -> Result<HttpResponse, Problem> {
    let mut faults = Faults::default();
    let limit = page::limit(&mut faults, query.limit.as_deref());
    faults.none()?;
    let person = person(&state, &caller).await?;
    let person = Some(person.id).filter(|_| caller.role != Role::Admin);
    let scope = Scope::new("conversations", &caller.tenant, &person);
    let after = scope.place(query.cursor.as_deref())?;
    let read =
        move |conn: &mut Connection| conversations::list(conn, &caller.tenant, person.as_deref(), after, limit + 1);
    let rows = state.store.call("conversation_list", read).await?;
    let place = |row: &Row| After { time: row.updated_at, id: row.id };
    Ok(HttpResponse::Ok().json(Page::cut(rows, limit, scope, place, Conversation::from)))
}

/// One conversation with what was said.
#[utoipa::path(get, path = "/v1/conversations/{id}", tag = "ask",
    params(("id" = String, Path, description = "The conversation's id")),
    security(("bearer" = []), ("admin_key" = [])), responses(
    (status = 200, body = Whole),
    (status = 404, body = ProblemBody, content_type = "application/problem+json"),
))]
pub(crate) async fn one(
    caller: Caller<Viewer>,
    state: Shared,
    id: web::Path<String>,
    Asked(NoQuery {}): Asked<NoQuery>,
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
    security(("bearer" = []), ("admin_key" = [])), responses(
    (status = 204, description = "It is gone"),
    (status = 404, body = ProblemBody, content_type = "application/problem+json"),
))]
pub(crate) async fn delete(
    caller: Caller<Viewer>,
    state: Shared,
    id: web::Path<String>,
    Asked(NoQuery {}): Asked<NoQuery>,
) -> Result<HttpResponse, Problem> {
    let id = theirs(&state, &caller, &id).await?.id;
    let work = move |conn: &mut Connection| conversations::delete(conn, &caller.tenant, id);
    let gone = state.store.call("conversation_delete", work).await?;
    if gone { Ok(HttpResponse::NoContent().finish()) } else { Err(Problem::not_found(WHAT)) }
}

/// A conversation of the caller's, or any for an administrator. Others' are not there.
async fn theirs<R>(state: &State, caller: &Caller<R>, id: &str) -> Result<Row, Problem> {
    let id = Uuid::try_parse(id).map_err(|_| Problem::not_found(WHAT))?;
    let person = person(state, caller).await?;
    let tenant = caller.tenant.clone();
    let row = state.store.call("conversation_one", move |conn| conversations::one(conn, &tenant, id)).await?;
    let may = |row: &Row| row.person == person.id || caller.role == Role::Admin;
    row.filter(may).ok_or_else(|| Problem::not_found(WHAT))
}
