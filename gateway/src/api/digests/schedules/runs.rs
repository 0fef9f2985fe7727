//! What became of a schedule's slots.

use actix_web::{HttpResponse, web};
use serde_json::json;
use store::Connection;
use store::events::After;
use store::schedules::runs::{self, RunRow};

use super::{ScheduleQuery, there};
use crate::access::{Caller, Viewer};
use crate::cursor::Scope;
use crate::page::{self, Page};
use crate::problem::{Problem, ProblemBody};
use crate::query::{Asked, Faults};
use crate::state::Shared;

/// The slots of a schedule, the latest first.
#[utoipa::path(get, path = "/v1/digests/schedules/{id}/runs", tag = "digests",
    params(ScheduleQuery, ("id" = String, Path, description = "The schedule's id")),
    security(("bearer" = []), ("admin_key" = [])), responses(
    (status = 200, description = "`data`: slots with `state` (`running`, `done`, `failed` or `missed`), `digest_id` and `error`; `next_cursor`", body = Object),
    (status = 400, body = ProblemBody, content_type = "application/problem+json"),
    (status = 404, body = ProblemBody, content_type = "application/problem+json"),
))]
pub(crate) async fn list_runs(
    caller: Caller<Viewer>,
    state: Shared,
    id: web::Path<String>,
    Asked(query): Asked<ScheduleQuery>,
) -> Result<HttpResponse, Problem> {
    let mut faults = Faults::default();
    let limit = page::limit(&mut faults, query.limit.as_deref());
    faults.none()?;
    let schedule = there(&state, &caller, &id).await?.id;
    let scope = Scope::new("digest runs", &caller.tenant, &schedule);
    let after = scope.place(query.cursor.as_deref())?;
    let read = move |conn: &mut Connection| runs::list(conn, &caller.tenant, schedule, after, limit + 1);
    let rows = state.store.call("schedule_runs", read).await?;
    let place = |row: &RunRow| After { time: row.due_at, id: row.id };
    Ok(HttpResponse::Ok().json(Page::cut(rows, limit, scope, place, |row| {
        json!({
            "id": row.id, "due_at": row.due_at, "state": row.state, "tries": row.number, "digest_id": row.digest_id,
            "error": row.error, "began_at": row.began_at, "ended_at": row.ended_at,
        })
    })))
}
