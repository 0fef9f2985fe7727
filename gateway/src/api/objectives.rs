//! Objectives, by EM Agent's paths and fields. Their key results have a room of their own.

use actix_web::{HttpResponse, web};
use chrono::{DateTime, Utc};
use domain::ids::{self, TenantId};
use serde::{Deserialize, Serialize};
use serde_json::json;
use store::Connection;
use store::events::After;
use store::objectives;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::access::{Caller, Operator, Viewer};
use crate::faults::Faults;
use crate::found::{found, gone};
use crate::idempotent;
use crate::page::{List, Page, PageQuery};
use crate::problem::{Problem, ProblemBody};
use crate::query::{Asked, NoQuery};
use crate::sent::Sent;
use crate::state::{Shared, State};

const WHAT: &str = "objective";
const LONGEST_TITLE: usize = 255;
const LONGEST_PERIOD: usize = 64;

const LIST: List<(), objectives::Objective> = List {
    name: "objectives",
    operation: "objective_list",
    read: |conn, tenant, (), after, most| objectives::list(conn, tenant, after, most),
    place: |row| After { time: row.created_at, id: row.id },
};

/// An objective.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Objective {
    #[schema(value_type = String)]
    id: Uuid,
    title: String,
    owner: Option<String>,
    /// As people name it: `2026-Q4`.
    period: Option<String>,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
}

impl From<objectives::Objective> for Objective {
    fn from(row: objectives::Objective) -> Self {
        let objectives::Objective { id, title, owner, period, created_at, updated_at } = row;
        Self { id, title, owner, period, created_at, updated_at }
    }
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewObjective {
    /// 1 to 255 characters.
    title: Option<String>,
    owner: Option<String>,
    /// At most 64 characters.
    period: Option<String>,
}

/// Makes an objective.
#[utoipa::path(post, path = "/v1/okr/objectives", tag = "okr", request_body = NewObjective,
    params(("Idempotency-Key" = Option<String>, Header, description = "The same key with the same request is done once")),
    responses(
    (status = 200, description = "`id` and `title`", body = Object),
    (status = 400, body = ProblemBody),
))]
pub(crate) async fn create(
    caller: Caller<Operator>,
    state: Shared,
    sent: Sent,
    _: NoQuery,
) -> Result<HttpResponse, Problem> {
    let keyed = sent.keyed("objectives", &caller)?;
    let said: NewObjective = sent.json()?;
    let now = Utc::now();
    let mut faults = Faults::of_body();
    let objective = objectives::Objective {
        id: ids::row(now, Uuid::new_v4().into_bytes()),
        title: faults.required("title", said.title.as_deref(), LONGEST_TITLE),
        owner: faults.line("owner", said.owner.as_deref(), LONGEST_TITLE),
        period: faults.line("period", said.period.as_deref(), LONGEST_PERIOD),
        created_at: now,
        updated_at: now,
    };
    faults.none()?;
    let work = move |conn: &mut Connection| {
        objectives::create(conn, &caller.tenant, &objective)?;
        Ok(idempotent::done(json!({"id": objective.id, "title": objective.title})))
    };
    idempotent::answer(&state, "objective_create", keyed, now, work).await
}

/// Objectives, newest first.
#[utoipa::path(get, path = "/v1/okr/objectives", tag = "okr", params(PageQuery),
    responses(
    (status = 200, body = Page<Objective>),
    (status = 400, body = ProblemBody),
))]
pub(crate) async fn list(
    caller: Caller<Viewer>,
    state: Shared,
    Asked(query): Asked<PageQuery>,
) -> Result<HttpResponse, Problem> {
    LIST.answer(&state, caller.tenant, ((), query.portion()?), Objective::from).await
}

/// One objective.
#[utoipa::path(get, path = "/v1/okr/objectives/{id}", tag = "okr", params(("id" = String, Path, description = "The objective's id")),
    responses(
    (status = 200, body = Objective),
    (status = 404, body = ProblemBody),
))]
pub(crate) async fn one(
    caller: Caller<Viewer>,
    state: Shared,
    id: web::Path<String>,
    _: NoQuery,
) -> Result<HttpResponse, Problem> {
    Ok(HttpResponse::Ok().json(Objective::from(meant(&state, &caller.tenant, &id).await?)))
}

/// The objective that a path means.
pub(super) async fn meant(state: &State, tenant: &TenantId, id: &str) -> Result<objectives::Objective, Problem> {
    let tenant = tenant.clone();
    found(state, (WHAT, "objective_one"), id, move |conn, id| objectives::one(conn, &tenant, id)).await
}

/// Deletes an objective: it is gone with its key results.
#[utoipa::path(delete, path = "/v1/okr/objectives/{id}", tag = "okr", params(("id" = String, Path, description = "The objective's id")),
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
    let work = move |conn: &mut Connection, id| objectives::delete(conn, &caller.tenant, id, Utc::now());
    gone(&state, (WHAT, "objective_delete"), &id, work).await
}
