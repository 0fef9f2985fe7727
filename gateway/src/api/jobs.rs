//! Work that was asked for: how far it is and how it ended.

use actix_web::{HttpResponse, web};
use domain::event::rfc3339;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use store::events::After;
use store::{Connection, jobs};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use crate::access::{Caller, Viewer};
use crate::faults::Faults;
use crate::found::found;
use crate::page::{List, Page, Portion};
use crate::problem::{Problem, ProblemBody};
use crate::query::{Asked, NoQuery};
use crate::state::Shared;

const WHAT: &str = "job";
pub(crate) const STATUSES: &[&str] = &["queued", "running", "succeeded", "failed", "cancelled"];

const LIST: List<Option<&'static str>, jobs::Job> = List {
    name: "jobs",
    operation: "job_list",
    read: |conn, tenant, status, after, most| jobs::list(conn, tenant, *status, after, most),
    place: |job| After { time: job.created_at, id: job.id },
};

/// One job.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Job {
    #[schema(value_type = String)]
    id: Uuid,
    /// `replay`, `renormalize`, `backfill`, `workflow` or `effect`.
    kind: String,
    /// `queued`, `running`, `succeeded`, `failed` or `cancelled`.
    status: String,
    /// What was asked.
    params: Value,
    /// How far it is, in the words of its kind.
    progress: Value,
    /// Why it failed.
    error: Option<String>,
    attempts: i32,
    created_at: String,
    started_at: Option<String>,
    finished_at: Option<String>,
}

impl From<jobs::Job> for Job {
    fn from(job: jobs::Job) -> Self {
        Self {
            id: job.id,
            kind: job.kind,
            status: job.status,
            params: job.params,
            progress: job.progress,
            error: job.error,
            attempts: job.attempts,
            created_at: rfc3339(job.created_at),
            started_at: job.started_at.map(rfc3339),
            finished_at: job.finished_at.map(rfc3339),
        }
    }
}

/// What jobs are narrowed to.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct JobQuery {
    /// `queued`, `running`, `succeeded`, `failed` or `cancelled`.
    status: Option<String>,
    /// Rows of a page, 1 to 200; 50 unless given.
    limit: Option<String>,
    /// `next_cursor` of the page before, with the same filters.
    cursor: Option<String>,
}

/// Jobs, newest first.
#[utoipa::path(get, path = "/v1/jobs", tag = "jobs", params(JobQuery), responses(
    (status = 200, body = Page<Job>),
    (status = 400, body = ProblemBody),
))]
pub(crate) async fn list(
    caller: Caller<Viewer>,
    state: Shared,
    Asked(query): Asked<JobQuery>,
) -> Result<HttpResponse, Problem> {
    let mut faults = Faults::of_query();
    let portion = Portion::read(&mut faults, query.limit.as_deref(), query.cursor);
    let status = faults.word("status", query.status.as_deref(), STATUSES);
    faults.none()?;
    LIST.answer(&state, caller.tenant, (status, portion), Job::from).await
}

/// One job.
#[utoipa::path(get, path = "/v1/jobs/{job_id}", tag = "jobs", params(("job_id" = String, Path, description = "The job's id")),
    responses(
    (status = 200, body = Job),
    (status = 404, body = ProblemBody),
))]
pub(crate) async fn one(
    caller: Caller<Viewer>,
    state: Shared,
    id: web::Path<String>,
    _: NoQuery,
) -> Result<HttpResponse, Problem> {
    let read = move |conn: &mut Connection, id| jobs::one(conn, &caller.tenant, id);
    Ok(HttpResponse::Ok().json(Job::from(found(&state, (WHAT, "job_one"), &id, read).await?)))
}
