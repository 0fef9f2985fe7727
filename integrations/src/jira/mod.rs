//! Jira: webhooks that an administrator makes, of Cloud and of Data Center.
//!
//! Signed with HMAC-SHA256 over the raw body. Webhooks of Connect apps prove themselves by a JWT instead and are not
//! taken. The kind stands in the body. Sprints, worklogs and links have no events of their own and are kept as
//! `jira.unmapped`.

mod issues;
mod payloads;
mod samples;
mod versions;

use domain::event::Draft;
use domain::rules::Rules;
use serde::de::IgnoredAny;

use crate::integration::{Delivery, Field, Integration, Normalizer, Setup, Unreadable};
use crate::json;
use crate::manners::{After, Manners};
use crate::scheme::{Scheme, Signature};
use samples::SAMPLES;

pub(crate) static JIRA: Integration = Integration {
    name: "jira",
    title: "Jira",
    setup: Setup {
        paste: "Settings → System → WebHooks → Create a WebHook: URL, secret (Generate secret), no JQL for versions",
        ticks: "Issue: created, updated, deleted; Comment: created; Version: released, unreleased, deleted",
        docs: "https://developer.atlassian.com/cloud/jira/platform/webhooks/",
    },
    manners: Manners {
        deadline_seconds: Some(30),
        refused: After::GivesUp,
        limited: After::Retries,
        failed: After::Retries,
        note: "Up to five more attempts within about half an hour, also after 408, 409 and 425. \
               Events that follow from a bulk change may come 15 minutes late.",
    },
    secret_setting: "JIRA_WEBHOOK_SECRET",
    schemes: &[Scheme::Signature(Signature {
        name: "jira-sha256",
        header: "x-hub-signature",
        tag: "sha256=",
        ..Signature::BODY_HEX
    })],
    weaker_headers: &["authorization"],
    kind: Field::Body(&["/webhookEvent"]),
    key: Field::Headers(&["x-atlassian-webhook-identifier"]),
    kept_headers: &["x-atlassian-webhook-flow", "x-atlassian-webhook-retry"],
    normalize: Normalizer::Coded(normalize),
    sends: &[
        ("content-type", "application/json; charset=UTF-8"),
        ("user-agent", "Atlassian Webhook HTTP Client"),
        ("x-atlassian-webhook-flow", "Primary"),
    ],
    samples: SAMPLES,
    ..Integration::USUAL
};

fn normalize(delivery: &Delivery<'_>, rules: &Rules) -> Result<Vec<Draft>, Unreadable> {
    json::tolerating_repeats(delivery.body, |body| drafts(delivery.kind, body, rules))
}

fn drafts(kind: &str, body: &[u8], rules: &Rules) -> Result<Vec<Draft>, Unreadable> {
    match kind {
        "jira:issue_created" | "jira:issue_updated" | "jira:issue_deleted" | "comment_created" | "comment_updated"
        | "comment_deleted" => Ok(issues::drafts(kind, &json::read(body)?, rules)),
        "jira:version_released" | "jira:version_unreleased" | "jira:version_deleted" => {
            versions::drafts(kind, json::read(body)?)
        }
        _ => {
            json::read::<IgnoredAny>(body)?;
            Err(Unreadable::new("this kind has no mapping"))
        }
    }
}
