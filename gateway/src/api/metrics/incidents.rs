//! Time to restore, incident by incident: those that count and were resolved in the range, newest first.

use actix_web::HttpResponse;
use store::events::After;
use store::metrics::rows::incidents::{self, IncidentRow};

use super::lists::{Asking, Known, Rows};
use super::query::metrics_query;
use super::views::Incident;
use crate::access::{Caller, Viewer};
use crate::page::Page;
use crate::problem::{Problem, ProblemBody};
use crate::query::{Asked, Faults};
use crate::state::Shared;

metrics_query! {
    /// The range and what is listed of it.
    MttrQuery {
        /// Rows of a page, 1 to 200; 50 unless given.
        limit,
        /// `next_cursor` of the page before, with the same filters.
        cursor,
    }
}

/// Resolved incidents with the time that took.
#[utoipa::path(get, path = "/v1/metrics/dora/mttr", tag = "metrics", params(MttrQuery),
    security(("bearer" = []), ("admin_key" = [])), responses(
    (status = 200, body = Rows<Incident>),
    (status = 400, body = ProblemBody, content_type = "application/problem+json"),
))]
pub(crate) async fn rows(
    caller: Caller<Viewer>,
    state: Shared,
    Asked(query): Asked<MttrQuery>,
) -> Result<HttpResponse, Problem> {
    let asking = Asking {
        list: "mttr",
        common: query.asked(),
        own: (),
        limit: query.limit.as_deref(),
        cursor: query.cursor.as_deref(),
        wait: query.wait.as_deref(),
    };
    let listing = asking.begin(&state, &caller.tenant, Faults::default()).await?;
    let (limit, scope, settled) = (listing.limit, listing.scope, listing.settled);
    let read = move |conn: &mut store::Connection| {
        let rows = incidents::resolved(conn, &caller.tenant, &listing.range.slice, listing.after, limit + 1)?;
        let known = Known::of(conn, &caller.tenant, rows.iter().filter_map(|row| row.subject.as_ref()))?;
        Ok((rows, known))
    };
    let (rows, known) = state.store.look("mttr_rows", read).await?;
    let place = |row: &IncidentRow| After { time: row.resolved_at.unwrap_or(row.start_at), id: row.tie };
    let page = Page::cut(rows, limit, scope, place, |row| Incident::of(row, &known));
    Ok(HttpResponse::Ok().json(Rows { page, settled }))
}
