//! A headline twice: from the store's aggregates, and from every row behind it with the arithmetic of the domain.

use domain::ids::TenantId;
use domain::metrics::percentile::{mean, percentile};
use serde_json::{Value, json};
use store::metrics::deployments::{self, Counts};
use store::metrics::lead::{self, PhaseTimes, Times, Unit};
use store::metrics::recovery::{self, Clock};
use store::{Connection, StoreError};

use super::explain::Explainable;
use super::figures::{RestoreTime, Spread};
use super::lists::Listing;
use super::measure::{
    Options, failure_rate, frequency, lead_figures, lead_time, recovery_figures, recovery_time, restore_time,
    rework_rate,
};

/// (headline, recomputed).
pub(super) fn recompute(
    conn: &mut Connection,
    tenant: &TenantId,
    metric: Explainable,
    listing: &Listing,
    options: &Options,
) -> Result<(Value, Value), StoreError> {
    match metric {
        Explainable::LeadTime => of_lead(conn, tenant, listing, options),
        Explainable::RecoveryTime => of_recovery(conn, tenant, listing, options),
        Explainable::RestoreTime => of_restore(conn, tenant, listing, options),
        Explainable::DeploymentFrequency | Explainable::ChangeFailureRate | Explainable::ReworkRate => {
            of_deployments(conn, tenant, metric, listing, options)
        }
    }
}

fn of_deployments(
    conn: &mut Connection,
    tenant: &TenantId,
    metric: Explainable,
    listing: &Listing,
    options: &Options,
) -> Result<(Value, Value), StoreError> {
    let slice = &listing.range.slice;
    let (slots, each) = (deployments::slots(conn, tenant, slice)?, deployments::each(conn, tenant, slice)?);
    let between = deployments::between_p50_s(conn, tenant, slice, options.count_redeploys)?;
    let gaps = {
        let counted = each.iter().filter(|one| one.deployments > 0 && (options.count_redeploys || one.redeploys == 0));
        let times: Vec<_> = counted.map(|one| one.slot).collect();
        times.windows(2).map(|pair| (pair[1] - pair[0]).as_seconds_f64()).collect::<Vec<f64>>()
    };
    let figures = |slots: &[deployments::Slot], between: Option<f64>| {
        let mut counts = Counts::default();
        slots.iter().for_each(|slot| counts.add(slot, options.count_redeploys));
        match metric {
            Explainable::ChangeFailureRate => json!(failure_rate(&counts, options, listing.now)),
            Explainable::ReworkRate => json!(rework_rate(&counts, options)),
            _ => json!(frequency(slice, listing.range.zone, options, slots, &counts, between)),
        }
    };
    Ok((figures(&slots, between), figures(&each, percentile(&mut { gaps }, 0.5))))
}

fn of_lead(
    conn: &mut Connection,
    tenant: &TenantId,
    listing: &Listing,
    options: &Options,
) -> Result<(Value, Value), StoreError> {
    let slice = &listing.range.slice;
    let headline = lead_time(conn, tenant, slice, options)?;
    let each = lead::each(conn, tenant, slice, options.which())?;
    let phases = (options.unit == Unit::Change).then(|| phase_times(&each, options));
    let spread = Spread::of_values(each.iter().map(|one| one.lead_s).collect(), options.percentile);
    Ok((json!(headline), json!(lead_figures(spread, phases, options))))
}

fn phase_times(each: &[Times], options: &Options) -> PhaseTimes {
    let of = |phase: fn(&Times) -> Option<f64>| {
        let mut values: Vec<f64> = each.iter().filter_map(phase).collect();
        (percentile(&mut values, options.percentile as f64 / 100.0), mean(&values))
    };
    let (coding, coding_mean) = of(|one| one.coding_s);
    let (pickup, pickup_mean) = of(|one| one.pickup_s);
    let (review, review_mean) = of(|one| one.review_s);
    let (merge, merge_mean) = of(|one| one.merge_s);
    let (deploy, deploy_mean) = of(|one| one.deploy_s);
    PhaseTimes { coding, pickup, review, merge, deploy, coding_mean, pickup_mean, review_mean, merge_mean, deploy_mean }
}

fn of_recovery(
    conn: &mut Connection,
    tenant: &TenantId,
    listing: &Listing,
    options: &Options,
) -> Result<(Value, Value), StoreError> {
    let slice = &listing.range.slice;
    let headline = recovery_time(conn, tenant, slice, options, listing.now)?;
    let values = recovery::values(conn, tenant, slice, options.clock)?;
    let open = recovery::open(conn, tenant, slice, options.clock)?;
    let spread = Spread::of_values(values, options.percentile);
    Ok((json!(headline), json!(recovery_figures(spread, open, slice, options, listing.now))))
}

fn of_restore(
    conn: &mut Connection,
    tenant: &TenantId,
    listing: &Listing,
    options: &Options,
) -> Result<(Value, Value), StoreError> {
    let slice = &listing.range.slice;
    let headline = restore_time(conn, tenant, slice, options, listing.now)?;
    let values = recovery::values(conn, tenant, slice, Clock::Incident)?;
    let spread = Spread::of_values(values, options.percentile);
    let recomputed = RestoreTime { spread, ..headline.clone() };
    Ok((json!(headline), json!(recomputed)))
}
