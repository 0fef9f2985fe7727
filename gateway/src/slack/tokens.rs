//! The same commands over HTTP, as EM Agent 1 took them: `{"text": …}` by a caller with a token, who has the token's role.

use actix_web::web::Payload;
use actix_web::{HttpRequest, HttpResponse};
use domain::approvals::Via;
use serde::{Deserialize, Serialize};
use slack::answers::Answer;
use slack::text::spoken;
use utoipa::ToSchema;

use super::speakers::Speaker;
use super::typed;
use crate::access::{Caller, Viewer};
use crate::admit;
use crate::api::people::asker::Asker;
use crate::body;
use crate::faults::Faults;
use crate::problem::Problem;
use crate::state::{Shared, State};

const LONGEST_TEXT: usize = 4_000;
const LONGEST_ID: usize = 64;

/// What would be typed after `/em`.
#[derive(Debug, Deserialize, ToSchema)]
pub(crate) struct Typed {
    text: String,
    /// Where `here` is.
    channel_id: Option<String>,
    /// Taken and not believed: who calls is whom the token names.
    #[serde(rename = "user_id")]
    _user_id: Option<String>,
}

/// What was said.
#[derive(Serialize)]
struct Told<'a> {
    /// Whether what was wanted is done.
    ok: bool,
    /// All of it as text.
    message: String,
    /// The same in Slack's form.
    answer: &'a Answer,
}

pub(super) async fn answer(request: &HttpRequest, payload: Payload, state: &Shared) -> Result<HttpResponse, Problem> {
    let (standing, proved) = admit::judge(request.headers(), request.peer_addr(), state);
    let caller = proved.and_then(Caller::<Viewer>::grant)?;
    let (sent, _share) = body::read(&state.memory, request, payload, body::MOST_API_BYTES).await?;
    let typed = body::json::<Typed>(&sent)?;
    let mut faults = Faults::of_body();
    let text = faults.words("text", Some(&typed.text), LONGEST_TEXT).unwrap_or_default();
    let channel = faults.line("channel_id", typed.channel_id.as_deref(), LONGEST_ID);
    faults.none()?;
    let speaker = speaker(state, &caller, channel).await?;
    let said = typed::answer(state, &speaker, &text).await?;
    let told = Told { ok: said.ok, message: spoken(&said.answer.message().written()), answer: &said.answer };
    let mut response = HttpResponse::Ok().json(told);
    if let Some(standing) = standing {
        admit::tell(response.headers_mut(), standing);
    }
    Ok(response)
}

async fn speaker(state: &State, caller: &Caller<Viewer>, channel: Option<String>) -> Result<Speaker, Problem> {
    let known = Asker::from(caller).known(state).await?;
    let (tenant, role) = (caller.tenant.clone(), caller.role);
    Ok(Speaker { tenant, known: Some(known), slack_user: None, channel, role, via: Via::Api })
}
