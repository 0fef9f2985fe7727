//! Objectives, by EM Agent's paths and fields. Their key results have a room of their own.

use actix_web::web::Payload;
use actix_web::{HttpRequest, HttpResponse, web};
use chrono::{DateTime, Utc};
use domain::ids::{self, TenantId};
use serde::{Deserialize, Serialize};
use serde_json::json;
use store::Connection;
use store::events::After;
use store::idempotency::Answer;
use store::objectives;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::deliveries::NoQuery;
use crate::access::{Caller, Operator, Viewer};
use crate::body;
use crate::cursor::Scope;
use crate::fields::Fields;
use crate::idempotent::{self, keyed};
use crate::page::{self, Page};
use crate::problem::{Problem, ProblemBody};
use crate::query::{Asked, Faults};
use crate::state::{Shared, State};

/// As EM Agent answered.
const DONE: i16 = 200;
const WHAT: &str = "objective";
const LONGEST_TITLE: usize = 255;
const LONGEST_PERIOD: usize = 64;

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

/// What is shown of a list.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct ObjectiveQuery {
    /// Rows of a page, 1 to 200; 50 unless given.
    limit: Option<String>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
}

/// Makes an objective.
#[utoipa::path(post, path = "/v1/okr/objectives", tag = "okr", request_body = NewObjective,
    params(("Idempotency-Key" = Option<String>, Header, description = "The same key with the same request is done once")),
    security(("bearer" = []), ("admin_key" = [])), responses(
    (status = 200, description = "`id` and `title`", body = Object),
    (status = 400, body = ProblemBody, content_type = "application/problem+json"),
))]
pub(crate) async fn create(
    caller: Caller<Operator>,
    state: Shared,
    request: HttpRequest,
    payload: Payload,
    Asked(NoQuery {}): Asked<NoQuery>,
) -> Result<HttpResponse, Problem> {
    let (sent, _share) = body::read(&state.memory, &request, payload, body::MOST_API_BYTES).await?;
    let keyed = keyed("objectives", &caller, &request, &sent)?;
    let said: NewObjective = body::json(&sent)?;
    let now = Utc::now();
    let mut fields = Fields::default();
    let objective = objectives::Objective {
        id: ids::row(now, Uuid::new_v4().into_bytes()),
        title: fields.required("title", said.title.as_deref(), LONGEST_TITLE),
        owner: fields.line("owner", said.owner.as_deref(), LONGEST_TITLE),
        period: fields.line("period", said.period.as_deref(), LONGEST_PERIOD),
        created_at: now,
        updated_at: now,
    };
    fields.none()?;
    let work = move |conn: &mut Connection| {
        objectives::create(conn, &caller.tenant, &objective)?;
        Ok(Answer { status: DONE, body: json!({"id": objective.id, "title": objective.title}) })
    };
    idempotent::answer(&state, "objective_create", keyed, now, work).await
}

/// Objectives, newest first.
#[utoipa::path(get, path = "/v1/okr/objectives", tag = "okr", params(ObjectiveQuery),
    security(("bearer" = []), ("admin_key" = [])), responses(
    (status = 200, body = Page<Objective>),
    (status = 400, body = ProblemBody, content_type = "application/problem+json"),
))]
pub(crate) async fn list(
    caller: Caller<Viewer>,
    state: Shared,
    Asked(query): Asked<ObjectiveQuery>,
) -> Result<HttpResponse, Problem> {
    let mut faults = Faults::default();
    let limit = page::limit(&mut faults, query.limit.as_deref());
    faults.none()?;
    let scope = Scope::new("objectives", &caller.tenant, &());
    let after = scope.place(query.cursor.as_deref())?;
    let read = move |conn: &mut Connection| objectives::list(conn, &caller.tenant, after, limit + 1);
    let rows = state.store.call("objective_list", read).await?;
    let place = |row: &objectives::Objective| After { time: row.created_at, id: row.id };
    Ok(HttpResponse::Ok().json(Page::cut(rows, limit, scope, place, Objective::from)))
}

/// One objective.
#[utoipa::path(get, path = "/v1/okr/objectives/{id}", tag = "okr", params(("id" = String, Path, description = "The objective's id")),
    security(("bearer" = []), ("admin_key" = [])), responses(
    (status = 200, body = Objective),
    (status = 404, body = ProblemBody, content_type = "application/problem+json"),
))]
pub(crate) async fn one(
    caller: Caller<Viewer>,
    state: Shared,
    id: web::Path<String>,
    Asked(NoQuery {}): Asked<NoQuery>,
) -> Result<HttpResponse, Problem> {
    Ok(HttpResponse::Ok().json(Objective::from(found(&state, &caller.tenant, &id).await?)))
}

/// The objective that a path means.
pub(super) async fn found(state: &State, tenant: &TenantId, id: &str) -> Result<objectives::Objective, Problem> {
    let (id, tenant) = (Uuid::try_parse(id).map_err(|_| Problem::not_found(WHAT))?, tenant.clone());
    let found = state.store.call("objective_one", move |conn| objectives::one(conn, &tenant, id)).await?;
    found.ok_or_else(|| Problem::not_found(WHAT))
}

/// Deletes an objective: it is gone with its key results.
#[utoipa::path(delete, path = "/v1/okr/objectives/{id}", tag = "okr", params(("id" = String, Path, description = "The objective's id")),
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
    let id = Uuid::try_parse(&id).map_err(|_| Problem::not_found(WHAT))?;
    let now = Utc::now();
    let work = move |conn: &mut Connection| objectives::delete(conn, &caller.tenant, id, now);
    let was_there = state.store.call("objective_delete", work).await?;
    if was_there { Ok(HttpResponse::NoContent().finish()) } else { Err(Problem::not_found(WHAT)) }
}
