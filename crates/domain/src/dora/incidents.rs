//! Incidents: what broke for users, since when, until when, and what is said to have caused it.

use chrono::{DateTime, Utc};

use super::registers::{Register, known, registers};
use super::{Entities, micros, stamp};
use crate::data::{Common, Incident};
use crate::event::{Event, OURSELVES};

/// Which incident: the source's own id.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct IncidentKey {
    pub tenant: String,
    pub integration: String,
    pub incident_id: String,
}

registers! {
    /// What is known of an incident.
    IncidentFacts {
        latest {
            title: String, service: String, repo: String, environment: String, tier: String, severity: String,
            labels: Vec<String>, opened_at: DateTime<Utc>, started_at: DateTime<Utc>, acked_at: DateTime<Utc>,
            resolved_at: Option<DateTime<Utc>>, change_related: bool,
            caused_by: (Option<String>, Option<String>), deleted: bool, url: String, subject: String,
        }
        earliest {}
    }
}

impl Entities {
    /// One state of an incident. Without the source's id there is nothing to key it by. People speak through us of the
    /// incidents of all integrations; integrations of their own alone.
    pub(super) fn add_incident(&mut self, event: &Event, common: Common, said: Incident) {
        let Some(incident_id) = said.incident_id.clone() else { return };
        let of_others = said.integration.clone().filter(|_| event.integration == OURSELVES);
        let integration = of_others.unwrap_or_else(|| event.integration.clone());
        let key = IncidentKey { tenant: event.tenant.to_string(), integration, incident_id };
        self.touched.incidents.insert((key.clone(), event.id));
        self.incidents.entry(key).or_default().merge(facts(event, common, said));
    }
}

fn facts(event: &Event, common: Common, said: Incident) -> IncidentFacts {
    let times = [said.opened_at, said.started_at, said.acked_at, said.resolved_at];
    let stamp = stamp(event, &common, &times);
    // Reopening takes the end back: the one fact that is said by an absent field.
    let resolved = match event.kind.verb() {
        "reopened" => Some(None),
        "resolved" => Some(Some(said.resolved_at.unwrap_or(event.time))),
        _ => said.resolved_at.map(Some),
    };
    IncidentFacts {
        title: known(stamp, said.title),
        service: known(stamp, common.service),
        repo: known(stamp, common.repo),
        environment: known(stamp, common.environment),
        tier: known(stamp, common.environment_tier.map(|tier| tier.as_str().to_owned())),
        severity: known(stamp, said.severity),
        labels: known(stamp, Some(common.labels).filter(|labels| !labels.is_empty())),
        opened_at: known(stamp, said.opened_at.map(micros)),
        started_at: known(stamp, said.started_at.map(micros)),
        acked_at: known(stamp, said.acked_at.map(micros)),
        resolved_at: resolved.map(|at| Register::new(stamp, at.map(micros))),
        change_related: known(stamp, said.change_related),
        caused_by: known(stamp, said.caused_by.map(|cause| (cause.deployment, cause.sha))),
        deleted: known(stamp, said.deleted),
        url: known(stamp, common.url),
        subject: known(stamp, Some(event.subject.clone())),
    }
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;
    use serde_json::json;

    use super::*;
    use crate::dora::order::told;

    fn resolved(log: &[(&str, i64, serde_json::Value)]) -> Option<i64> {
        let log: Vec<Event> = log.iter().map(|(kind, minute, data)| told(kind, *minute, data.clone())).collect();
        let sum = Entities::of(&log).expect("readable");
        let facts = sum.incidents.into_values().next().expect("an incident");
        Some((facts.resolved_at?.value? - told("incident.opened", 0, json!({})).time).num_minutes())
    }

    #[test]
    fn an_incident_ends_when_it_is_resolved_and_goes_on_when_it_is_reopened() {
        let fact = || json!({"incident_id": "Q2"});
        assert_eq!(resolved(&[("incident.opened", 1, fact())]), None);
        assert_eq!(resolved(&[("incident.opened", 1, fact()), ("incident.resolved", 5, fact())]), Some(5));
        let at = told("incident.opened", 0, fact()).time + TimeDelta::minutes(4);
        assert_eq!(resolved(&[("incident.resolved", 5, json!({"incident_id": "Q2", "resolved_at": at}))]), Some(4));
        let ended = [("incident.resolved", 5, fact()), ("incident.updated", 6, fact())];
        assert_eq!(resolved(&ended), Some(5), "an update says nothing about the end");
        let again = [("incident.resolved", 5, fact()), ("incident.reopened", 6, fact())];
        assert_eq!(resolved(&again), None);
        let later =
            [("incident.reopened", 6, fact()), ("incident.resolved", 5, fact()), ("incident.resolved", 9, fact())];
        assert_eq!(resolved(&later), Some(9));
    }

    #[test]
    fn people_speak_of_incidents_of_all_integrations_and_integrations_of_their_own() {
        let data = json!({"incident_id": "Q2", "integration": "pagerduty", "severity": "high"});
        let mut event = told("incident.updated", 1, data);
        for (speaker, whose) in [(OURSELVES, "pagerduty"), ("generic", "generic")] {
            speaker.clone_into(&mut event.integration);
            let sum = Entities::of([&event]).expect("readable");
            let (key, facts) = sum.incidents.into_iter().next().expect("an incident");
            assert_eq!((key.integration.as_str(), key.incident_id.as_str()), (whose, "Q2"));
            assert_eq!(facts.severity.map(|severity| severity.value).as_deref(), Some("high"));
        }
    }
}
