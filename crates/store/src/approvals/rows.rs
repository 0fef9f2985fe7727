//! Rows of `approvals`, written and read back with their types.

use chrono::{DateTime, Utc};
use diesel::pg::Pg;
use diesel::{Insertable, Queryable, Selectable};
use domain::approvals::{Effect, Status, Vote};
use domain::ids::ApprovalId;
use serde_json::Value;
use uuid::Uuid;

use super::Approval;
use crate::StoreError;
use crate::schema::approvals;

#[derive(Clone, Debug, Queryable, Selectable, Insertable)]
#[diesel(table_name = approvals, check_for_backend(Pg))]
pub(super) struct ApprovalRow {
    pub(super) tenant_id: String,
    pub(super) id: Uuid,
    pub(super) subject: String,
    pub(super) action: String,
    pub(super) kind: Option<String>,
    pub(super) payload: Value,
    pub(super) content_hash: String,
    pub(super) reason: Option<String>,
    pub(super) status: String,
    pub(super) version: i32,
    pub(super) terms: Value,
    pub(super) requested_by: Option<String>,
    pub(super) authors: Vec<String>,
    pub(super) created_at: DateTime<Utc>,
    pub(super) expires_at: DateTime<Utc>,
    pub(super) decided_at: Option<DateTime<Utc>>,
    pub(super) decided_by: Option<String>,
    pub(super) decision_reason: Option<String>,
    pub(super) overridden: bool,
    pub(super) effect: String,
    pub(super) effect_attempts: i32,
    pub(super) effect_error: Option<String>,
    pub(super) effect_at: Option<DateTime<Utc>>,
    pub(super) job_id: Option<Uuid>,
    pub(super) next_reminder_at: Option<DateTime<Utc>>,
    pub(super) again_of: Option<Uuid>,
    pub(super) effect_waits: i32,
}

impl ApprovalRow {
    pub(super) fn approval(self, votes: Vec<Vote>) -> Result<Approval, StoreError> {
        let id = self.id;
        let corrupt = |what: &str| StoreError::Corrupt(format!("approval {id} has no readable {what}"));
        Ok(Approval {
            tenant: self.tenant_id.parse().map_err(|_| corrupt("tenant"))?,
            id: ApprovalId(id),
            subject: self.subject,
            action: self.action,
            kind: self.kind,
            payload: self.payload,
            content_hash: self.content_hash,
            reason: self.reason,
            status: Status::parse(&self.status).ok_or_else(|| corrupt("status"))?,
            version: self.version,
            terms: serde_json::from_value(self.terms).map_err(|_| corrupt("terms"))?,
            requested_by: self.requested_by,
            authors: self.authors,
            created_at: self.created_at,
            expires_at: self.expires_at,
            decided_at: self.decided_at,
            decided_by: self.decided_by,
            decision_reason: self.decision_reason,
            overridden: self.overridden,
            effect: Effect::parse(&self.effect).ok_or_else(|| corrupt("effect"))?,
            effect_attempts: self.effect_attempts,
            effect_waits: self.effect_waits,
            effect_error: self.effect_error,
            effect_at: self.effect_at,
            job_id: self.job_id,
            next_reminder_at: self.next_reminder_at,
            again_of: self.again_of.map(ApprovalId),
            votes,
        })
    }
}
