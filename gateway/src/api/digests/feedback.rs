//! What people think of a digest, kept beside the prompt that it judges.

use actix_web::web::Payload;
use actix_web::{HttpRequest, HttpResponse, web};
use chrono::{SubsecRound, Utc};
use serde::Deserialize;
use serde_json::json;
use store::Connection;
use store::digests::kept::{Verdict, judge};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::access::{Caller, Viewer};
use crate::api::deliveries::NoQuery;
use crate::body;
use crate::fields::Fields;
use crate::problem::{Problem, ProblemBody};
use crate::query::Asked;
use crate::state::Shared;

const WHAT: &str = "digest";
const LONGEST_COMMENT: usize = 2_000;

/// What somebody thinks.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Thought {
    /// `up` or `down`.
    verdict: Option<String>,
    /// At most 2,000 characters.
    comment: Option<String>,
}

/// Says what you think of a digest. Your last word counts.
#[utoipa::path(post, path = "/v1/digests/{id}/feedback", tag = "digests", request_body = Thought,
    params(("id" = String, Path, description = "The digest's id")), security(("bearer" = []), ("admin_key" = [])), responses(
    (status = 200, description = "It is kept", body = Object),
    (status = 400, body = ProblemBody, content_type = "application/problem+json"),
    (status = 404, body = ProblemBody, content_type = "application/problem+json"),
))]
pub(crate) async fn say(
    caller: Caller<Viewer>,
    state: Shared,
    id: web::Path<String>,
    request: HttpRequest,
    payload: Payload,
    Asked(NoQuery {}): Asked<NoQuery>,
) -> Result<HttpResponse, Problem> {
    let id = Uuid::try_parse(&id).map_err(|_| Problem::not_found(WHAT))?;
    let tenant = caller.tenant.clone();
    let there = state.store.call("digest_one", move |conn| store::digests::kept::one(conn, &tenant, id)).await?;
    there.ok_or_else(|| Problem::not_found(WHAT))?;
    let (sent, _share) = body::read(&state.memory, &request, payload, body::MOST_API_BYTES).await?;
    let said: Thought = body::json(&sent)?;
    let mut fields = Fields::default();
    if said.verdict.is_none() {
        fields.add("verdict", "`verdict` is required: up or down");
    }
    let word = fields.word("verdict", said.verdict.as_deref(), &["up", "down"]);
    let comment = fields.words("comment", said.comment.as_deref(), LONGEST_COMMENT);
    fields.none()?;
    let verdict = Verdict { is_useful: word == Some("up"), comment, by: caller.name().to_owned() };
    let now = Utc::now().trunc_subsecs(6);
    let work = move |conn: &mut Connection| judge(conn, &caller.tenant, id, &verdict, now);
    if !state.store.call("digest_feedback", work).await? {
        return Err(Problem::not_found(WHAT));
    }
    Ok(HttpResponse::Ok().json(json!({"ok": true, "verdict": word})))
}
