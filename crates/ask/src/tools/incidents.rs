//! Incidents: which there are, and how one went.

use chrono::{DateTime, TimeDelta, Utc};
use domain::dora::facts::Outside;
use domain::event::OURSELVES;
use serde::Deserialize;
use serde_json::{Value, json};
use store::incidents::timeline::{Moment, moments};
use store::incidents::{self, IncidentRow, Listed};
use store::{Connection, StoreError, named};

use super::evidence::Evidence;
use super::{Found, Line, Scope, ToolError, object, of, read, text, told, window, with_window};
use crate::words;

const USUAL: TimeDelta = TimeDelta::days(30);
const MOST_ROWS: i64 = 200;
const SHOWN: usize = 10;
/// Moments that are told: the first and the last of them.
const MOST_MOMENTS: i64 = 200;
const FIRST: usize = 4;
const LAST: usize = 8;

#[derive(Debug, Deserialize)]
struct ListArguments {
    open: Option<bool>,
    service: Option<String>,
    from: Option<DateTime<Utc>>,
    to: Option<DateTime<Utc>>,
}

pub(super) fn list_arguments() -> Value {
    let open = json!({"type": "boolean", "description": "Only those that are open, whenever they began; or only those that are over"});
    object(&with_window(&[("open", open), ("service", text("One service"))], "30 days"), &[])
}

pub(super) fn list(conn: &mut Connection, scope: &Scope, arguments: Value) -> Result<Found, ToolError> {
    let asked: ListArguments = read(arguments)?;
    let whenever = asked.open == Some(true) && asked.from.is_none();
    let (from, to) = window((asked.from, asked.to), USUAL, scope.now)?;
    let listed = Listed {
        open: asked.open,
        service: asked.service.clone(),
        from: Some(from).filter(|_| !whenever),
        to: Some(to).filter(|_| !whenever),
        ..Listed::default()
    };
    let rows = incidents::list(conn, &scope.tenant, &listed, None, MOST_ROWS)?;
    let proofs = Evidence::of(conn, scope, rows.iter().take(SHOWN).filter_map(|row| row.subject.as_ref()))?;
    let open = rows.iter().filter(|row| row.resolved_at.is_none()).count();
    let number = words::counted(i64::try_from(rows.len()).unwrap_or(i64::MAX), "incident");
    let when = if whenever { "now".to_owned() } else { format!("begun {}", words::window(from, to)) };
    let first = format!("Incidents{}, {when}: {number}, {open} of them open.", of(asked.service.as_ref(), None));
    let line = |row: &IncidentRow| Line::new(said(row), proofs.get(row.subject.as_ref()));
    let lines = std::iter::once(Line::new(first, [])).chain(rows.iter().take(SHOWN).map(line)).collect();
    Ok(Found { lines, count: rows.len() })
}

/// `pagerduty:Q1 "Checkout is slow"`.
pub(super) fn name(integration: &str, id: &str, title: Option<&str>) -> String {
    let title = title.map(|title| format!(" \"{}\"", told(title, 160))).unwrap_or_default();
    format!("{}:{}{title}", told(integration, 64), told(id, 100))
}

fn said(row: &IncidentRow) -> String {
    let name = name(&row.integration, &row.incident_id, row.title.as_deref());
    let service = row.service.as_deref().map(|service| format!(" of {}", told(service, 100))).unwrap_or_default();
    let severity = row.severity.as_deref().map(|severity| format!(", {}", told(severity, 32))).unwrap_or_default();
    let (began, ended) = (words::moment(row.began_at), row.resolved_at.map(words::moment));
    let until = ended.map_or_else(|| "is open".to_owned(), |at| format!("was resolved at {at}"));
    format!("Incident {name}{service}{severity} began at {began} and {until}.")
}

#[derive(Debug, Deserialize)]
struct TimelineArguments {
    id: Option<String>,
    service: Option<String>,
}

pub(super) fn timeline_arguments() -> Value {
    let id = text("The incident, like pagerduty:Q1; the latest that is open, else the latest, unless given");
    object(&[("id", id), ("service", text("Of this service"))], &[])
}

pub(super) fn timeline(conn: &mut Connection, scope: &Scope, arguments: Value) -> Result<Found, ToolError> {
    let asked: TimelineArguments = read(arguments)?;
    let row = match &asked.id {
        Some(id) => meant(conn, scope, id)?,
        None => latest(conn, scope, asked.service.as_ref())?,
    };
    let Some(row) = row else {
        let which = asked.id.as_deref().map(|id| format!(" \"{}\"", told(id, 100))).unwrap_or_default();
        let text = format!("No incident{which}{} is known.", of(asked.service.as_ref(), None));
        return Ok(Found { lines: vec![Line::new(text, [])], count: 0 });
    };
    let all = moments(conn, &scope.tenant, &row.name(), None, MOST_MOMENTS)?;
    let proofs = Evidence::of(conn, scope, row.subject.iter())?;
    let mut lines = vec![Line::new(said(&row), proofs.get(row.subject.as_ref()))];
    let (count, left) = (all.len(), all.len().saturating_sub(FIRST + LAST));
    let mut all = all.iter();
    lines.extend(all.by_ref().take(FIRST).map(moment));
    if left > 0 {
        lines.push(Line::new(format!("{left} moments between are left out."), []));
    }
    lines.extend(all.skip(left).map(moment));
    Ok(Found { lines, count })
}

/// The incident that a word means, where it means one.
fn meant(conn: &mut Connection, scope: &Scope, word: &str) -> Result<Option<IncidentRow>, StoreError> {
    let sources: Vec<&str> = scope.sources.iter().map(String::as_str).chain([OURSELVES]).collect();
    let names: Vec<Outside> = named::incidents(conn, &scope.tenant, &sources, word)?;
    match names.as_slice() {
        [name] => incidents::one(conn, &scope.tenant, name),
        _ => Ok(None),
    }
}

fn latest(conn: &mut Connection, scope: &Scope, service: Option<&String>) -> Result<Option<IncidentRow>, StoreError> {
    let listed = |open| Listed { open, service: service.cloned(), ..Listed::default() };
    let open = incidents::list(conn, &scope.tenant, &listed(Some(true)), None, 1)?.pop();
    match open {
        Some(row) => Ok(Some(row)),
        None => Ok(incidents::list(conn, &scope.tenant, &listed(None), None, 1)?.pop()),
    }
}

fn moment(moment: &Moment) -> Line {
    let data = moment.data.clone().unwrap_or_default();
    let text = |from: &Value, name: &str| from.get(name).and_then(Value::as_str).map(str::to_owned);
    let ours = data.get(OURSELVES).cloned().unwrap_or_default();
    let note = text(&ours, "note").or_else(|| text(&data, "title"));
    let note = note.map(|note| format!(" \"{}\"", told(&note, 160))).unwrap_or_default();
    let by = moment.actor.as_deref().map(|actor| format!(" by {}", told(actor, 80))).unwrap_or_default();
    let deployment = moment.deployment.as_deref().map(|name| format!(" of deployment {}", told(name, 140)));
    let kind = told(&moment.kind, 64);
    let said = format!("{}: {kind}{}{note}{by}.", words::moment(moment.at), deployment.unwrap_or_default());
    Line::new(said, moment.event_id)
}
