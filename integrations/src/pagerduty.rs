//! PagerDuty: webhook subscriptions, version 3. Every incident there is one here.
//!
//! Signed with HMAC-SHA256 over the raw body, one signature for each live secret. The payload has no time of
//! acknowledging or resolving: an event's own time is it. What is only said about an incident (responders, notes in
//! other shapes, workflows) and what is about services has no mapping and is kept.

use chrono::{DateTime, Utc};
use domain::data::{Actor, Body, Common, Incident};
use domain::event::Draft;
use domain::rules::Rules;
use domain::time;
use serde::Deserialize;
use serde_json::json;

use crate::drafts::{NAME, TITLE, URL, doer, draft, text};
use crate::integration::{Delivery, Field, Greeting, Integration, Normalizer, Sample, Setup, Unreadable, sample};
use crate::json::{self, Id, Text};
use crate::manners::{After, Manners};
use crate::scheme::{Scheme, Signature};

pub(crate) static PAGERDUTY: Integration = Integration {
    name: "pagerduty",
    title: "PagerDuty",
    setup: Setup {
        paste: "Integrations → Generic Webhooks (v3) → New Webhook: URL. The signing secret is shown once, after \
                Add Webhook",
        ticks: "incident.triggered, acknowledged, unacknowledged, resolved, reopened, priority_updated, escalated, \
                reassigned, delegated, service_updated, annotated, status_update_published",
        docs: "https://developer.pagerduty.com/docs/webhooks-overview",
    },
    manners: Manners {
        deadline_seconds: Some(5),
        refused: After::Disables,
        limited: After::Retries,
        failed: After::Retries,
        note: "What is refused (4xx) is dropped; three in a row switch the subscription off for a day. What fails is \
               sent again for two days, and later events wait behind it.",
    },
    secret_setting: "PAGERDUTY_WEBHOOK_SECRET",
    schemes: &[Scheme::Signature(Signature {
        name: "pagerduty-v1",
        header: "x-pagerduty-signature",
        separator: Some(','),
        tag: "v1=",
        ..Signature::BODY_HEX
    })],
    kind: Field::Body(&["/event/event_type"]),
    key: Field::Headers(&["x-webhook-id"]),
    kept_headers: &["x-webhook-subscription"],
    greeting: Some(greet),
    normalize: Normalizer::Coded(normalize),
    sends: &[("content-type", "application/json"), ("user-agent", "PagerDuty-Webhook/V3.0"), ("accept", "*/*")],
    samples: SAMPLES,
    ..Integration::USUAL
};

#[rustfmt::skip]
static SAMPLES: &[Sample] = &[
    sample!("pagerduty/incident_triggered/high.json", "incident.triggered"),
    sample!("pagerduty/incident_triggered/by_a_monitor.json", "incident.triggered"),
    sample!("pagerduty/incident_triggered/details_omitted.json", "incident.triggered"),
    sample!("pagerduty/incident_triggered/bare.json", "incident.triggered"),
    sample!("pagerduty/incident_acknowledged/by_a_person.json", "incident.acknowledged"),
    sample!("pagerduty/incident_unacknowledged/timed_out.json", "incident.unacknowledged"),
    sample!("pagerduty/incident_resolved/by_a_person.json", "incident.resolved"),
    sample!("pagerduty/incident_reopened/again.json", "incident.reopened"),
    sample!("pagerduty/incident_priority_updated/raised.json", "incident.priority_updated"),
    sample!("pagerduty/incident_escalated/second_level.json", "incident.escalated"),
    sample!("pagerduty/incident_reassigned/to_grace.json", "incident.reassigned"),
    sample!("pagerduty/incident_delegated/to_a_policy.json", "incident.delegated"),
    sample!("pagerduty/incident_service_updated/to_payments.json", "incident.service_updated"),
    sample!("pagerduty/incident_annotated/note.json", "incident.annotated"),
    sample!("pagerduty/incident_status_update_published/message.json", "incident.status_update_published"),
    sample!("pagerduty/incident_responder_added/asked.json", "incident.responder.added"),
    sample!("pagerduty/service_updated/renamed.json", "service.updated"),
    sample!("pagerduty/pagey_ping/test.json", "pagey.ping"),
    sample!("pagerduty/unknown/without_event.json", "unknown"),
];

#[derive(Deserialize)]
struct Envelope<'a> {
    #[serde(borrow)]
    event: Occurrence<'a>,
}

#[derive(Deserialize)]
struct Occurrence<'a> {
    #[serde(default, deserialize_with = "time::lenient")]
    occurred_at: Option<DateTime<Utc>>,
    #[serde(borrow)]
    agent: Option<Reference<'a>>,
    #[serde(borrow)]
    data: Subject<'a>,
}

/// An incident; of a note or a status update, the incident is inside.
#[derive(Deserialize)]
struct Subject<'a> {
    id: Option<Id>,
    #[serde(borrow)]
    title: Option<Text<'a>>,
    #[serde(default, deserialize_with = "time::lenient")]
    created_at: Option<DateTime<Utc>>,
    #[serde(borrow)]
    service: Option<Reference<'a>>,
    #[serde(borrow)]
    priority: Option<Reference<'a>>,
    #[serde(borrow)]
    urgency: Option<Text<'a>>,
    #[serde(borrow)]
    html_url: Option<Text<'a>>,
    #[serde(borrow)]
    incident: Option<Reference<'a>>,
}

/// Something else, by id and name.
#[derive(Deserialize)]
struct Reference<'a> {
    id: Option<Id>,
    #[serde(borrow)]
    summary: Option<Text<'a>>,
    #[serde(borrow, rename = "type")]
    kind: Option<Text<'a>>,
    #[serde(borrow)]
    html_url: Option<Text<'a>>,
}

fn greet(delivery: &Delivery<'_>) -> Option<Greeting> {
    (delivery.kind == "pagey.ping").then(|| Greeting::Answer(json!({"status": "pong"})))
}

fn normalize(delivery: &Delivery<'_>, rules: &Rules) -> Result<Vec<Draft>, Unreadable> {
    json::tolerating_repeats(delivery.body, |body| {
        let envelope: Envelope<'_> = json::read(body)?;
        envelope.event.draft(delivery.kind, rules).map(|draft| vec![draft])
    })
}

/// What becomes of the incident by an event of that type.
fn verb(event_type: &str) -> Option<&'static str> {
    Some(match event_type {
        "incident.triggered" => "incident.opened",
        "incident.acknowledged" => "incident.acknowledged",
        "incident.resolved" => "incident.resolved",
        "incident.reopened" => "incident.reopened",
        "incident.unacknowledged"
        | "incident.priority_updated"
        | "incident.escalated"
        | "incident.reassigned"
        | "incident.delegated"
        | "incident.service_updated"
        | "incident.annotated"
        | "incident.status_update_published" => "incident.updated",
        _ => return None,
    })
}

impl Occurrence<'_> {
    fn draft(&self, event_type: &str, rules: &Rules) -> Result<Draft, Unreadable> {
        let data = &self.data;
        let url = data.html_url.as_ref().or_else(|| data.incident.as_ref()?.html_url.as_ref());
        let scope = url.and_then(|url| account(url));
        let unreadable = |reason: &str| Unreadable { scope: scope.clone(), ..Unreadable::new(reason) };
        let kind = verb(event_type).ok_or_else(|| unreadable("this kind of event has no mapping"))?;
        let about_it = matches!(event_type, "incident.annotated" | "incident.status_update_published");
        let id = match (about_it, &data.incident) {
            (true, Some(incident)) => incident.id.as_ref(),
            (true, None) => None,
            (false, _) => data.id.as_ref(),
        };
        let id = id.ok_or_else(|| unreadable("the incident has no id"))?;
        let at = self.occurred_at;
        let named = |reference: &Option<Reference<'_>>| reference.as_ref().and_then(Reference::name);
        let common = Common {
            service: named(&data.service),
            actor: self.agent.as_ref().and_then(|agent| agent.actor(rules)),
            url: text(url, URL),
            revision: at,
            ..Common::default()
        };
        let incident = Incident {
            incident_id: Some(id.0.clone()),
            title: text(data.title.as_ref(), TITLE),
            severity: named(&data.priority).or_else(|| text(data.urgency.as_ref(), NAME)),
            opened_at: data.created_at.or(at.filter(|_| kind == "incident.opened")).filter(|_| !about_it),
            acked_at: at.filter(|_| kind == "incident.acknowledged"),
            resolved_at: at.filter(|_| kind == "incident.resolved"),
            ..Incident::default()
        };
        let subject = format!("pagerduty:{}", id.0);
        Ok(draft(kind, scope.as_deref().unwrap_or_default(), subject, at, common, Body::Incident(incident)))
    }
}

impl Reference<'_> {
    fn name(&self) -> Option<String> {
        text(self.summary.as_ref(), NAME).or_else(|| self.id.as_ref().map(|id| id.0.clone()))
    }

    /// Besides people, integrations and services act.
    fn actor(&self, rules: &Rules) -> Option<Actor> {
        let machine = self.kind.as_deref().is_some_and(|kind| kind != "user_reference");
        doer(self.id.as_ref(), self.summary.as_ref(), machine, rules)
    }
}

/// The account, which is the first word of the host of its pages.
fn account(url: &str) -> Option<String> {
    let host = url.strip_prefix("https://")?.split('/').next()?;
    let (name, rest) = host.split_once('.')?;
    let named = name.bytes().all(|c| c.is_ascii_alphanumeric() || c == b'-') && rest.ends_with("pagerduty.com");
    (named && !name.is_empty()).then(|| name.to_owned())
}
