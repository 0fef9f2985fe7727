//! Linear: webhooks of a workspace.
//!
//! Signed with HMAC-SHA256 over the raw body, in which the time stands that must be near ours; the header that repeats
//! it is not signed and not read. Issues are tickets. An update says which fields changed with their old values, but of
//! a state only its old id: what it was called is not known. Other kinds are kept as `linear.unmapped`.

mod issues;

use domain::event::Draft;
use domain::rules::Rules;
use serde::de::IgnoredAny;

use crate::integration::{Delivery, Field, Integration, Normalizer, Sample, Setup, Unreadable, sample};
use crate::json;
use crate::manners::{After, Manners};
use crate::scheme::{Clock, Scheme, Signature, Timestamp, Unit};

pub(crate) static LINEAR: Integration = Integration {
    name: "linear",
    title: "Linear",
    setup: Setup {
        paste: "Settings → API → Webhooks → New webhook: URL; the signing secret is shown there",
        ticks: "Issues",
        docs: "https://linear.app/developers/webhooks",
    },
    manners: Manners {
        deadline_seconds: Some(5),
        refused: After::Retries,
        limited: After::Retries,
        failed: After::Retries,
        note: "Three more attempts, after a minute, an hour and six hours; only the status 200 counts as taken. \
               A webhook that keeps failing may be disabled.",
    },
    secret_setting: "LINEAR_WEBHOOK_SECRET",
    schemes: &[Scheme::Signature(Signature {
        name: "linear-sha256",
        header: "linear-signature",
        // As narrow as the vendor's own library has it.
        timestamp: Some(Timestamp {
            clock: Clock::Body("/webhookTimestamp"),
            unit: Unit::Milliseconds,
            window_seconds: 60,
        }),
        ..Signature::BODY_HEX
    })],
    kind: Field::First(&[Field::Body(&["/type", "/action"]), Field::Body(&["/type"])]),
    key: Field::Headers(&["linear-delivery"]),
    normalize: Normalizer::Coded(normalize),
    sends: &[("content-type", "application/json; charset=utf-8"), ("user-agent", "Linear-Webhook")],
    samples: SAMPLES,
    ..Integration::USUAL
};

#[rustfmt::skip]
static SAMPLES: &[Sample] = &[
    sample!("linear/issue/created.json", "Issue:create"),
    sample!("linear/issue/assigned.json", "Issue:update"),
    sample!("linear/issue/cancelled.json", "Issue:update"),
    sample!("linear/issue/completed.json", "Issue:update"),
    sample!("linear/issue/created_incident.json", "Issue:create"),
    sample!("linear/issue/incident_done.json", "Issue:update"),
    sample!("linear/issue/incident_labelled.json", "Issue:update"),
    sample!("linear/issue/moved_by_integration.json", "Issue:update"),
    sample!("linear/issue/removed.json", "Issue:remove"),
    sample!("linear/issue/reopened.json", "Issue:update"),
    sample!("linear/issue/smallest.json", "Issue:update"),
    sample!("linear/issue/to_another_team.json", "Issue:update"),
    sample!("linear/issue/incident_unlabelled.json", "Issue:update"),
    sample!("linear/issue/incident_restored.json", "Issue:restore"),
    sample!("linear/comment/created.json", "Comment:create"),
    sample!("linear/cycle/updated.json", "Cycle:update"),
    sample!("linear/project/updated.json", "Project:update"),
    sample!("linear/unknown/truncated.txt", "unknown"),
];

fn normalize(delivery: &Delivery<'_>, rules: &Rules) -> Result<Vec<Draft>, Unreadable> {
    json::tolerating_repeats(delivery.body, |body| drafts(delivery.kind, body, rules))
}

fn drafts(kind: &str, body: &[u8], rules: &Rules) -> Result<Vec<Draft>, Unreadable> {
    match kind {
        "Issue:create" | "Issue:update" | "Issue:remove" | "Issue:restore" => {
            Ok(issues::drafts(&json::read(body)?, rules))
        }
        _ => {
            json::read::<IgnoredAny>(body)?;
            Err(Unreadable::new("this kind has no mapping"))
        }
    }
}
