//! Asks anew for what was not approved: the same content, on the terms that the policy gives today. While such a one is open,
//! asking again answers with it, so that it needs no Idempotency-Key.

use actix_web::{HttpResponse, web};
use chrono::{DateTime, SubsecRound, Utc};
use domain::approvals::Terms;
use domain::ids::ApprovalId;
use serde::Deserialize;
use serde_json::{Map, Value};
use store::approvals::{self, Again, Anew, Approval};
use store::{Connection, StoreError};
use utoipa::ToSchema;
use uuid::Uuid;

use super::asker::Asker;
use super::counted;
use super::decisions::refused;
use super::inputs::input;
use super::proposals::Proposed;
use crate::access::{Caller, Operator};
use crate::api::deliveries::NoQuery;
use crate::fields::Fields;
use crate::problem::{Problem, ProblemBody};
use crate::query::Asked;
use crate::sent::Sent;
use crate::state::{Shared, State};

const LONGEST_REASON: usize = 1000;

/// Why it is asked anew.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Anewed {
    /// The reason of the first time, unless given.
    reason: Option<String>,
}

/// Asks anew for what expired, was rejected or was cancelled.
#[utoipa::path(post, path = "/v1/approvals/{id}/again", tag = "approvals", request_body = Anewed,
    params(("id" = String, Path, description = "The id of the approval that has ended")),
    security(("bearer" = []), ("admin_key" = [])), responses(
    (status = 201, body = Proposed),
    (status = 200, body = Proposed, description = "It is asked anew already, and that one is open"),
    (status = 400, body = ProblemBody, content_type = "application/problem+json"),
    (status = 404, body = ProblemBody, content_type = "application/problem+json"),
    (status = 409, body = ProblemBody, content_type = "application/problem+json"),
))]
pub(crate) async fn ask(
    caller: Caller<Operator>,
    state: Shared,
    sent: Sent,
    id: web::Path<String>,
    Asked(NoQuery {}): Asked<NoQuery>,
) -> Result<HttpResponse, Problem> {
    let mut fields = Fields::default();
    let reason = fields.words("reason", sent.json::<Anewed>()?.reason.as_deref(), LONGEST_REASON);
    fields.none()?;
    let id: ApprovalId = id.parse().map_err(|_| Problem::not_found("approval"))?;
    let now = Utc::now().trunc_subsecs(6);
    let asker = Asker::from(&caller);
    let terms = terms(&state, &asker, id, now).await?;
    let work = move |conn: &mut Connection| {
        let person = asker.person(conn)?;
        let new = ApprovalId::new(now, Uuid::new_v4().into_bytes());
        let anew = Anew { id: new, terms, reason, requested_by: asker.requester(&person), by: person.id };
        approvals::again(conn, &asker.tenant, id, &anew, now)
    };
    let became = state.store.call("approval_again", work).await.map_err(|error| match error {
        StoreError::NotFound => Problem::not_found("approval"),
        other => other.into(),
    })?;
    match became {
        Again::Proposed(approval) => {
            counted::proposed(&approval);
            Ok(HttpResponse::Created().json(Proposed::from(approval.as_ref())))
        }
        Again::Open(approval) => Ok(HttpResponse::Ok().json(Proposed::from(approval.as_ref()))),
        Again::Refused(refusal) => Err(refused(&refusal)),
    }
}

/// What the policy asks for today. What an approval asks for does not change once it has ended.
async fn terms(state: &State, asker: &Asker, id: ApprovalId, now: DateTime<Utc>) -> Result<Terms, Problem> {
    let tenant = asker.tenant.clone();
    let read = move |conn: &mut Connection| approvals::one(conn, &tenant, id);
    let found: Option<Approval> = state.store.look("approval_one", read).await?;
    let approval = found.ok_or_else(|| Problem::not_found("approval"))?;
    let payload = if let Value::Object(payload) = approval.payload { payload } else { Map::new() };
    let kind = approval.kind.as_ref().unwrap_or(&approval.action);
    let asked = (kind.as_str(), approval.subject.as_str(), Some(approval.action.as_str()));
    let decision = state.policies.decide(&input(asked, &payload, now)?).await;
    Ok(state.policies.terms(&decision, now).unwrap_or_else(|| Terms::usual(now)))
}
