//! Reports: made of what the store knows, said in Slack's form, put into the queue for Slack.
//!
//! What is chosen and in which order is `domain::reports`'s; measuring is `api::metrics`'s. API and commands make the same
//! reports here. [`told`] is how people read them, [`posting`] how they come to others.

pub(crate) mod posting;
pub(crate) mod told;

use chrono::{DateTime, TimeDelta, Utc};
use domain::ids::TenantId;
use domain::reports::sprint::{SprintHealth, sprint_health};
use domain::reports::standup::{Standup, standup};
use domain::reports::triage::triage;
use domain::reports::{Item, Number};
use store::metrics::current::{Followed, METRICS, during};
use store::reports::{facts, put_events, work_in_progress};
use store::{Connection, StoreError};

/// What a report of the last hours looks back, however short its own time is: some counts are of a day.
const LEAST: TimeDelta = TimeDelta::hours(24);
const MEDIAN: i64 = 50;
/// The metrics of a report: the last one of [`METRICS`] is none of the five.
const FIVE: usize = 5;
/// Rows of a triage.
pub(crate) const MOST_URGENT: usize = 15;

/// What happened since `from`, and what nobody has moved for `older_than`.
pub(crate) fn of_standup(
    conn: &mut Connection,
    tenant: &TenantId,
    (from, older_than): (DateTime<Utc>, TimeDelta),
    now: DateTime<Utc>,
) -> Result<Standup, StoreError> {
    let known = facts(conn, tenant, from.min(now - LEAST), now)?;
    let mut made = standup(&known, from, older_than);
    put_events(conn, tenant, made.items_mut())?;
    Ok(made)
}

/// How the last days went.
pub(crate) fn of_sprint(
    conn: &mut Connection,
    tenant: &TenantId,
    days: i64,
    now: DateTime<Utc>,
) -> Result<SprintHealth, StoreError> {
    let from = now - TimeDelta::days(days);
    let known = facts(conn, tenant, from, now)?;
    let numbers = numbers(conn, tenant, None, from, now)?;
    let mut made = sprint_health(&known, numbers, work_in_progress(conn, tenant, from, now)?);
    put_events(conn, tenant, made.items_mut())?;
    Ok(made)
}

/// What is urgent, the first of it, and how much there is.
pub(crate) fn of_triage(
    conn: &mut Connection,
    tenant: &TenantId,
    now: DateTime<Utc>,
) -> Result<(Vec<Item>, usize), StoreError> {
    let mut items = triage(&facts(conn, tenant, now, now)?);
    let count = items.len();
    items.truncate(MOST_URGENT);
    put_events(conn, tenant, items.iter_mut())?;
    Ok((items, count))
}

/// The five delivery metrics of a service, or of all, each with the time before.
pub(crate) fn numbers(
    conn: &mut Connection,
    tenant: &TenantId,
    service: Option<&str>,
    from: DateTime<Utc>,
    now: DateTime<Utc>,
) -> Result<Vec<Number>, StoreError> {
    let before = from - (now - from);
    let number = |(name, unit): (&str, &str)| {
        let followed = Followed {
            metric: name.to_owned(),
            service: service.map(str::to_owned),
            team: None,
            percentile: MEDIAN,
            window_days: 0,
        };
        let found = during(conn, tenant, &followed, (from, now))?;
        let previous = during(conn, tenant, &followed, (before, from))?.value;
        Ok(Number {
            name: name.to_owned(),
            value: found.value,
            previous,
            unit: unit.to_owned(),
            n: found.n,
            band: found.band,
        })
    };
    METRICS.iter().take(FIVE).copied().map(number).collect()
}
