//! Jenkins: builds, told by one of three plugins. Jenkins itself sends nothing.
//!
//! The plugins sign nothing and name no kind in a header that all of them send, so the body's shape decides: Notification
//! (`build.phase`), Generic Event (`type`) or Outbound WebHook (`buildUrl`). Whichever it is, a build is called by its
//! job and number, so that two plugins on one server tell of one build. XML is kept, and says so.

mod bodies;
mod jobs;
mod runs;

use domain::event::Draft;
use domain::rules::Rules;

use crate::integration::{Delivery, Field, Incoming, Integration, Normalizer, Sample, Setup, Unreadable, sample};
use crate::json;
use crate::manners::{After, Manners};
use crate::schemes::ANY_TOKEN;
use bodies::{Message, Phased, Shape};

pub(crate) static JENKINS: Integration = Integration {
    name: "jenkins",
    title: "Jenkins",
    setup: Setup {
        paste: "Notification plugin: job → Configure → Job Notifications → Add Endpoint: JSON, HTTP, the URL with the \
                secret as its password (https://em-agent:<secret>@host/webhooks/jenkins). \
                Generic Event plugin: Manage Jenkins → System → Generic Event",
        ticks: "All Events; Generic Event: Run events",
        docs: "https://plugins.jenkins.io/notification/",
    },
    manners: Manners {
        deadline_seconds: Some(30),
        refused: After::GivesUp,
        limited: After::GivesUp,
        failed: After::GivesUp,
        note: "The Notification plugin tries again at once when its endpoint has retries, which it has not by default. \
               A pipeline can post CloudEvents to /webhooks/cloudevents instead.",
    },
    secret_setting: "JENKINS_WEBHOOK_SECRET",
    schemes: &[ANY_TOKEN],
    kind: Field::Read(kind),
    key: Field::Read(key),
    normalize: Normalizer::Coded(normalize),
    sends: &[("content-type", "application/json;charset=UTF-8"), ("user-agent", "Java/21.0.5")],
    samples: SAMPLES,
    ..Integration::USUAL
};

#[rustfmt::skip]
static SAMPLES: &[Sample] = &[
    sample!("jenkins/notification/completed.json", "completed"),
    sample!("jenkins/notification/aborted.json", "completed"),
    sample!("jenkins/notification/deploy_finalized.json", "finalized"),
    sample!("jenkins/notification/deploy_started.json", "started"),
    sample!("jenkins/notification/minimal.json", "completed"),
    sample!("jenkins/notification/multibranch_unstable.json", "finalized"),
    sample!("jenkins/notification/queued.json", "queued"),
    sample!("jenkins/notification/queued_without_time.json", "queued"),
    sample!("jenkins/notification/without_urls.json", "completed"),
    sample!("jenkins/notification/xml.xml", "xml"),
    sample!("jenkins/generic_event/run_completed.json", "run.completed"),
    sample!("jenkins/generic_event/item_created.json", "item.created"),
    sample!("jenkins/generic_event/run_finalized_deploy.json", "run.finalized"),
    sample!("jenkins/generic_event/run_started.json", "run.started"),
    sample!("jenkins/outbound_webhook/success.json", "success"),
    sample!("jenkins/outbound_webhook/start.json", "start"),
    sample!("jenkins/outbound_webhook/unstable.json", "unstable"),
    sample!("jenkins/outbound_webhook/unparsable.json", "unknown"),
];

fn kind(incoming: &Incoming<'_>) -> Option<String> {
    if is_xml(incoming.body) {
        return Some("xml".to_owned());
    }
    let shape: Shape<'_> = json::read(incoming.body).ok()?;
    match &shape.build {
        Some(build) => build.phase.as_deref().map(str::to_ascii_lowercase),
        None => shape.kind.or(shape.event).map(|kind| kind.to_string()),
    }
}

/// A phase can be told more than once by a step of a pipeline, at other times or with another status.
fn key(incoming: &Incoming<'_>) -> Option<String> {
    let shape: Shape<'_> = json::read(incoming.body).ok()?;
    if let Some(Phased { full_url, phase, status, timestamp }) = &shape.build {
        let status = status.as_deref().unwrap_or_default();
        let at = timestamp.map(|time| time.timestamp_millis()).unwrap_or_default();
        return Some(format!("{} {} {status} {at}", full_url.as_deref()?, phase.as_deref()?));
    }
    match (&shape.id, &shape.build_url) {
        (Some(id), _) => Some(id.0.clone()),
        (None, Some(url)) => Some(format!("{} {}", &**url, shape.event.as_deref()?)),
        (None, None) => None,
    }
}

fn is_xml(body: &[u8]) -> bool {
    body.trim_ascii_start().starts_with(b"<")
}

fn normalize(delivery: &Delivery<'_>, rules: &Rules) -> Result<Vec<Draft>, Unreadable> {
    if is_xml(delivery.body) {
        return Err(Unreadable::new("the endpoint sends XML: set its format to JSON"));
    }
    json::tolerating_repeats(delivery.body, |body| {
        let message: Message<'_> = json::read(body)?;
        Ok(runs::of(&message, rules)?.drafts(rules))
    })
}
