//! Key results of objectives. One holds the number that people tell, or follows a metric: then its number is measured when it
//! is asked for, as `GET /v1/metrics/dora` would tell it, and nobody can set it.

mod asked;
mod views;

use actix_web::{HttpResponse, web};
use chrono::{DateTime, Utc};
use domain::ids::TenantId;
use serde::Deserialize;
use serde_json::json;
use store::events::After;
use store::metrics::current::current;
use store::objectives::{self, Told};
use store::{Connection, StoreError};
use utoipa::ToSchema;
use uuid::Uuid;

use self::asked::NewKeyResult;
use self::views::{KeyResult, followed};
use crate::access::{Caller, Operator, Viewer};
use crate::faults::Faults;
use crate::found::found;
use crate::idempotent;
use crate::page::{List, Page, PageQuery};
use crate::problem::{Code, Problem, ProblemBody};
use crate::query::{Asked, NoQuery};
use crate::sent::Sent;
use crate::state::{Shared, State};

const WHAT: &str = "key result";

const LIST: List<Uuid, KeyResult> = List {
    name: "key results",
    operation: "key_result_list",
    read: |conn, tenant, objective, after, most| {
        let rows = objectives::results(conn, tenant, *objective, after, most)?;
        let now = Utc::now();
        rows.into_iter().map(|row| measured(conn, tenant, row, now)).collect()
    },
    place: |row| After { time: row.created_at, id: row.id },
};

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = KeyResultProgress)]
pub(crate) struct Progress {
    /// Where it is now.
    current: Option<f64>,
}

/// Adds a key result to an objective.
#[utoipa::path(post, path = "/v1/okr/objectives/{id}/krs", tag = "okr", request_body = NewKeyResult,
    params(("id" = String, Path, description = "The objective's id"),
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
    let objective = super::objectives::meant(&state, &caller.tenant, &id).await?.id;
    let keyed = sent.keyed("key_results", &caller)?;
    let now = Utc::now();
    let row = sent.json::<NewKeyResult>()?.row(&caller.tenant, objective, now)?;
    let work = move |conn: &mut Connection| {
        objectives::add(conn, &caller.tenant, &row)?;
        Ok(idempotent::done(json!({"id": row.id})))
    };
    idempotent::answer(&state, "key_result_add", keyed, now, work).await
}

/// The key results of an objective, newest first, each with where it is now.
#[utoipa::path(get, path = "/v1/okr/objectives/{id}/krs", tag = "okr",
    params(PageQuery, ("id" = String, Path, description = "The objective's id")),
    responses(
    (status = 200, body = Page<KeyResult>),
    (status = 400, body = ProblemBody),
    (status = 404, body = ProblemBody),
))]
pub(crate) async fn list(
    caller: Caller<Viewer>,
    state: Shared,
    id: web::Path<String>,
    Asked(query): Asked<PageQuery>,
) -> Result<HttpResponse, Problem> {
    let objective = super::objectives::meant(&state, &caller.tenant, &id).await?.id;
    LIST.answer(&state, caller.tenant, (objective, query.portion()?), |row| row).await
}

/// One key result with where it is now.
#[utoipa::path(get, path = "/v1/okr/krs/{id}", tag = "okr", params(("id" = String, Path, description = "The key result's id")),
    responses(
    (status = 200, body = KeyResult),
    (status = 404, body = ProblemBody),
))]
pub(crate) async fn one(
    caller: Caller<Viewer>,
    state: Shared,
    id: web::Path<String>,
    _: NoQuery,
) -> Result<HttpResponse, Problem> {
    Ok(HttpResponse::Ok().json(meant(&state, &caller.tenant, &id).await?))
}

async fn meant(state: &State, tenant: &TenantId, id: &str) -> Result<KeyResult, Problem> {
    let (tenant, now) = (tenant.clone(), Utc::now());
    let read = move |conn: &mut Connection, id| {
        let row = objectives::result(conn, &tenant, id)?;
        row.map(|row| measured(conn, &tenant, row, now)).transpose()
    };
    found(state, (WHAT, "key_result_one"), id, read).await
}

fn measured(
    conn: &mut Connection,
    tenant: &TenantId,
    row: objectives::KeyResult,
    now: DateTime<Utc>,
) -> Result<KeyResult, StoreError> {
    let found = followed(&row).map(|followed| current(conn, tenant, &followed, now)).transpose()?;
    Ok(KeyResult::of(row, found))
}

/// Tells where a key result is now.
#[utoipa::path(post, path = "/v1/okr/krs/{id}/progress", tag = "okr", request_body = Progress,
    params(("id" = String, Path, description = "The key result's id")), responses(
    (status = 200, description = "`ok`", body = Object),
    (status = 400, body = ProblemBody),
    (status = 404, body = ProblemBody),
    (status = 409, body = ProblemBody),
))]
pub(crate) async fn progress(
    caller: Caller<Operator>,
    state: Shared,
    id: web::Path<String>,
    sent: Sent,
    _: NoQuery,
) -> Result<HttpResponse, Problem> {
    let id = meant(&state, &caller.tenant, &id).await?.id;
    let Progress { current } = sent.json()?;
    let mut faults = Faults::of_body();
    if current.is_none() {
        faults.add("current", "`current` is a number");
    }
    faults.none()?;
    let now = Utc::now();
    let work =
        move |conn: &mut Connection| objectives::tell(conn, &caller.tenant, id, current.unwrap_or_default(), now);
    match state.store.call("key_result_progress", work).await? {
        Told::Kept => Ok(HttpResponse::Ok().json(json!({"ok": true}))),
        Told::Follows(metric) => {
            Err(Problem::new(Code::Conflict, format!("this key result follows {metric}: it is measured, not told")))
        }
        Told::Gone => Err(Problem::not_found(WHAT)),
    }
}
