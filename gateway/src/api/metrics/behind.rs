//! The rows behind each metric, with whether they count and why. Newest first.

use domain::ids::TenantId;
use serde::Serialize;
use serde_json::json;
use store::events::After;
use store::metrics::lead::Unit;
use store::metrics::recovery::Clock;
use store::metrics::rows::changes::{self, Shown};
use store::metrics::rows::deployments::{self, DeploymentRow, Listed};
use store::metrics::rows::failures::{self, FailureRow};
use store::metrics::rows::incidents::{self, IncidentRow};
use store::{Connection, StoreError};

use super::explain::{Explainable, Explanation};
use super::facts::Fact;
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

/// Each row with whether it counts and why, what it brings, and how it is shown with its events.
fn behind<R: Fact, V: Serialize>(
    conn: &mut Connection,
    tenant: &TenantId,
    rows: Vec<R>,
    (reason, value): (impl Fn(&R) -> Reason, impl Fn(&R) -> Option<f64>),
    view: impl Fn(R, &Known) -> V,
) -> Result<Rows, StoreError> {
    let known = Known::of_rows(conn, tenant, &rows)?;
    let explained = |row: R| {
        let (place, value, (counted, reason)) = (row.place(), value(&row), reason(&row));
        Behind { place, explanation: Explanation { counted, reason, value, row: json!(view(row, &known)) } }
    };
    Ok(rows.into_iter().map(explained).collect())
}

fn of_deployments(
    conn: &mut Connection,
    tenant: &TenantId,
    listing: &Listing,
    reason: impl Fn(&DeploymentRow) -> Reason,
) -> Result<Rows, StoreError> {
    let slice = &listing.range.slice;
    let rows = deployments::ended(conn, tenant, slice, &Listed::default(), listing.after, listing.limit + 1)?;
    behind(conn, tenant, rows, (reason, |_: &DeploymentRow| None), Deployment::of)
}

fn of_changes(
    conn: &mut Connection,
    tenant: &TenantId,
    listing: &Listing,
    options: &Options,
) -> Result<Rows, StoreError> {
    let shown = Shown { exclude_bots: options.exclude_bots, only_counted: false };
    let rows = changes::shipped(conn, tenant, &listing.range.slice, shown, listing.after, listing.limit + 1)?;
    behind(conn, tenant, rows, (reasons::change, |row| Some(row.lead_s)), Shipped::of)
}

fn of_commits(
    conn: &mut Connection,
    tenant: &TenantId,
    listing: &Listing,
    options: &Options,
) -> Result<Rows, StoreError> {
    let slice = &listing.range.slice;
    let rows = changes::commits(conn, tenant, slice, options.exclude_bots, listing.after, listing.limit + 1)?;
    behind(conn, tenant, rows, (reasons::commit, |row| row.lead_s), ShippedCommit::of)
}

fn of_failures(
    conn: &mut Connection,
    tenant: &TenantId,
    listing: &Listing,
    options: &Options,
) -> Result<Rows, StoreError> {
    let rows = failures::recovered(conn, tenant, &listing.range.slice, listing.after, listing.limit + 1)?;
    let reason =
        |row: &FailureRow| (true, format!("it failed ({}) and recovered in the range", row.methods.join(", ")));
    let value = |row: &FailureRow| {
        let from_impact = if options.clock == Clock::Impact { row.rt_impact_s } else { None };
        from_impact.or(row.rt_s)
    };
    behind(conn, tenant, rows, (reason, value), Failure::of)
}

fn of_incidents(conn: &mut Connection, tenant: &TenantId, listing: &Listing) -> Result<Rows, StoreError> {
    let rows = incidents::resolved(conn, tenant, &listing.range.slice, listing.after, listing.limit + 1)?;
    let reason = |_: &IncidentRow| (true, "it was resolved in the range".to_owned());
    behind(conn, tenant, rows, (reason, |row: &IncidentRow| row.restore_s), Incident::of)
}
