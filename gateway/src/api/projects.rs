//! Projects, by EM Agent's paths and fields: a key that is taken is a conflict, what is deleted is gone.

use actix_web::{HttpResponse, web};
use chrono::{DateTime, Utc};
use domain::ids::{self, TenantId};
use serde::{Deserialize, Serialize};
use store::Connection;
use store::events::After;
use store::projects::{self, Changed};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::access::{Caller, Operator, Viewer};
use crate::faults::Faults;
use crate::found::{found, gone};
use crate::idempotent;
use crate::page::{List, Page, PageQuery};
use crate::problem::{Code, Problem, ProblemBody};
use crate::query::{Asked, NoQuery};
use crate::sent::Sent;
use crate::state::{Shared, State};

const WHAT: &str = "project";
const LONGEST_KEY: usize = 64;
const LONGEST_NAME: usize = 255;

const LIST: List<(), projects::Project> = List {
    name: "projects",
    operation: "project_list",
    read: |conn, tenant, (), after, most| projects::list(conn, tenant, after, most),
    place: |row| After { time: row.created_at, id: row.id },
};

/// A project.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Project {
    #[schema(value_type = String)]
    id: Uuid,
    key: String,
    name: String,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
}

impl From<projects::Project> for Project {
    fn from(row: projects::Project) -> Self {
        let projects::Project { id, key, name, created_at, updated_at } = row;
        Self { id, key, name, created_at, updated_at }
    }
}

/// What a project is to be; of one that is there, what is to change.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewProject {
    /// 1 to 64 characters, of no other project.
    key: Option<String>,
    /// 1 to 255 characters.
    name: Option<String>,
}

fn taken() -> Problem {
    Problem::new(Code::Conflict, "project key already exists; take another, or change the project that has it")
}

/// Projects, newest first.
#[utoipa::path(get, path = "/v1/projects", tag = "projects", params(PageQuery),
    responses(
    (status = 200, body = Page<Project>),
    (status = 400, body = ProblemBody),
))]
pub(crate) async fn list(
    caller: Caller<Viewer>,
    state: Shared,
    Asked(query): Asked<PageQuery>,
) -> Result<HttpResponse, Problem> {
    LIST.answer(&state, caller.tenant, ((), query.portion()?), Project::from).await
}

/// Makes a project.
#[utoipa::path(post, path = "/v1/projects", tag = "projects", request_body = NewProject,
    params(("Idempotency-Key" = Option<String>, Header, description = "The same key with the same request is done once")),
    responses(
    (status = 201, body = Project),
    (status = 400, body = ProblemBody),
    (status = 409, body = ProblemBody),
))]
pub(crate) async fn create(
    caller: Caller<Operator>,
    state: Shared,
    sent: Sent,
    _: NoQuery,
) -> Result<HttpResponse, Problem> {
    let keyed = sent.keyed("projects", &caller)?;
    let said: NewProject = sent.json()?;
    let mut faults = Faults::of_body();
    let key = faults.required("key", said.key.as_deref(), LONGEST_KEY);
    let name = faults.required("name", said.name.as_deref(), LONGEST_NAME);
    faults.none()?;
    let now = Utc::now();
    let id = ids::row(now, Uuid::new_v4().into_bytes());
    let work = move |conn: &mut Connection| {
        let made = projects::create(conn, &caller.tenant, id, (&key, &name), now)?;
        Ok(idempotent::created(Project::from(made.ok_or_else(taken)?)))
    };
    idempotent::answer(&state, "project_create", keyed, now, work).await
}

/// One project.
#[utoipa::path(get, path = "/v1/projects/{id}", tag = "projects", params(("id" = String, Path, description = "The project's id")),
    responses(
    (status = 200, body = Project),
    (status = 404, body = ProblemBody),
))]
pub(crate) async fn one(
    caller: Caller<Viewer>,
    state: Shared,
    id: web::Path<String>,
    _: NoQuery,
) -> Result<HttpResponse, Problem> {
    Ok(HttpResponse::Ok().json(Project::from(meant(&state, &caller.tenant, &id).await?)))
}

async fn meant(state: &State, tenant: &TenantId, id: &str) -> Result<projects::Project, Problem> {
    let tenant = tenant.clone();
    found(state, (WHAT, "project_one"), id, move |conn, id| projects::one(conn, &tenant, id)).await
}

/// Changes what is given of a project.
#[utoipa::path(patch, path = "/v1/projects/{id}", tag = "projects", request_body = NewProject,
    params(("id" = String, Path, description = "The project's id")), responses(
    (status = 200, body = Project),
    (status = 400, body = ProblemBody),
    (status = 404, body = ProblemBody),
    (status = 409, body = ProblemBody),
))]
pub(crate) async fn change(
    caller: Caller<Operator>,
    state: Shared,
    id: web::Path<String>,
    sent: Sent,
    _: NoQuery,
) -> Result<HttpResponse, Problem> {
    let id = meant(&state, &caller.tenant, &id).await?.id;
    let said: NewProject = sent.json()?;
    let mut faults = Faults::of_body();
    let key = faults.line("key", said.key.as_deref(), LONGEST_KEY);
    let name = faults.line("name", said.name.as_deref(), LONGEST_NAME);
    if key.is_none() && name.is_none() {
        faults.add("", "give `key`, `name` or both");
    }
    faults.none()?;
    let now = Utc::now();
    let work =
        move |conn: &mut Connection| projects::change(conn, &caller.tenant, id, (key.as_deref(), name.as_deref()), now);
    match state.store.call("project_change", work).await? {
        Changed::To(project) => Ok(HttpResponse::Ok().json(Project::from(project))),
        Changed::Taken => Err(taken()),
        Changed::Gone => Err(Problem::not_found(WHAT)),
    }
}

/// Deletes a project: it is gone, and its key is free again.
#[utoipa::path(delete, path = "/v1/projects/{id}", tag = "projects", params(("id" = String, Path, description = "The project's id")),
    responses(
    (status = 204, description = "It is gone"),
    (status = 404, body = ProblemBody),
))]
pub(crate) async fn delete(
    caller: Caller<Operator>,
    state: Shared,
    id: web::Path<String>,
    _: NoQuery,
) -> Result<HttpResponse, Problem> {
    let work = move |conn: &mut Connection, id| projects::delete(conn, &caller.tenant, id, Utc::now());
    gone(&state, (WHAT, "project_delete"), &id, work).await
}
