//! GitLab: webhooks of projects and groups, and system hooks, of gitlab.com and of instances of one's own.
//!
//! Signed by Standard Webhooks where the hook has a signing token (`whsec_…`); older hooks show their secret token in a
//! header, which is not taken while a signing token is set. The kind is the body's own word, because system hooks send
//! everything under one header. A payload template can replace the whole body: it is kept as `gitlab.unmapped`.

mod builds;
mod deployments;
pub mod history;
mod issues;
mod merge_requests;
mod payloads;
mod pushes;
mod releases;
mod samples;

use domain::event::Draft;
use domain::rules::Rules;

use crate::integration::{Delivery, Field, Incoming, Integration, Normalizer, Setup, Unreadable};
use crate::json;
use crate::manners::{After, Manners};
use crate::scheme::{KeyFormat, Place, Scheme, Signature, Token};
use crate::schemes::STANDARD_WEBHOOKS;
use crate::walk::hash;
use payloads::Envelope;
use samples::SAMPLES;

pub(crate) static GITLAB: Integration = Integration {
    name: "gitlab",
    title: "GitLab",
    setup: Setup {
        paste: "Project or group → Settings → Webhooks → Add new webhook: URL, and the signing token or secret token; \
                leave the custom webhook template empty",
        ticks: "Push events, Tag push events, Comments, Issues events, Merge request events, Job events, \
                Pipeline events, Deployment events, Releases events",
        docs: "https://docs.gitlab.com/user/project/integrations/webhooks/",
    },
    manners: Manners {
        deadline_seconds: Some(10),
        refused: After::Disables,
        limited: After::Disables,
        failed: After::Pauses,
        note: "After four failures in a row a webhook is switched off: for good on 4xx, for a minute to a day otherwise. \
               Edit webhook → Recent events → Resend request sends one again.",
    },
    secret_setting: "GITLAB_WEBHOOK_SECRET",
    schemes: &[
        Scheme::Signature(Signature {
            name: "gitlab-standard-webhooks",
            key: KeyFormat::PrefixedWhsec,
            ..STANDARD_WEBHOOKS
        }),
        Scheme::Token(Token { name: "gitlab-token", places: &[Place::Header("x-gitlab-token")], yields: true }),
    ],
    kind: Field::First(&[
        Field::Body(&["/object_kind"]),
        Field::Body(&["/event_name"]),
        Field::Headers(&["x-gitlab-event"]),
    ]),
    key: Field::First(&[Field::Headers(&["webhook-id", "idempotency-key"]), Field::Read(event_and_body)]),
    kept_headers: &["x-gitlab-event-uuid", "x-gitlab-instance", "x-gitlab-webhook-uuid"],
    max_body_bytes: 25 * 1024 * 1024,
    mapping_version: 2,
    normalize: Normalizer::Coded(normalize),
    sends: &[("content-type", "application/json"), ("user-agent", "GitLab/18.6.0")],
    samples: SAMPLES,
    ..Integration::USUAL
};

/// Before 17.4 a delivery had no id of its own: webhooks that set off others share that of the event.
fn event_and_body(incoming: &Incoming<'_>) -> Option<String> {
    let event = incoming.headers.one("x-gitlab-event-uuid").ok().flatten()?;
    Some(format!("{event} {}", hash(&[incoming.body])))
}

fn normalize(delivery: &Delivery<'_>, rules: &Rules) -> Result<Vec<Draft>, Unreadable> {
    json::tolerating_repeats(delivery.body, |body| drafts(delivery.kind, body, rules))
}

fn drafts(kind: &str, body: &[u8], rules: &Rules) -> Result<Vec<Draft>, Unreadable> {
    let drafts = match kind {
        "push" | "tag_push" => pushes::drafts(json::read(body)?, rules),
        "merge_request" => merge_requests::drafts(json::read(body)?, rules),
        "note" => merge_requests::note_drafts(json::read(body)?, rules),
        "deployment" => deployments::drafts(json::read(body)?, rules),
        "pipeline" => builds::pipeline_drafts(json::read(body)?, rules),
        "build" => builds::job_drafts(json::read(body)?, rules),
        "release" => releases::drafts(json::read(body)?),
        "issue" | "work_item" => issues::drafts(json::read(body)?, rules),
        _ => return Err(no_meaning(body, "this kind has no mapping")),
    };
    match (drafts.is_empty(), kind) {
        (false, _) => Ok(drafts),
        (true, "note") => Err(Unreadable { reason: NO_REVIEW.to_owned(), ..no_meaning(body, NO_REVIEW) }),
        (true, _) => Err(no_meaning(body, "it has no action, status or ref that has a mapping")),
    }
}

const NO_REVIEW: &str = "of comments, only new ones on another's merge request have a mapping";

/// A kind, or an action of a kind, that has no mapping.
fn no_meaning(body: &[u8], without_action: &str) -> Unreadable {
    let envelope: Envelope<'_> = match json::read(body) {
        Ok(envelope) => envelope,
        Err(why) => return why,
    };
    let reason = match envelope.action() {
        Some(action) => format!("the action {action} of this kind has no mapping"),
        None => without_action.to_owned(),
    };
    Unreadable { scope: envelope.scope(), ..Unreadable::new(reason) }
}
