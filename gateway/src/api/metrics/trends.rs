//! The metrics by bucket: counts are zero where nothing was, everything else is null.

use chrono::{DateTime, Utc};
use domain::ids::TenantId;
use domain::metrics::ratio;
use store::metrics::Slice;
use store::metrics::deployments::{Counts, Slot};
use store::metrics::lead::{self, Durations};
use store::metrics::recovery::{self, Clock};
use store::{Connection, StoreError};

use super::measure::Options;
use super::whole::{FailurePoint, FrequencyPoint, ReworkPoint, SpreadPoint};

/// A trend of each metric.
#[derive(Debug)]
pub(super) struct Trends {
    pub(super) frequency: Vec<FrequencyPoint>,
    pub(super) lead: Vec<SpreadPoint>,
    pub(super) failures: Vec<FailurePoint>,
    pub(super) recovery: Vec<SpreadPoint>,
    pub(super) rework: Vec<ReworkPoint>,
    pub(super) restore: Vec<SpreadPoint>,
}

/// Cuts the slice at `begins`.
pub(super) fn trends(
    conn: &mut Connection,
    tenant: &TenantId,
    slice: &Slice,
    options: &Options,
    slots: &[Slot],
    begins: &[DateTime<Utc>],
) -> Result<Trends, StoreError> {
    let shares = [options.percentile as f64 / 100.0, 0.5, 0.9];
    let spread = |found: Vec<Durations>| spread_points(begins, &found);
    let counts = by_bucket(slots, options, begins);
    let points = || begins.iter().zip(&counts);
    Ok(Trends {
        frequency: points().map(|(at, counts)| frequency_point(*at, counts)).collect(),
        lead: spread(lead::trend(conn, tenant, slice, options.which(), &shares, begins)?),
        failures: points().map(|(at, counts)| failure_point(*at, counts, options)).collect(),
        recovery: spread(recovery::trend(conn, tenant, slice, options.clock, &shares, begins)?),
        rework: points().map(|(at, counts)| rework_point(*at, counts)).collect(),
        restore: spread(recovery::trend(conn, tenant, slice, Clock::Incident, &shares, begins)?),
    })
}

/// Both are in order. A quarter of an hour in which a range begins counts for the bucket that it began in, too: only
/// what lies in the range was counted.
pub(super) fn by_bucket(slots: &[Slot], options: &Options, begins: &[DateTime<Utc>]) -> Vec<Counts> {
    let mut counts = vec![Counts::default(); begins.len()];
    for slot in slots {
        let place = begins.partition_point(|begin| *begin <= slot.slot).saturating_sub(1);
        if let Some(bucket) = counts.get_mut(place) {
            bucket.add(slot, options.count_redeploys);
        }
    }
    counts
}

fn frequency_point(at: DateTime<Utc>, counts: &Counts) -> FrequencyPoint {
    let Counts { counted, redeploys, rollbacks, hotfixes, failed_attempts, .. } = *counts;
    FrequencyPoint { at, n: counted, redeploys, rollbacks, hotfixes, failed_attempts }
}

fn failure_point(at: DateTime<Utc>, counts: &Counts, options: &Options) -> FailurePoint {
    let (failed, deployments) = counts.failures(options.count_failed_pipeline);
    FailurePoint { at, failed, deployments, rate: ratio(failed, deployments) }
}

fn rework_point(at: DateTime<Utc>, counts: &Counts) -> ReworkPoint {
    let Counts { rework, deployments, .. } = *counts;
    ReworkPoint { at, rework, deployments, rate: ratio(rework, deployments) }
}

/// The store counts buckets from 1 and leaves empty ones out.
fn spread_points(begins: &[DateTime<Utc>], found: &[Durations]) -> Vec<SpreadPoint> {
    let empty = |at: &DateTime<Utc>| SpreadPoint { at: *at, n: 0, value: None, p50_s: None, p90_s: None, mean_s: None };
    let mut points: Vec<SpreadPoint> = begins.iter().map(empty).collect();
    for bucket in found {
        let place = usize::try_from(bucket.bucket).unwrap_or_default().saturating_sub(1);
        let Some(point) = points.get_mut(place) else { continue };
        let at = |place: usize| bucket.percentiles.as_ref().and_then(|values| values.get(place)).copied();
        (point.n, point.value, point.p50_s, point.p90_s, point.mean_s) = (bucket.n, at(0), at(1), at(2), bucket.mean_s);
    }
    points
}
