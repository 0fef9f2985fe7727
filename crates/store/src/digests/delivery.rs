//! Where digests go: into the queue for Slack, and to webhooks as jobs. Asked for in the caller's transaction, together with
//! the digest: so it is delivered once, or not at all.

use chrono::{DateTime, Utc};
use diesel::PgConnection;
use domain::ids::TenantId;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::StoreError;
use crate::slack_messages::{Note, say};
use crate::workflows::{Start, Started, start};

/// Where a digest goes. Both may be set; neither: it is only kept.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Deliver {
    /// `#name` or id of a channel.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub slack: Option<String>,
    /// An address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub webhook: Option<String>,
}

/// A digest as it is delivered.
#[derive(Clone, Copy, Debug)]
pub struct Letter<'a> {
    pub digest: Uuid,
    /// One after the other, as Slack takes them.
    pub messages: &'a [Value],
    /// The data of the webhook.
    pub data: &'a Value,
    /// Who asked for it.
    pub by: &'a str,
}

/// What is on its way.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Delivered {
    /// The channel.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub slack: Option<String>,
    /// The job that sends the webhook.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub webhook_job: Option<Uuid>,
}

/// Asks for the delivery. `random` is the job's.
pub fn deliver(
    conn: &mut PgConnection,
    tenant: &TenantId,
    to: &Deliver,
    letter: Letter<'_>,
    random: [u8; 16],
    now: DateTime<Utc>,
) -> Result<Delivered, StoreError> {
    if let Some(place) = &to.slack {
        for (number, message) in (1..).zip(letter.messages) {
            let key = format!("digest {} {number}", letter.digest.simple());
            say(conn, tenant, Note { key: &key, place, thread_ts: None, message }, now)?;
        }
    }
    let webhook_job = match &to.webhook {
        Some(url) => Some(webhook(conn, tenant, url, letter, random, now)?),
        None => None,
    };
    Ok(Delivered { slack: to.slack.clone(), webhook_job })
}

fn webhook(
    conn: &mut PgConnection,
    tenant: &TenantId,
    url: &str,
    letter: Letter<'_>,
    random: [u8; 16],
    now: DateTime<Utc>,
) -> Result<Uuid, StoreError> {
    let begun = Start {
        random,
        kind: "digest".to_owned(),
        subject: format!("digest/{}", letter.digest),
        action: "webhook".to_owned(),
        payload: json!({"url": url, "type": "digest.made", "timestamp": now, "data": letter.data}),
        reason: "somebody wants this digest there".to_owned(),
        policy: "digests".to_owned(),
        rule: None,
        terms: None,
        requested_by: None,
        authors: Vec::new(),
        by: letter.by.to_owned(),
    };
    match start(conn, tenant, &begun, now)? {
        Started::Queued(job) => Ok(job.0),
        Started::Proposed(approval) => Ok(approval.id.0),
    }
}
