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

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;
    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::super::Rules;
    use super::*;

    fn now() -> DateTime<Utc> {
        "2026-11-20T12:00:00Z".parse().expect("a time")
    }

    fn rule(document: &Value) -> Rule {
        let mut rules = Rules::read(&json!({"rules": [document]})).expect("a rule that fits");
        rules.rules.pop().expect("one rule")
    }

    /// What a rule does with one subject over time: hours at which it is looked at, and whether it is found then.
    fn fired(rule: &Rule, looks: &[(i64, bool)]) -> Vec<i64> {
        let mut known = Vec::new();
        let mut fired = Vec::new();
        for (hour, found) in looks {
            let at = now() + TimeDelta::hours(*hour);
            let findings: Vec<Finding> =
                found.then(|| Finding::new("s".to_owned(), now(), json!({}))).into_iter().collect();
            let steps = follow(rule, &known, &findings, at);
            if steps.iter().any(|step| step.fires) {
                fired.push(*hour);
            }
            let again: Vec<Known> = steps.iter().map(|step| step.known.clone()).collect();
            known = if again.is_empty() { known } else { again };
            assert!(!follow(rule, &known, &findings, at).iter().any(|step| step.fires), "the same look fires twice");
        }
        fired
    }

    #[test]
    fn a_subject_fires_when_it_opens_and_not_again() {
        let once = rule(&json!({"kind": "stale_pr", "cooldown": "24h"}));
        assert_eq!(fired(&once, &[(0, true), (1, true), (30, true), (60, true)]), [0]);
        assert_eq!(fired(&once, &[(0, true), (1, false), (2, true), (23, true)]), [0], "it flaps within its cooldown");
        assert_eq!(fired(&once, &[(0, true), (1, false), (2, true), (25, true), (60, true)]), [0, 25]);
        assert_eq!(fired(&once, &[(0, true), (1, false), (30, false), (31, true)]), [0, 31]);
        let again = rule(&json!({"kind": "stale_pr", "cooldown": "24h", "repeat": "48h"}));
        assert_eq!(
            fired(&again, &[(0, true), (24, true), (47, true), (48, true), (60, true), (96, true)]),
            [0, 48, 96]
        );
    }

    #[test]
    fn subjects_open_and_close() {
        let rule = rule(&json!({"kind": "stale_pr"}));
        let finding = |subject: &str| Finding::new(subject.to_owned(), now(), json!({}));
        let opened = follow(&rule, &[], &[finding("a"), finding("b"), finding("a")], now());
        assert_eq!(opened.iter().map(|step| (step.state, step.fires)).collect::<Vec<_>>(), [(State::Opened, true); 2]);
        let known: Vec<Known> = opened.into_iter().map(|step| step.known).collect();
        let later = follow(&rule, &known, &[finding("b"), finding("c")], now() + TimeDelta::hours(1));
        let states: Vec<_> = later.iter().map(|step| (step.known.subject.as_str(), step.state, step.fires)).collect();
        assert_eq!(states, [("b", State::StillOpen, false), ("c", State::Opened, true), ("a", State::Closed, false)]);
        assert_eq!((later[2].known.closed_at, later[2].finding.is_none()), (Some(now() + TimeDelta::hours(1)), true));
        assert_eq!(later[0].known.opened_at, now());
    }

    proptest! {
        #[test]
        fn no_subject_fires_twice_within_its_cooldown(looks in proptest::collection::vec((1i64..20, any::<bool>()), 1..30), repeat: bool) {
            let document = if repeat { json!({"kind": "stale_pr", "cooldown": "24h", "repeat": "2h"}) } else { json!({"kind": "stale_pr", "cooldown": "24h"}) };
            let mut hour = 0;
            let looks: Vec<(i64, bool)> = looks.into_iter().map(|(hours, found)| { hour += hours; (hour, found) }).collect();
            let fired = fired(&rule(&document), &looks);
            prop_assert!(fired.windows(2).all(|pair| pair[1] - pair[0] >= 24), "{fired:?}");
            prop_assert_eq!(fired.is_empty(), looks.iter().all(|(_, found)| !found));
        }
    }
}
