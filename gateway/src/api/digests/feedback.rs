//! What people think of a digest, kept beside the prompt that it judges.

use actix_web::{HttpResponse, web};
use serde::Deserialize;
use serde_json::json;
use store::Connection;
use store::digests::kept::{Verdict, judge};
use utoipa::ToSchema;

use super::history::{WHAT, meant};
use crate::access::{Caller, Viewer};
use crate::clock;
use crate::faults::Faults;
use crate::problem::{Problem, ProblemBody};
use crate::query::NoQuery;
use crate::sent::Sent;
use crate::state::Shared;

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
    params(("id" = String, Path, description = "The digest's id")), responses(
    (status = 200, description = "It is kept", body = Object),
    (status = 400, body = ProblemBody),
    (status = 404, body = ProblemBody),
))]
pub(crate) async fn say(
    caller: Caller<Viewer>,
    state: Shared,
    id: web::Path<String>,
    sent: Sent,
    _: NoQuery,
) -> Result<HttpResponse, Problem> {
    let there = meant(&state, &caller.tenant, &id).await?;
    let said: Thought = sent.json()?;
    let mut faults = Faults::of_body();
    if said.verdict.is_none() {
        faults.add("verdict", "`verdict` is required: up or down");
    }
    let word = faults.word("verdict", said.verdict.as_deref(), &["up", "down"]);
    let comment = faults.words("comment", said.comment.as_deref(), LONGEST_COMMENT);
    faults.none()?;
    let verdict = Verdict { is_useful: word == Some("up"), comment, by: caller.name().to_owned() };
    let now = clock::now();
    let work = move |conn: &mut Connection| judge(conn, &caller.tenant, there.id, &verdict, now);
    if !state.store.call("digest_feedback", work).await? {
        return Err(Problem::not_found(WHAT));
    }
    Ok(HttpResponse::Ok().json(json!({"ok": true, "verdict": word})))
}
