//! What changed: deployments that ended, whatever they are for, and changes that were merged.

use chrono::{DateTime, TimeDelta, Utc};
use domain::data::Tier;
use serde::Deserialize;
use serde_json::Value;
use store::metrics::Slice;
use store::metrics::rows::deployments::{self, DeploymentRow, Listed};
use store::metrics::work::{self, WorkRow};
use store::{Connection, StoreError};

use super::evidence::Evidence;
use super::{Found, Line, Scope, ToolError, object, of, read, text, told, window, with_window};
use crate::words;

const USUAL: TimeDelta = TimeDelta::days(7);
/// Rows that are counted, and those that are told of each.
const MOST_ROWS: i64 = 200;
const SHOWN: usize = 8;

#[derive(Debug, Deserialize)]
struct Arguments {
    service: Option<String>,
    team: Option<String>,
    from: Option<DateTime<Utc>>,
    to: Option<DateTime<Utc>>,
}

pub(super) fn arguments() -> Value {
    let members = [("service", text("One service")), ("team", text("The services of a team"))];
    object(&with_window(&members, "7 days"), &[])
}

pub(super) fn run(conn: &mut Connection, scope: &Scope, arguments: Value) -> Result<Found, ToolError> {
    let asked: Arguments = read(arguments)?;
    let (from, to) = window((asked.from, asked.to), USUAL, scope.now)?;
    let slice = Slice {
        from,
        to,
        tiers: Tier::ALL.map(|(_, word)| word.to_owned()).to_vec(),
        services: asked.service.clone().into_iter().collect(),
        teams: asked.team.clone().into_iter().collect(),
        repos: Vec::new(),
        environment: None,
    };
    let deployed = deployments::ended(conn, &scope.tenant, &slice, &Listed::default(), None, MOST_ROWS)?;
    let merged = work::list(conn, &scope.tenant, &slice, false, work::Listed::Merged, None, MOST_ROWS)?;
    let count = deployed.len() + merged.len();
    let first = format!(
        "What changed{}, {}: {} and {} merged.",
        of(asked.service.as_ref(), asked.team.as_ref()),
        words::window(from, to),
        most(deployed.len(), "deployment"),
        most(merged.len(), "change")
    );
    let mut lines = vec![Line::new(first, [])];
    lines.extend(shown(conn, scope, &deployed, &merged)?);
    Ok(Found { lines, count })
}

fn most(count: usize, one: &str) -> String {
    let count = i64::try_from(count).unwrap_or(i64::MAX);
    if count >= MOST_ROWS { format!("at least {}", words::counted(count, one)) } else { words::counted(count, one) }
}

fn shown(
    conn: &mut Connection,
    scope: &Scope,
    deployed: &[DeploymentRow],
    merged: &[WorkRow],
) -> Result<Vec<Line>, StoreError> {
    let (deployed, merged) = (deployed.iter().take(SHOWN), merged.iter().take(SHOWN));
    let subjects = deployed.clone().filter_map(|row| row.subject.as_ref());
    let proofs = Evidence::of(conn, scope, subjects.chain(merged.clone().filter_map(|row| row.subject.as_ref())))?;
    let mut lines: Vec<Line> =
        deployed.map(|row| Line::new(deployment(row), proofs.get(row.subject.as_ref()))).collect();
    lines.extend(merged.map(|row| {
        let name = change_name(&row.repo, &row.number, row.title.as_deref(), row.author.as_deref());
        let at = row.merged_at.map(words::moment).unwrap_or_default();
        Line::new(format!("{name} was merged at {at}."), proofs.get(row.subject.as_ref()))
    }));
    Ok(lines)
}

/// A deployment in one sentence.
pub(super) fn deployment(row: &DeploymentRow) -> String {
    let name = format!("{}:{}", told(&row.integration, 64), told(&row.deployment_id, 100));
    let (service, place) = (told(&row.service, 100), told(&row.environment, 100));
    let kind = match row.kind.as_deref() {
        Some(kind @ ("rollback" | "redeploy" | "hotfix")) => format!(", a {kind}"),
        _ => String::new(),
    };
    let changes = if row.changes > 0 {
        format!(", with {}", words::counted(i64::from(row.changes), "change"))
    } else {
        String::new()
    };
    let failed = match (&row.failed_by, row.failed) {
        (Some(by), _) => format!("; it failed ({})", told(&by.join(", "), 100)),
        (None, true) => "; it failed".to_owned(),
        (None, false) => String::new(),
    };
    let (outcome, at) = (told(&row.outcome, 32), words::moment(row.at));
    format!("Deployment {name} of {service} to {place} ended at {at} with {outcome}{kind}{changes}{failed}.")
}

/// `acme/shop#12 "Fix it" by ada`.
pub(super) fn change_name(repo: &str, number: &str, title: Option<&str>, author: Option<&str>) -> String {
    let title = title.map(|title| format!(" \"{}\"", told(title, 160))).unwrap_or_default();
    let author = author.map(|author| format!(" by {}", told(author, 80))).unwrap_or_default();
    // Of a direct push the number is its commit's.
    let sign = if number.len() == 40 && number.bytes().all(|one| one.is_ascii_hexdigit()) { '@' } else { '#' };
    format!("{}{sign}{}{title}{author}", told(repo, 140), told(number, 40))
}
