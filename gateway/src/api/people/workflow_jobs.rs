//! The jobs that act: those that a policy let through, and those that an approval allowed.

use actix_web::{HttpResponse, web};
use chrono::{DateTime, Utc};
use domain::event::rfc3339;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use store::Connection;
use store::approvals::EFFECT_JOB;
use store::events::After;
use store::job_attempts::{self, Attempt};
use store::jobs::{self, Job, WORKFLOW};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use crate::access::{Caller, Viewer};
use crate::api::jobs::STATUSES;
use crate::faults::Faults;
use crate::found::found;
use crate::page::{List, Page, Portion};
use crate::problem::{Problem, ProblemBody};
use crate::query::{Asked, NoQuery};
use crate::state::Shared;

const KINDS: [&str; 2] = [WORKFLOW, EFFECT_JOB];
/// Of a job's log.
const MOST_TRIES: i64 = 50;

const LIST: List<Option<&'static str>, Job> = List {
    name: "workflows",
    operation: "workflow_list",
    read: |conn, tenant, status, after, most| jobs::of_kinds(conn, tenant, &KINDS, *status, after, most),
    place: |job| After { time: job.created_at, id: job.id },
};

/// One job.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct WorkflowJob {
    #[schema(value_type = String)]
    id: Uuid,
    /// `queued`, `running`, `succeeded`, `failed` or `cancelled`.
    status: String,
    /// What the policy was asked about.
    rule_kind: Option<String>,
    subject: Option<String>,
    action: Option<String>,
    /// The approval that allowed it.
    approval_id: Option<String>,
    #[schema(value_type = Object)]
    payload: Value,
    attempts: i32,
    /// What came of it.
    #[schema(value_type = Object)]
    result: Value,
    /// Why it failed.
    error: Option<String>,
    created_at: String,
    started_at: Option<String>,
    finished_at: Option<String>,
    /// When it is tried again, while it waits for that.
    next_try_at: Option<String>,
    /// The last 50 tries; of one job only.
    #[serde(skip_serializing_if = "Option::is_none")]
    log: Option<Vec<Try>>,
}

/// One try.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Try {
    attempt: i32,
    began_at: String,
    ended_at: Option<String>,
    /// `done`, `found` (a try before had done it), `planned` (a dry run), `refused`, `wait`, `unreachable`, `unknown`; none while
    /// it runs, and where its worker was never heard of again.
    outcome: Option<String>,
    detail: Option<String>,
}

impl From<Attempt> for Try {
    fn from(attempt: Attempt) -> Self {
        let Attempt { attempt, began_at, ended_at, outcome, detail } = attempt;
        Self { attempt, began_at: rfc3339(began_at), ended_at: ended_at.map(rfc3339), outcome, detail }
    }
}

impl From<Job> for WorkflowJob {
    fn from(mut job: Job) -> Self {
        let text = |name: &str| job.params.get(name).and_then(Value::as_str).map(str::to_owned);
        let (rule_kind, subject) = (text("kind"), text("subject"));
        let (action, approval_id) = (text("action"), text("approval_id"));
        let waits = job.status == "queued";
        let moment = |at: Option<DateTime<Utc>>| at.map(rfc3339);
        Self {
            rule_kind,
            subject,
            action,
            approval_id,
            id: job.id,
            status: job.status,
            payload: job.params.get_mut("payload").map(Value::take).unwrap_or_default(),
            attempts: job.attempts,
            result: job.progress,
            error: job.error,
            created_at: rfc3339(job.created_at),
            started_at: moment(job.started_at),
            finished_at: moment(job.finished_at),
            next_try_at: moment(job.due_at.filter(|_| waits)),
            log: None,
        }
    }
}

#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct WorkflowQuery {
    /// `queued`, `running`, `succeeded`, `failed` or `cancelled`.
    status: Option<String>,
    /// Rows of a page, 1 to 200; 50 unless given.
    limit: Option<String>,
    /// `next_cursor` of the page before, with the same filters.
    cursor: Option<String>,
}

/// Jobs that act, newest first.
#[utoipa::path(get, path = "/v1/workflows/jobs", tag = "workflows", params(WorkflowQuery),
    responses(
        (status = 200, body = Page<WorkflowJob>),
        (status = 400, body = ProblemBody),
    ))]
pub(crate) async fn list(
    caller: Caller<Viewer>,
    state: Shared,
    Asked(query): Asked<WorkflowQuery>,
) -> Result<HttpResponse, Problem> {
    let mut faults = Faults::of_query();
    let portion = Portion::read(&mut faults, query.limit.as_deref(), query.cursor);
    let status = faults.word("status", query.status.as_deref(), STATUSES);
    faults.none()?;
    LIST.answer(&state, caller.tenant, (status, portion), WorkflowJob::from).await
}

/// One job that acts.
#[utoipa::path(get, path = "/v1/workflows/jobs/{job_id}", tag = "workflows", params(("job_id" = String, Path, description = "The job's id")),
    responses(
    (status = 200, body = WorkflowJob),
    (status = 404, body = ProblemBody),
))]
pub(crate) async fn one(
    caller: Caller<Viewer>,
    state: Shared,
    id: web::Path<String>,
    _: NoQuery,
) -> Result<HttpResponse, Problem> {
    let read = move |conn: &mut Connection, id| {
        let job = jobs::one(conn, &caller.tenant, id)?.filter(|job| KINDS.contains(&job.kind.as_str()));
        job.map(|job| Ok((job, job_attempts::list(conn, &caller.tenant, id, MOST_TRIES)?))).transpose()
    };
    let (job, log) = found(&state, ("workflow job", "workflow_one"), &id, read).await?;
    let log = Some(log.into_iter().map(Try::from).collect());
    Ok(HttpResponse::Ok().json(WorkflowJob { log, ..WorkflowJob::from(job) }))
}
