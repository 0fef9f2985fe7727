//! What a rule finds. The same facts give the same findings in the same order, whatever the order of the facts.

use std::collections::BTreeSet;

use chrono::{DateTime, TimeDelta, Utc};
use serde::Serialize;
use serde_json::{Map, Value, json};

use super::kinds::KindName;
use super::{Facts, Rule, changes, delivery};
use crate::event::rfc3339;

/// No rule finds more: people would not read it.
const MOST_FINDINGS: usize = 1000;

/// Something that a rule found.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Finding {
    /// What it is about: the same thing has the same subject at each evaluation.
    pub subject: String,
    /// Since when it is so.
    #[serde(skip)]
    pub since: DateTime<Utc>,
    /// What is told of it; `subject` and `since` are among it.
    #[serde(flatten)]
    pub row: Map<String, Value>,
}

impl Finding {
    /// `row` is an object; members that are null are left out.
    pub(super) fn new(subject: String, since: DateTime<Utc>, row: Value) -> Self {
        let members = if let Value::Object(members) = row { members } else { Map::new() };
        let mut row: Map<String, Value> = members.into_iter().filter(|(_, value)| !value.is_null()).collect();
        row.insert("since".to_owned(), time(since));
        Self { subject, since, row }
    }
}

/// What a rule finds, the oldest first.
pub fn evaluate(rule: &Rule, facts: &Facts<'_>, now: DateTime<Utc>) -> Vec<Finding> {
    let mut found = match rule.kind.id {
        KindName::StalePr => changes::stale(rule, facts.changes, now),
        KindName::WipLimitExceeded => changes::too_many(rule, facts.changes, now),
        KindName::NoTicketLink => changes::without_ticket(rule, facts.changes),
        KindName::PrWithoutReview => changes::without_review(rule, facts.changes, now),
        KindName::FailedDeploymentOpen => delivery::failed(rule, facts.failures, now),
        KindName::IncidentUnattributed => delivery::unattributed(rule, facts.incidents, now),
        KindName::FlakyPipeline => delivery::flaky(rule, facts.runs, now),
        KindName::SourceSilent => delivery::silent(rule, facts.sources, now),
    };
    found.sort_by(|one, other| (one.since, &one.subject).cmp(&(other.since, &other.subject)));
    let mut seen = BTreeSet::new();
    found.retain(|finding| seen.insert(finding.subject.clone()));
    found.truncate(if rule.kind.id == KindName::NoTicketLink { rule.limit } else { MOST_FINDINGS });
    found
}

pub(super) fn time(time: DateTime<Utc>) -> Value {
    json!(rfc3339(time))
}

/// Hours between two times, to a tenth.
pub(super) fn hours(since: DateTime<Utc>, now: DateTime<Utc>) -> f64 {
    ((now - since).num_seconds() as f64 / 360.0).round() / 10.0
}

/// Whether that long has gone by.
pub(super) fn is_older(since: DateTime<Utc>, than: TimeDelta, now: DateTime<Utc>) -> bool {
    now - since >= than
}
