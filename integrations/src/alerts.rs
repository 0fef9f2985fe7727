//! An alert of a monitor, in whatever source: `alert.fired` or `alert.resolved`, and an incident as well where its
//! severity or a label says that it is one. An alert that is neither stays an alert: not everything that fires hurts
//! users.

use std::mem;

use chrono::{DateTime, Utc};
use domain::data::{Alert, Body, Common, Incident};
use domain::event::Draft;
use domain::rules::Rules;

use crate::drafts::draft;

/// One alert at one time. All texts are cleaned already.
#[derive(Clone, Debug, Default)]
pub(crate) struct Monitored {
    pub(crate) source: &'static str,
    /// The account, organization or project in the source.
    pub(crate) scope: String,
    /// What this firing is called: the same when it resolves, another when it fires again.
    pub(crate) id: String,
    /// What all firings of the rule on this thing have in common.
    pub(crate) fingerprint: Option<String>,
    pub(crate) name: Option<String>,
    /// What the incident is called, where that is more than the monitor's name.
    pub(crate) title: Option<String>,
    pub(crate) severity: Option<String>,
    pub(crate) resolved: bool,
    /// Somebody has seen it: an incident is then acknowledged, and the alert goes on firing.
    pub(crate) acked_at: Option<DateTime<Utc>>,
    pub(crate) fired_at: Option<DateTime<Utc>>,
    pub(crate) resolved_at: Option<DateTime<Utc>>,
    /// What happened to the incident, where it is not opened or resolved: `incident.updated`, `incident.reopened`.
    pub(crate) turn: Option<&'static str>,
    /// Whether it is an incident no longer, or never was one: deleted, or of a lower priority now. `Some` where the
    /// fact is about just that: what was withdrawn may come back.
    pub(crate) withdrawn: Option<bool>,
    /// The source's time of this fact.
    pub(crate) at: Option<DateTime<Utc>>,
    /// The source itself calls it an incident (`Some`), or says that it is none.
    pub(crate) is_incident: Option<bool>,
    /// Service, environment, labels, actor, url. Its revision is set here.
    pub(crate) common: Common,
}

impl Monitored {
    pub(crate) fn drafts(mut self, rules: &Rules) -> Vec<Draft> {
        let own = match (self.resolved, self.turn) {
            (true, _) => self.resolved_at,
            (false, Some(_)) => self.at,
            (false, None) => self.acked_at.or(self.fired_at),
        };
        let at = own.or(self.at);
        let incident = self.incident(rules);
        let mut common = mem::take(&mut self.common);
        if common.environment_tier.is_none() {
            common.environment_tier = common.environment.as_deref().map(|name| rules.tier(name, None));
        }
        common.revision = self.at.or(at);
        let subject = format!("{}:{}", self.source, self.id);
        let incident = incident
            .map(|(kind, fact)| draft(kind, &self.scope, subject.clone(), at, common.clone(), Body::Incident(fact)));
        let kind = if self.resolved { "alert.resolved" } else { "alert.fired" };
        let alert = Alert {
            alert_id: Some(self.id),
            name: self.name,
            severity: self.severity,
            fired_at: self.fired_at,
            resolved_at: self.resolved_at.filter(|_| self.resolved),
            fingerprint: self.fingerprint,
        };
        let mut drafts = Vec::with_capacity(2);
        drafts.push(draft(kind, &self.scope, subject, at, common, Body::Alert(alert)));
        drafts.extend(incident);
        drafts
    }

    /// Whether it is an incident now: the source's word, else by its severity or a label.
    pub(crate) fn is_incident(&self, rules: &Rules) -> bool {
        let severe = || self.severity.as_deref().is_some_and(|severity| rules.is_incident_severity(severity));
        let labelled = || self.common.labels.iter().any(|label| rules.is_incident_label(label));
        self.is_incident.unwrap_or_else(|| severe() || labelled())
    }

    fn incident(&self, rules: &Rules) -> Option<(&'static str, Incident)> {
        let withdrawn = self.withdrawn == Some(true);
        if !withdrawn && !self.is_incident(rules) {
            return None;
        }
        let kind = match (withdrawn, self.resolved, self.turn, self.acked_at) {
            (true, ..) => "incident.updated",
            (_, true, ..) => "incident.resolved",
            (_, _, Some(turn), _) => turn,
            (.., Some(_)) => "incident.acknowledged",
            (.., None) => "incident.opened",
        };
        let fact = Incident {
            incident_id: Some(self.id.clone()),
            title: self.title.clone().or_else(|| self.name.clone()),
            severity: self.severity.clone(),
            opened_at: self.fired_at,
            acked_at: self.acked_at,
            resolved_at: self.resolved_at.filter(|_| self.resolved && !withdrawn),
            deleted: self.withdrawn,
            ..Incident::default()
        };
        Some((kind, fact))
    }
}
