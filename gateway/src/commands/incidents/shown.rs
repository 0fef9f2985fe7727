//! How incidents read: a list of those that are open, and one with its last moments.

use chrono::{DateTime, Utc};
use serde_json::Value;
use slack::answers::Basis;
use slack::text::{code, duration, link, moment, outside};
use store::incidents::IncidentRow;
use store::incidents::timeline::Moment;

use crate::reports::told::Told;

/// Of a title, and of a line of the timeline.
const TITLE: usize = 160;
const LINE: usize = 300;

/// Those that are open, the latest first. More rows than `most` mean that there are more.
pub(super) fn open(rows: &[IncidentRow], most: usize, now: DateTime<Utc>) -> Told {
    let mut lines: Vec<String> = rows.iter().take(most).map(|row| line(row, now)).collect();
    if lines.is_empty() {
        lines.push("No incident is open.".to_owned());
    }
    let count = rows.len().min(most);
    let counted = if rows.len() > most { format!("the latest {count} of more") } else { format!("{count} open") };
    let basis = Basis { counted: Some(counted), as_of: Some(now), ..Basis::default() };
    Told { title: "Incidents".to_owned(), sections: vec![lines.join("\n")], basis }
}

fn line(row: &IncidentRow, now: DateTime<Utc>) -> String {
    let of = row.service.as_deref().map(|service| format!(" · {}", outside(service, 80))).unwrap_or_default();
    let lasted = duration(now - row.began_at);
    format!("🔴 {}{of} · {} · open for {lasted} · {}", title(row), severity(row), name(row))
}

fn title(row: &IncidentRow) -> String {
    outside(row.title.as_deref().unwrap_or("without a title"), TITLE)
}

/// Nobody said how bad it is: that is no data, not "low".
fn severity(row: &IncidentRow) -> String {
    row.severity.as_deref().map_or_else(|| "severity: no data".to_owned(), |word| outside(word, 40))
}

fn name(row: &IncidentRow) -> String {
    let id = row.name().to_string();
    row.url.as_deref().map_or_else(|| code(&id, 100), |url| link(url, &id))
}

/// One with its last moments, of so many.
pub(super) fn one(row: &IncidentRow, last: &[Moment], count: usize, now: DateTime<Utc>) -> Told {
    let (mark, state) = match row.resolved_at {
        Some(at) => ("✅", format!("resolved {} after {}", moment(at), duration(at - row.began_at))),
        None => ("🔴", format!("open for {}", duration(now - row.began_at))),
    };
    let of = row.service.as_deref().map_or_else(|| "service: no data".to_owned(), |service| outside(service, 80));
    let mut sections = vec![format!("{mark} *{}*\n{state} · {} · {of} · {}", title(row), severity(row), name(row))];
    if !last.is_empty() {
        sections.push(last.iter().map(of_moment).collect::<Vec<_>>().join("\n"));
    }
    if !row.deployments.is_empty() {
        let all: Vec<String> = row.deployments.iter().take(5).map(|name| code(name, 100)).collect();
        sections.push(format!("Put to {}", all.join(", ")));
    }
    let counted = format!("the last {} of {count} moments", last.len());
    let basis = Basis { counted: Some(counted), as_of: Some(now), ..Basis::default() };
    Told { title: format!("Incident {}", row.name()), sections, basis }
}

fn of_moment(one: &Moment) -> String {
    let by = one.actor.as_deref().map(|actor| format!(" by {}", outside(actor, 80))).unwrap_or_default();
    let note = one.data.as_ref().and_then(|data| data.pointer("/em-agent/note")).and_then(Value::as_str);
    let note = note.map(|note| format!(": {}", outside(note, LINE))).unwrap_or_default();
    let of = one.deployment.as_deref().map(|name| format!(" {}", code(name, 100))).unwrap_or_default();
    format!("{} · {}{of}{by}{note}", moment(one.at), outside(&one.kind, 60))
}
