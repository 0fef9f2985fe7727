//! Change failure rate and rework rate by week, newest first. Weeks begin on Monday in the caller's time zone; a week
//! without deployments has no row.

use std::collections::BTreeMap;

use actix_web::HttpResponse;
use chrono::{DateTime, NaiveDate, NaiveTime, Utc};
use domain::metrics::calendar::day_of;
use domain::metrics::{Bucket, ratio};
use serde::Serialize;
use store::events::After;
use store::metrics::deployments::{self, Counts};
use utoipa::ToSchema;
use uuid::Uuid;

use super::lists::{Listing, Rows};
use super::measure::{AskedOptions, Options};
use super::query::rows_query;
use crate::access::{Caller, Viewer};
use crate::faults::Faults;
use crate::page::Page;
use crate::problem::{Problem, ProblemBody};
use crate::query::Asked;
use crate::state::{Shared, State};

rows_query! {
    /// The range and what is counted in it.
    FailureWeeksQuery {
        /// `true` counts deployments that ended in failure or error as failed ones.
        count_failed_pipeline,
    }
}

rows_query! {
    /// The range and what is counted in it.
    ReworkWeeksQuery {
    }
}

/// A week of deployments, by EM Agent's names and more.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct FailureWeek {
    /// Its Monday.
    #[schema(value_type = String, format = Date)]
    week: NaiveDate,
    /// Successful ones without rollbacks.
    total_deployments: i64,
    failed_deployments: i64,
    /// Null for a week that has only rollbacks.
    change_fail_rate_pct: Option<f64>,
    rollbacks: i64,
    /// An incident may still be attributed to one of them.
    provisional: bool,
}

/// A week of deployments.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ReworkWeek {
    /// Its Monday.
    #[schema(value_type = String, format = Date)]
    week: NaiveDate,
    /// Successful ones, rollbacks too.
    total_deployments: i64,
    rework_deployments: i64,
    rework_rate_pct: Option<f64>,
    rollbacks: i64,
    hotfixes: i64,
}

/// Change failure rate by week.
#[utoipa::path(get, path = "/v1/metrics/dora/change-fail-rate", tag = "metrics", params(FailureWeeksQuery),
    responses(
    (status = 200, body = Rows<FailureWeek>),
    (status = 400, body = ProblemBody),
))]
pub(crate) async fn failures(
    caller: Caller<Viewer>,
    state: Shared,
    Asked(query): Asked<FailureWeeksQuery>,
) -> Result<HttpResponse, Problem> {
    let mut faults = Faults::of_query();
    let asked =
        AskedOptions { count_failed_pipeline: query.count_failed_pipeline.as_deref(), ..AskedOptions::default() };
    let options = asked.read(&mut faults);
    let asking = query.of("change-fail-rate", options.count_failed_pipeline);
    let listing = asking.begin(&state, &caller.tenant, faults).await?;
    let now = listing.now;
    let page = weeks(&state, &caller, listing.clone(), options, |week, counts| {
        let (failed, of) = counts.failures(options.count_failed_pipeline);
        (of + counts.rollbacks > 0).then(|| failure_week(week, &counts, (failed, of), now))
    });
    Ok(HttpResponse::Ok().json(Rows { page: page.await?, settled: listing.settled }))
}

fn failure_week(week: NaiveDate, counts: &Counts, (failed, of): (i64, i64), now: DateTime<Utc>) -> FailureWeek {
    FailureWeek {
        week,
        total_deployments: of,
        failed_deployments: failed,
        change_fail_rate_pct: percent(failed, of),
        rollbacks: counts.rollbacks,
        provisional: counts.provisional_until.is_some_and(|until| until > now),
    }
}

/// Rework rate by week.
#[utoipa::path(get, path = "/v1/metrics/dora/rework-rate", tag = "metrics", params(ReworkWeeksQuery),
    responses(
    (status = 200, body = Rows<ReworkWeek>),
    (status = 400, body = ProblemBody),
))]
pub(crate) async fn rework(
    caller: Caller<Viewer>,
    state: Shared,
    Asked(query): Asked<ReworkWeeksQuery>,
) -> Result<HttpResponse, Problem> {
    let mut faults = Faults::of_query();
    let options = AskedOptions::default().read(&mut faults);
    let asking = query.of("rework-rate", ());
    let listing = asking.begin(&state, &caller.tenant, faults).await?;
    let page = weeks(&state, &caller, listing.clone(), options, |week, counts| {
        (counts.deployments > 0).then(|| ReworkWeek {
            week,
            total_deployments: counts.deployments,
            rework_deployments: counts.rework,
            rework_rate_pct: percent(counts.rework, counts.deployments),
            rollbacks: counts.rollbacks,
            hotfixes: counts.hotfixes,
        })
    });
    Ok(HttpResponse::Ok().json(Rows { page: page.await?, settled: listing.settled }))
}

fn percent(part: i64, whole: i64) -> Option<f64> {
    ratio(part, whole).map(|share| share * 100.0)
}

/// The page of weeks; `view` makes a row, or leaves the week out.
async fn weeks<T>(
    state: &State,
    caller: &Caller<Viewer>,
    listing: Listing,
    options: Options,
    view: impl Fn(NaiveDate, Counts) -> Option<T>,
) -> Result<Page<T>, Problem> {
    let Listing { range, limit, scope, after, .. } = listing;
    let (zone, tenant) = (range.zone, caller.tenant.clone());
    let slots = state.store.call("dora_slots", move |conn| deployments::slots(conn, &tenant, &range.slice)).await?;
    let mut weeks: BTreeMap<NaiveDate, Counts> = BTreeMap::new();
    for slot in &slots {
        weeks.entry(Bucket::Week.first_day(day_of(slot.slot, zone))).or_default().add(slot, options.count_redeploys);
    }
    let before = after.map(|after| after.time.date_naive());
    let newest_first = weeks.into_iter().rev().filter(|(week, _)| before.is_none_or(|before| *week < before));
    let rows = newest_first.filter_map(|(week, counts)| view(week, counts).map(|row| (week, row))).collect();
    let place = |(week, _): &(NaiveDate, T)| After { time: week.and_time(NaiveTime::MIN).and_utc(), id: Uuid::nil() };
    Ok(Page::cut(rows, limit, scope, place, |(_, row)| row))
}
