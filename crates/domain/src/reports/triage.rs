//! What needs somebody's attention now: one list, the most urgent first.

use chrono::TimeDelta;

use super::{Facts, Item, Severity, items};

/// A change that nobody moves for so long needs somebody.
const STALE: TimeDelta = TimeDelta::hours(48);

/// Everything that waits for people: by severity, then the longest first.
pub fn triage(facts: &Facts) -> Vec<Item> {
    let now = facts.now;
    let open = facts.incidents.iter().filter(|incident| incident.resolved_at.is_none());
    let mut all: Vec<Item> = open.map(|one| items::incident(one, now)).collect();
    all.extend(facts.failures.iter().map(|one| items::failure(one, now)));
    all.extend(facts.approvals.iter().map(|one| items::approval(one, now)));
    all.extend(items::stale(facts, STALE).into_iter().filter(|item| item.severity > Severity::Info));
    all.sort_by(|one, other| other.severity.cmp(&one.severity).then(one.at.cmp(&other.at)));
    all
}
