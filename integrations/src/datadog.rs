//! Datadog: webhooks of monitors, with the payload that we ship as a template.
//!
//! Nothing is signed, so a token stands in a header. The payload is text with variables replaced in it, as JSON or as a
//! form: a quote in a monitor's title breaks the JSON, and such a body is kept unread. One cycle key links all
//! notifications of a monitor from its first trigger to its recovery. A recovery does not say how bad it was: without a
//! priority it resolves an incident that may never have been opened, which says nothing about its beginning.

use std::borrow::Cow;

use chrono::{DateTime, Utc};
use domain::data::Common;
use domain::event::Draft;
use domain::rules::Rules;
use domain::time;
use serde::Deserialize;
use serde_json::{Map, Value};

use crate::alerts::Monitored;
use crate::drafts::{self, NAME, TITLE, URL, plain, text};
use crate::form;
use crate::integration::{Delivery, Field, Incoming, Integration, Normalizer, Sample, Setup, Unreadable, sample};
use crate::json::{self, Text};
use crate::manners::{After, Manners};
use crate::schemes::ANY_TOKEN;
use crate::tags::Tags;

pub(crate) static DATADOG: Integration = Integration {
    name: "datadog",
    title: "Datadog",
    setup: Setup {
        paste: "Integrations → Webhooks → New: URL, custom header {\"X-Webhook-Token\": \"<secret>\"}, and as payload \
                integrations/templates/datadog.json",
        ticks: "Name @webhook-<name> in the message of each monitor, outside of conditions, so that recoveries are \
                sent as well. Tag monitors with service and env",
        docs: "https://docs.datadoghq.com/integrations/webhooks/",
    },
    manners: Manners {
        deadline_seconds: Some(15),
        refused: After::GivesUp,
        limited: After::GivesUp,
        failed: After::Retries,
        note: "Five attempts after a 5xx or no connection, then it is lost.",
    },
    secret_setting: "DATADOG_WEBHOOK_SECRET",
    schemes: &[ANY_TOKEN],
    kind: Field::First(&[Field::Body(&["/alert_transition"]), Field::Read(transition_of_form)]),
    // One event may be told of more than once: for every group of a monitor, and again while it goes on.
    key: Field::Body(&["/id", "/alert_transition", "/alert_cycle_key", "/last_updated"]),
    normalize: Normalizer::Coded(normalize),
    sends: &[("content-type", "application/json")],
    samples: SAMPLES,
    ..Integration::USUAL
};

#[rustfmt::skip]
static SAMPLES: &[Sample] = &[
    sample!("datadog/triggered/p1.json", "Triggered"),
    sample!("datadog/triggered/no_priority.json", "Triggered"),
    sample!("datadog/triggered/p3.json", "Triggered"),
    sample!("datadog/triggered/p4_tagged_as_incident.json", "Triggered"),
    sample!("datadog/triggered/as_form.txt", "Triggered", [("content-type", "application/x-www-form-urlencoded")]),
    sample!("datadog/triggered/own_template.json", "Triggered"),
    sample!("datadog/triggered/one_of_two_services.json", "Triggered"),
    sample!("datadog/re_triggered/p1.json", "Re-Triggered"),
    sample!("datadog/renotify/p1.json", "Renotify"),
    sample!("datadog/recovered/p1.json", "Recovered"),
    sample!("datadog/recovered/p3.json", "Recovered"),
    sample!("datadog/warn/no_priority.json", "Warn"),
    sample!("datadog/no_data/p2.json", "No Data"),
    sample!("datadog/null/an_event.json", "Null"),
    sample!("datadog/unknown/quote_in_title.txt", "unknown"),
    sample!("datadog/unknown/no_template.json", "unknown"),
];

#[derive(Deserialize)]
struct Notification<'a> {
    #[serde(borrow)]
    title: Option<Text<'a>>,
    #[serde(borrow)]
    alert_cycle_key: Text<'a>,
    #[serde(borrow)]
    aggreg_key: Option<Text<'a>>,
    #[serde(borrow)]
    alert_type: Option<Text<'a>>,
    #[serde(borrow)]
    alert_priority: Option<Text<'a>>,
    #[serde(borrow)]
    tags: Option<Text<'a>>,
    #[serde(borrow)]
    alert_scope: Option<Text<'a>>,
    #[serde(default, deserialize_with = "time::lenient")]
    date: Option<DateTime<Utc>>,
    #[serde(default, deserialize_with = "time::lenient")]
    last_updated: Option<DateTime<Utc>>,
    #[serde(borrow)]
    url: Option<Text<'a>>,
    #[serde(borrow)]
    org_id: Option<Text<'a>>,
    #[serde(borrow)]
    org_name: Option<Text<'a>>,
    /// Datadog's own payload has both of these in here.
    #[serde(borrow)]
    org: Option<Organization<'a>>,
}

#[derive(Deserialize)]
struct Organization<'a> {
    #[serde(borrow)]
    id: Option<Text<'a>>,
    #[serde(borrow)]
    name: Option<Text<'a>>,
}

/// The body as JSON: a form has one field for each member.
fn json_of(body: &[u8]) -> Result<Cow<'_, [u8]>, Unreadable> {
    if body.trim_ascii_start().starts_with(b"{") || !body.contains(&b'=') {
        return Ok(Cow::Borrowed(body));
    }
    let members: Map<String, Value> =
        form::fields(body)?.into_iter().map(|(name, value)| (name, Value::String(value))).collect();
    Ok(Cow::Owned(Value::Object(members).to_string().into_bytes()))
}

fn transition_of_form(incoming: &Incoming<'_>) -> Option<String> {
    let fields = form::fields(incoming.body).ok()?;
    fields.into_iter().find(|(name, _)| name == "alert_transition").map(|(_, value)| value)
}

fn normalize(delivery: &Delivery<'_>, rules: &Rules) -> Result<Vec<Draft>, Unreadable> {
    json::tolerating_repeats(&json_of(delivery.body)?, |body| {
        let notification: Notification<'_> = json::read(body)?;
        notification.drafts(delivery.kind, rules)
    })
}

/// Whether something begins or is only told of again, and whether it is over.
fn step(transition: &str) -> Option<(bool, bool)> {
    match transition {
        "Triggered" | "Warn" | "No Data" => Some((true, false)),
        "Re-Triggered" | "Re-Warn" | "Re-No Data" | "Renotify" => Some((false, false)),
        "Recovered" => Some((false, true)),
        _ => None,
    }
}

/// A warning hurts nobody yet. Else the priority says it, or a tag; without a priority every error counts.
fn is_incident(error: bool, priority: Option<&str>) -> Option<bool> {
    match (error, priority) {
        (false, _) => Some(false),
        (true, None) => Some(true),
        (true, Some(_)) => None,
    }
}

/// A variable's value. Those that mean nothing for an event are empty, or stay as they are written.
fn known<'t>(value: Option<&'t Text<'_>>) -> Option<&'t str> {
    let nothing = |value: &str| ["", "null", "none"].iter().any(|word| value.eq_ignore_ascii_case(word));
    value.map(|value| value.trim()).filter(|value| !nothing(value) && !value.starts_with('$'))
}

impl Notification<'_> {
    fn scope(&self) -> Option<String> {
        let org = self.org.as_ref();
        let name = self.org_name.as_ref().or_else(|| org?.name.as_ref());
        let id = self.org_id.as_ref().or_else(|| org?.id.as_ref());
        plain(known(name).or_else(|| known(id)), NAME)
    }

    fn drafts(&self, transition: &str, rules: &Rules) -> Result<Vec<Draft>, Unreadable> {
        let scope = self.scope();
        let unreadable = |reason: &str| Unreadable { scope: scope.clone(), ..Unreadable::new(reason) };
        let (begins, resolved) = step(transition).ok_or_else(|| unreadable("this transition has no mapping"))?;
        let cycle = known(Some(&self.alert_cycle_key)).ok_or_else(|| unreadable("the alert has no cycle key"))?;
        let [group, tags] = [&self.alert_scope, &self.tags].map(|list| known(list.as_ref()).unwrap_or_default());
        let tags = Tags::split(tags.split(',').chain(group.split(',')));
        // A monitor of several services has the tags of all of them; the group that it fired for is one.
        let group = Tags::split(group.split(','));
        let priority = known(self.alert_priority.as_ref());
        let kind = known(self.alert_type.as_ref());
        let at = self.last_updated.or(self.date);
        let monitored = Monitored {
            source: "datadog",
            id: plain(Some(cycle), NAME).unwrap_or_default(),
            fingerprint: plain(known(self.aggreg_key.as_ref()), NAME),
            name: plain(known(self.title.as_ref()).map(without_brackets), TITLE),
            severity: plain(priority.or(kind.filter(|_| !resolved)), NAME),
            resolved,
            turn: (!begins).then_some("incident.updated"),
            fired_at: self.date.filter(|_| begins),
            resolved_at: self.date.or(at).filter(|_| resolved),
            at,
            is_incident: is_incident(resolved || kind == Some("error"), priority),
            common: Common {
                service: group.service().or_else(|| tags.service()),
                environment: group.environment().or_else(|| tags.environment()),
                commit_sha: drafts::sha(tags.get("git.commit.sha")),
                url: text(self.url.as_ref(), URL),
                labels: tags.labels(),
                ..Common::default()
            },
            scope: scope.unwrap_or_default(),
            ..Monitored::default()
        };
        Ok(monitored.drafts(rules))
    }
}

/// The monitor's name: titles begin with `[P1] [Triggered on {service:shop}]`, which differs between notifications.
fn without_brackets(title: &str) -> &str {
    let mut rest = title.trim();
    while let Some((_, after)) = rest.strip_prefix('[').and_then(|inside| inside.split_once(']')) {
        rest = after.trim_start();
    }
    if rest.is_empty() { title } else { rest }
}
