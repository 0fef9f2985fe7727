//! The tasks of onboarding plans.

use actix_web::{HttpResponse, web};
use chrono::{DateTime, NaiveDate, Utc};
use domain::ids;
use serde::{Deserialize, Serialize};
use serde_json::json;
use store::events::After;
use store::onboarding::{self, NewTask};
use store::{Connection, transaction};
use utoipa::ToSchema;
use uuid::Uuid;

use super::{LONGEST_TITLE, plan};
use crate::access::{Caller, Operator, Viewer};
use crate::faults::Faults;
use crate::found;
use crate::idempotent;
use crate::page::{List, Page, PageQuery};
use crate::problem::{Problem, ProblemBody};
use crate::query::{Asked, NoQuery, time_of};
use crate::sent::Sent;
use crate::state::Shared;

const WHAT: &str = "task";

const LIST: List<Uuid, onboarding::Task> = List {
    name: "onboarding tasks",
    operation: "onboarding_task_list",
    read: |conn, tenant, plan, after, most| onboarding::tasks(conn, tenant, *plan, after, most),
    place: |row| After { time: row.created_at, id: row.id },
};

/// A task of a plan.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PlanTask {
    #[schema(value_type = String)]
    id: Uuid,
    #[schema(value_type = String)]
    plan_id: Uuid,
    title: String,
    assignee: Option<String>,
    due_date: Option<NaiveDate>,
    /// `open` or `done`.
    status: &'static str,
    created_at: DateTime<Utc>,
    done_at: Option<DateTime<Utc>>,
}

impl From<onboarding::Task> for PlanTask {
    fn from(row: onboarding::Task) -> Self {
        let onboarding::Task { id, plan_id, title, assignee, due_date, created_at, done_at } = row;
        let status = if done_at.is_some() { "done" } else { "open" };
        Self { id, plan_id, title, assignee, due_date, status, created_at, done_at }
    }
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewPlanTask {
    /// 1 to 255 characters.
    title: Option<String>,
    assignee: Option<String>,
    /// A date like 2026-12-01, or a time, whose day in UTC counts.
    due_date: Option<String>,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct TaskDone {
    /// `false`: it is not done after all. `true` unless given.
    done: Option<bool>,
}

/// The tasks of a plan, newest first.
#[utoipa::path(get, path = "/v1/onboarding/plans/{id}/tasks", tag = "onboarding",
    params(PageQuery, ("id" = String, Path, description = "The plan's id")), responses(
    (status = 200, body = Page<PlanTask>),
    (status = 400, body = ProblemBody),
    (status = 404, body = ProblemBody),
))]
pub(crate) async fn list(
    caller: Caller<Viewer>,
    state: Shared,
    id: web::Path<String>,
    Asked(query): Asked<PageQuery>,
) -> Result<HttpResponse, Problem> {
    let plan = plan(&state, &caller.tenant, &id).await?.id;
    LIST.answer(&state, caller.tenant, (plan, query.portion()?), PlanTask::from).await
}

/// Adds a task to a plan; a plan that was completed is open again.
#[utoipa::path(post, path = "/v1/onboarding/plans/{id}/tasks", tag = "onboarding", request_body = NewPlanTask,
    params(("id" = String, Path, description = "The plan's id"),
           ("Idempotency-Key" = Option<String>, Header, description = "The same key with the same request is done once")),
    responses(
    (status = 200, description = "`id`", body = Object),
    (status = 400, body = ProblemBody),
    (status = 404, body = ProblemBody),
))]
pub(crate) async fn add(
    caller: Caller<Operator>,
    state: Shared,
    id: web::Path<String>,
    sent: Sent,
    _: NoQuery,
) -> Result<HttpResponse, Problem> {
    let plan = plan(&state, &caller.tenant, &id).await?.id;
    let keyed = sent.keyed("onboarding_tasks", &caller)?;
    let now = Utc::now();
    let task = task(sent.json()?, ids::row(now, Uuid::new_v4().into_bytes()))?;
    let work = move |conn: &mut Connection| {
        onboarding::add_task(conn, &caller.tenant, plan, &task, now)?;
        Ok(idempotent::done(json!({"id": task.id})))
    };
    idempotent::answer(&state, "onboarding_task_add", keyed, now, work).await
}

fn task(said: NewPlanTask, id: Uuid) -> Result<NewTask, Problem> {
    let mut faults = Faults::of_body();
    let title = faults.required("title", said.title.as_deref(), LONGEST_TITLE);
    let assignee = faults.line("assignee", said.assignee.as_deref(), LONGEST_TITLE);
    let due_date = said.due_date.as_deref().and_then(time_of).map(|at| at.date_naive());
    if said.due_date.is_some() && due_date.is_none() {
        faults.add("due_date", "`due_date` is a date like 2026-12-01, or a time like 2026-12-01T09:00:00Z");
    }
    faults.none()?;
    Ok(NewTask { id, title, assignee, due_date })
}

/// Says that a task is done, or is not after all. With its last one the plan is completed.
#[utoipa::path(post, path = "/v1/onboarding/tasks/{id}/done", tag = "onboarding", request_body = TaskDone,
    params(("id" = String, Path, description = "The task's id")), responses(
    (status = 200, description = "`ok`", body = Object),
    (status = 400, body = ProblemBody),
    (status = 404, body = ProblemBody),
))]
pub(crate) async fn done(
    caller: Caller<Operator>,
    state: Shared,
    id: web::Path<String>,
    sent: Sent,
    _: NoQuery,
) -> Result<HttpResponse, Problem> {
    let id: Uuid = found::id(WHAT, &id)?;
    let tenant = caller.tenant.clone();
    if !state.store.call("onboarding_task", move |conn| onboarding::has_task(conn, &tenant, id)).await? {
        return Err(Problem::not_found(WHAT));
    }
    let TaskDone { done } = sent.json()?;
    let done_at = done.unwrap_or(true).then(Utc::now);
    let work =
        move |conn: &mut Connection| transaction(conn, |conn| onboarding::set_done(conn, &caller.tenant, id, done_at));
    state.store.call("onboarding_task_done", work).await.map_err(found::named(WHAT))?;
    Ok(HttpResponse::Ok().json(json!({"ok": true})))
}
