//! Opsgenie, and JSM Operations after it: outgoing webhooks.
//!
//! Nothing is signed, so a token stands in a header. Every alert is an alert here; one whose priority or tags say so is
//! an incident as well. An alert that reaches another team is created once more with the same id and is the same one.
//! Times: created in milliseconds, updated in nanoseconds.

use chrono::{DateTime, Utc};
use domain::data::{Actor, Common};
use domain::event::Draft;
use domain::rules::Rules;
use domain::time;
use serde::Deserialize;

use crate::alerts::Monitored;
use crate::drafts::{NAME, TITLE, text};
use crate::integration::{Delivery, Field, Integration, Normalizer, Sample, Setup, Unreadable, sample};
use crate::json::{self, Id, Pairs, Text};
use crate::manners::{After, Manners};
use crate::schemes::ANY_TOKEN;
use crate::tags::Tags;

pub(crate) static OPSGENIE: Integration = Integration {
    name: "opsgenie",
    title: "Opsgenie",
    setup: Setup {
        paste: "Settings → Integrations → Add integration → Webhook: URL, and a custom header X-Webhook-Token with the \
                secret",
        ticks: "Alert is created, acknowledged, unacknowledged, closed, deleted; priority and message are updated; tags are \
                added, removed; add alert description and details to the payload",
        docs: "https://support.atlassian.com/opsgenie/docs/integrate-opsgenie-with-webhook/",
    },
    manners: Manners {
        limited: After::Retries,
        failed: After::Retries,
        note: "How often it sends again is not documented.",
        ..Manners::UNKNOWN
    },
    secret_setting: "OPSGENIE_WEBHOOK_SECRET",
    schemes: &[ANY_TOKEN],
    kind: Field::Body(&["/action"]),
    key: Field::Body(&["/alert/alertId", "/action", "/alert/updatedAt"]),
    normalize: Normalizer::Coded(normalize),
    sends: &[("content-type", "application/json; charset=UTF-8"), ("user-agent", "Opsgenie Http Client")],
    samples: SAMPLES,
    ..Integration::USUAL
};

#[rustfmt::skip]
static SAMPLES: &[Sample] = &[
    sample!("opsgenie/create/p1.json", "Create"),
    sample!("opsgenie/create/p1_for_another_team.json", "Create"),
    sample!("opsgenie/create/p4.json", "Create"),
    sample!("opsgenie/create/bare.json", "Create"),
    sample!("opsgenie/create/tagged_as_incident.json", "Create"),
    sample!("opsgenie/acknowledge/p1.json", "Acknowledge"),
    sample!("opsgenie/unacknowledge/p1.json", "UnAcknowledge"),
    sample!("opsgenie/close/p1.json", "Close"),
    sample!("opsgenie/close/p4.json", "Close"),
    sample!("opsgenie/delete/p1.json", "Delete"),
    sample!("opsgenie/update_priority/raised.json", "UpdatePriority"),
    sample!("opsgenie/update_priority/lowered.json", "UpdatePriority"),
    sample!("opsgenie/add_tags/incident.json", "AddTags"),
    sample!("opsgenie/remove_tags/incident.json", "RemoveTags"),
    sample!("opsgenie/update_message/by_a_program.json", "UpdateMessage"),
    sample!("opsgenie/escalate/next.json", "Escalate"),
    sample!("opsgenie/add_note/note.json", "AddNote"),
];

/// Who did what no person did: a policy, an escalation, a monitor that closes what it opened.
const NOBODY: [&str; 2] = ["System", "Alert API"];

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Notice<'a> {
    #[serde(borrow)]
    alert: Alert<'a>,
    #[serde(borrow)]
    integration_name: Option<Text<'a>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Alert<'a> {
    alert_id: Id,
    #[serde(borrow)]
    alias: Option<Text<'a>>,
    #[serde(borrow)]
    message: Option<Text<'a>>,
    #[serde(borrow)]
    priority: Option<Text<'a>>,
    #[serde(borrow, default, deserialize_with = "json::list")]
    tags: Vec<Text<'a>>,
    #[serde(borrow)]
    details: Option<Pairs<'a>>,
    #[serde(borrow)]
    entity: Option<Text<'a>>,
    #[serde(borrow)]
    username: Option<Text<'a>>,
    #[serde(borrow)]
    user_id: Option<Text<'a>>,
    #[serde(default, deserialize_with = "time::lenient")]
    created_at: Option<DateTime<Utc>>,
    #[serde(default, deserialize_with = "time::lenient")]
    updated_at: Option<DateTime<Utc>>,
}

fn normalize(delivery: &Delivery<'_>, rules: &Rules) -> Result<Vec<Draft>, Unreadable> {
    json::tolerating_repeats(delivery.body, |body| {
        let notice: Notice<'_> = json::read(body)?;
        let scope = text(notice.integration_name.as_ref(), NAME).unwrap_or_default();
        let mut monitored = notice.alert.monitored(rules);
        let at = monitored.at;
        match delivery.kind {
            "Create" => {}
            "Acknowledge" => (monitored.acked_at, monitored.turn) = (at, Some("incident.acknowledged")),
            "UnAcknowledge" | "Escalate" | "UpdateMessage" => monitored.turn = Some("incident.updated"),
            "Close" => (monitored.resolved, monitored.resolved_at) = (true, at),
            "Delete" => {
                (monitored.resolved, monitored.resolved_at) = (true, at);
                monitored.withdrawn = monitored.is_incident(rules).then_some(true);
            }
            "UpdatePriority" | "AddTags" | "RemoveTags" => {
                monitored.turn = Some("incident.updated");
                // Whether it was an incident before is not said.
                monitored.withdrawn = Some(!monitored.is_incident(rules));
            }
            _ => {
                let scope = Some(scope).filter(|scope| !scope.is_empty());
                return Err(Unreadable { scope, ..Unreadable::new("this action has no mapping") });
            }
        }
        Ok(Monitored { scope, ..monitored }.drafts(rules))
    })
}

impl Alert<'_> {
    fn monitored(&self, rules: &Rules) -> Monitored {
        let details = self.details.as_ref().map(|details| details.0.as_slice()).unwrap_or_default();
        let details = Tags::of(details.iter().map(|(name, value)| (&**name, &**value)));
        let tags = Tags::split(self.tags.iter().map(|tag| &**tag));
        Monitored {
            source: "opsgenie",
            id: self.alert_id.0.clone(),
            fingerprint: text(self.alias.as_ref(), NAME),
            name: text(self.message.as_ref(), TITLE),
            severity: text(self.priority.as_ref(), NAME),
            fired_at: self.created_at,
            at: self.updated_at,
            common: Common {
                service: details.service().or_else(|| tags.service()).or_else(|| text(self.entity.as_ref(), NAME)),
                environment: details.environment().or_else(|| tags.environment()),
                actor: self.actor(rules),
                labels: tags.labels(),
                ..Common::default()
            },
            ..Monitored::default()
        }
    }

    fn actor(&self, rules: &Rules) -> Option<Actor> {
        let login = text(self.username.as_ref(), NAME)?;
        Some(Actor {
            id: text(self.user_id.as_ref(), NAME),
            email: Some(login.clone()).filter(|login| login.contains('@')),
            bot: rules.is_bot(&login, NOBODY.contains(&&*login)),
            login: Some(login),
        })
    }
}
