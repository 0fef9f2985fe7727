//! Deployment frequency: successful deployments per day and source, newest day first.
//!
//! Every row has a column for each source that EM Agent 1.x knew, and for each other source that has deployed in the
//! range, so that its callers find their columns on quiet days too. Days without deployments have no row.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use actix_web::HttpResponse;
use chrono::{DateTime, NaiveDate, NaiveTime, TimeDelta, Utc};
use chrono_tz::Tz;
use domain::data::Tier;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use store::events::After;
use store::frequency::{Counted, DayCount};
use tokio::time::Instant;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use crate::access::{Caller, Viewer};
use crate::cursor::Scope;
use crate::page::{self, Page};
use crate::problem::{Problem, ProblemBody};
use crate::query::{Asked, Faults, comma_list};
use crate::state::{Shared, State};

/// The columns that are always there.
const ALWAYS: [&str; 8] = ["github", "circleci", "jenkins", "gitlab", "kubernetes", "argocd", "ecs", "heroku"];
const USUAL_DAYS: i64 = 30;
/// A century.
const MOST_DAYS: i64 = 36_525;
const LONGEST_WAIT_SECONDS: i64 = 30;
/// The consumer that keeps what is counted here (worker).
const FACTS_CONSUMER: &str = "entities";
const BETWEEN_LOOKS: Duration = Duration::from_millis(100);

/// The range and what is counted in it.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct DeploymentFrequencyQuery {
    /// The last so many days; 30 unless `from` is given.
    days: Option<String>,
    /// Deployed at or after this time (RFC 3339, or a date).
    from: Option<String>,
    /// Deployed before this time; now unless given.
    to: Option<String>,
    /// Comma list.
    service: Option<String>,
    /// Comma list of `owner/name`.
    repo: Option<String>,
    /// Name of the environment.
    environment: Option<String>,
    /// `production`, `staging`, `testing`, `development` or `other`; `production` unless this or `environment` is given.
    tier: Option<String>,
    /// Whose days: an IANA name like `Europe/Berlin`; UTC unless given.
    tz: Option<String>,
    /// Waits until everything received has been counted, so many seconds at most, up to 30.
    wait: Option<String>,
    /// Rows of a page, 1 to 200; 50 unless given.
    limit: Option<String>,
    /// `next_cursor` of the page before, with the same filters.
    cursor: Option<String>,
}

/// Days, newest first.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct DeploymentFrequency {
    #[serde(flatten)]
    page: Page<Day>,
    /// Whether everything received has been counted.
    settled: bool,
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
    security(("bearer" = []), ("admin_key" = [])), responses(
    (status = 200, body = DeploymentFrequency),
    (status = 400, body = ProblemBody, content_type = "application/problem+json"),
))]
pub(crate) async fn rows(
    caller: Caller<Viewer>,
    state: Shared,
    Asked(query): Asked<DeploymentFrequencyQuery>,
) -> Result<HttpResponse, Problem> {
    let now = Utc::now();
    let mut faults = Faults::default();
    let limit = page::limit(&mut faults, query.limit.as_deref());
    let wait = faults.number("wait", query.wait.as_deref(), 0..=LONGEST_WAIT_SECONDS, 0);
    let asked = read(&mut faults, &query, now);
    faults.none()?;
    let range = (&query.days, &query.from, &query.to, &query.tz, &query.tier);
    let narrowed = (&query.service, &query.repo, &query.environment);
    let scope = Scope::new("deployment-frequency", &caller.tenant, &(range, narrowed));
    let before = scope.place(query.cursor.as_deref())?.map(|after| after.time.date_naive());

    let settled = wait_until_settled(&state, Duration::from_secs(wait.unsigned_abs())).await?;
    let read = move |conn: &mut store::Connection| store::frequency::per_day(conn, &caller.tenant, &asked);
    let counted = state.store.call("deployment_frequency", read).await?;
    let days: Vec<Day> =
        by_day(counted).into_iter().filter(|day| before.is_none_or(|before| day.day < before)).collect();
    let place = |day: &Day| After { time: day.day.and_time(NaiveTime::MIN).and_utc(), id: Uuid::nil() };
    let page = Page::cut(days, limit, scope, place, |day| day);
    Ok(HttpResponse::Ok().json(DeploymentFrequency { page, settled }))
}

fn read(faults: &mut Faults, query: &DeploymentFrequencyQuery, now: DateTime<Utc>) -> Counted {
    if query.days.is_some() && query.from.is_some() {
        faults.add("days", "give `days` or `from`, not both");
    }
    let days = faults.number("days", query.days.as_deref(), 1..=MOST_DAYS, USUAL_DAYS);
    let to = faults.time("to", query.to.as_deref()).unwrap_or(now);
    let from = faults.time("from", query.from.as_deref()).unwrap_or_else(|| to - TimeDelta::days(days));
    if from > to {
        faults.add("from", "`from` must not be after `to`");
    }
    let tiers = Tier::ALL.map(|(_, word)| word);
    let tier = faults.word("tier", query.tier.as_deref(), &tiers);
    let tz = query.tz.as_deref().unwrap_or("UTC");
    if tz.parse::<Tz>().is_err() {
        faults.add("tz", "`tz` is an IANA name like Europe/Berlin");
    }
    // Who names an environment means that one, whatever it is for.
    let usual = if query.environment.is_some() { None } else { Some(Tier::Production.as_str()) };
    Counted {
        from,
        to,
        time_zone: tz.to_owned(),
        tiers: tier.or(usual).map(str::to_owned).into_iter().collect(),
        repos: comma_list(query.repo.as_deref()),
        services: comma_list(query.service.as_deref()),
        environment: query.environment.clone(),
    }
}

/// One row per day that has deployments, newest first, all with the same columns.
fn by_day(counted: Vec<DayCount>) -> Vec<Day> {
    let seen: Vec<String> = counted.iter().map(|row| row.integration.clone()).collect();
    let sources: BTreeSet<&str> = ALWAYS.into_iter().chain(seen.iter().map(String::as_str)).collect();
    let zeros: Map<String, Value> = sources.iter().map(|source| (format!("{source}_deployments"), 0.into())).collect();
    let mut days: BTreeMap<NaiveDate, Day> = BTreeMap::new();
    for DayCount { day, integration, deployments } in counted {
        let row = days.entry(day).or_insert_with(|| Day { day, total_deployments: 0, by_source: zeros.clone() });
        row.total_deployments += deployments;
        let column = row.by_source.entry(format!("{integration}_deployments")).or_insert_with(|| 0.into());
        *column = (column.as_i64().unwrap_or(0) + deployments).into();
    }
    days.into_values().rev().collect()
}

/// Whether everything that was received has been counted; looks again until it has, or the time is up.
async fn wait_until_settled(state: &State, patience: Duration) -> Result<bool, Problem> {
    let deadline = Instant::now() + patience;
    loop {
        let settled = is_settled(state).await?;
        if settled || Instant::now() >= deadline || state.is_draining() {
            return Ok(settled);
        }
        tokio::time::sleep(BETWEEN_LOOKS).await;
    }
}

/// Nothing is owed to the bus, and the bus owes nothing to the consumer. While the bus is away nobody knows: not settled.
async fn is_settled(state: &State) -> Result<bool, Problem> {
    let owed = state.store.call("outbox_backlog", store::outbox::backlog).await?;
    if owed.rows > 0 {
        return Ok(false);
    }
    Ok(state.bus.consumer_lag(FACTS_CONSUMER).await.is_ok_and(|lag| lag == 0))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(day: &str, integration: &str, deployments: i64) -> DayCount {
        DayCount { day: day.parse().expect("a day"), integration: integration.to_owned(), deployments }
    }

    #[test]
    fn days_are_newest_first_and_have_every_column() {
        let days = by_day(vec![
            row("2026-11-19", "github", 2),
            row("2026-11-20", "generic", 1),
            row("2026-11-20", "github", 4),
        ]);
        assert_eq!(days.iter().map(|day| day.total_deployments).collect::<Vec<_>>(), [5, 2]);
        let older = serde_json::to_value(&days[1]).expect("json");
        assert_eq!(
            (&older["github_deployments"], &older["generic_deployments"], &older["heroku_deployments"]),
            (&2.into(), &0.into(), &0.into())
        );
        assert_eq!(days[0].by_source.len(), ALWAYS.len() + 1);
    }

    #[test]
    fn a_range_is_the_last_thirty_days_unless_given() {
        let now: DateTime<Utc> = "2026-11-21T12:00:00Z".parse().expect("a time");
        let mut faults = Faults::default();
        let usual = read(&mut faults, &DeploymentFrequencyQuery::default(), now);
        assert_eq!((usual.to - usual.from, usual.time_zone.as_str()), (TimeDelta::days(30), "UTC"));
        assert_eq!(usual.tiers, ["production"]);
        let named = DeploymentFrequencyQuery { environment: Some("qa-2".into()), ..Default::default() };
        assert!(read(&mut faults, &named, now).tiers.is_empty());
        assert!(faults.none().is_ok());
        let mut faults = Faults::default();
        let wrong =
            DeploymentFrequencyQuery { tz: Some("Mars/North".into()), days: Some("0".into()), ..Default::default() };
        read(&mut faults, &wrong, now);
        assert!(
            faults.none().is_err_and(|problem| problem.detail().contains("tz") && problem.detail().contains("days"))
        );
    }
}
