//! People who are on call: PagerDuty's Events API, version 2.
//!
//! An event has a key that stands for one alert: the same again changes nothing, so whatever was not acknowledged may
//! be sent again. https://developer.pagerduty.com/docs/events-api-v2-overview

use chrono::{DateTime, TimeDelta, Utc};
use outbound::{Answer, Outbound, Request};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::outcome::{Outcome, Refused, of_error};

pub const EVENTS_URL: &str = "https://events.pagerduty.com";
/// PagerDuty says no time.
const REST_SECONDS: i64 = 60;

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    Critical,
    #[default]
    Error,
    Warning,
    Info,
}

/// What people are called for.
#[derive(Clone, Debug, PartialEq)]
pub struct Alert<'a> {
    /// At most 1,024 characters.
    pub summary: &'a str,
    /// What it is about: a service, a host.
    pub source: &'a str,
    pub severity: Severity,
    pub component: Option<&'a str>,
    pub details: &'a Map<String, Value>,
}

/// A service at PagerDuty.
#[derive(Clone, Debug)]
pub struct Pager {
    outbound: Outbound,
    events_url: String,
    routing_key: SecretString,
}

impl Pager {
    /// `routing_key` is the integration key of the service's Events API v2 integration.
    pub fn new(outbound: Outbound, events_url: &str, routing_key: SecretString) -> Self {
        Self { outbound, events_url: events_url.trim_end_matches('/').to_owned(), routing_key }
    }

    /// Calls people, unless an alert of that key is open.
    pub async fn trigger(&self, dedup_key: &str, alert: &Alert<'_>, now: DateTime<Utc>) -> Outcome<()> {
        let mut payload = json!({"summary": alert.summary, "source": alert.source, "severity": alert.severity});
        if let Some(component) = alert.component {
            payload["component"] = json!(component);
        }
        if !alert.details.is_empty() {
            payload["custom_details"] = json!(alert.details);
        }
        self.send(json!({"event_action": "trigger", "dedup_key": dedup_key, "payload": payload}), now).await
    }

    /// Ends the alert of that key.
    pub async fn resolve(&self, dedup_key: &str, now: DateTime<Utc>) -> Outcome<()> {
        self.send(json!({"event_action": "resolve", "dedup_key": dedup_key}), now).await
    }

    async fn send(&self, mut event: Value, now: DateTime<Utc>) -> Outcome<()> {
        event["routing_key"] = json!(self.routing_key.expose_secret());
        let headers = vec![("content-type".to_owned(), "application/json".to_owned())];
        let url = format!("{}/v2/enqueue", self.events_url);
        match self.outbound.send(Request::post(url, headers, event.to_string().into_bytes())).await {
            Ok(answer) => judge(&answer, now),
            Err(error) => of_error(&error, false),
        }
    }
}

fn judge(answer: &Answer, now: DateTime<Utc>) -> Outcome<()> {
    let status = answer.status.as_u16();
    match status {
        200..=299 => Outcome::Done(()),
        429 => Outcome::Wait { until: now + TimeDelta::seconds(REST_SECONDS) },
        408 | 500..=599 => Outcome::Unknown { why: format!("PagerDuty answered with status {status}") },
        _ => {
            let body = answer.json();
            let errors = body["errors"].as_array().into_iter().flatten().filter_map(Value::as_str);
            let said = domain::text::clean(&errors.collect::<Vec<_>>().join("; "), 300);
            let advice = "is the key that of an Events API v2 integration?";
            let message = if said.is_empty() {
                format!("PagerDuty refused the event: {advice}")
            } else {
                format!("PagerDuty refused the event: {said}; {advice}")
            };
            Outcome::Refused(Refused { status: Some(status), message })
        }
    }
}
