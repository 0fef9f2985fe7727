//! From one evaluation to the next: what is new, what is still so, what is over, and what fires now.
//!
//! A subject fires when it opens, and once for as long as it stays open: the same pull request never makes a second job.
//! One that closes and opens again (a review that came and was withdrawn) fires only when the cooldown is over. Rules
//! with `repeat` fire again while it stays open. Who keeps the rows must keep closed ones for as long as the cooldown.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};

use super::{Finding, Rule};

/// What is kept of a rule and a subject.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Known {
    pub subject: String,
    /// When it opened, the last time.
    pub opened_at: DateTime<Utc>,
    pub last_seen_at: DateTime<Utc>,
    pub last_fired_at: Option<DateTime<Utc>>,
    /// None: it is open.
    pub closed_at: Option<DateTime<Utc>>,
}

/// What has become of a subject.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    Opened,
    StillOpen,
    Closed,
}

/// What one evaluation changes about a subject: `known` is to be kept.
#[derive(Clone, Debug, PartialEq)]
pub struct Step {
    pub state: State,
    pub known: Known,
    /// Something follows from it now; `known` says so already.
    pub fires: bool,
    /// None: it is over.
    pub finding: Option<Finding>,
}

/// What an evaluation at `now` changes: `known` are the rule's rows, `findings` what it finds. In the order of findings,
/// then what closes. Asking again with the rows that came of it fires nothing.
pub fn follow(rule: &Rule, known: &[Known], findings: &[Finding], now: DateTime<Utc>) -> Vec<Step> {
    let before: BTreeMap<&str, &Known> = known.iter().map(|row| (row.subject.as_str(), row)).collect();
    let mut seen = BTreeSet::new();
    let mut steps: Vec<Step> = Vec::new();
    for finding in findings {
        if seen.insert(finding.subject.as_str()) {
            steps.push(found(rule, before.get(finding.subject.as_str()).copied(), finding, now));
        }
    }
    let over = known.iter().filter(|row| row.closed_at.is_none() && !seen.contains(row.subject.as_str()));
    steps.extend(over.map(|row| Step {
        state: State::Closed,
        known: Known { closed_at: Some(now), ..row.clone() },
        fires: false,
        finding: None,
    }));
    steps
}

fn found(rule: &Rule, before: Option<&Known>, finding: &Finding, now: DateTime<Utc>) -> Step {
    let open = before.filter(|row| row.closed_at.is_none());
    let opened_at = open.map_or(now, |row| row.opened_at);
    let last_fired_at = before.and_then(|row| row.last_fired_at);
    let fires = match last_fired_at {
        None => true,
        // It has fired since it opened.
        Some(last) if last >= opened_at && open.is_some() => {
            rule.repeat.is_some_and(|repeat| now - last >= repeat.max(rule.cooldown))
        }
        Some(last) => now - last >= rule.cooldown,
    };
    let known = Known {
        subject: finding.subject.clone(),
        opened_at,
        last_seen_at: now,
        last_fired_at: if fires { Some(now) } else { last_fired_at },
        closed_at: None,
    };
    let state = if open.is_some() { State::StillOpen } else { State::Opened };
    Step { state, known, fires, finding: Some(finding.clone()) }
}
