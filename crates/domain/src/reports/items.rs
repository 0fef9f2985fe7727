//! How each fact is said, in one line of plain text.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};

use super::facts::{Deployed, Facts, Incident, Merged, Waiting};
use super::{Item, Of, Severity, TITLE, lasted, several};
use crate::signals::{FailedDeployment, OpenChange};
use crate::text::clean;

/// An approval that expires sooner is urgent.
const SOON: TimeDelta = TimeDelta::hours(1);
/// A change that nobody moves for so many times the usual is worse than stale.
const VERY: i32 = 3;

/// One item for each service and environment, those that broke something first, then the busiest.
pub(super) fn deployments(facts: &Facts) -> Vec<Item> {
    let mut groups: BTreeMap<(&str, &str), Vec<&Deployed>> = BTreeMap::new();
    for deployed in &facts.deployments {
        groups.entry((&deployed.service, &deployed.environment)).or_default().push(deployed);
    }
    let mut items: Vec<(usize, Item)> =
        groups.into_values().filter_map(|group| Some((group.len(), of_service(&group)?))).collect();
    items.sort_by_key(|(count, item)| std::cmp::Reverse((item.severity, *count)));
    items.into_iter().map(|(_, item)| item).collect()
}

/// The group has one service; its latest comes first.
fn of_service(group: &[&Deployed]) -> Option<Item> {
    let latest = group.first()?;
    let count = |is: fn(&Deployed) -> bool| group.iter().filter(|one| is(one)).count();
    let changes: usize = group.iter().map(|one| usize::try_from(one.changes).unwrap_or(0)).sum();
    let broke = count(|one| one.failed);
    let ended_badly = count(|one| !one.is_success());
    let kinds = [("rollback", "rollback"), ("hotfix", "hotfix")];
    let mut parts = vec![several(group.len(), "deployment"), several(changes, "change")];
    for (kind, word) in kinds {
        let many = group.iter().filter(|one| one.kind.as_deref() == Some(kind)).count();
        parts.extend((many > 0).then(|| several(many, word)));
    }
    parts.extend((broke > 0).then(|| format!("{broke} broke something")));
    parts.extend((ended_badly > 0).then(|| format!("{ended_badly} did not succeed")));
    let severity = if broke + ended_badly > 0 { Severity::Warning } else { Severity::Info };
    let text = format!("{} to {}: {}", latest.service, latest.environment, parts.join(", "));
    let mut item = Item::new(latest.of(), clean(&text, TITLE), severity, latest.at, latest.url.as_ref());
    item.of = group.iter().map(|one| one.of()).collect();
    Some(item)
}

pub(super) fn merged(change: &Merged) -> Item {
    let of = Of::Change { repo: change.repo.clone(), number: change.number.clone() };
    let text = change_text(change.title.as_deref(), change.author.as_deref());
    Item::new(of, text, Severity::Info, change.merged_at, change.url.as_ref())
}

fn change_text(title: Option<&str>, author: Option<&str>) -> String {
    let title = clean(title.unwrap_or("without a title"), TITLE);
    author.map_or(title.clone(), |author| format!("{title} (by {author})"))
}

/// A change that waits, and since when.
fn waiting(change: &OpenChange, since: DateTime<Utc>, what: &str, severity: Severity, now: DateTime<Utc>) -> Item {
    let of = Of::Change { repo: change.repo.clone(), number: change.number.clone() };
    let text = change_text(change.title.as_deref(), change.author.as_deref());
    Item::new(of, format!("{text}: {what} for {}", lasted(since, now)), severity, since, change.url.as_ref())
}

/// Changes that nobody has moved for that long, the longest first.
pub(super) fn stale(facts: &Facts, older_than: TimeDelta) -> Vec<Item> {
    let mut items: Vec<Item> = facts
        .in_progress()
        .map(|change| (change, change.moved_at()))
        .filter(|(_, moved)| facts.now - *moved >= older_than)
        .map(|(change, moved)| {
            let very = facts.now - moved >= older_than * VERY;
            let severity = if very { Severity::Warning } else { Severity::Info };
            waiting(change, moved, "nobody moved it", severity, facts.now)
        })
        .collect();
    items.sort_by_key(|item| item.at);
    items
}

/// Changes that nobody has reviewed for that long, the longest first.
pub(super) fn unreviewed(facts: &Facts, older_than: TimeDelta) -> Vec<Item> {
    let mut items: Vec<Item> = facts
        .in_progress()
        .filter(|change| !change.is_reviewed() && facts.now - change.ready_since() >= older_than)
        .map(|change| waiting(change, change.ready_since(), "no review", Severity::Info, facts.now))
        .collect();
    items.sort_by_key(|item| item.at);
    items
}

pub(super) fn failure(failed: &FailedDeployment, now: DateTime<Utc>) -> Item {
    let of = Of::Deployment { integration: failed.integration.clone(), id: failed.deployment_id.clone() };
    let what = format!("{} in {}: broken for {}", failed.service, failed.environment, lasted(failed.failed_at, now));
    let severity = if failed.tier == "production" { Severity::Critical } else { Severity::Warning };
    Item::new(of, clean(&what, TITLE), severity, failed.failed_at, failed.url.as_ref())
}

pub(super) fn incident(incident: &Incident, now: DateTime<Utc>) -> Item {
    let title = clean(incident.title.as_deref().unwrap_or("without a title"), TITLE);
    let of_service = incident.service.as_deref().map(|service| format!(" ({service})")).unwrap_or_default();
    let weight = incident.severity.as_deref().map(|word| format!(", {word}")).unwrap_or_default();
    let (how, severity) = match incident.resolved_at {
        Some(resolved) => (format!("resolved after {}", lasted(incident.began_at, resolved)), Severity::Info),
        None => (format!("open for {}", lasted(incident.began_at, now)), weight_of(incident.severity.as_deref())),
    };
    let at = incident.resolved_at.unwrap_or(incident.began_at);
    Item::new(incident.of(), format!("{title}{of_service}{weight}: {how}"), severity, at, incident.url.as_ref())
}

/// Where nobody says how bad it is, it is taken to be bad.
fn weight_of(word: Option<&str>) -> Severity {
    match word.map(str::to_lowercase).as_deref() {
        Some("low" | "minor" | "info" | "warning" | "p4" | "p5" | "sev4" | "sev5") => Severity::Warning,
        _ => Severity::Critical,
    }
}

pub(super) fn approval(waiting: &Waiting, now: DateTime<Utc>) -> Item {
    let soon = waiting.expires_at - now <= SOON;
    let severity = if soon { Severity::Critical } else { Severity::Warning };
    let left = lasted(now, waiting.expires_at);
    let text = format!(
        "{} of {}: waits for {}, expires in {left}",
        waiting.action,
        waiting.subject,
        lasted(waiting.asked_at, now)
    );
    Item::new(Of::Approval(waiting.id.clone()), clean(&text, TITLE), severity, waiting.asked_at, None)
}
