//! GitHub: webhooks of repositories, organizations and apps.
//!
//! Signed with HMAC-SHA256 over the raw body; the SHA-1 signature that comes along is ignored. The body is JSON, or
//! a form with the JSON in `payload`, by the hook's setting: the first bytes decide, the content type does not.
//! Kinds without a mapping here are kept as `github.unmapped`.

mod builds;
mod deployments;
mod form;
mod issues;
pub(crate) mod messages;
mod payloads;
mod pull_requests;
mod pushes;
mod releases;

use domain::event::Draft;
use domain::rules::Rules;
use serde_json::{Value, json};

use crate::integration::{Delivery, Field, Integration, Unreadable};
use crate::json;
use crate::scheme::{Encoding, KeyFormat, Part, Scheme, Signature};
use payloads::{Envelope, text};

pub(crate) static GITHUB: Integration = Integration {
    name: "github",
    title: "GitHub",
    schemes: &[Scheme::Signature(Signature {
        name: "github-sha256",
        header: "x-hub-signature-256",
        separator: None,
        tag: "sha256=",
        encoding: Encoding::Hex,
        key: KeyFormat::Utf8,
        signed: &[Part::Body],
        timestamp: None,
        foreign: &[],
    })],
    weaker_headers: &["x-hub-signature"],
    kind: Field::Headers(&["x-github-event"]),
    key: Field::Headers(&["x-github-delivery"]),
    kept_headers: &[
        "x-github-enterprise-host",
        "x-github-enterprise-version",
        "x-github-hook-id",
        "x-github-hook-installation-target-id",
        "x-github-hook-installation-target-type",
    ],
    max_body_bytes: 25 * 1024 * 1024,
    mapping_version: 1,
    greeting: Some(greet),
    normalize,
    sends: &[("content-type", "application/json"), ("user-agent", "GitHub-Hookshot/3f1a7c2"), ("accept", "*/*")],
    samples: &[
        ("push", include_bytes!("../../fixtures/github/push/branch.json")),
        ("pull_request", include_bytes!("../../fixtures/github/pull_request/merged.json")),
        ("pull_request.opened", include_bytes!("../../fixtures/github/pull_request/opened.json")),
        ("pull_request.merged", include_bytes!("../../fixtures/github/pull_request/merged.json")),
        ("pull_request_review", include_bytes!("../../fixtures/github/pull_request_review/approved.json")),
        ("deployment", include_bytes!("../../fixtures/github/deployment/created.json")),
        ("deployment_status", include_bytes!("../../fixtures/github/deployment_status/success.json")),
        ("workflow_run", include_bytes!("../../fixtures/github/workflow_run/completed.json")),
        ("workflow_job", include_bytes!("../../fixtures/github/workflow_job/completed_cancelled.json")),
        ("check_run", include_bytes!("../../fixtures/github/check_run/completed_failure.json")),
        ("issues", include_bytes!("../../fixtures/github/issues/opened_incident.json")),
        ("release", include_bytes!("../../fixtures/github/release/published.json")),
        ("ping", include_bytes!("../../fixtures/github/ping/hook.json")),
    ],
};

fn greet(delivery: &Delivery<'_>) -> Option<Value> {
    (delivery.kind == "ping").then(|| json!({"status": "pong"}))
}

fn normalize(delivery: &Delivery<'_>, rules: &Rules) -> Result<Vec<Draft>, Unreadable> {
    let body = form::json_of(delivery.body)?;
    match drafts(delivery.kind, &body, rules) {
        Err(why) if why.repeats => drafts(delivery.kind, &json::last_of_each(&body)?, rules),
        other => other,
    }
}

fn drafts(kind: &str, body: &[u8], rules: &Rules) -> Result<Vec<Draft>, Unreadable> {
    let drafts = match kind {
        "push" => pushes::drafts(json::read(body)?, rules),
        "pull_request" => pull_requests::drafts(json::read(body)?, rules),
        "pull_request_review" => pull_requests::review_drafts(json::read(body)?, rules),
        "deployment" => deployments::drafts(json::read(body)?, rules),
        "deployment_status" => deployments::status_drafts(json::read(body)?, rules),
        "workflow_run" => builds::run_drafts(json::read(body)?, rules),
        "workflow_job" => builds::job_drafts(json::read(body)?, rules),
        "check_run" => builds::check_drafts(json::read(body)?, rules),
        "release" => releases::drafts(json::read(body)?, rules),
        "issues" => issues::drafts(json::read(body)?, rules),
        _ => return Err(no_meaning(body, "this kind has no mapping")),
    };
    if drafts.is_empty() {
        Err(no_meaning(body, "it has no action, status or ref that has a mapping"))
    } else {
        Ok(drafts)
    }
}

/// A kind, or an action of a kind, that has no mapping.
fn no_meaning(body: &[u8], without_action: &str) -> Unreadable {
    let envelope: Envelope<'_> = match json::read(body) {
        Ok(envelope) => envelope,
        Err(why) => return why,
    };
    let scope = envelope
        .repository
        .map(|repository| repository.name())
        .or_else(|| text(envelope.organization?.login.as_ref(), 100));
    let reason = match envelope.action {
        Some(action) => format!("the action {} of this kind has no mapping", action.clean(60)),
        None => without_action.to_owned(),
    };
    Unreadable { scope, ..Unreadable::new(reason) }
}
