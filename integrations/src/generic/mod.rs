//! The generic source: facts from anything that has no integration of its own.
//!
//! Signed by Standard Webhooks (`webhook-*`, or Svix's `svix-*`, never mixed). The body is one JSON object, an array
//! of them, or one per line; each is a fact of one of six kinds. A fact that does not fit is kept as
//! `generic.unmapped`, and the others count.

mod facts;
mod kinds;
mod split;

use crate::integration::{Field, Integration};
use crate::scheme::{Encoding, KeyFormat, Part, Scheme, Signature, Timestamp, Unit};

const WINDOW_SECONDS: i64 = 300;

pub(crate) static GENERIC: Integration = Integration {
    name: "generic",
    title: "Generic",
    schemes: &[
        Scheme::Signature(Signature {
            name: "standard-webhooks",
            header: "webhook-signature",
            separator: Some(' '),
            tag: "v1,",
            encoding: Encoding::Base64,
            key: KeyFormat::Whsec,
            signed: &[
                Part::Header("webhook-id"),
                Part::Text("."),
                Part::Header("webhook-timestamp"),
                Part::Text("."),
                Part::Body,
            ],
            timestamp: Some(Timestamp {
                header: "webhook-timestamp",
                unit: Unit::Seconds,
                window_seconds: WINDOW_SECONDS,
            }),
            foreign: &["svix-id", "svix-timestamp", "svix-signature"],
        }),
        Scheme::Signature(Signature {
            name: "svix",
            header: "svix-signature",
            separator: Some(' '),
            tag: "v1,",
            encoding: Encoding::Base64,
            key: KeyFormat::Whsec,
            signed: &[
                Part::Header("svix-id"),
                Part::Text("."),
                Part::Header("svix-timestamp"),
                Part::Text("."),
                Part::Body,
            ],
            timestamp: Some(Timestamp {
                header: "svix-timestamp",
                unit: Unit::Seconds,
                window_seconds: WINDOW_SECONDS,
            }),
            foreign: &["webhook-id", "webhook-timestamp", "webhook-signature"],
        }),
    ],
    weaker_headers: &[],
    kind: Field::Constant("facts"),
    key: Field::Headers(&["webhook-id", "svix-id"]),
    kept_headers: &["webhook-timestamp", "svix-timestamp"],
    max_body_bytes: 5 * 1024 * 1024,
    mapping_version: 1,
    greeting: None,
    normalize: facts::normalize,
    sends: &[("content-type", "application/json"), ("user-agent", "em-agent-send/2")],
    samples: &[
        ("commit", include_bytes!("../../fixtures/generic/facts/commit.json")),
        ("change", include_bytes!("../../fixtures/generic/facts/change.json")),
        ("deployment", include_bytes!("../../fixtures/generic/facts/deployment.json")),
        ("incident", include_bytes!("../../fixtures/generic/facts/incident.json")),
        ("link", include_bytes!("../../fixtures/generic/facts/link.json")),
        ("image", include_bytes!("../../fixtures/generic/facts/image.json")),
    ],
};
