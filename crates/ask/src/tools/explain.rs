//! What is behind a metric: its changes, deployments, failures or incidents, the longest or the newest first.

use chrono::{DateTime, TimeDelta, Utc};
use serde::Deserialize;
use serde_json::Value;
use store::metrics::Slice;
use store::metrics::rows::changes::{self, ChangeRow, Shown};
use store::metrics::rows::deployments::{self, DeploymentRow, Listed};
use store::metrics::rows::{failures, incidents};
use store::{Connection, StoreError};

use super::evidence::Evidence;
use super::{Found, Line, Scope, ToolError, dora, object, of, read, text, told, window, with_window};
use crate::words;

const USUAL: TimeDelta = TimeDelta::days(30);
/// Rows that are looked at, and those that are told.
const MOST_ROWS: i64 = 200;
const SHOWN: usize = 8;

#[derive(Debug, Deserialize)]
struct Arguments {
    metric: String,
    service: Option<String>,
    team: Option<String>,
    from: Option<DateTime<Utc>>,
    to: Option<DateTime<Utc>>,
}

pub(super) fn arguments() -> Value {
    let members =
        [("metric", dora::metric()), ("service", text("One service")), ("team", text("The services of a team"))];
    object(&with_window(&members, "30 days"), &["metric"])
}

/// A row and how much of the metric it is.
#[derive(Debug)]
pub(super) struct Row {
    pub(super) line: Line,
    seconds: Option<f64>,
}

pub(super) fn run(conn: &mut Connection, scope: &Scope, arguments: Value) -> Result<Found, ToolError> {
    let asked: Arguments = read(arguments)?;
    let (from, to) = window((asked.from, asked.to), USUAL, scope.now)?;
    let slice = dora::production((asked.service.as_ref(), asked.team.as_ref()), (from, to));
    let mut rows = rows(conn, scope, &asked.metric, &slice, MOST_ROWS)?;
    let count = rows.len();
    // Stable: those that have no length stay newest first.
    rows.sort_by(|one, other| other.seconds.unwrap_or_default().total_cmp(&one.seconds.unwrap_or_default()));
    let about = format!(
        "Behind the {}{}, {}: {}",
        asked.metric.replace('_', " "),
        of(asked.service.as_ref(), asked.team.as_ref()),
        words::window(from, to),
        words::counted(i64::try_from(count).unwrap_or(i64::MAX), thing(&asked.metric))
    );
    let more = if count > SHOWN { format!(", the first {SHOWN} of them:") } else { ".".to_owned() };
    let first = Line::new(about + &more, []);
    let lines = std::iter::once(first).chain(rows.into_iter().take(SHOWN).map(|row| row.line)).collect();
    Ok(Found { lines, count })
}

fn thing(metric: &str) -> &'static str {
    match metric {
        "lead_time" => "change",
        "recovery_time" | "change_failure_rate" => "failed deployment",
        "restore_time" => "incident",
        "rework_rate" => "deployment of rework",
        _ => "deployment",
    }
}

/// Rows that are counted, newest first.
pub(super) fn rows(
    conn: &mut Connection,
    scope: &Scope,
    metric: &str,
    slice: &Slice,
    limit: i64,
) -> Result<Vec<Row>, StoreError> {
    let succeeded = || vec!["success".to_owned()];
    match metric {
        "lead_time" => of_changes(conn, scope, slice, limit),
        "recovery_time" => of_failures(conn, scope, slice, limit),
        "restore_time" => of_incidents(conn, scope, slice, limit),
        "change_failure_rate" => {
            let listed = Listed { outcomes: succeeded(), failed: Some(true), ..Listed::default() };
            of_deployments(conn, scope, slice, &listed, limit)
        }
        "rework_rate" => {
            let listed = Listed { outcomes: succeeded(), rework: Some(true), ..Listed::default() };
            of_deployments(conn, scope, slice, &listed, limit)
        }
        _ => of_deployments(conn, scope, slice, &Listed { outcomes: succeeded(), ..Listed::default() }, limit),
    }
}

fn of_changes(conn: &mut Connection, scope: &Scope, slice: &Slice, limit: i64) -> Result<Vec<Row>, StoreError> {
    let shown = Shown { exclude_bots: false, only_counted: true };
    let found = changes::shipped(conn, &scope.tenant, slice, shown, None, limit)?;
    let proofs =
        Evidence::of(conn, scope, found.iter().flat_map(|row| row.subject.iter().chain(&row.deployment_subject)))?;
    let row = |row: ChangeRow| {
        let events: Vec<_> =
            proofs.get(row.subject.as_ref()).chain(proofs.get(row.deployment_subject.as_ref())).collect();
        Row { line: Line::new(change(&row), events), seconds: Some(row.lead_s) }
    };
    Ok(found.into_iter().map(row).collect())
}

fn change(row: &ChangeRow) -> String {
    let parts = [
        ("coding", row.coding_s),
        ("waiting for review", row.pickup_s),
        ("review", row.review_s),
        ("merging", row.merge_s),
        ("deploying", row.deploy_s),
    ];
    let parts: Vec<String> =
        parts.iter().filter_map(|(name, s)| s.map(|s| format!("{name} {}", words::duration(s)))).collect();
    let parts = if parts.is_empty() { String::new() } else { format!(" ({})", parts.join(", ")) };
    let name = super::changed::change_name(&row.repo, &row.number, row.title.as_deref(), row.author.as_deref());
    let at = words::moment(row.at);
    format!("{name}: {} to production at {at}{parts}.", words::duration(row.lead_s))
}

fn of_deployments(
    conn: &mut Connection,
    scope: &Scope,
    slice: &Slice,
    listed: &Listed,
    limit: i64,
) -> Result<Vec<Row>, StoreError> {
    let found = deployments::ended(conn, &scope.tenant, slice, listed, None, limit)?;
    let proofs = Evidence::of(conn, scope, found.iter().filter_map(|row| row.subject.as_ref()))?;
    let row = |row: DeploymentRow| {
        let line = Line::new(super::changed::deployment(&row), proofs.get(row.subject.as_ref()));
        Row { line, seconds: None }
    };
    Ok(found.into_iter().map(row).collect())
}

fn of_failures(conn: &mut Connection, scope: &Scope, slice: &Slice, limit: i64) -> Result<Vec<Row>, StoreError> {
    let found = failures::recovered(conn, &scope.tenant, slice, None, limit)?;
    let proofs = Evidence::of(conn, scope, found.iter().flat_map(|row| &row.subjects))?;
    let row = |row: failures::FailureRow| {
        let events: Vec<_> = row.subjects.iter().flat_map(|subject| proofs.get(Some(subject))).collect();
        let lasted = row.rt_s.map_or_else(|| "an unknown time".to_owned(), words::duration);
        let name = format!("{}:{}", told(&row.integration, 64), told(&row.deployment_id, 100));
        let (service, failed) = (told(&row.service, 100), words::moment(row.failed_at));
        let text = format!("Deployment {name} of {service} failed at {failed} and recovered after {lasted}.");
        Row { line: Line::new(text, events), seconds: row.rt_s }
    };
    Ok(found.into_iter().map(row).collect())
}

fn of_incidents(conn: &mut Connection, scope: &Scope, slice: &Slice, limit: i64) -> Result<Vec<Row>, StoreError> {
    let found = incidents::resolved(conn, &scope.tenant, slice, None, limit)?;
    let proofs = Evidence::of(conn, scope, found.iter().filter_map(|row| row.subject.as_ref()))?;
    let row = |row: incidents::IncidentRow| {
        let lasted = row.restore_s.map_or_else(|| "an unknown time".to_owned(), words::duration);
        let name = super::incidents::name(&row.integration, &row.incident_id, row.title.as_deref());
        let text = format!("Incident {name} began at {} and was resolved after {lasted}.", words::moment(row.start_at));
        Row { line: Line::new(text, proofs.get(row.subject.as_ref())), seconds: row.restore_s }
    };
    Ok(found.into_iter().map(row).collect())
}
