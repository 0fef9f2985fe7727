//! Measures a range: what the store counts becomes the figures of an answer. One period at a time.

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use domain::ids::TenantId;
use domain::metrics::calendar::{begin_of, day_of, days_between};
use domain::metrics::{Bucket, Metric, Scheme, ratio};
use store::metrics::Slice;
use store::metrics::deployments::{self, Counts, Slot};
use store::metrics::lead::{self, PhaseTimes, Unit, Which};
use store::metrics::recovery::{self, Clock, Open};
use store::{Connection, StoreError};

use super::figures::{FailureRate, Frequency, LeadTime, Phases, RecoveryTime, RestoreTime, ReworkRate, Spread, judged};
use crate::faults::Faults;

/// How it is measured.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Options {
    pub(super) unit: Unit,
    pub(super) exclude_bots: bool,
    /// 1 to 99.
    pub(super) percentile: i64,
    pub(super) scheme: Scheme,
    pub(super) bucket: Option<Bucket>,
    pub(super) count_redeploys: bool,
    pub(super) working_days: bool,
    pub(super) count_failed_pipeline: bool,
    pub(super) clock: Clock,
}

/// The texts of the options. Its `Debug` binds a cursor to them.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct AskedOptions<'a> {
    pub(super) lead_unit: Option<&'a str>,
    pub(super) exclude_bots: Option<&'a str>,
    pub(super) percentile: Option<&'a str>,
    pub(super) scheme: Option<&'a str>,
    pub(super) bucket: Option<&'a str>,
    pub(super) count_redeploys: Option<&'a str>,
    pub(super) working_days: Option<&'a str>,
    pub(super) count_failed_pipeline: Option<&'a str>,
    pub(super) fdrt_start: Option<&'a str>,
}

impl AskedOptions<'_> {
    pub(super) fn read(&self, faults: &mut Faults) -> Options {
        let unit = faults.word("lead_unit", self.lead_unit, &["change", "commit"]);
        let scheme = faults.word("scheme", self.scheme, &Scheme::ALL.map(|(_, word)| word));
        let bucket = faults.word("bucket", self.bucket, &["auto", "day", "week", "month", "quarter", "year"]);
        let start = faults.word("fdrt_start", self.fdrt_start, &["finish", "impact"]);
        Options {
            unit: if unit == Some("commit") { Unit::Commit } else { Unit::Change },
            exclude_bots: faults.flag("exclude_bots", self.exclude_bots, false),
            percentile: faults.number("percentile", self.percentile, 1..=99, 50),
            scheme: scheme.and_then(Scheme::parse).unwrap_or_default(),
            bucket: bucket.and_then(Bucket::parse),
            count_redeploys: faults.flag("count_redeploys", self.count_redeploys, true),
            working_days: faults.flag("working_days", self.working_days, false),
            count_failed_pipeline: faults.flag("count_failed_pipeline", self.count_failed_pipeline, false),
            clock: if start == Some("impact") { Clock::Impact } else { Clock::Finish },
        }
    }
}

impl Options {
    pub(super) fn which(&self) -> Which {
        Which { unit: self.unit, exclude_bots: self.exclude_bots }
    }
}

/// One period, measured.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Measured {
    pub(super) frequency: Frequency,
    pub(super) lead: LeadTime,
    pub(super) failures: FailureRate,
    pub(super) recovery: RecoveryTime,
    pub(super) rework: ReworkRate,
    pub(super) restore: RestoreTime,
}

/// Measures a slice; `slots` are its deployments. `now` tells what is provisional.
pub(super) fn measure(
    conn: &mut Connection,
    tenant: &TenantId,
    slice: &Slice,
    zone: Tz,
    options: &Options,
    slots: &[Slot],
    now: DateTime<Utc>,
) -> Result<Measured, StoreError> {
    let mut counts = Counts::default();
    slots.iter().for_each(|slot| counts.add(slot, options.count_redeploys));
    let between = deployments::between_p50_s(conn, tenant, slice, options.count_redeploys)?;
    Ok(Measured {
        frequency: frequency(slice, zone, options, slots, &counts, between),
        lead: lead_time(conn, tenant, slice, options)?,
        failures: failure_rate(&counts, options, now),
        recovery: recovery_time(conn, tenant, slice, options, now)?,
        rework: rework_rate(&counts, options),
        restore: restore_time(conn, tenant, slice, options, now)?,
    })
}

pub(super) fn frequency(
    slice: &Slice,
    zone: Tz,
    options: &Options,
    slots: &[Slot],
    counts: &Counts,
    between_p50_s: Option<f64>,
) -> Frequency {
    let days = days_between(slice.from, slice.to, zone, options.working_days);
    let per_day = (counts.counted > 0 && days > 0.0).then(|| counts.counted as f64 / days);
    let (band, score) = judged(Metric::DeploymentFrequency, options.scheme, per_day);
    let of_days = slots.iter().filter(|slot| slot.counted(options.count_redeploys) > 0).map(|slot| slot.slot);
    Frequency {
        n: counts.counted,
        value: per_day,
        unit: "per_day",
        per_day,
        days,
        deploy_days: distinct_days(of_days, zone),
        between_p50_s,
        redeploys: counts.redeploys,
        rollbacks: counts.rollbacks,
        hotfixes: counts.hotfixes,
        failed_attempts: counts.failed_attempts,
        band,
        score,
    }
}

/// Local days among times that are in order. Only the first time of each day asks the calendar.
fn distinct_days(times: impl Iterator<Item = DateTime<Utc>>, zone: Tz) -> i64 {
    let mut days = 0;
    let mut next_day: Option<DateTime<Utc>> = None;
    for time in times {
        if next_day.is_some_and(|next| time < next) {
            continue;
        }
        days += 1;
        next_day = day_of(time, zone).succ_opt().map(|next| begin_of(next, zone));
    }
    days
}

pub(super) fn lead_time(
    conn: &mut Connection,
    tenant: &TenantId,
    slice: &Slice,
    options: &Options,
) -> Result<LeadTime, StoreError> {
    let shares = Spread::shares(options.percentile);
    let found = lead::total(conn, tenant, slice, options.which(), &shares)?;
    let phases = match options.unit {
        Unit::Change => Some(lead::phases(conn, tenant, slice, options.exclude_bots, shares[0])?),
        Unit::Commit => None,
    };
    Ok(lead_figures(Spread::of(&found, options.percentile), phases, options))
}

pub(super) fn lead_figures(spread: Spread, phases: Option<PhaseTimes>, options: &Options) -> LeadTime {
    let (band, score) = judged(Metric::LeadTime, options.scheme, spread.value);
    LeadTime {
        unit: if options.unit == Unit::Commit { "commit" } else { "change" },
        spread,
        phases: phases.map(|p| Phases {
            coding_s: p.coding,
            pickup_s: p.pickup,
            review_s: p.review,
            merge_s: p.merge,
            deploy_s: p.deploy,
        }),
        phases_mean: phases.map(|p| Phases {
            coding_s: p.coding_mean,
            pickup_s: p.pickup_mean,
            review_s: p.review_mean,
            merge_s: p.merge_mean,
            deploy_s: p.deploy_mean,
        }),
        band,
        score,
    }
}

pub(super) fn failure_rate(counts: &Counts, options: &Options, now: DateTime<Utc>) -> FailureRate {
    let (failed, deployments) = counts.failures(options.count_failed_pipeline);
    let rate = ratio(failed, deployments);
    let (band, score) = judged(Metric::ChangeFailureRate, options.scheme, rate);
    FailureRate {
        failed,
        deployments,
        rate,
        value: rate,
        n: deployments,
        unit: "ratio",
        provisional: counts.provisional_until.is_some_and(|until| until > now),
        band,
        score,
    }
}

pub(super) fn rework_rate(counts: &Counts, options: &Options) -> ReworkRate {
    let rate = ratio(counts.rework, counts.deployments);
    let (band, score) = judged(Metric::ReworkRate, options.scheme, rate);
    ReworkRate {
        rework: counts.rework,
        deployments: counts.deployments,
        rate,
        value: rate,
        n: counts.deployments,
        unit: "ratio",
        band,
        score,
    }
}

/// What had not ended at the range's end is as old as it was then, or is now.
fn age_s(open: Open, slice: &Slice, now: DateTime<Utc>) -> Option<f64> {
    open.oldest.map(|oldest| (slice.to.min(now) - oldest).as_seconds_f64().max(0.0))
}

pub(super) fn recovery_time(
    conn: &mut Connection,
    tenant: &TenantId,
    slice: &Slice,
    options: &Options,
    now: DateTime<Utc>,
) -> Result<RecoveryTime, StoreError> {
    let shares = Spread::shares(options.percentile);
    let found = recovery::total(conn, tenant, slice, options.clock, &shares)?;
    let open = recovery::open(conn, tenant, slice, options.clock)?;
    Ok(recovery_figures(Spread::of(&found, options.percentile), open, slice, options, now))
}

pub(super) fn recovery_figures(
    spread: Spread,
    open: Open,
    slice: &Slice,
    options: &Options,
    now: DateTime<Utc>,
) -> RecoveryTime {
    let (band, score) = judged(Metric::RecoveryTime, options.scheme, spread.value);
    RecoveryTime {
        spread,
        unit: "seconds",
        start: if options.clock == Clock::Impact { "impact" } else { "finish" },
        open: open.n,
        oldest_open_s: age_s(open, slice, now),
        band,
        score,
    }
}

pub(super) fn restore_time(
    conn: &mut Connection,
    tenant: &TenantId,
    slice: &Slice,
    options: &Options,
    now: DateTime<Utc>,
) -> Result<RestoreTime, StoreError> {
    let shares = Spread::shares(options.percentile);
    let found = recovery::total(conn, tenant, slice, Clock::Incident, &shares)?;
    let open = recovery::open(conn, tenant, slice, Clock::Incident)?;
    let oldest_open_s = age_s(open, slice, now);
    Ok(RestoreTime { spread: Spread::of(&found, options.percentile), unit: "seconds", open: open.n, oldest_open_s })
}
