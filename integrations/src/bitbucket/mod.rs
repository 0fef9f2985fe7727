//! Bitbucket: webhooks of Bitbucket Cloud and of Bitbucket Data Center, which share headers and signature and little
//! else. The kinds of the two have no word in common.
//!
//! Signed with HMAC-SHA256 over the raw body; any other method is refused. The Cloud shortens commits in pull requests
//! to 12 digits: they are kept as they are. Cloud bodies say who and what, and only some say when.

mod cloud_issues;
mod cloud_pull_requests;
mod cloud_pushes;
mod cloud_statuses;
mod payloads;
mod samples;
mod server_pull_requests;
mod server_pushes;

use domain::event::Draft;
use domain::rules::Rules;
use serde_json::json;

use crate::integration::{Delivery, Field, Greeting, Integration, Normalizer, Setup, Unreadable};
use crate::json;
use crate::manners::{After, Manners};
use crate::scheme::{Scheme, Signature};
use payloads::Envelope;
use samples::SAMPLES;

pub(crate) static BITBUCKET: Integration = Integration {
    name: "bitbucket",
    title: "Bitbucket",
    setup: Setup {
        paste: "Cloud: Repository settings → Webhooks → Add webhook: URL and secret. \
                Data Center: Repository or project settings → Webhooks → Create webhook: URL and secret",
        ticks: "Cloud: Push; Build status created and updated; all of Pull request but comments; all of Issue but \
                comments. Data Center: Push; Pull request opened, source branch updated, modified, approved, \
                unapproved, needs work, merged, declined, deleted",
        docs: "https://support.atlassian.com/bitbucket-cloud/docs/manage-webhooks/",
    },
    manners: Manners {
        deadline_seconds: Some(10),
        refused: After::GivesUp,
        limited: After::Unknown,
        failed: After::Retries,
        note: "A failed delivery is tried twice more. The Cloud does not send bodies over 256 KB at all. \
               Webhooks → View requests shows what was sent, and sends it again.",
    },
    secret_setting: "BITBUCKET_WEBHOOK_SECRET",
    schemes: &[Scheme::Signature(Signature {
        name: "bitbucket-sha256",
        header: "x-hub-signature",
        tag: "sha256=",
        ..Signature::BODY_HEX
    })],
    kind: Field::Headers(&["x-event-key"]),
    key: Field::Headers(&["x-request-uuid", "x-request-id"]),
    kept_headers: &["x-hook-uuid"],
    greeting: Some(greet),
    mapping_version: 2,
    normalize: Normalizer::Coded(normalize),
    sends: &[("content-type", "application/json"), ("user-agent", "Bitbucket-Webhooks/2.0"), ("x-attempt-number", "1")],
    samples: SAMPLES,
    ..Integration::USUAL
};

/// The button "Test connection" of Data Center.
fn greet(delivery: &Delivery<'_>) -> Option<Greeting> {
    (delivery.kind == "diagnostics:ping").then(|| Greeting::Answer(json!({"status": "pong"})))
}

fn normalize(delivery: &Delivery<'_>, rules: &Rules) -> Result<Vec<Draft>, Unreadable> {
    json::tolerating_repeats(delivery.body, |body| drafts(delivery.kind, body, rules))
}

fn drafts(kind: &str, body: &[u8], rules: &Rules) -> Result<Vec<Draft>, Unreadable> {
    let drafts = match kind {
        "repo:push" => cloud_pushes::drafts(json::read(body)?, rules),
        "repo:commit_status_created" | "repo:commit_status_updated" => cloud_statuses::drafts(json::read(body)?, rules),
        "repo:refs_changed" => server_pushes::drafts(json::read(body)?, rules),
        _ => {
            if let Some(what) = cloud_pull_requests::What::of(kind) {
                cloud_pull_requests::drafts(what, json::read(body)?, rules)
            } else if let Some(happened) = cloud_issues::happened(kind) {
                cloud_issues::drafts(happened, json::read(body)?, rules)
            } else if let Some(what) = server_pull_requests::What::of(kind) {
                server_pull_requests::drafts(what, json::read(body)?, rules)
            } else {
                return Err(no_meaning(body, "this kind has no mapping"));
            }
        }
    };
    if drafts.is_empty() { Err(no_meaning(body, "it has no state or ref that has a mapping")) } else { Ok(drafts) }
}

/// A kind, or a state of a kind, that has no mapping.
fn no_meaning(body: &[u8], reason: &str) -> Unreadable {
    match json::read::<Envelope<'_>>(body) {
        Ok(envelope) => Unreadable { scope: envelope.scope(), ..Unreadable::new(reason) },
        Err(why) => why,
    }
}
