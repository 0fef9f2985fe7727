//! Asking anew for what was not approved: a new approval of the same content, on terms of its own. Of one that ended, one that
//! asks again may be open.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use diesel::{ExpressionMethods, OptionalExtension, PgConnection, QueryDsl, RunQueryDsl};
use domain::approvals::{Command, Refusal, Status, Terms};
use domain::ids::{ApprovalId, TenantId};
use serde_json::json;
use uuid::Uuid;

use super::decide::{audited, give, in_time};
use super::{Approval, Proposal, propose, retry};
use crate::StoreError;
use crate::audit::{self, Entry};
use crate::schema::approvals;

/// How it is asked anew.
#[derive(Clone, Debug, PartialEq)]
pub struct Anew {
    pub id: ApprovalId,
    /// What it takes now.
    pub terms: Terms,
    /// None: why it was asked for before.
    pub reason: Option<String>,
    /// A person's id; none where access is open.
    pub requested_by: Option<String>,
    /// The actor of the audit.
    pub by: String,
}

/// What became of asking anew.
#[derive(Clone, Debug, PartialEq)]
pub enum Again {
    /// To be counted by whoever gets it.
    Proposed(Box<Approval>),
    /// It is asked again already, and that one is open.
    Open(Box<Approval>),
    Refused(Refusal),
}

/// Proposes again what `id` asked for, unless it was approved or is open. Who asked for it then is among the authors now: asking
/// through somebody else makes nobody a voter.
pub fn again(
    conn: &mut PgConnection,
    tenant: &TenantId,
    id: ApprovalId,
    anew: &Anew,
    now: DateTime<Utc>,
) -> Result<Again, StoreError> {
    retry::retried(conn, |conn| {
        let approval = in_time(conn, tenant, id, now)?;
        if let Err(refusal) = give(conn, &approval, &Command::Rerequest, None, now)?.done {
            return Ok(Again::Refused(refusal));
        }
        if let Some(open) = open_successor(conn, tenant, id)? {
            let open = in_time(conn, tenant, open, now)?;
            if !open.status.is_end() {
                return Ok(Again::Open(Box::new(open)));
            }
        }
        let detail = json!({"approval": anew.id, "status": approval.status, "content_hash": approval.content_hash});
        let action = "approval.asked_again".to_owned();
        let entry = Entry { at: now, actor: anew.by.clone(), action, subject: audited(id), detail };
        audit::append(conn, tenant, &[entry])?;
        propose(conn, tenant, &proposal(approval, anew), now).map(|approval| Again::Proposed(Box::new(approval)))
    })
}

fn proposal(of: Approval, anew: &Anew) -> Proposal {
    let mut authors = of.authors;
    authors.extend(of.requested_by.filter(|before| Some(before) != anew.requested_by.as_ref()));
    authors.dedup();
    Proposal {
        id: anew.id,
        subject: of.subject,
        action: of.action,
        kind: of.kind,
        payload: of.payload,
        reason: anew.reason.clone().or(of.reason),
        terms: anew.terms.clone(),
        requested_by: anew.requested_by.clone(),
        authors,
        again_of: Some(of.id),
    }
}

fn open_successor(
    conn: &mut PgConnection,
    tenant: &TenantId,
    id: ApprovalId,
) -> Result<Option<ApprovalId>, StoreError> {
    let open = approvals::table
        .filter(approvals::tenant_id.eq(tenant.as_str()))
        .filter(approvals::again_of.eq(id.0))
        .filter(approvals::status.eq(Status::Pending.as_str()));
    let found: Option<Uuid> = open.select(approvals::id).first(conn).optional()?;
    Ok(found.map(ApprovalId))
}

/// Which approvals asked again for these, oldest first.
pub fn successors(
    conn: &mut PgConnection,
    tenant: &TenantId,
    ids: &[ApprovalId],
) -> Result<BTreeMap<ApprovalId, Vec<ApprovalId>>, StoreError> {
    let ids: Vec<Uuid> = ids.iter().map(|id| id.0).collect();
    let rows: Vec<(Option<Uuid>, Uuid)> = approvals::table
        .filter(approvals::tenant_id.eq(tenant.as_str()))
        .filter(approvals::again_of.eq_any(ids))
        .order((approvals::created_at, approvals::id))
        .select((approvals::again_of, approvals::id))
        .load(conn)?;
    let mut all: BTreeMap<ApprovalId, Vec<ApprovalId>> = BTreeMap::new();
    for (of, id) in rows {
        if let Some(of) = of {
            all.entry(ApprovalId(of)).or_default().push(ApprovalId(id));
        }
    }
    Ok(all)
}
