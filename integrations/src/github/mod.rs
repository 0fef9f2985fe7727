//! GitHub: webhooks of repositories, organizations and apps.
//!
//! Signed with HMAC-SHA256 over the raw body; the SHA-1 signature that comes along is ignored. The body is JSON, or
//! a form with the JSON in `payload`, by the hook's setting: the first bytes decide, the content type does not.
//! Kinds without a mapping here are kept as `github.unmapped`.

mod builds;
mod deployments;
pub mod history;
mod issues;
mod payloads;
mod protections;
mod pull_requests;
mod pushes;
mod releases;
mod samples;
mod security;
mod statuses;

use domain::event::Draft;
use domain::rules::Rules;
use serde_json::json;

use crate::integration::{Delivery, Field, Greeting, Integration, Normalizer, Setup, Unreadable};
use crate::manners::{After, Manners};
use crate::scheme::{Scheme, Signature};
use crate::{form, json};
use payloads::{Envelope, text};
use samples::SAMPLES;

pub(crate) static GITHUB: Integration = Integration {
    name: "github",
    title: "GitHub",
    setup: Setup {
        paste: "Repository or organization → Settings → Webhooks → Add webhook: payload URL, any content type, secret",
        ticks: "Pushes, Pull requests, Pull request reviews, Deployments, Deployment statuses, Workflow runs, \
                Workflow jobs, Check runs, Check suites, Statuses, Releases, Issues, Code scanning alerts, \
                Dependabot alerts; of a GitHub App that decides about deployments also Deployment protection rules",
        docs: "https://docs.github.com/webhooks",
    },
    manners: Manners {
        deadline_seconds: Some(10),
        refused: After::GivesUp,
        limited: After::GivesUp,
        failed: After::GivesUp,
        note: "GitHub never sends again by itself: Settings → Webhooks → Recent Deliveries → Redeliver.",
    },
    secret_setting: "GITHUB_WEBHOOK_SECRET",
    schemes: &[Scheme::Signature(Signature {
        name: "github-sha256",
        header: "x-hub-signature-256",
        tag: "sha256=",
        ..Signature::BODY_HEX
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
    mapping_version: 4,
    greeting: Some(greet),
    normalize: Normalizer::Coded(normalize),
    sends: &[("content-type", "application/json"), ("user-agent", "GitHub-Hookshot/3f1a7c2"), ("accept", "*/*")],
    samples: SAMPLES,
    ..Integration::USUAL
};

fn greet(delivery: &Delivery<'_>) -> Option<Greeting> {
    (delivery.kind == "ping").then(|| Greeting::Answer(json!({"status": "pong"})))
}

fn normalize(delivery: &Delivery<'_>, rules: &Rules) -> Result<Vec<Draft>, Unreadable> {
    let body = form::json_of(delivery.body)?;
    json::tolerating_repeats(&body, |body| drafts(delivery.kind, body, rules))
}

fn drafts(kind: &str, body: &[u8], rules: &Rules) -> Result<Vec<Draft>, Unreadable> {
    let drafts = match kind {
        "push" => pushes::drafts(json::read(body)?, rules),
        "pull_request" => pull_requests::drafts(json::read(body)?, rules),
        "pull_request_review" => pull_requests::review_drafts(json::read(body)?, rules),
        "deployment" => deployments::drafts(json::read(body)?, rules),
        "deployment_status" => deployments::status_drafts(json::read(body)?, rules),
        "deployment_protection_rule" => protections::drafts(json::read(body)?, rules),
        "workflow_run" => builds::run_drafts(json::read(body)?, rules),
        "workflow_job" => builds::job_drafts(json::read(body)?, rules),
        "check_run" => builds::check_drafts(json::read(body)?, rules),
        "check_suite" => statuses::suite_drafts(json::read(body)?, rules),
        "status" => statuses::drafts(json::read(body)?, rules),
        "code_scanning_alert" | "dependabot_alert" => security::drafts(kind, json::read(body)?, rules),
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
