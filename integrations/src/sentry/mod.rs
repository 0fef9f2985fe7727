//! Sentry: webhooks of internal integrations and apps.
//!
//! Signed with HMAC-SHA256 over the raw body; the header's time is not signed and nothing reads it. The request id is
//! another one at each attempt, so it is a key only where two facts can have the same body; else kind and body are it. What
//! the body gives no time for (resolved, archived) happened when it was received: Sentry sends within a second. Requests of UI components carry another header, and
//! some of them no body at all: those are greeted.

mod alerts;
mod issues;

use domain::data::Actor;
use domain::event::Draft;
use domain::rules::Rules;
use serde::Deserialize;
use serde_json::json;

use crate::drafts::{NAME, doer, text};
use crate::integration::{
    Delivery, Field, Greeting, Incoming, Integration, Normalizer, Sample, Setup, Unreadable, sample,
};
use crate::json::{self, Id, Text};
use crate::manners::{After, Manners};
use crate::scheme::{Scheme, Signature};

const RESOURCE: &str = "sentry-hook-resource";
const REQUEST: &str = "request-id";

pub(crate) static SENTRY: Integration = Integration {
    name: "sentry",
    title: "Sentry",
    setup: Setup {
        paste: "Settings → Custom Integrations → Create New Integration → Internal Integration: webhook URL; the secret \
                is its client secret",
        ticks: "Webhooks: issue (and error, where the plan has it), Alert Rule Action switched on; then choose the \
                integration as an action of issue and metric alerts",
        docs: "https://docs.sentry.io/organization/integrations/integration-platform/webhooks/",
    },
    manners: Manners {
        deadline_seconds: Some(1),
        refused: After::GivesUp,
        limited: After::Unknown,
        failed: After::Disables,
        note: "A thousand timeouts within a day end the subscription.",
    },
    secret_setting: "SENTRY_WEBHOOK_SECRET",
    schemes: &[
        Scheme::Signature(Signature { name: "sentry-sha256", header: "sentry-hook-signature", ..Signature::BODY_HEX }),
        Scheme::Signature(Signature {
            name: "sentry-app-sha256",
            header: "sentry-app-signature",
            ..Signature::BODY_HEX
        }),
    ],
    kind: Field::Headers(&[RESOURCE]),
    key: Field::Read(key),
    kept_headers: &[REQUEST, "sentry-hook-timestamp"],
    greeting: Some(greet),
    normalize: Normalizer::Coded(normalize),
    sends: &[("content-type", "application/json"), ("user-agent", "sentry/26.11.0")],
    samples: SAMPLES,
    ..Integration::USUAL
};

#[rustfmt::skip]
static SAMPLES: &[Sample] = &[
    sample!("sentry/issue/created.json", "issue"),
    sample!("sentry/issue/resolved_in_commit.json", "issue"),
    sample!("sentry/issue/resolved_by_sentry.json", "issue"),
    sample!("sentry/issue/archived.json", "issue"),
    sample!("sentry/issue/unresolved_regressed.json", "issue"),
    sample!("sentry/issue/unresolved_by_hand.json", "issue"),
    sample!("sentry/issue/assigned.json", "issue"),
    sample!("sentry/error/created.json", "error"),
    sample!("sentry/metric_alert/critical.json", "metric_alert"),
    sample!("sentry/metric_alert/warning.json", "metric_alert"),
    sample!("sentry/metric_alert/resolved.json", "metric_alert"),
    sample!("sentry/metric_alert/resolved_of_warnings.json", "metric_alert"),
    sample!("sentry/event_alert/triggered.json", "event_alert"),
    sample!("sentry/comment/created.json", "comment"),
    sample!("sentry/installation/created.json", "installation"),
    sample!("sentry/unknown/select_options.json", "unknown"),
];

/// An issue that was resolved, opened again by hand and resolved again is told of with the same bytes, and so is an alert
/// that became critical twice: nothing in them is the time. Errors and events have an id of their own.
fn key(incoming: &Incoming<'_>) -> Option<String> {
    let one = |name| incoming.headers.one(name).ok().flatten();
    one(RESOURCE).filter(|resource| matches!(*resource, "issue" | "metric_alert"))?;
    one(REQUEST).map(str::to_owned)
}

fn greet(delivery: &Delivery<'_>) -> Option<Greeting> {
    delivery.body.is_empty().then(|| Greeting::Answer(json!({})))
}

fn normalize(delivery: &Delivery<'_>, rules: &Rules) -> Result<Vec<Draft>, Unreadable> {
    json::tolerating_repeats(delivery.body, |body| match delivery.kind {
        "issue" => issues::drafts(json::read(body)?, rules),
        "error" => issues::error_drafts(json::read(body)?, rules),
        "metric_alert" => alerts::metric_drafts(json::read(body)?, rules),
        "event_alert" => alerts::event_drafts(json::read(body)?, rules),
        _ => Err(Unreadable::new("this resource has no mapping")),
    })
}

/// What all webhooks have in common around their own data.
#[derive(Deserialize)]
struct Envelope<'a, D> {
    #[serde(borrow)]
    action: Option<Text<'a>>,
    data: D,
    #[serde(borrow)]
    actor: Option<Doer<'a>>,
}

impl<D> Envelope<'_, D> {
    fn action(&self) -> &str {
        self.action.as_deref().unwrap_or_default()
    }

    fn no_mapping(&self, scope: Option<String>) -> Unreadable {
        let action = self.action.as_ref().map(|action| action.clean(60)).unwrap_or_default();
        Unreadable { scope, ..Unreadable::new(format!("the action {action} of this resource has no mapping")) }
    }
}

/// Who did it: a person by number, Sentry itself by name.
#[derive(Deserialize)]
struct Doer<'a> {
    id: Option<Id>,
    #[serde(borrow)]
    name: Option<Text<'a>>,
    #[serde(borrow, rename = "type")]
    kind: Option<Text<'a>>,
}

impl Doer<'_> {
    fn actor(&self, rules: &Rules) -> Option<Actor> {
        let machine = self.kind.as_deref().is_some_and(|kind| kind != "user");
        doer(self.id.as_ref(), self.name.as_ref(), machine, rules)
    }
}

/// An event of an error, as `error` and `event_alert` carry it.
#[derive(Deserialize)]
struct Occurrence<'a> {
    event_id: Option<Id>,
    issue_id: Option<Id>,
    #[serde(borrow)]
    title: Option<Text<'a>>,
    #[serde(borrow)]
    culprit: Option<Text<'a>>,
    #[serde(borrow)]
    level: Option<Text<'a>>,
    #[serde(borrow)]
    release: Option<Text<'a>>,
    #[serde(default, deserialize_with = "domain::time::lenient")]
    datetime: Option<chrono::DateTime<chrono::Utc>>,
    #[serde(borrow, default, deserialize_with = "json::list")]
    tags: Vec<(Text<'a>, Option<Text<'a>>)>,
    #[serde(borrow)]
    url: Option<Text<'a>>,
    #[serde(borrow)]
    web_url: Option<Text<'a>>,
}

impl Occurrence<'_> {
    fn tag(&self, name: &str) -> Option<String> {
        let found = self.tags.iter().find(|(known, _)| &**known == name);
        found.and_then(|(_, value)| text(value.as_ref(), NAME))
    }

    /// The project's name, which stands in the event's address: `/projects/acme/shop/`.
    fn project(&self) -> Option<String> {
        let (_, rest) = self.url.as_ref()?.split_once("/projects/")?;
        crate::drafts::plain(rest.split('/').nth(1), NAME)
    }
}

/// A release that is named by its commit's whole SHA; any other name is none.
fn release_sha(release: Option<&str>) -> Option<String> {
    crate::drafts::sha(release).filter(|sha| !crate::drafts::is_short(sha))
}
