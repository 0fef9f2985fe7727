//! Time to restore, incident by incident: those that count and were resolved in the range, newest first.

use actix_web::HttpResponse;
use domain::ids::TenantId;
use store::Connection;
use store::metrics::rows::incidents;

use super::lists::{Listing, Rows};
use super::query::rows_query;
use super::views::Incident;
use crate::access::{Caller, Viewer};
use crate::faults::Faults;
use crate::problem::{Problem, ProblemBody};
use crate::query::Asked;
use crate::state::Shared;

rows_query! {
    /// The range and what is listed of it.
    MttrQuery {
    }
}

/// Resolved incidents with the time that took.
#[utoipa::path(get, path = "/v1/metrics/dora/mttr", tag = "metrics", params(MttrQuery),
    responses(
    (status = 200, body = Rows<Incident>),
    (status = 400, body = ProblemBody),
))]
pub(crate) async fn rows(
    caller: Caller<Viewer>,
    state: Shared,
    Asked(query): Asked<MttrQuery>,
) -> Result<HttpResponse, Problem> {
    let listing = query.of("mttr", ()).begin(&state, &caller.tenant, Faults::of_query()).await?;
    let read = |conn: &mut Connection, tenant: &TenantId, listing: &Listing| {
        incidents::resolved(conn, tenant, &listing.range.slice, listing.after, listing.limit + 1)
    };
    listing.answer(&state, caller.tenant, "mttr_rows", read, Incident::of).await
}
