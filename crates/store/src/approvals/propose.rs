//! Asking people, or the policy itself, to allow something.

use chrono::{DateTime, Utc};
use diesel::sql_types::Text;
use diesel::{ExpressionMethods, OptionalExtension, PgConnection, QueryDsl, RunQueryDsl, sql_query};
use domain::approvals::{Command, Effect, Status, Terms, content_hash};
use domain::ids::{ApprovalId, TenantId};
use serde_json::{Value, json};
use uuid::Uuid;

use super::rows::ApprovalRow;
use super::{Approval, decide, lock, retry};
use crate::StoreError;
use crate::audit::{self, Entry};
use crate::schema::approvals;

/// What is to be allowed, and on which terms.
#[derive(Clone, Debug, PartialEq)]
pub struct Proposal {
    pub id: ApprovalId,
    pub subject: String,
    pub action: String,
    /// What the policy was asked about.
    pub kind: Option<String>,
    pub payload: Value,
    pub reason: Option<String>,
    pub terms: Terms,
    /// A person's id, or an identity as `github:alice`.
    pub requested_by: Option<String>,
    /// Who wrote what is to be allowed, in the same words.
    pub authors: Vec<String>,
    /// The approval that this one asks anew.
    pub again_of: Option<ApprovalId>,
}

/// Proposes it. Where its terms say that the policy allows it by itself, it is approved with that.
pub fn propose(
    conn: &mut PgConnection,
    tenant: &TenantId,
    proposal: &Proposal,
    now: DateTime<Utc>,
) -> Result<Approval, StoreError> {
    let row = row(tenant, proposal, now)?;
    retry::retried(conn, |conn| {
        diesel::insert_into(approvals::table).values(&row).execute(conn)?;
        audit::append(conn, tenant, &[entry(proposal, &row, now)])?;
        let approval = lock(conn, tenant, proposal.id)?;
        if !proposal.terms.auto_approve {
            return Ok(approval);
        }
        Ok(decide::give(conn, &approval, &Command::Auto, None, now)?.approval)
    })
}

/// The oldest approval that asks for this action on this subject and may still be decided at `now`. Whoever looks is the only
/// one until the caller's transaction ends: two that ask for the same at once cannot both find nothing.
pub fn open(
    conn: &mut PgConnection,
    tenant: &TenantId,
    (subject, action): (&str, &str),
    now: DateTime<Utc>,
) -> Result<Option<ApprovalId>, StoreError> {
    sql_query("select pg_advisory_xact_lock(hashtextextended(concat_ws(' ', 'proposal', $1, $2, $3), 0))")
        .bind::<Text, _>(tenant.as_str())
        .bind::<Text, _>(action)
        .bind::<Text, _>(subject)
        .execute(conn)?;
    let asked = approvals::table
        .filter(approvals::tenant_id.eq(tenant.as_str()))
        .filter(approvals::subject.eq(subject))
        .filter(approvals::action.eq(action));
    let open = asked.filter(approvals::status.eq(Status::Pending.as_str())).filter(approvals::expires_at.gt(now));
    let oldest = open.order((approvals::created_at, approvals::id)).select(approvals::id);
    let found: Option<Uuid> = oldest.first(conn).optional()?;
    Ok(found.map(ApprovalId))
}

fn row(tenant: &TenantId, proposal: &Proposal, now: DateTime<Utc>) -> Result<ApprovalRow, StoreError> {
    let Proposal { id, subject, action, kind, payload, reason, terms, requested_by, authors, again_of } =
        proposal.clone();
    Ok(ApprovalRow {
        tenant_id: tenant.as_str().to_owned(),
        id: id.0,
        content_hash: content_hash(&subject, &action, &payload),
        subject,
        action,
        kind,
        payload,
        reason,
        status: Status::Pending.as_str().to_owned(),
        version: 1,
        requested_by,
        authors,
        created_at: now,
        expires_at: terms.expires_at,
        decided_at: None,
        decided_by: None,
        decision_reason: None,
        overridden: false,
        effect: Effect::None.as_str().to_owned(),
        effect_attempts: 0,
        effect_waits: 0,
        effect_error: None,
        effect_at: None,
        job_id: None,
        next_reminder_at: terms.next_reminder(now),
        again_of: again_of.map(|id| id.0),
        terms: crate::json(&terms)?,
    })
}

fn entry(proposal: &Proposal, row: &ApprovalRow, now: DateTime<Utc>) -> Entry {
    let detail = json!({
        "subject": row.subject, "action": row.action, "kind": row.kind, "content_hash": row.content_hash,
        "reason": row.reason, "terms": row.terms, "authors": row.authors, "again_of": row.again_of,
    });
    Entry {
        at: now,
        actor: proposal.requested_by.clone().unwrap_or_else(|| decide::SYSTEM.to_owned()),
        action: "approval.proposed".to_owned(),
        subject: decide::audited(proposal.id),
        detail,
    }
}
