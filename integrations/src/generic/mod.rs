//! The generic source: facts from anything that has no integration of its own.
//!
//! Signed by Standard Webhooks (`webhook-*`, or Svix's `svix-*`, never mixed). The body is one JSON object, an array
//! of them, or one per line; each is a fact of one of six kinds. A fact that does not fit is kept as
//! `generic.unmapped`, and the others count.

mod facts;
mod kinds;
mod samples;
mod split;

use crate::integration::{Field, Integration, Normalizer, Setup};
use crate::manners::{After, Manners};
use crate::scheme::Scheme;
use crate::schemes::{STANDARD_WEBHOOKS, STANDARD_WEBHOOKS_ED25519, SVIX, SVIX_ED25519};
use samples::SAMPLES;

pub(crate) static GENERIC: Integration = Integration {
    name: "generic",
    title: "Generic",
    setup: Setup {
        paste: "Your own script or service: sign as Standard Webhooks says, with any of its libraries",
        ticks: "Commits, changes, deployments, incidents, links, images: whatever you know",
        docs: "https://www.standardwebhooks.com",
    },
    manners: Manners {
        note: "The sender decides. 429 and 503 carry Retry-After.",
        deadline_seconds: None,
        refused: After::Unknown,
        limited: After::Unknown,
        failed: After::Unknown,
    },
    secret_setting: "GENERIC_WEBHOOK_SECRET",
    schemes: &[
        Scheme::Signature(STANDARD_WEBHOOKS),
        Scheme::Signature(SVIX),
        Scheme::Signature(STANDARD_WEBHOOKS_ED25519),
        Scheme::Signature(SVIX_ED25519),
    ],
    kind: Field::Constant("facts"),
    key: Field::Headers(&["webhook-id", "svix-id"]),
    kept_headers: &["webhook-timestamp", "svix-timestamp"],
    mapping_version: 4,
    normalize: Normalizer::Coded(facts::normalize),
    sends: &[("content-type", "application/json"), ("user-agent", "em-agent-send/2")],
    samples: SAMPLES,
    ..Integration::USUAL
};
