//! Deployment frequency: successful deployments per day and source, newest day first.
//!
//! Every row has a column for each source that EM Agent 1.x knew, and for each other source that has deployed in the
//! range, so that its callers find their columns on quiet days too. Days without deployments have no row.

use std::collections::{BTreeMap, BTreeSet};

use actix_web::HttpResponse;
use chrono::{NaiveDate, NaiveTime};
use chrono_tz::Tz;
use domain::metrics::calendar::day_of;
use serde::Serialize;
use serde_json::{Map, Value};
use store::events::After;
use store::metrics::deployments::{self, SourceSlot};
use utoipa::ToSchema;
use uuid::Uuid;

use super::lists::Rows;
use super::query::rows_query;
use crate::access::{Caller, Viewer};
use crate::faults::Faults;
use crate::page::Page;
use crate::problem::{Problem, ProblemBody};
use crate::query::Asked;
use crate::state::Shared;

/// The columns that are always there.
const ALWAYS: [&str; 8] = ["github", "circleci", "jenkins", "gitlab", "kubernetes", "argocd", "ecs", "heroku"];

rows_query! {
    /// The range and what is counted in it.
    DeploymentFrequencyQuery {
        /// `false` leaves deployments of what was live already out.
        count_redeploys,
    }
}

/// One day.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Day {
    #[schema(value_type = String, format = Date)]
    day: NaiveDate,
    total_deployments: i64,
    /// `<source>_deployments` of each source.
    #[serde(flatten)]
    #[schema(value_type = std::collections::HashMap<String, i64>)]
    by_source: Map<String, Value>,
}

/// Successful deployments per day and source.
#[utoipa::path(get, path = "/v1/metrics/dora/deployment-frequency", tag = "metrics", params(DeploymentFrequencyQuery),
    responses(
    (status = 200, body = Rows<Day>),
    (status = 400, body = ProblemBody),
))]
pub(crate) async fn rows(
    caller: Caller<Viewer>,
    state: Shared,
    Asked(query): Asked<DeploymentFrequencyQuery>,
) -> Result<HttpResponse, Problem> {
    let mut faults = Faults::of_query();
    let redeploys = faults.flag("count_redeploys", query.count_redeploys.as_deref(), true);
    let asking = query.of("deployment-frequency", redeploys);
    let listing = asking.begin(&state, &caller.tenant, faults).await?;
    let (before, zone) = (listing.after.map(|after| after.time.date_naive()), listing.range.zone);
    let read = move |conn: &mut store::Connection| {
        deployments::source_slots(conn, &caller.tenant, &listing.range.slice, redeploys)
    };
    let slots = state.store.call("deployment_frequency", read).await?;
    let days = by_day(slots, zone).into_iter().filter(|day| before.is_none_or(|before| day.day < before)).collect();
    let place = |day: &Day| After { time: day.day.and_time(NaiveTime::MIN).and_utc(), id: Uuid::nil() };
    let page = Page::cut(days, listing.limit, listing.scope, place, |day| day);
    Ok(HttpResponse::Ok().json(Rows { page, settled: listing.settled }))
}

/// One row per local day that has deployments, newest first, all with the same columns.
fn by_day(slots: Vec<SourceSlot>, zone: Tz) -> Vec<Day> {
    let seen: Vec<String> = slots.iter().map(|row| row.integration.clone()).collect();
    let sources: BTreeSet<&str> = ALWAYS.into_iter().chain(seen.iter().map(String::as_str)).collect();
    let zeros: Map<String, Value> = sources.iter().map(|source| (format!("{source}_deployments"), 0.into())).collect();
    let mut days: BTreeMap<NaiveDate, Day> = BTreeMap::new();
    for SourceSlot { slot, integration, deployments } in slots {
        let day = day_of(slot, zone);
        let row = days.entry(day).or_insert_with(|| Day { day, total_deployments: 0, by_source: zeros.clone() });
        row.total_deployments += deployments;
        let column = row.by_source.entry(format!("{integration}_deployments")).or_insert_with(|| 0.into());
        *column = (column.as_i64().unwrap_or(0) + deployments).into();
    }
    days.into_values().rev().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(slot: &str, integration: &str, deployments: i64) -> SourceSlot {
        SourceSlot { slot: slot.parse().expect("a time"), integration: integration.to_owned(), deployments }
    }

    #[test]
    fn days_are_newest_first_and_have_every_column() {
        let slots = vec![
            row("2026-11-19T10:00:00Z", "github", 2),
            row("2026-11-20T10:00:00Z", "generic", 1),
            row("2026-11-20T10:15:00Z", "github", 3),
            row("2026-11-20T23:30:00Z", "github", 1),
        ];
        let days = by_day(slots.clone(), Tz::UTC);
        assert_eq!(days.iter().map(|day| day.total_deployments).collect::<Vec<_>>(), [5, 2]);
        let older = serde_json::to_value(&days[1]).expect("json");
        assert_eq!(
            (&older["github_deployments"], &older["generic_deployments"], &older["heroku_deployments"]),
            (&2.into(), &0.into(), &0.into())
        );
        assert_eq!(days[0].by_source.len(), ALWAYS.len() + 1);
        let moved = by_day(slots, Tz::Europe__Berlin);
        assert_eq!(moved.iter().map(|day| day.total_deployments).collect::<Vec<_>>(), [1, 4, 2]);
    }
}
