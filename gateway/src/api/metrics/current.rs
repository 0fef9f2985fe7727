//! One metric over a time of production, as it stands now or stood: what key results follow and reports tell.

use chrono::{DateTime, TimeDelta, Utc};
use chrono_tz::Tz;
use domain::data::Tier;
use domain::ids::TenantId;
use domain::metrics::Band;
use store::metrics::{Slice, deployments};
use store::{Connection, StoreError};

use super::measure::{
    AskedOptions, Counts, Options, failure_rate, frequency, lead_time, recovery_time, restore_time, rework_rate,
};
use crate::query::Faults;

/// The metrics that can be followed, with their units.
pub(crate) const METRICS: [(&str, &str); 6] = [
    ("deployment_frequency", "per_day"),
    ("lead_time", "seconds"),
    ("change_failure_rate", "ratio"),
    ("recovery_time", "seconds"),
    ("rework_rate", "ratio"),
    ("restore_time", "seconds"),
];

/// Which metric of whom.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Followed {
    /// One of [`METRICS`].
    pub(crate) metric: String,
    pub(crate) service: Option<String>,
    pub(crate) team: Option<String>,
    /// Of durations: 1 to 99.
    pub(crate) percentile: i64,
    pub(crate) window_days: i64,
}

/// A value with what it is counted from. Without anything to count there is no value.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Current {
    pub(crate) value: Option<f64>,
    pub(crate) n: i64,
    /// None: the metric has no bands.
    pub(crate) band: Option<Band>,
}

/// The value that `GET /v1/metrics/dora` would tell of the last days.
pub(crate) fn current(
    conn: &mut Connection,
    tenant: &TenantId,
    followed: &Followed,
    now: DateTime<Utc>,
) -> Result<Current, StoreError> {
    during(conn, tenant, followed, (now - TimeDelta::days(followed.window_days), now), now)
}

/// The same of any time.
pub(crate) fn during(
    conn: &mut Connection,
    tenant: &TenantId,
    followed: &Followed,
    (from, to): (DateTime<Utc>, DateTime<Utc>),
    now: DateTime<Utc>,
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
    let options = Options { percentile: followed.percentile, ..AskedOptions::default().read(&mut Faults::default()) };
    match followed.metric.as_str() {
        "lead_time" => {
            let lead = lead_time(conn, tenant, &slice, &options)?;
            Ok(Current { value: lead.spread.value, n: lead.spread.n, band: Some(lead.band) })
        }
        "recovery_time" => {
            let recovery = recovery_time(conn, tenant, &slice, &options, now)?;
            Ok(Current { value: recovery.spread.value, n: recovery.spread.n, band: Some(recovery.band) })
        }
        "restore_time" => {
            let restore = restore_time(conn, tenant, &slice, &options, now)?;
            Ok(Current { value: restore.spread.value, n: restore.spread.n, band: None })
        }
        counted => of_deployments(conn, tenant, &slice, &options, counted, now),
    }
}

fn of_deployments(
    conn: &mut Connection,
    tenant: &TenantId,
    slice: &Slice,
    options: &Options,
    metric: &str,
    now: DateTime<Utc>,
) -> Result<Current, StoreError> {
    let slots = deployments::slots(conn, tenant, slice)?;
    let mut counts = Counts::default();
    slots.iter().for_each(|slot| counts.add(slot, options));
    Ok(match metric {
        "change_failure_rate" => {
            let rate = failure_rate(&counts, options, now);
            Current { value: rate.value, n: rate.n, band: Some(rate.band) }
        }
        "rework_rate" => {
            let rate = rework_rate(&counts, options);
            Current { value: rate.value, n: rate.n, band: Some(rate.band) }
        }
        _ => {
            let often = frequency(slice, Tz::UTC, options, &slots, &counts, None);
            Current { value: often.value, n: often.n, band: Some(often.band) }
        }
    })
}
