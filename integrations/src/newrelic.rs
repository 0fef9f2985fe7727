//! New Relic: issues, by webhook workflows with the payload that we ship as a template, or New Relic's own.
//!
//! Nothing is signed, so a token stands in a header. An issue is told of when it is created, activated, acknowledged
//! and closed, and as often as something else of it changes: only a change of its state sets a time.

use chrono::{DateTime, Utc};
use domain::data::Common;
use domain::event::Draft;
use domain::rules::Rules;
use domain::time;
use serde::Deserialize;

use crate::alerts::Monitored;
use crate::drafts::{NAME, TITLE, URL, labels, text};
use crate::integration::{Delivery, Field, Integration, Normalizer, Sample, Setup, Unreadable, sample};
use crate::json::{self, Id, Text};
use crate::manners::Manners;
use crate::schemes::ANY_TOKEN;

pub(crate) static NEWRELIC: Integration = Integration {
    name: "newrelic",
    title: "New Relic",
    setup: Setup {
        paste: "Alerts → Destinations → Webhook: URL, Bearer authorization with the secret. Then Alerts → Workflows → \
                Add workflow → Webhook, and as payload integrations/templates/newrelic.hbs",
        ticks: "Issue is created, activated, acknowledged, closed; priority changed. Tag entities with service and \
                environment",
        docs: "https://docs.newrelic.com/docs/alerts/get-notified/notification-integrations/",
    },
    manners: Manners { note: "How long it waits and whether it sends again is not documented.", ..Manners::UNKNOWN },
    secret_setting: "NEWRELIC_WEBHOOK_SECRET",
    schemes: &[ANY_TOKEN],
    kind: Field::Body(&["/state"]),
    key: Field::First(&[
        Field::Body(&["/id", "/state", "/trigger", "/updatedAt"]),
        Field::Body(&["/id", "/state", "/updatedAt"]),
    ]),
    normalize: Normalizer::Coded(normalize),
    sends: &[("content-type", "application/json"), ("user-agent", "NewRelic")],
    samples: SAMPLES,
    ..Integration::USUAL
};

#[rustfmt::skip]
static SAMPLES: &[Sample] = &[
    sample!("newrelic/activated/critical.json", "ACTIVATED"),
    sample!("newrelic/activated/another_incident.json", "ACTIVATED"),
    sample!("newrelic/activated/high_without_tags.json", "ACTIVATED"),
    sample!("newrelic/activated/two_incidents_of_one_service.json", "ACTIVATED"),
    sample!("newrelic/created/medium.json", "CREATED"),
    sample!("newrelic/acknowledged/critical.json", "ACKNOWLEDGED"),
    sample!("newrelic/acknowledged/priority_changed.json", "ACKNOWLEDGED"),
    sample!("newrelic/closed/critical.json", "CLOSED"),
    sample!("newrelic/closed/medium.json", "CLOSED"),
    sample!("newrelic/unknown/empty_template.json", "unknown"),
];

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Issue<'a> {
    id: Id,
    #[serde(borrow)]
    issue_url: Option<Text<'a>>,
    #[serde(borrow)]
    title: Option<Text<'a>>,
    #[serde(borrow)]
    priority: Option<Text<'a>>,
    #[serde(borrow)]
    trigger: Option<Text<'a>>,
    #[serde(borrow, default, deserialize_with = "json::list")]
    impacted_entities: Vec<Text<'a>>,
    #[serde(borrow, default, deserialize_with = "json::list")]
    services: Vec<Text<'a>>,
    #[serde(borrow, default, deserialize_with = "json::list")]
    environments: Vec<Text<'a>>,
    #[serde(borrow, default, deserialize_with = "json::list")]
    alert_policy_names: Vec<Text<'a>>,
    #[serde(borrow, default, deserialize_with = "json::list")]
    alert_condition_names: Vec<Text<'a>>,
    #[serde(default, deserialize_with = "time::lenient")]
    created_at: Option<DateTime<Utc>>,
    #[serde(default, deserialize_with = "time::lenient")]
    updated_at: Option<DateTime<Utc>>,
}

fn normalize(delivery: &Delivery<'_>, rules: &Rules) -> Result<Vec<Draft>, Unreadable> {
    json::tolerating_repeats(delivery.body, |body| {
        let issue: Issue<'_> = json::read(body)?;
        let mut monitored = issue.monitored();
        let at = monitored.at;
        let turned = issue.turned();
        match delivery.kind {
            "CREATED" | "ACTIVATED" => {}
            "ACKNOWLEDGED" => {
                (monitored.acked_at, monitored.turn) = (at.filter(|_| turned), Some("incident.acknowledged"));
            }
            "CLOSED" => (monitored.resolved, monitored.resolved_at) = (true, at.filter(|_| turned)),
            _ => {
                let scope = issue.account();
                return Err(Unreadable { scope, ..Unreadable::new("this state has no mapping") });
            }
        }
        if !turned {
            monitored.turn = Some("incident.updated");
        }
        Ok(monitored.drafts(rules))
    })
}

/// One value stands for the issue, however often it is there: it is, for each of its incidents. Of several, nobody knows
/// which is meant.
fn only(values: &[Text<'_>]) -> Option<String> {
    let (value, others) = values.split_first()?;
    others.iter().all(|other| **other == **value).then(|| text(Some(value), NAME))?
}

impl Issue<'_> {
    /// Whether it is told of because its state is another one now.
    fn turned(&self) -> bool {
        let trigger = self.trigger.as_deref().unwrap_or_default();
        !["INCIDENT_", "PRIORITY_", "OTHER_"].iter().any(|start| trigger.starts_with(start))
    }

    fn monitored(&self) -> Monitored {
        let priority = text(self.priority.as_ref(), NAME);
        let names = self.alert_policy_names.iter().chain(&self.alert_condition_names);
        Monitored {
            source: "newrelic",
            scope: self.account().unwrap_or_default(),
            id: self.id.0.clone(),
            fingerprint: None,
            name: only(&self.alert_condition_names).or_else(|| text(self.title.as_ref(), TITLE)),
            title: text(self.title.as_ref(), TITLE),
            // Both of these wake people; the rules may name more.
            is_incident: priority.as_deref().filter(|word| ["CRITICAL", "HIGH"].contains(word)).map(|_| true),
            severity: priority,
            fired_at: self.created_at,
            at: self.updated_at,
            common: Common {
                service: only(&self.services).or_else(|| only(&self.impacted_entities)),
                environment: only(&self.environments),
                url: text(self.issue_url.as_ref(), URL),
                labels: labels(names.map(|name| &**name)),
                ..Common::default()
            },
            ..Monitored::default()
        }
    }

    /// The account's number, which stands in the URL of its pages.
    fn account(&self) -> Option<String> {
        let (_, rest) = self.issue_url.as_ref()?.split_once("/accounts/")?;
        let number: String = rest.chars().take_while(char::is_ascii_digit).collect();
        (1..=20).contains(&number.len()).then_some(number)
    }
}
