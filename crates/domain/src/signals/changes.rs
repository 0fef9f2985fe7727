//! Signals about open changes.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use super::evaluate::{Finding, hours, is_older, time};
use super::facts::OpenChange;
use super::rules::{Per, Rule, meant};

/// How many changes a row about work in progress names.
const NAMED: usize = 20;

/// The changes that a rule is about.
fn of<'a>(rule: &'a Rule, changes: &'a [OpenChange]) -> impl Iterator<Item = &'a OpenChange> {
    changes.iter().filter(|change| {
        (rule.drafts || !change.draft)
            && (rule.bots || !change.is_bot)
            && meant(&rule.repos, [change.repo.as_str()])
            && meant(&rule.teams, change.teams.iter().map(String::as_str))
    })
}

fn subject(change: &OpenChange) -> String {
    format!("{}#{}", change.repo, change.number)
}

/// What every row about a change says, and `more`.
fn finding(change: &OpenChange, since: DateTime<Utc>, more: Value) -> Finding {
    let mut row = json!({
        "repo": change.repo, "number": change.number, "title": change.title, "author": change.author,
        "url": change.url, "opened_at": time(change.opened_at),
    });
    if !change.teams.is_empty() {
        row["teams"] = json!(change.teams);
    }
    if let (Some(row), Value::Object(more)) = (row.as_object_mut(), more) {
        row.extend(more);
    }
    Finding::new(subject(change), since, row)
}

pub(super) fn stale(rule: &Rule, changes: &[OpenChange], now: DateTime<Utc>) -> Vec<Finding> {
    let with = of(rule, changes).map(|change| (change, change.moved_at()));
    let stale = with.filter(|(_, moved)| is_older(*moved, rule.older_than, now));
    stale
        .map(|(change, moved)| {
            let more = json!({"idle_hours": hours(moved, now), "age_hours": hours(change.opened_at, now)});
            finding(change, moved, more)
        })
        .collect()
}

pub(super) fn without_review(rule: &Rule, changes: &[OpenChange], now: DateTime<Utc>) -> Vec<Finding> {
    of(rule, changes)
        .filter(|change| !change.is_reviewed())
        .filter(|change| is_older(change.ready_since(), rule.older_than, now))
        .map(|change| finding(change, change.ready_since(), json!({"waiting_hours": hours(change.ready_since(), now)})))
        .collect()
}

pub(super) fn without_ticket(rule: &Rule, changes: &[OpenChange]) -> Vec<Finding> {
    let named = |change: &OpenChange| {
        let texts = [change.title.as_ref(), change.head.as_ref()].into_iter().flatten().chain(&change.ticket_keys);
        rule.pattern.as_ref().is_some_and(|pattern| texts.into_iter().any(|text| pattern.is_match(text)))
    };
    of(rule, changes)
        .filter(|change| !named(change))
        .map(|change| finding(change, change.opened_at, json!({})))
        .collect()
}

/// A row for each scope with more open changes than the limit.
pub(super) fn too_many(rule: &Rule, changes: &[OpenChange], now: DateTime<Utc>) -> Vec<Finding> {
    let mut scopes: BTreeMap<String, Vec<&OpenChange>> = BTreeMap::new();
    for change in of(rule, changes) {
        for scope in scopes_of(rule.per, change) {
            scopes.entry(scope).or_default().push(change);
        }
    }
    let exceeded = scopes.into_iter().filter(|(_, open)| open.len() > rule.limit);
    exceeded
        .map(|(scope, mut open)| {
            open.sort_by(|one, other| {
                (one.opened_at, &one.repo, &one.number).cmp(&(other.opened_at, &other.repo, &other.number))
            });
            // The change that was one too many.
            let since = open.get(rule.limit).map_or(now, |change| change.opened_at);
            let row = json!({
                "scope": scope, "day": now.date_naive().to_string(), "wip": open.len(), "limit": rule.limit,
                "exceeded": true, "oldest_at": open.first().map(|change| time(change.opened_at)),
                "changes": open.iter().take(NAMED).map(|change| subject(change)).collect::<Vec<_>>(),
            });
            Finding::new(format!("wip:{scope}"), since, row)
        })
        .collect()
}

fn scopes_of(per: Per, change: &OpenChange) -> Vec<String> {
    match per {
        Per::All => vec!["all".to_owned()],
        Per::Repo => vec![change.repo.clone()],
        Per::Team => change.teams.clone(),
        Per::Author => change.author.clone().into_iter().collect(),
    }
}
