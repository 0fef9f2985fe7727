//! What is reckoned beside what is said: the five delivery metrics of production as `GET /v1/metrics/dora` tells them
//! without options, each with the time before, and counts. What is not known is left out: it is not zero.

use chrono::{DateTime, NaiveDate, Utc};
use diesel::PgConnection;
use domain::data::Tier;
use domain::digests::Number;
use domain::ids::TenantId;
use domain::metrics::ratio;

use crate::StoreError;
use crate::metrics::lead::{self, Unit, Which};
use crate::metrics::recovery::{self, Clock};
use crate::metrics::{Slice, deployments};

const MEDIAN: [f64; 1] = [0.5];
const DAY_SECONDS: f64 = 86_400.0;
/// Names with units.
const FIVE: [(&str, &str); 5] = [
    ("deployment_frequency", "per_day"),
    ("lead_time", "seconds"),
    ("change_failure_rate", "ratio"),
    ("recovery_time", "seconds"),
    ("rework_rate", "ratio"),
];

/// The five metrics of `[from, to)`, of a service or of all.
pub(super) fn delivery(
    conn: &mut PgConnection,
    tenant: &TenantId,
    service: Option<&str>,
    (from, to): (DateTime<Utc>, DateTime<Utc>),
) -> Result<Vec<Number>, StoreError> {
    let slice = |from, to| Slice {
        from,
        to,
        tiers: vec![Tier::Production.as_str().to_owned()],
        services: service.map(str::to_owned).into_iter().collect(),
        teams: Vec::new(),
        repos: Vec::new(),
        environment: None,
    };
    let now = five(conn, tenant, &slice(from, to))?;
    let before = five(conn, tenant, &slice(from - (to - from), from))?;
    let all = FIVE.into_iter().zip(now).zip(before);
    let number = |((name, unit), value, previous): ((&str, &str), Option<f64>, _)| {
        let source = source("metric", name, to.date_naive());
        Some(Number { name: name.to_owned(), value: value?, previous, unit: unit.to_owned(), source })
    };
    Ok(all.filter_map(|((named, value), previous)| number((named, value, previous))).collect())
}

/// In the order of [`FIVE`].
fn five(conn: &mut PgConnection, tenant: &TenantId, slice: &Slice) -> Result<[Option<f64>; 5], StoreError> {
    let slots = deployments::slots(conn, tenant, slice)?;
    let sum = |of: fn(&deployments::Slot) -> i64| slots.iter().map(of).sum::<i64>();
    let (all, rollbacks) = (sum(|slot| slot.deployments), sum(|slot| slot.rollbacks));
    let days = (slice.to - slice.from).as_seconds_f64() / DAY_SECONDS;
    let which = Which { unit: Unit::Change, exclude_bots: false };
    let lead = lead::total(conn, tenant, slice, which, &MEDIAN)?;
    let recovery = recovery::total(conn, tenant, slice, Clock::Finish, &MEDIAN)?;
    let median = |found: lead::Durations| found.percentiles.and_then(|all| all.first().copied());
    Ok([
        (all > 0 && days > 0.0).then(|| all as f64 / days),
        median(lead),
        ratio(sum(|slot| slot.failed), all - rollbacks),
        median(recovery),
        ratio(sum(|slot| slot.rework), all),
    ])
}

/// A count.
pub(super) fn count(name: &str, value: usize, day: NaiveDate) -> Number {
    reckoned(name, value as f64, "count", day)
}

/// A number of another unit.
pub(super) fn reckoned(name: &str, value: f64, unit: &str, day: NaiveDate) -> Number {
    Number { name: name.to_owned(), value, previous: None, unit: unit.to_owned(), source: source("count", name, day) }
}

/// `metric:deployment_frequency:2026-11-19`.
fn source(kind: &str, name: &str, day: NaiveDate) -> String {
    format!("{kind}:{name}:{day}")
}
