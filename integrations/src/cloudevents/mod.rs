//! CloudEvents 1.0 over HTTP, from whoever speaks it, and what CDEvents means by them.
//!
//! An event comes with its attributes in headers (binary), in the body (structured), or several come in one body
//! (batch). The content type says which; a body of another type that has a `specversion` is read as structured, because
//! there are senders that write so. Nothing is signed. Types that are not CDEvents are kept without a meaning.

mod attributes;
mod binding;
mod cdevents;
mod changes;
mod package;
mod runs;
mod samples;
mod services;
mod tickets;

use domain::event::Draft;
use domain::rules::Rules;

use crate::integration::{Delivery, Field, Incoming, Integration, Normalizer, Setup, Unreadable};
use crate::json;
use crate::manners::{After, Manners};
use crate::schemes::ANY_TOKEN;
use crate::walk::{hash, unmapped};
use attributes::ATTRIBUTES;
use binding::{Document, Mode, mode};

const NAME: &str = "cloudevents";

/// The kind of a delivery that holds any number of events.
const BATCH: &str = "batch";

pub(crate) static CLOUDEVENTS: Integration = Integration {
    name: NAME,
    title: "CloudEvents and CDEvents",
    setup: Setup {
        paste: "The sink or broker URL of the sender; the secret as bearer token, or in the header x-webhook-token",
        ticks: "CDEvents of changes, branches, pipeline and task runs, services, environments, incidents, tickets, \
                artifacts and test suites; events of other types are kept",
        docs: "https://github.com/cloudevents/spec/blob/main/cloudevents/bindings/http-protocol-binding.md",
    },
    manners: Manners {
        deadline_seconds: None,
        refused: After::Unknown,
        limited: After::Retries,
        failed: After::Unknown,
        note: "The specification of webhooks for CloudEvents asks senders to come again after a 429, and says no more.",
    },
    secret_setting: "CLOUDEVENTS_WEBHOOK_SECRET",
    schemes: &[ANY_TOKEN],
    kind: Field::Read(kind),
    key: Field::Read(key),
    kept_headers: ATTRIBUTES,
    normalize: Normalizer::Coded(normalize),
    sends: &[("content-type", "application/cloudevents+json; charset=utf-8")],
    samples: samples::SAMPLES,
    ..Integration::USUAL
};

fn kind(incoming: &Incoming<'_>) -> Option<String> {
    match mode(incoming.headers, incoming.body) {
        Ok(Mode::Batch) => Some(BATCH.to_owned()),
        Ok(mode) => Document::of(mode, incoming.headers, incoming.body).ok().map(|document| document.kind.into_owned()),
        Err(_) => None,
    }
}

/// The id is one of its source's only. A batch has none: its bytes are hashed.
fn key(incoming: &Incoming<'_>) -> Option<String> {
    match mode(incoming.headers, incoming.body) {
        Ok(Mode::Batch) | Err(_) => None,
        Ok(mode) => {
            let document = Document::of(mode, incoming.headers, incoming.body).ok()?;
            Some(hash(&[document.source.as_bytes(), document.id.as_bytes()]))
        }
    }
}

fn normalize(delivery: &Delivery<'_>, rules: &Rules) -> Result<Vec<Draft>, Unreadable> {
    match mode(delivery.headers, delivery.body)? {
        Mode::Batch => binding::batch(delivery.body, |document| match document {
            Ok(document) => drafts(&document, rules).unwrap_or_else(|why| vec![unmapped(NAME, &document.kind, why)]),
            Err(why) => vec![unmapped(NAME, delivery.kind, why)],
        }),
        mode => drafts(&Document::of(mode, delivery.headers, delivery.body)?, rules),
    }
}

fn drafts(document: &Document<'_>, rules: &Rules) -> Result<Vec<Draft>, Unreadable> {
    let read = || {
        let Some(kind) = cdevents::Kind::of(&document.kind) else {
            return Err(Unreadable::new("events of this type have no mapping"));
        };
        json::tolerating_repeats(document.json()?, |data| cdevents::drafts(kind, document, data, rules))
    };
    read().map_err(|why| Unreadable { scope: why.scope.or_else(|| Some(document.scope())), ..why })
}
