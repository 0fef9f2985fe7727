//! Azure DevOps: service hooks of repositories, pipelines, classic releases and boards.
//!
//! Nothing is signed: the secret is shown, as the password of basic authentication or in a header of one's own. How much
//! of the resource is sent is a setting of each hook: what is left out is absent, and a resource without its id cannot
//! be read. A release's deployments have events of their own; of pipelines, stages are deployments by rule.

mod builds;
mod payloads;
mod pipelines;
mod pull_requests;
mod pushes;
mod releases;
mod samples;
mod work_item_fields;
mod work_items;

use domain::event::Draft;
use domain::rules::Rules;

use crate::integration::{Delivery, Field, Integration, Normalizer, Setup, Unreadable};
use crate::json;
use crate::manners::{After, Manners};
use crate::schemes::ANY_TOKEN;
use payloads::{Envelope, Outline};
use samples::SAMPLES;

pub(crate) static AZUREDEVOPS: Integration = Integration {
    name: "azuredevops",
    title: "Azure DevOps",
    setup: Setup {
        paste: "Project settings → Service hooks → Create subscription → Web Hooks: URL; the secret as basic \
                authentication password (any user name) or as HTTP header X-Webhook-Token; resource details: All",
        ticks: "Code pushed; Pull request created, updated, merge attempted; Build completed; Run, stage and job state \
                changed; Release deployment started and completed; Work item created, updated, commented on, deleted, \
                restored: one subscription each",
        docs: "https://learn.microsoft.com/azure/devops/service-hooks/services/webhooks",
    },
    manners: Manners {
        deadline_seconds: None,
        refused: After::Disables,
        limited: After::Unknown,
        failed: After::Retries,
        note: "A subscription that fails several times is put on probation, then switched off. \
               Service hooks → History shows what was sent.",
    },
    secret_setting: "AZUREDEVOPS_WEBHOOK_SECRET",
    schemes: &[ANY_TOKEN],
    kind: Field::Body(&["/eventType"]),
    // Two subscriptions tell of one event under one id, and may send different parts of it.
    key: Field::First(&[Field::Body(&["/subscriptionId", "/id"]), Field::Body(&["/id"])]),
    mapping_version: 2,
    normalize: Normalizer::Coded(normalize),
    sends: &[("content-type", "application/json; charset=utf-8"), ("user-agent", "VSServices/19.263")],
    samples: SAMPLES,
    ..Integration::USUAL
};

fn normalize(delivery: &Delivery<'_>, rules: &Rules) -> Result<Vec<Draft>, Unreadable> {
    json::tolerating_repeats(delivery.body, |body| drafts(delivery.kind, body, rules))
}

fn drafts(kind: &str, body: &[u8], rules: &Rules) -> Result<Vec<Draft>, Unreadable> {
    let drafts = match kind {
        "git.push" => pushes::drafts(json::read(body)?, rules),
        "git.pullrequest.created" => pull_requests::created(json::read(body)?, rules),
        // "Merged" means that a merge was tried: the status says what came of it, as it does of any update.
        "git.pullrequest.updated" | "git.pullrequest.merged" => pull_requests::updated(json::read(body)?, rules),
        "build.complete" => builds::drafts(json::read(body)?, rules),
        "ms.vss-pipelines.run-state-changed-event" => pipelines::run_drafts(json::read(body)?, rules),
        "ms.vss-pipelines.stage-state-changed-event" => pipelines::stage_drafts(json::read(body)?, rules),
        "ms.vss-pipelines.job-state-changed-event" => pipelines::job_drafts(json::read(body)?, rules),
        "ms.vss-release.deployment-started-event" => releases::started(json::read(body)?, rules),
        "ms.vss-release.deployment-completed-event" => releases::completed(json::read(body)?, rules),
        "workitem.updated" => work_items::update_drafts(json::read(body)?, rules),
        _ => match work_items::What::of(kind) {
            Some(what) => work_items::drafts(what, json::read(body)?, rules),
            None => return Err(no_meaning(body, "this kind has no mapping")),
        },
    };
    if drafts.is_empty() {
        Err(no_meaning(
            body,
            "it has no id, state or ref that has a mapping: is \"resource details to send\" set to All?",
        ))
    } else {
        Ok(drafts)
    }
}

fn no_meaning(body: &[u8], reason: &str) -> Unreadable {
    match json::read::<Envelope<Outline<'_>>>(body) {
        Ok(envelope) => {
            Unreadable { scope: envelope.resource.and_then(|resource| resource.scope()), ..Unreadable::new(reason) }
        }
        Err(why) => why,
    }
}
