//! Starting a workflow, as a policy decided it: a job at once, or an approval whose end makes the job.
//!
//! Asking the policy is the caller's business, before the transaction; here is what follows, with its audit, in the
//! caller's transaction.

use chrono::{DateTime, Utc};
use diesel::PgConnection;
use domain::approvals::Terms;
use domain::ids::{ApprovalId, ReplayId, TenantId};
use serde_json::{Value, json};

use crate::approvals::{self, Approval, Proposal};
use crate::audit::{self, Entry};
use crate::jobs::{self, Workflow};
use crate::{StoreError, transaction};

/// What is to be done, and what the policy says of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Start {
    /// Of the job, or of the approval.
    pub random: [u8; 16],
    /// What the policy was asked about.
    pub kind: String,
    pub subject: String,
    pub action: String,
    pub payload: Value,
    /// Why, in the policy's words.
    pub reason: String,
    /// `name@version` of the policy.
    pub policy: String,
    pub rule: Option<String>,
    /// What an approval takes. None: it just happens.
    pub terms: Option<Terms>,
    /// A person's id, or an identity as `github:alice`; none where nobody asked for it.
    pub requested_by: Option<String>,
    /// Who wrote what is to be done, in the same words: they may not decide.
    pub authors: Vec<String>,
    /// The actor of the audit: a person's id, or the name of a part of ours.
    pub by: String,
}

/// What became of it.
#[derive(Clone, Debug, PartialEq)]
pub enum Started {
    /// A job waits for a worker.
    Queued(ReplayId),
    /// People are asked; or nobody is, because the policy approved it by itself.
    Proposed(Box<Approval>),
}

/// Queues the job, or proposes the approval. Whoever gets a [`Started::Proposed`] counts it.
pub fn start(
    conn: &mut PgConnection,
    tenant: &TenantId,
    start: &Start,
    now: DateTime<Utc>,
) -> Result<Started, StoreError> {
    match &start.terms {
        Some(terms) => {
            let approval = approvals::propose(conn, tenant, &proposal(start, terms, now), now)?;
            Ok(Started::Proposed(Box::new(approval)))
        }
        None => transaction(conn, |conn| queue(conn, tenant, start, now)).map(Started::Queued),
    }
}

fn proposal(start: &Start, terms: &Terms, now: DateTime<Utc>) -> Proposal {
    let Start { random, kind, subject, action, payload, reason, requested_by, authors, .. } = start.clone();
    Proposal {
        id: ApprovalId::new(now, random),
        subject,
        action,
        kind: Some(kind),
        payload,
        reason: Some(reason),
        terms: terms.clone(),
        requested_by,
        authors,
        again_of: None,
    }
}

fn queue(
    conn: &mut PgConnection,
    tenant: &TenantId,
    start: &Start,
    now: DateTime<Utc>,
) -> Result<ReplayId, StoreError> {
    let id = ReplayId::new(now, start.random);
    let Start { kind, subject, action, payload, policy, rule, by, .. } = start.clone();
    let detail = json!({"kind": kind, "subject": subject, "action": action, "policy": policy, "rule": rule});
    jobs::ask(conn, tenant, id, &Workflow { kind, subject, action, payload }, now)?;
    let entry =
        Entry { at: now, actor: by, action: "workflow.queued".to_owned(), subject: format!("job/{id}"), detail };
    audit::append(conn, tenant, &[entry])?;
    Ok(id)
}
