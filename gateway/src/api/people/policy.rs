//! Asks the policy in force. Nothing happens, and nobody is asked for an approval.

use actix_web::HttpResponse;
use chrono::Utc;
use domain::policy::{Decision, Input};
use serde::Serialize;
use serde_json::Value;

use crate::access::{Caller, Viewer};
use crate::faults::unfit;
use crate::problem::{Problem, ProblemBody};
use crate::query::NoQuery;
use crate::sent::Sent;
use crate::state::Shared;

/// A decision, and in one word whether it may happen now: what callers of EM Agent 1 look at.
#[derive(Debug, Serialize)]
struct Told {
    allow: bool,
    #[serde(flatten)]
    decision: Decision,
}

/// What the policy says about something, and why.
#[utoipa::path(post, path = "/v1/policy/evaluate", tag = "policy",
    request_body(content = Object, description = "`kind` and what is known: docs/POLICY.md names the rest. `now` is the time of the call unless said"),
    responses(
        (status = 200, body = Object, description = "`action`, `requires_approval`, `allow` (the opposite), `reason`, `policy`, `rule`, `explanation`, …"),
        (status = 400, body = ProblemBody),
    ))]
pub(crate) async fn evaluate(
    _caller: Caller<Viewer>,
    state: Shared,
    sent: Sent,
    _: NoQuery,
) -> Result<HttpResponse, Problem> {
    let mut input = Input::read(&sent.json::<Value>()?).map_err(unfit)?;
    input.now.get_or_insert_with(Utc::now);
    let decision = state.policies.decide(&input).await;
    Ok(HttpResponse::Ok().json(Told { allow: !decision.requires_approval, decision }))
}
