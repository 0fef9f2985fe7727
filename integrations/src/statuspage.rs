//! Statuspage: webhook subscriptions of a status page.
//!
//! Nothing is signed: the secret stands in the URL that was subscribed. A delivery tells of an incident with all its
//! updates, or of a component whose status changed. Scheduled maintenance has the same shape and is no incident. The
//! body holds a link that ends the subscription: it is never followed.

use chrono::{DateTime, Utc};
use domain::data::{Body, Common, Incident, Workload};
use domain::event::Draft;
use domain::rules::Rules;
use domain::time;
use serde::Deserialize;
use serde::de::IgnoredAny;

use crate::drafts::{NAME, TITLE, URL, draft, text};
use crate::integration::{Delivery, Field, Incoming, Integration, Normalizer, Sample, Setup, Unreadable, sample};
use crate::json::{self, Id, Text};
use crate::manners::{After, Manners};
use crate::schemes::ANY_TOKEN;

pub(crate) static STATUSPAGE: Integration = Integration {
    name: "statuspage",
    title: "Statuspage",
    setup: Setup {
        paste: "The status page → Subscribe to updates → Webhook: the URL with ?token=<secret> at its end, because \
                Statuspage can put a secret nowhere else; name statuspage in WEBHOOKS_TOKEN_IN_URL",
        ticks: "All components, or those that matter",
        docs: "https://support.atlassian.com/statuspage/docs/enable-webhook-notifications/",
    },
    manners: Manners {
        deadline_seconds: Some(30),
        refused: After::Unknown,
        limited: After::Unknown,
        failed: After::Unknown,
        note: "Only a 2xx counts as taken, a redirect is a failure. Whether it comes again is not said.",
    },
    secret_setting: "STATUSPAGE_WEBHOOK_SECRET",
    schemes: &[ANY_TOKEN],
    kind: Field::Read(kind),
    key: Field::First(&[Field::Read(newest_update), Field::Body(&["/component_update/id"])]),
    normalize: Normalizer::Coded(normalize),
    sends: &[("content-type", "application/json"), ("user-agent", "StatusPage.io Webhook/1.0")],
    samples: SAMPLES,
    ..Integration::USUAL
};

#[rustfmt::skip]
static SAMPLES: &[Sample] = &[
    sample!("statuspage/incident/investigating.json", "incident"),
    sample!("statuspage/incident/identified_at_once.json", "incident"),
    sample!("statuspage/incident/maintenance_scheduled.json", "incident"),
    sample!("statuspage/incident/monitoring.json", "incident"),
    sample!("statuspage/incident/postmortem.json", "incident"),
    sample!("statuspage/incident/reopened.json", "incident"),
    sample!("statuspage/incident/resolved.json", "incident"),
    sample!("statuspage/incident/smallest.json", "incident"),
    sample!("statuspage/component_update/major_outage.json", "component_update"),
    sample!("statuspage/component_update/operational.json", "component_update"),
    sample!("statuspage/component_update/under_maintenance.json", "component_update"),
    sample!("statuspage/unknown/test.json", "unknown"),
    sample!("statuspage/unknown/truncated.txt", "unknown"),
];

#[derive(Deserialize)]
struct Notice<'a> {
    #[serde(borrow)]
    page: Option<Page<'a>>,
    #[serde(borrow)]
    incident: Option<Reported<'a>>,
    #[serde(borrow)]
    component_update: Option<ComponentUpdate<'a>>,
    #[serde(borrow)]
    component: Option<Component<'a>>,
}

#[derive(Deserialize)]
struct Page<'a> {
    #[serde(borrow)]
    id: Option<Text<'a>>,
}

#[derive(Deserialize)]
struct Reported<'a> {
    id: Id,
    #[serde(borrow)]
    name: Option<Text<'a>>,
    #[serde(borrow)]
    status: Option<Text<'a>>,
    #[serde(borrow)]
    impact: Option<Text<'a>>,
    #[serde(borrow)]
    shortlink: Option<Text<'a>>,
    #[serde(borrow)]
    scheduled_for: Option<Text<'a>>,
    #[serde(default, deserialize_with = "time::lenient")]
    created_at: Option<DateTime<Utc>>,
    #[serde(default, deserialize_with = "time::lenient")]
    started_at: Option<DateTime<Utc>>,
    #[serde(default, deserialize_with = "time::lenient")]
    updated_at: Option<DateTime<Utc>>,
    #[serde(default, deserialize_with = "time::lenient")]
    resolved_at: Option<DateTime<Utc>>,
    #[serde(borrow, default, deserialize_with = "json::list")]
    incident_updates: Vec<Update<'a>>,
    #[serde(borrow, default, deserialize_with = "json::list")]
    components: Vec<Component<'a>>,
}

#[derive(Deserialize)]
struct Update<'a> {
    #[serde(borrow)]
    status: Option<Text<'a>>,
    #[serde(default, deserialize_with = "time::lenient")]
    created_at: Option<DateTime<Utc>>,
}

#[derive(Deserialize)]
struct ComponentUpdate<'a> {
    #[serde(default, deserialize_with = "time::lenient")]
    created_at: Option<DateTime<Utc>>,
    #[serde(borrow)]
    new_status: Option<Text<'a>>,
    component_id: Id,
}

#[derive(Deserialize)]
struct Component<'a> {
    #[serde(borrow)]
    name: Option<Text<'a>>,
}

fn kind(incoming: &Incoming<'_>) -> Option<String> {
    #[derive(Deserialize)]
    struct Which {
        incident: Option<IgnoredAny>,
        component_update: Option<IgnoredAny>,
    }
    let which: Which = json::read(incoming.body).ok()?;
    let name = which.incident.map(|_| "incident").or(which.component_update.map(|_| "component_update"))?;
    Some(name.to_owned())
}

/// The id of an incident's newest update: every delivery about an incident lists all of them.
fn newest_update(incoming: &Incoming<'_>) -> Option<String> {
    #[derive(Deserialize)]
    struct Ids {
        incident: Updates,
    }
    #[derive(Deserialize)]
    struct Updates {
        incident_updates: Vec<Identified>,
    }
    #[derive(Deserialize)]
    struct Identified {
        id: Id,
        #[serde(default, deserialize_with = "time::lenient")]
        created_at: Option<DateTime<Utc>>,
    }
    let ids: Ids = json::read(incoming.body).ok()?;
    let updates = ids.incident.incident_updates;
    // Newest first, by the page's own order where times say nothing.
    updates.into_iter().rev().max_by_key(|update| update.created_at).map(|update| update.id.0)
}

fn normalize(delivery: &Delivery<'_>, _: &Rules) -> Result<Vec<Draft>, Unreadable> {
    match drafts(delivery.body) {
        Err(why) if why.repeats => drafts(&json::last_of_each(delivery.body)?),
        other => other,
    }
}

fn drafts(body: &[u8]) -> Result<Vec<Draft>, Unreadable> {
    let notice: Notice<'_> = json::read(body)?;
    let scope = notice.page.as_ref().and_then(|page| text(page.id.as_ref(), NAME));
    let unmapped = |reason: &str| Unreadable { scope: scope.clone(), ..Unreadable::new(reason) };
    let page = scope.as_deref().unwrap_or_default();
    let incident = notice.incident.as_ref().filter(|incident| !incident.is_maintenance());
    let incident = incident.map(|incident| incident.draft(page));
    let component = notice.component_update.as_ref().map(|update| update.draft(notice.component.as_ref(), page));
    let drafts: Vec<Draft> = incident.into_iter().chain(component).collect();
    match (drafts.is_empty(), notice.incident.is_some()) {
        (false, _) => Ok(drafts),
        (true, true) => Err(unmapped("scheduled maintenance is no incident")),
        (true, false) => Err(unmapped("it tells of no incident and no component")),
    }
}

impl Reported<'_> {
    fn is_maintenance(&self) -> bool {
        let planned = ["scheduled", "in_progress", "verifying", "completed"];
        self.scheduled_for.is_some()
            || self.impact.as_deref() == Some("maintenance")
            || self.status.as_deref().is_some_and(|status| planned.contains(&status))
    }

    /// Its updates, the newest first.
    fn updates(&self) -> Vec<&Update<'_>> {
        let mut updates: Vec<&Update<'_>> = self.incident_updates.iter().collect();
        updates.sort_by_key(|update| std::cmp::Reverse(update.created_at));
        updates
    }

    fn draft(&self, page: &str) -> Draft {
        let updates = self.updates();
        let ended = is_ended(self.status.as_deref());
        let was_ended = updates.get(1).is_some_and(|before| is_ended(before.status.as_deref()));
        let kind = match (ended, updates.len()) {
            (true, _) => "incident.resolved",
            (false, 1) => "incident.opened",
            (false, _) if was_ended => "incident.reopened",
            (false, _) => "incident.updated",
        };
        let told_at = updates.first().and_then(|newest| newest.created_at).or(self.updated_at);
        let resolved_at = self.resolved_at.filter(|_| ended);
        let at = match kind {
            "incident.opened" => self.created_at.or(told_at),
            // What is learned later is told as the same end.
            "incident.resolved" => resolved_at.or(told_at),
            _ => told_at,
        };
        let service = match &self.components[..] {
            [only] => text(only.name.as_ref(), NAME),
            _ => None,
        };
        let fact = Incident {
            incident_id: Some(self.id.0.clone()),
            title: text(self.name.as_ref(), TITLE),
            severity: text(self.impact.as_ref(), NAME),
            opened_at: self.created_at,
            started_at: self.started_at,
            resolved_at,
            ..Incident::default()
        };
        let common = Common {
            service,
            url: text(self.shortlink.as_ref(), URL),
            revision: self.updated_at.or(told_at),
            ..Common::default()
        };
        draft(kind, page, format!("statuspage:{}", self.id.0), at, common, Body::Incident(fact))
    }
}

fn is_ended(status: Option<&str>) -> bool {
    matches!(status, Some("resolved" | "postmortem"))
}

impl ComponentUpdate<'_> {
    fn draft(&self, component: Option<&Component<'_>>, page: &str) -> Draft {
        let kind = match self.new_status.as_deref() {
            Some("operational") => "workload.recovered",
            Some("degraded_performance" | "partial_outage" | "major_outage") => "workload.degraded",
            _ => "workload.updated",
        };
        let name = component.and_then(|component| text(component.name.as_ref(), NAME));
        let fact = Workload {
            kind: Some("component".to_owned()),
            namespace: Some(page.to_owned()).filter(|page| !page.is_empty()),
            name: name.clone(),
            reason: text(self.new_status.as_ref(), NAME),
            ..Workload::default()
        };
        let common = Common { service: name, revision: self.created_at, ..Common::default() };
        let subject = format!("statuspage:{}", self.component_id.0);
        draft(kind, page, subject, self.created_at, common, Body::Workload(fact))
    }
}
