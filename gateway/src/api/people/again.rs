//! Asks anew for what was not approved: the same content, on the terms that the policy gives today. While such a one is open,
//! asking again answers with it, so that it needs no Idempotency-Key.

use actix_web::{HttpResponse, web};
use chrono::{DateTime, Utc};
use domain::approvals::Terms;
use domain::ids::ApprovalId;
use serde::Deserialize;
use serde_json::{Map, Value};
use store::Connection;
use store::approvals::{self, Again, Anew, Approval};
use utoipa::ToSchema;
use uuid::Uuid;

use super::asker::Asker;
use super::decisions::refused;
use super::inputs::input;
use super::proposals::Proposed;
use super::{APPROVAL, LONGEST_REASON, counted};
use crate::access::{Caller, Operator};
use crate::clock;
use crate::faults::Faults;
use crate::found;
use crate::problem::{Problem, ProblemBody};
use crate::query::NoQuery;
use crate::sent::Sent;
use crate::state::{Shared, State};

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
    responses(
    (status = 201, body = Proposed),
    (status = 200, body = Proposed, description = "It is asked anew already, and that one is open"),
    (status = 400, body = ProblemBody),
    (status = 404, body = ProblemBody),
    (status = 409, body = ProblemBody),
))]
pub(crate) async fn ask(
    caller: Caller<Operator>,
    state: Shared,
    sent: Sent,
    id: web::Path<String>,
    _: NoQuery,
) -> Result<HttpResponse, Problem> {
    let mut faults = Faults::of_body();
    let reason = faults.words("reason", sent.json::<Anewed>()?.reason.as_deref(), LONGEST_REASON);
    faults.none()?;
    let id: ApprovalId = found::id(APPROVAL, &id)?;
    let now = clock::now();
    let asker = Asker::from(&caller);
    let terms = terms(&state, &asker, id, now).await?;
    let work = move |conn: &mut Connection| {
        let person = asker.person(conn)?;
        let new = ApprovalId::new(now, Uuid::new_v4().into_bytes());
        let anew = Anew { id: new, terms, reason, requested_by: asker.requester(&person), by: person.id };
        approvals::again(conn, &asker.tenant, id, &anew, now)
    };
    let became = state.store.call("approval_again", work).await.map_err(found::named(APPROVAL))?;
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
    let approval = found.ok_or_else(|| Problem::not_found(APPROVAL))?;
    let payload = if let Value::Object(payload) = approval.payload { payload } else { Map::new() };
    let kind = approval.kind.as_ref().unwrap_or(&approval.action);
    let asked = (kind.as_str(), approval.subject.as_str(), Some(approval.action.as_str()));
    let decision = state.policies.decide(&input(asked, &payload, now)?).await;
    Ok(state.policies.terms(&decision, now).unwrap_or_else(|| Terms::usual(now)))
}
