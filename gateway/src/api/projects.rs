//! Projects, by EM Agent's paths and fields: a key that is taken is a conflict, what is deleted is gone.

use actix_web::{HttpResponse, web};
use chrono::{DateTime, Utc};
use domain::ids::{self, TenantId};
use serde::{Deserialize, Serialize};
use serde_json::json;
use store::events::After;
use store::idempotency::Answer;
use store::projects::{self, Changed};
use store::{Connection, StoreError};
use utoipa::ToSchema;
use uuid::Uuid;

use super::deliveries::NoQuery;
use crate::access::{Caller, Operator, Viewer};
use crate::fields::Fields;
use crate::found::{found, gone};
use crate::idempotent;
use crate::page::{List, Page, PageQuery};
use crate::problem::{Code, Problem, ProblemBody};
use crate::query::Asked;
use crate::sent::Sent;
use crate::state::{Shared, State};

const CREATED: i16 = 201;
const WHAT: &str = "project";
const LONGEST_KEY: usize = 64;
const LONGEST_NAME: usize = 255;

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
    security(("bearer" = []), ("admin_key" = [])), responses(
    (status = 200, body = Page<Project>),
    (status = 400, body = ProblemBody, content_type = "application/problem+json"),
))]
pub(crate) async fn list(
    caller: Caller<Viewer>,
    state: Shared,
    Asked(query): Asked<PageQuery>,
) -> Result<HttpResponse, Problem> {
    let (tenant, list) = (caller.tenant.clone(), List { name: "projects", operation: "project_list", place });
    let read = move |conn: &mut Connection, after, most| projects::list(conn, &tenant, after, most);
    query.answer(&state, (&caller.tenant, &()), list, read, Project::from).await
}

fn place(row: &projects::Project) -> After {
    After { time: row.created_at, id: row.id }
}

/// Makes a project.
#[utoipa::path(post, path = "/v1/projects", tag = "projects", request_body = NewProject,
    params(("Idempotency-Key" = Option<String>, Header, description = "The same key with the same request is done once")),
    security(("bearer" = []), ("admin_key" = [])), responses(
    (status = 201, body = Project),
    (status = 400, body = ProblemBody, content_type = "application/problem+json"),
    (status = 409, body = ProblemBody, content_type = "application/problem+json"),
))]
pub(crate) async fn create(
    caller: Caller<Operator>,
    state: Shared,
    sent: Sent,
    Asked(NoQuery {}): Asked<NoQuery>,
) -> Result<HttpResponse, Problem> {
    let keyed = sent.keyed("projects", &caller)?;
    let said: NewProject = sent.json()?;
    let mut fields = Fields::default();
    let key = fields.required("key", said.key.as_deref(), LONGEST_KEY);
    let name = fields.required("name", said.name.as_deref(), LONGEST_NAME);
    fields.none()?;
    let now = Utc::now();
    let id = ids::row(now, Uuid::new_v4().into_bytes());
    let work = move |conn: &mut Connection| {
        let made = projects::create(conn, &caller.tenant, id, (&key, &name), now)?;
        // Nothing is remembered of a refusal: the key may be free when it is tried again.
        let made = made.ok_or(StoreError::NotFound)?;
        Ok(Answer { status: CREATED, body: json!(Project::from(made)) })
    };
    let done = idempotent::answer(&state, "project_create", keyed, now, work).await;
    done.map_err(|problem| if problem.code() == Code::NotFound { taken() } else { problem })
}

/// One project.
#[utoipa::path(get, path = "/v1/projects/{id}", tag = "projects", params(("id" = String, Path, description = "The project's id")),
    security(("bearer" = []), ("admin_key" = [])), responses(
    (status = 200, body = Project),
    (status = 404, body = ProblemBody, content_type = "application/problem+json"),
))]
pub(crate) async fn one(
    caller: Caller<Viewer>,
    state: Shared,
    id: web::Path<String>,
    Asked(NoQuery {}): Asked<NoQuery>,
) -> Result<HttpResponse, Problem> {
    Ok(HttpResponse::Ok().json(Project::from(meant(&state, &caller.tenant, &id).await?)))
}

async fn meant(state: &State, tenant: &TenantId, id: &str) -> Result<projects::Project, Problem> {
    let tenant = tenant.clone();
    found(state, (WHAT, "project_one"), id, move |conn, id| projects::one(conn, &tenant, id)).await
}

/// Changes what is given of a project.
#[utoipa::path(patch, path = "/v1/projects/{id}", tag = "projects", request_body = NewProject,
    params(("id" = String, Path, description = "The project's id")), security(("bearer" = []), ("admin_key" = [])), responses(
    (status = 200, body = Project),
    (status = 400, body = ProblemBody, content_type = "application/problem+json"),
    (status = 404, body = ProblemBody, content_type = "application/problem+json"),
    (status = 409, body = ProblemBody, content_type = "application/problem+json"),
))]
pub(crate) async fn change(
    caller: Caller<Operator>,
    state: Shared,
    id: web::Path<String>,
    sent: Sent,
    Asked(NoQuery {}): Asked<NoQuery>,
) -> Result<HttpResponse, Problem> {
    let id = meant(&state, &caller.tenant, &id).await?.id;
    let said: NewProject = sent.json()?;
    let mut fields = Fields::default();
    let key = fields.line("key", said.key.as_deref(), LONGEST_KEY);
    let name = fields.line("name", said.name.as_deref(), LONGEST_NAME);
    if key.is_none() && name.is_none() {
        fields.add("", "give `key`, `name` or both");
    }
    fields.none()?;
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
    security(("bearer" = []), ("admin_key" = [])), responses(
    (status = 204, description = "It is gone"),
    (status = 404, body = ProblemBody, content_type = "application/problem+json"),
))]
pub(crate) async fn delete(
    caller: Caller<Operator>,
    state: Shared,
    id: web::Path<String>,
    Asked(NoQuery {}): Asked<NoQuery>,
) -> Result<HttpResponse, Problem> {
    let work = move |conn: &mut Connection, id| projects::delete(conn, &caller.tenant, id, Utc::now());
    gone(&state, (WHAT, "project_delete"), &id, work).await
}
