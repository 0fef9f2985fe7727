//! Asks the policy in force. Nothing happens, and nobody is asked for an approval.

use actix_web::HttpResponse;
use chrono::Utc;
use domain::policy::Input;
use serde_json::Value;

use crate::access::{Caller, Viewer};
use crate::faults::unfit;
use crate::problem::{Problem, ProblemBody};
use crate::query::NoQuery;
use crate::sent::Sent;
use crate::state::Shared;

/// What the policy says about something, and why.
#[utoipa::path(post, path = "/v1/policy/evaluate", tag = "policy",
    request_body(content = Object, description = "`kind` and what is known: docs/POLICY.md names the rest. `now` is the time of the call unless said"),
    responses(
        (status = 200, body = Object, description = "`action`, `requires_approval`, `reason`, `policy`, `rule`, `explanation`, …"),
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
    Ok(HttpResponse::Ok().json(state.policies.decide(&input).await))
}
