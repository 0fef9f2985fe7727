//! One metric over a time of production, as it stands now or stood: what key results follow, reports tell and questions
//! are answered with. Counted in the usual way: by change, with bots, redeploys and whole days.

use chrono::{DateTime, TimeDelta, Utc};
use chrono_tz::Tz;
use diesel::PgConnection;
use domain::data::Tier;
use domain::ids::TenantId;
use domain::metrics::calendar::days_between;
use domain::metrics::{Band, Metric, Scheme, ratio};

use super::Slice;
use super::deployments::{self, Counts};
use super::lead::{self, Durations, Unit, Which};
use super::recovery::{self, Clock};
use crate::StoreError;

/// The metrics that can be followed, with their units.
pub const METRICS: [(&str, &str); 6] = [
    ("deployment_frequency", "per_day"),
    ("lead_time", "seconds"),
    ("change_failure_rate", "ratio"),
    ("recovery_time", "seconds"),
    ("rework_rate", "ratio"),
    ("restore_time", "seconds"),
];

/// Which metric of whom.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Followed {
    /// One of [`METRICS`].
    pub metric: String,
    pub service: Option<String>,
    pub team: Option<String>,
    /// Of durations: 1 to 99.
    pub percentile: i64,
    pub window_days: i64,
}

/// A value with what it is counted from. Without anything to count there is no value.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Current {
    pub value: Option<f64>,
    pub n: i64,
    /// None: the metric has no bands.
    pub band: Option<Band>,
}

impl Current {
    fn judged(metric: Metric, value: Option<f64>, n: i64) -> Self {
        Self { value, n, band: Some(Band::of(metric, Scheme::default(), value)) }
    }

    fn spread(metric: Option<Metric>, found: &Durations) -> Self {
        let value = found.percentiles.as_ref().and_then(|values| values.first()).copied();
        let band = metric.map(|metric| Band::of(metric, Scheme::default(), value));
        Self { value, n: found.n, band }
    }
}

/// The value that `GET /v1/metrics/dora` would tell of the last days.
pub fn current(
    conn: &mut PgConnection,
    tenant: &TenantId,
    followed: &Followed,
    now: DateTime<Utc>,
) -> Result<Current, StoreError> {
    during(conn, tenant, followed, (now - TimeDelta::days(followed.window_days), now))
}

/// The same of any time.
pub fn during(
    conn: &mut PgConnection,
    tenant: &TenantId,
    followed: &Followed,
    (from, to): (DateTime<Utc>, DateTime<Utc>),
) -> Result<Current, StoreError> {
    let slice = Slice {
        from,
        to,
        tiers: vec![Tier::Production.as_str().to_owned()],
        services: followed.service.clone().into_iter().collect(),
        teams: followed.team.clone().into_iter().collect(),
        repos: Vec::new(),
        environment: None,
    };
    let shares = [followed.percentile as f64 / 100.0];
    match followed.metric.as_str() {
        "lead_time" => {
            let which = Which { unit: Unit::Change, exclude_bots: false };
            let found = lead::total(conn, tenant, &slice, which, &shares)?;
            Ok(Current::spread(Some(Metric::LeadTime), &found))
        }
        "recovery_time" => {
            let found = recovery::total(conn, tenant, &slice, Clock::Finish, &shares)?;
            Ok(Current::spread(Some(Metric::RecoveryTime), &found))
        }
        "restore_time" => {
            let found = recovery::total(conn, tenant, &slice, Clock::Incident, &shares)?;
            Ok(Current::spread(None, &found))
        }
        counted => of_deployments(conn, tenant, &slice, counted),
    }
}

fn of_deployments(
    conn: &mut PgConnection,
    tenant: &TenantId,
    slice: &Slice,
    metric: &str,
) -> Result<Current, StoreError> {
    let mut counts = Counts::default();
    deployments::slots(conn, tenant, slice)?.iter().for_each(|slot| counts.add(slot, true));
    Ok(match metric {
        "change_failure_rate" => {
            let (failed, of) = counts.failures(false);
            Current::judged(Metric::ChangeFailureRate, ratio(failed, of), of)
        }
        "rework_rate" => {
            Current::judged(Metric::ReworkRate, ratio(counts.rework, counts.deployments), counts.deployments)
        }
        _ => {
            let days = days_between(slice.from, slice.to, Tz::UTC, false);
            let per_day = (counts.counted > 0 && days > 0.0).then(|| counts.counted as f64 / days);
            Current::judged(Metric::DeploymentFrequency, per_day, counts.counted)
        }
    })
}
