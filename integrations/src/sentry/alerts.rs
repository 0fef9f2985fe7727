//! `metric_alert`: a metric crosses a line, from warning to critical and back. `event_alert`: a rule about issues
//! noticed one.
//!
//! A metric alert's dates are those of the data it looks at, not of the change it tells of, and do not order its
//! changes: the time received does. Nothing tells when an issue's alert ends, so it is never an incident.

use chrono::{DateTime, Utc};
use domain::data::Common;
use domain::event::Draft;
use domain::rules::Rules;
use domain::time;
use serde::Deserialize;

use super::{Envelope, Occurrence, release_sha};
use crate::alerts::Monitored;
use crate::drafts::{NAME, TITLE, URL, text};
use crate::integration::Unreadable;
use crate::json::{self, Id, Text};

#[derive(Deserialize)]
pub(super) struct MetricData<'a> {
    #[serde(borrow)]
    metric_alert: MetricAlert<'a>,
    #[serde(borrow)]
    web_url: Option<Text<'a>>,
}

#[derive(Deserialize)]
struct MetricAlert<'a> {
    id: Id,
    #[serde(borrow)]
    title: Option<Text<'a>>,
    #[serde(borrow)]
    alert_rule: Option<AlertRule<'a>>,
    #[serde(borrow, default, deserialize_with = "json::list")]
    projects: Vec<Text<'a>>,
    #[serde(default, deserialize_with = "time::lenient")]
    date_started: Option<DateTime<Utc>>,
    #[serde(default, deserialize_with = "time::lenient")]
    date_closed: Option<DateTime<Utc>>,
}

#[derive(Deserialize)]
struct AlertRule<'a> {
    id: Option<Id>,
    #[serde(borrow)]
    name: Option<Text<'a>>,
    #[serde(borrow)]
    environment: Option<Text<'a>>,
    #[serde(borrow, default, deserialize_with = "json::list")]
    triggers: Vec<Trigger<'a>>,
}

#[derive(Deserialize)]
struct Trigger<'a> {
    #[serde(borrow)]
    label: Option<Text<'a>>,
}

#[derive(Deserialize)]
pub(super) struct EventData<'a> {
    #[serde(borrow)]
    event: Occurrence<'a>,
    #[serde(borrow)]
    triggered_rule: Option<Text<'a>>,
}

pub(super) fn metric_drafts(event: Envelope<'_, MetricData<'_>>, rules: &Rules) -> Result<Vec<Draft>, Unreadable> {
    let alert = &event.data.metric_alert;
    let project = alert.project();
    let resolved = match event.action() {
        "critical" | "warning" => false,
        "resolved" => true,
        _ => return Err(event.no_mapping(project)),
    };
    let rule = alert.alert_rule.as_ref();
    let monitored = Monitored {
        source: "sentry",
        scope: project.clone().unwrap_or_default(),
        // Issues have numbers as well.
        id: format!("metric-{}", alert.id.0),
        fingerprint: rule.and_then(|rule| rule.id.as_ref()).map(|id| format!("rule-{}", id.0)),
        name: rule.and_then(|rule| text(rule.name.as_ref(), TITLE)).or_else(|| text(alert.title.as_ref(), TITLE)),
        title: text(alert.title.as_ref(), TITLE),
        severity: text(event.action.as_ref().filter(|_| !resolved), NAME),
        resolved,
        // The end does not say how bad it had been: it may close an incident, and opens none.
        fired_at: alert.date_started.filter(|_| !resolved),
        resolved_at: alert.date_closed,
        is_incident: resolved.then(|| rule.is_none_or(|rule| rule.can_be_incident(rules))),
        common: Common {
            service: project,
            environment: rule.and_then(|rule| text(rule.environment.as_ref(), NAME)),
            actor: event.actor.as_ref().and_then(|actor| actor.actor(rules)),
            url: text(event.data.web_url.as_ref(), URL),
            ..Common::default()
        },
        ..Monitored::default()
    };
    let mut drafts = monitored.drafts(rules);
    for draft in &mut drafts {
        (draft.time, draft.data.common.revision) = (None, None);
    }
    Ok(drafts)
}

impl MetricAlert<'_> {
    /// A rule may look at several projects: which of them hurts is not said.
    fn project(&self) -> Option<String> {
        match self.projects.as_slice() {
            [project] => text(Some(project), NAME),
            _ => None,
        }
    }
}

impl AlertRule<'_> {
    /// Whether one of its lines is that of an incident.
    fn can_be_incident(&self, rules: &Rules) -> bool {
        let severe =
            |trigger: &Trigger<'_>| trigger.label.as_deref().is_some_and(|word| rules.is_incident_severity(word));
        self.triggers.is_empty() || self.triggers.iter().any(severe)
    }
}

pub(super) fn event_drafts(event: Envelope<'_, EventData<'_>>, rules: &Rules) -> Result<Vec<Draft>, Unreadable> {
    let occurrence = &event.data.event;
    let project = occurrence.project();
    if event.action() != "triggered" {
        return Err(event.no_mapping(project));
    }
    let Some(id) = &occurrence.event_id else {
        return Err(Unreadable { scope: project, ..Unreadable::new("the event has no id") });
    };
    let monitored = Monitored {
        source: "sentry",
        scope: project.clone().unwrap_or_default(),
        id: id.0.clone(),
        fingerprint: occurrence.issue_id.as_ref().map(|id| id.0.clone()),
        name: text(event.data.triggered_rule.as_ref(), TITLE).or_else(|| text(occurrence.title.as_ref(), TITLE)),
        severity: text(occurrence.level.as_ref(), NAME),
        fired_at: occurrence.datetime,
        is_incident: Some(false),
        common: Common {
            service: project,
            environment: occurrence.tag("environment"),
            commit_sha: release_sha(occurrence.release.as_deref()),
            url: text(occurrence.web_url.as_ref(), URL),
            ..Common::default()
        },
        ..Monitored::default()
    };
    Ok(monitored.drafts(rules))
}
