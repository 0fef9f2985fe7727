//! Statuspage: webhook subscriptions of a status page.
//!
//! Nothing is signed: the secret stands in the URL that was subscribed. A delivery tells of an incident with all its
//! updates, or of a component whose status changed. Scheduled maintenance has the same shape and is no incident. The
//! body holds a link that ends the subscription: it is never followed.

mod components;
mod incidents;

use chrono::{DateTime, Utc};
use domain::event::Draft;
use domain::rules::Rules;
use domain::time;
use serde::Deserialize;
use serde::de::IgnoredAny;

use crate::drafts::{NAME, text};
use crate::integration::{Delivery, Field, Incoming, Integration, Normalizer, Sample, Setup, Unreadable, sample};
use crate::json::{self, Id, Text};
use crate::manners::{After, Manners};
use crate::schemes::ANY_TOKEN;
use components::ComponentUpdate;
use incidents::Reported;

pub(crate) static STATUSPAGE: Integration = Integration {
    name: "statuspage",
    title: "Statuspage",
    setup: Setup {
        paste: "The status page → Subscribe to updates → Webhook: the URL with `?token=<secret>` at its end, because \
                Statuspage can put a secret nowhere else; name statuspage in `WEBHOOKS_TOKEN_IN_URL`",
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
    sample!("statuspage/incident/resolved_at_once.json", "incident"),
    sample!("statuspage/incident/oldest_update_first.json", "incident"),
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
    json::tolerating_repeats(delivery.body, drafts)
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
