//! Onboarding plans, by EM Agent's paths and fields. A plan is completed while all of its [`tasks`] are done.

pub(crate) mod tasks;

use actix_web::{HttpResponse, web};
use chrono::{DateTime, Utc};
use domain::ids::{self, TenantId};
use serde::{Deserialize, Serialize};
use serde_json::json;
use store::events::After;
use store::{Connection, onboarding};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::access::{Caller, Operator, Viewer};
use crate::faults::Faults;
use crate::found::found;
use crate::idempotent;
use crate::page::{List, Page, PageQuery};
use crate::problem::{Problem, ProblemBody};
use crate::query::{Asked, NoQuery};
use crate::sent::Sent;
use crate::state::{Shared, State};

const UNTITLED: &str = "Onboarding plan";
const LONGEST_TITLE: usize = 255;

const LIST: List<(), onboarding::Plan> = List {
    name: "onboarding plans",
    operation: "onboarding_plan_list",
    read: |conn, tenant, (), after, most| onboarding::list(conn, tenant, after, most),
    place: |row| After { time: row.created_at, id: row.id },
};

/// A plan with how far it is.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Plan {
    #[schema(value_type = String)]
    id: Uuid,
    title: String,
    /// `open`, or `completed`: all of its tasks are done, and it has any.
    status: &'static str,
    tasks: i64,
    done: i64,
    created_at: DateTime<Utc>,
    /// When its last task was done.
    completed_at: Option<DateTime<Utc>>,
}

impl From<onboarding::Plan> for Plan {
    fn from(row: onboarding::Plan) -> Self {
        let onboarding::Plan { id, title, created_at, completed_at, tasks, done } = row;
        let status = if completed_at.is_some() { "completed" } else { "open" };
        Self { id, title, status, tasks, done, created_at, completed_at }
    }
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewPlan {
    /// `Onboarding plan` unless given.
    title: Option<String>,
}

/// Makes a plan.
#[utoipa::path(post, path = "/v1/onboarding/plans", tag = "onboarding", request_body = NewPlan,
    params(("Idempotency-Key" = Option<String>, Header, description = "The same key with the same request is done once")),
    responses(
    (status = 200, description = "`id`, `title`, `status`", body = Object),
    (status = 400, body = ProblemBody),
))]
pub(crate) async fn create(
    caller: Caller<Operator>,
    state: Shared,
    sent: Sent,
    _: NoQuery,
) -> Result<HttpResponse, Problem> {
    let keyed = sent.keyed("onboarding_plans", &caller)?;
    let NewPlan { title } = sent.json()?;
    let mut faults = Faults::of_body();
    let title = faults.line("title", title.as_deref(), LONGEST_TITLE).unwrap_or_else(|| UNTITLED.to_owned());
    faults.none()?;
    let now = Utc::now();
    let id = ids::row(now, Uuid::new_v4().into_bytes());
    let work = move |conn: &mut Connection| {
        onboarding::create(conn, &caller.tenant, id, &title, now)?;
        Ok(idempotent::done(json!({"id": id, "title": title, "status": "open"})))
    };
    idempotent::answer(&state, "onboarding_plan_create", keyed, now, work).await
}

/// Plans, newest first.
#[utoipa::path(get, path = "/v1/onboarding/plans", tag = "onboarding", params(PageQuery),
    responses(
    (status = 200, body = Page<Plan>),
    (status = 400, body = ProblemBody),
))]
pub(crate) async fn list(
    caller: Caller<Viewer>,
    state: Shared,
    Asked(query): Asked<PageQuery>,
) -> Result<HttpResponse, Problem> {
    LIST.answer(&state, caller.tenant, ((), query.portion()?), Plan::from).await
}

/// One plan.
#[utoipa::path(get, path = "/v1/onboarding/plans/{id}", tag = "onboarding",
    params(("id" = String, Path, description = "The plan's id")), responses(
    (status = 200, body = Plan),
    (status = 404, body = ProblemBody),
))]
pub(crate) async fn one(
    caller: Caller<Viewer>,
    state: Shared,
    id: web::Path<String>,
    _: NoQuery,
) -> Result<HttpResponse, Problem> {
    Ok(HttpResponse::Ok().json(Plan::from(plan(&state, &caller.tenant, &id).await?)))
}

async fn plan(state: &State, tenant: &TenantId, id: &str) -> Result<onboarding::Plan, Problem> {
    let tenant = tenant.clone();
    found(state, ("plan", "onboarding_plan"), id, move |conn, id| onboarding::one(conn, &tenant, id)).await
}
