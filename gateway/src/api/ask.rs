//! Questions answered from what is known. Whoever may read may ask; what tools find is the caller's tenant's. How an answer
//! is made is the crate `ask`'s; what was said before is `conversations`'s.

use actix_web::HttpResponse;
use ask::conversations::{Place, Said};
use ask::tools::Document;
use ask::{Answer, By, Step};
use domain::ids;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::conversations::WHAT;
use super::people::asker::Asker;
use crate::access::{Caller, Viewer};
use crate::clock;
use crate::faults::Faults;
use crate::found;
use crate::problem::{Problem, ProblemBody};
use crate::query::NoQuery;
use crate::sent::Sent;
use crate::state::Shared;

pub(crate) const LONGEST_QUESTION: usize = 2_000;
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
#[utoipa::path(post, path = "/v1/ask", tag = "ask", request_body = Question,
    responses(
    (status = 200, body = Answered),
    (status = 400, body = ProblemBody),
    (status = 404, body = ProblemBody),
))]
pub(crate) async fn ask(
    caller: Caller<Viewer>,
    state: Shared,
    sent: Sent,
    _: NoQuery,
) -> Result<HttpResponse, Problem> {
    let said: Question = sent.json()?;
    let mut faults = Faults::of_body();
    if said.question.as_deref().map_or("", str::trim).is_empty() {
        faults.add("question", "`question` is required");
    }
    let question = faults.words("question", said.question.as_deref(), LONGEST_QUESTION).unwrap_or_default();
    faults.none()?;
    let place = match said.conversation_id.as_deref() {
        Some(id) => Place::Conversation(found::id(WHAT, id)?),
        None => Place::New,
    };
    let person = Asker::from(&caller).known(&state).await?;
    let said = Said {
        tenant: caller.tenant,
        person: person.id,
        place,
        new_id: new_id(),
        random: Uuid::new_v4().as_u128(),
        text: question,
    };
    let (id, answer) = state.ask.converse(&said, clock::now).await?.ok_or_else(|| Problem::not_found(WHAT))?;
    Ok(HttpResponse::Ok().json(Answered::of(id, answer)))
}

/// The id of a conversation that begins.
pub(crate) fn new_id() -> Uuid {
    ids::row(clock::now(), Uuid::new_v4().into_bytes())
}
