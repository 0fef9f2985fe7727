//! What became of a schedule's slots.

use actix_web::{HttpResponse, web};
use serde_json::json;
use store::events::After;
use store::schedules::runs::{self, RunRow};
use uuid::Uuid;

use super::meant;
use crate::access::{Caller, Viewer};
use crate::page::{List, PageQuery};
use crate::problem::{Problem, ProblemBody};
use crate::query::Asked;
use crate::state::Shared;

const LIST: List<Uuid, RunRow> = List {
    name: "digest runs",
    operation: "schedule_runs",
    read: |conn, tenant, schedule, after, most| runs::list(conn, tenant, *schedule, after, most),
    place: |row| After { time: row.due_at, id: row.id },
};

/// The slots of a schedule, the latest first.
#[utoipa::path(get, path = "/v1/digests/schedules/{id}/runs", tag = "digests",
    params(PageQuery, ("id" = String, Path, description = "The schedule's id")),
    responses(
    (status = 200, description = "`data`: slots with `state` (`running`, `done`, `failed` or `missed`), `digest_id` and `error`; `next_cursor`", body = Object),
    (status = 400, body = ProblemBody),
    (status = 404, body = ProblemBody),
))]
pub(crate) async fn list_runs(
    caller: Caller<Viewer>,
    state: Shared,
    id: web::Path<String>,
    Asked(query): Asked<PageQuery>,
) -> Result<HttpResponse, Problem> {
    let portion = query.portion()?;
    let schedule = meant(&state, &caller, &id).await?.id;
    LIST.answer(&state, caller.tenant, (schedule, portion), |row| {
        json!({
            "id": row.id, "due_at": row.due_at, "state": row.state, "tries": row.number, "digest_id": row.digest_id,
            "error": row.error, "began_at": row.began_at, "ended_at": row.ended_at,
        })
    })
    .await
}
