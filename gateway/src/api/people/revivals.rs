//! Has tried anew what followed from an approval's end and was given up. How it was decided stays as it is.

use actix_web::{HttpResponse, web};
use domain::approvals::Effect;
use domain::ids::ApprovalId;
use serde::Serialize;
use store::approvals::{self, revive_effect};
use store::{Connection, StoreError};
use utoipa::ToSchema;
use uuid::Uuid;

use super::APPROVAL;
use super::asker::Asker;
use crate::access::{Caller, Operator};
use crate::clock;
use crate::found;
use crate::problem::{Code, Problem, ProblemBody};
use crate::query::NoQuery;
use crate::state::Shared;

/// It is owed again.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Revived {
    #[schema(value_type = String)]
    id: ApprovalId,
    /// `pending`: a worker tries it.
    effect: &'static str,
    /// For `GET /v1/workflows/jobs/{job_id}`.
    #[schema(value_type = Option<String>)]
    job_id: Option<Uuid>,
}

/// Tries anew what was given up: the action that was approved, or the answer that somebody waits for.
#[utoipa::path(post, path = "/v1/approvals/{id}/retry", tag = "approvals",
    params(("id" = String, Path, description = "The approval's id")),
    responses(
    (status = 202, body = Revived),
    (status = 404, body = ProblemBody),
    (status = 409, body = ProblemBody),
))]
pub(crate) async fn retry(
    caller: Caller<Operator>,
    state: Shared,
    id: web::Path<String>,
    _: NoQuery,
) -> Result<HttpResponse, Problem> {
    let id: ApprovalId = found::id(APPROVAL, &id)?;
    let (asker, now) = (Asker::from(&caller), clock::now());
    let work = move |conn: &mut Connection| {
        let person = asker.person(conn)?;
        let revived = revive_effect(conn, &asker.tenant, id, &person.id, now)?;
        let approval = approvals::one(conn, &asker.tenant, id)?.ok_or(StoreError::NotFound)?;
        Ok((revived, approval))
    };
    let (revived, approval) = state.store.call("approval_retry", work).await.map_err(found::named(APPROVAL))?;
    if !revived {
        let detail = format!("only what was given up (dead) is tried anew; what follows here is {}", approval.effect);
        return Err(Problem::new(Code::DecidedOtherwise, detail));
    }
    let effect = Effect::Pending.as_str();
    Ok(HttpResponse::Accepted().json(Revived { id, effect, job_id: approval.job_id }))
}
