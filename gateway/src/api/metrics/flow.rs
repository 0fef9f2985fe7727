//! How work flows: changes that are open, how old they are, how long they wait for a review, how long reviews take.

use actix_web::HttpResponse;
use chrono::{NaiveDate, NaiveTime};
use chrono_tz::Tz;
use domain::metrics::calendar::{begin_of, day_of};
use serde::Serialize;
use store::events::After;
use store::metrics::Slice;
use store::metrics::work::{self, Flow, Listed, WorkRow};
use utoipa::ToSchema;
use uuid::Uuid;

use super::flow_rows::{AgingRow, IdleRow, ReviewRow};
use super::lists::{Known, Listing, Rows};
use super::query::rows_query;
use crate::access::{Caller, Viewer};
use crate::faults::Faults;
use crate::page::Page;
use crate::problem::{Problem, ProblemBody};
use crate::query::Asked;
use crate::state::{Shared, State};

rows_query! {
    /// The range and whose changes. A change belongs to the services and teams that deploy its repository; it has no
    /// environment and no tier.
    FlowQuery {
        /// `true` leaves changes of bots out.
        exclude_bots,
    }
}

/// One local day.
#[derive(Debug, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct WipDay {
    #[schema(value_type = String, format = Date)]
    day: NaiveDate,
    /// Changes that were open at some time of the day.
    wip: i64,
    opened: i64,
    /// Merged or closed.
    ended: i64,
}

/// Changes in progress by day, newest first.
#[utoipa::path(get, path = "/v1/metrics/wip", tag = "metrics", params(FlowQuery),
    responses(
    (status = 200, body = Rows<WipDay>),
    (status = 400, body = ProblemBody),
))]
pub(crate) async fn wip(
    caller: Caller<Viewer>,
    state: Shared,
    Asked(query): Asked<FlowQuery>,
) -> Result<HttpResponse, Problem> {
    let (listing, exclude_bots) = begin("wip", &state, &caller, &query).await?;
    let Listing { range, limit, scope, after, settled, now } = listing;
    let zone = range.zone;
    // No page needs to know more than its own days, and nothing is known of the future.
    let end = after.map_or(range.slice.to.min(now), |after| begin_of(after.time.date_naive(), zone));
    let first_day = day_of(range.slice.from, zone);
    let pages_days = chrono::TimeDelta::days(limit + 1);
    let begin = begin_of(first_day.max(day_of(end - pages_days, zone)), zone);
    let slice = range.slice.during(begin, end);
    let counted = slice.clone();
    let read = move |conn: &mut store::Connection| work::flow(conn, &caller.tenant, &counted, exclude_bots);
    let (open, flow) = state.store.look("wip", read).await?;
    let mut days = by_day(&slice, zone, open, &flow);
    days.retain(|day| day.day >= first_day);
    days.reverse();
    let place = |day: &WipDay| After { time: day.day.and_time(NaiveTime::MIN).and_utc(), id: Uuid::nil() };
    let page = Page::cut(days, limit, scope, place, |day| day);
    Ok(HttpResponse::Ok().json(Rows { page, settled }))
}

/// One row per local day of the slice, oldest first. `open` were open when it began.
fn by_day(slice: &Slice, zone: Tz, mut open: i64, flow: &[Flow]) -> Vec<WipDay> {
    let mut flow = flow.iter().peekable();
    let mut days = Vec::new();
    let mut day = day_of(slice.from, zone);
    while begin_of(day, zone) < slice.to {
        let Some(next) = day.succ_opt() else { break };
        let end = begin_of(next, zone);
        let (mut opened, mut ended) = (0, 0);
        while let Some(slot) = flow.next_if(|slot| slot.slot < end) {
            opened += slot.opened;
            ended += slot.ended;
        }
        days.push(WipDay { day, wip: open + opened, opened, ended });
        open += opened - ended;
        day = next;
    }
    days
}

/// Changes that are open, the oldest first.
#[utoipa::path(get, path = "/v1/metrics/aging-wip", tag = "metrics", params(FlowQuery),
    responses(
    (status = 200, body = Rows<AgingRow>),
    (status = 400, body = ProblemBody),
))]
pub(crate) async fn aging(
    caller: Caller<Viewer>,
    state: Shared,
    Asked(query): Asked<FlowQuery>,
) -> Result<HttpResponse, Problem> {
    let (listing, exclude_bots) = begin("aging-wip", &state, &caller, &query).await?;
    let (at, settled) = (listing.range.slice.to.min(listing.now), listing.settled);
    let view = |row, known: &Known| AgingRow::of(row, at, known);
    let page = changes(&state, &caller, listing, exclude_bots, Listed::Open, view).await?;
    Ok(HttpResponse::Ok().json(Rows { page, settled }))
}

/// Changes that were opened in the range, with how long each waited for its first review.
#[utoipa::path(get, path = "/v1/metrics/pr-idle-time", tag = "metrics", params(FlowQuery),
    responses(
    (status = 200, body = Rows<IdleRow>),
    (status = 400, body = ProblemBody),
))]
pub(crate) async fn idle(
    caller: Caller<Viewer>,
    state: Shared,
    Asked(query): Asked<FlowQuery>,
) -> Result<HttpResponse, Problem> {
    let (listing, exclude_bots) = begin("pr-idle-time", &state, &caller, &query).await?;
    let settled = listing.settled;
    let page = changes(&state, &caller, listing, exclude_bots, Listed::Opened, IdleRow::of).await?;
    Ok(HttpResponse::Ok().json(Rows { page, settled }))
}

/// Changes that were merged in the range, with how long each step took.
#[utoipa::path(get, path = "/v1/metrics/review-time", tag = "metrics", params(FlowQuery),
    responses(
    (status = 200, body = Rows<ReviewRow>),
    (status = 400, body = ProblemBody),
))]
pub(crate) async fn review(
    caller: Caller<Viewer>,
    state: Shared,
    Asked(query): Asked<FlowQuery>,
) -> Result<HttpResponse, Problem> {
    let (listing, exclude_bots) = begin("review-time", &state, &caller, &query).await?;
    let settled = listing.settled;
    let page = changes(&state, &caller, listing, exclude_bots, Listed::Merged, ReviewRow::of).await?;
    Ok(HttpResponse::Ok().json(Rows { page, settled }))
}

async fn begin(
    list: &'static str,
    state: &State,
    caller: &Caller<Viewer>,
    query: &FlowQuery,
) -> Result<(Listing, bool), Problem> {
    let mut faults = Faults::of_query();
    let exclude_bots = faults.flag("exclude_bots", query.exclude_bots.as_deref(), false);
    let asking = query.of(list, exclude_bots);
    Ok((asking.begin(state, &caller.tenant, faults).await?, exclude_bots))
}

async fn changes<T>(
    state: &State,
    caller: &Caller<Viewer>,
    listing: Listing,
    exclude_bots: bool,
    listed: Listed,
    view: impl Fn(WorkRow, &Known) -> T,
) -> Result<Page<T>, Problem> {
    let (limit, scope, tenant) = (listing.limit, listing.scope, caller.tenant.clone());
    let read = move |conn: &mut store::Connection| {
        let slice = &listing.range.slice;
        let rows = work::list(conn, &tenant, slice, exclude_bots, listed, listing.after, limit + 1)?;
        let known = Known::of(conn, &tenant, rows.iter().filter_map(|row| row.subject.as_ref()))?;
        Ok((rows, known))
    };
    let (rows, known) = state.store.look("work_rows", read).await?;
    let place = |row: &WorkRow| After { time: listed.place(row), id: row.tie };
    Ok(Page::cut(rows, limit, scope, place, |row| view(row, &known)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_counts_what_was_open_at_any_time_of_it() {
        let time = |text: &str| text.parse().expect("a time");
        let slice = Slice {
            from: time("2026-11-01T00:00:00Z"),
            to: time("2026-11-04T00:00:00Z"),
            tiers: Vec::new(),
            services: Vec::new(),
            teams: Vec::new(),
            repos: Vec::new(),
            environment: None,
        };
        let slot = |slot: &str, opened, ended| Flow { slot: time(slot), opened, ended };
        let flow = [slot("2026-11-01T10:00:00Z", 2, 0), slot("2026-11-03T10:00:00Z", 0, 3)];
        let days = by_day(&slice, Tz::UTC, 1, &flow);
        assert_eq!(days.iter().map(|day| day.wip).collect::<Vec<_>>(), [3, 3, 3]);
        let later = by_day(&slice, Tz::UTC, 1, &[slot("2026-11-01T10:00:00Z", 0, 1)]);
        assert_eq!(later.iter().map(|day| day.wip).collect::<Vec<_>>(), [1, 0, 0]);
    }
}
