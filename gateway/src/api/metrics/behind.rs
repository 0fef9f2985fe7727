//! The rows behind each metric, with whether they count and why. Newest first.

use domain::ids::TenantId;
use serde::Serialize;
use serde_json::json;
use store::events::After;
use store::metrics::lead::Unit;
use store::metrics::recovery::Clock;
use store::metrics::rows::changes::{self, Shown};
use store::metrics::rows::deployments::{self, DeploymentRow, Listed};
use store::metrics::rows::{failures, incidents};
use store::{Connection, StoreError};

use super::explain::{Explainable, Explanation};
use super::lists::{Known, Listing};
use super::measure::Options;
use super::reasons::{self, Reason};
use super::views::{Deployment, Failure, Incident, Shipped, ShippedCommit};

/// A row and its place in the list.
#[derive(Debug)]
pub(super) struct Behind {
    pub(super) place: After,
    pub(super) explanation: Explanation,
}

pub(super) type Rows = Vec<Behind>;

/// One row more than a page has.
pub(super) fn rows(
    conn: &mut Connection,
    tenant: &TenantId,
    metric: Explainable,
    listing: &Listing,
    options: &Options,
) -> Result<Rows, StoreError> {
    match (metric, options.unit) {
        (Explainable::LeadTime, Unit::Change) => of_changes(conn, tenant, listing, options),
        (Explainable::LeadTime, Unit::Commit) => of_commits(conn, tenant, listing, options),
        (Explainable::RecoveryTime, _) => of_failures(conn, tenant, listing, options),
        (Explainable::RestoreTime, _) => of_incidents(conn, tenant, listing),
        (Explainable::DeploymentFrequency, _) => {
            of_deployments(conn, tenant, listing, |row| reasons::frequency(row, options))
        }
        (Explainable::ChangeFailureRate, _) => {
            of_deployments(conn, tenant, listing, |row| reasons::failure_rate(row, options))
        }
        (Explainable::ReworkRate, _) => of_deployments(conn, tenant, listing, reasons::rework),
    }
}

fn behind(place: After, (counted, reason): Reason, value: Option<f64>, row: impl Serialize) -> Behind {
    Behind { place, explanation: Explanation { counted, reason, value, row: json!(row) } }
}

fn of_deployments(
    conn: &mut Connection,
    tenant: &TenantId,
    listing: &Listing,
    reason: impl Fn(&DeploymentRow) -> Reason,
) -> Result<Rows, StoreError> {
    let slice = &listing.range.slice;
    let rows = deployments::ended(conn, tenant, slice, &Listed::default(), listing.after, listing.limit + 1)?;
    let known = Known::of(conn, tenant, rows.iter().filter_map(|row| row.subject.as_ref()))?;
    let view = |row: DeploymentRow| {
        let place = After { time: row.at, id: row.tie };
        behind(place, reason(&row), None, Deployment::of(row, &known))
    };
    Ok(rows.into_iter().map(view).collect())
}

fn of_changes(
    conn: &mut Connection,
    tenant: &TenantId,
    listing: &Listing,
    options: &Options,
) -> Result<Rows, StoreError> {
    let shown = Shown { exclude_bots: options.exclude_bots, only_counted: false };
    let rows = changes::shipped(conn, tenant, &listing.range.slice, shown, listing.after, listing.limit + 1)?;
    let known = Known::of(conn, tenant, rows.iter().flat_map(|row| row.subject.iter().chain(&row.deployment_subject)))?;
    let view = |row: changes::ChangeRow| {
        let (place, value) = (After { time: row.at, id: row.tie }, Some(row.lead_s));
        behind(place, reasons::change(&row), value, Shipped::of(row, &known))
    };
    Ok(rows.into_iter().map(view).collect())
}

fn of_commits(
    conn: &mut Connection,
    tenant: &TenantId,
    listing: &Listing,
    options: &Options,
) -> Result<Rows, StoreError> {
    let slice = &listing.range.slice;
    let rows = changes::commits(conn, tenant, slice, options.exclude_bots, listing.after, listing.limit + 1)?;
    let known = Known::of(conn, tenant, rows.iter().filter_map(|row| row.deployment_subject.as_ref()))?;
    let view = |row: changes::CommitRow| {
        let (place, value) = (After { time: row.at, id: row.tie }, row.lead_s);
        behind(place, reasons::commit(&row), value, ShippedCommit::of(row, &known))
    };
    Ok(rows.into_iter().map(view).collect())
}

fn of_failures(
    conn: &mut Connection,
    tenant: &TenantId,
    listing: &Listing,
    options: &Options,
) -> Result<Rows, StoreError> {
    let rows = failures::recovered(conn, tenant, &listing.range.slice, listing.after, listing.limit + 1)?;
    let known = Known::of(conn, tenant, rows.iter().flat_map(|row| &row.subjects))?;
    let view = |row: failures::FailureRow| {
        let place = After { time: row.recovered_at.unwrap_or(row.failed_at), id: row.tie };
        let from_impact = if options.clock == Clock::Impact { row.rt_impact_s } else { None };
        let reason = (true, format!("it failed ({}) and recovered in the range", row.methods.join(", ")));
        behind(place, reason, from_impact.or(row.rt_s), Failure::of(row, &known))
    };
    Ok(rows.into_iter().map(view).collect())
}

fn of_incidents(conn: &mut Connection, tenant: &TenantId, listing: &Listing) -> Result<Rows, StoreError> {
    let rows = incidents::resolved(conn, tenant, &listing.range.slice, listing.after, listing.limit + 1)?;
    let known = Known::of(conn, tenant, rows.iter().filter_map(|row| row.subject.as_ref()))?;
    let view = |row: incidents::IncidentRow| {
        let (place, value) = (After { time: row.resolved_at.unwrap_or(row.start_at), id: row.tie }, row.restore_s);
        behind(place, (true, "it was resolved in the range".to_owned()), value, Incident::of(row, &known))
    };
    Ok(rows.into_iter().map(view).collect())
}
