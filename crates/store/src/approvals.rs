//! Approvals: what people are asked to allow, how they answered, and what follows.
//!
//! The rules are `domain::approvals`'s. Here every change is one transaction under a lock of the approval's row: the
//! vote, the status, the job that is owed, the messages that are stale now, the audit. So whoever comes second, on
//! whichever way, is told how it stands. Nothing here waits on the world: what follows from an end is leased
//! ([`take_effects`]), done elsewhere and then noted. Each end is told to one caller only ([`Done::Ended`], what
//! [`expire_due`] returns, an approval that [`propose`] returns approved): that one counts it.

mod again;
mod decide;
mod effects;
#[cfg(test)]
mod plans;
mod posts;
mod propose;
mod retry;
mod rows;
mod sweeps;
mod votes;

use chrono::{DateTime, Utc};
use diesel::pg::Pg;
use diesel::{ExpressionMethods, OptionalExtension, PgConnection, QueryDsl, RunQueryDsl, SelectableHelper};
use domain::approvals::{Effect, Standing, State, Status, Terms, Vote, judge};
use domain::ids::{ApprovalId, TenantId};
use serde_json::Value;
use uuid::Uuid;

use crate::StoreError;
use crate::events::After;
use crate::schema::approvals;
use rows::ApprovalRow;

pub use again::{Again, Anew, again, successors};
pub use decide::{Answer, Content, Done, decide, void};
pub use effects::{
    EFFECT_JOB, effect_delivered, effect_failed, effect_put_off, effect_refused, keep_effect, revive_effect,
    take_effects,
};
pub use posts::{Post, Posted, add_post, post_shown, posts, remove_post, stale_posts};
pub use propose::{Proposal, open, propose};
pub use sweeps::{Reminder, due_reminders, expire_due};

/// An approval as it stands.
#[derive(Clone, Debug, PartialEq)]
pub struct Approval {
    pub tenant: TenantId,
    pub id: ApprovalId,
    pub subject: String,
    pub action: String,
    /// What the policy was asked about.
    pub kind: Option<String>,
    pub payload: Value,
    pub content_hash: String,
    /// Why it was asked for.
    pub reason: Option<String>,
    pub status: Status,
    /// One more with every change.
    pub version: i32,
    pub terms: Terms,
    pub requested_by: Option<String>,
    pub authors: Vec<String>,
    pub created_at: DateTime<Utc>,
    pub expires_at: DateTime<Utc>,
    pub decided_at: Option<DateTime<Utc>>,
    pub decided_by: Option<String>,
    pub decision_reason: Option<String>,
    /// Somebody ended it alone.
    pub overridden: bool,
    pub effect: Effect,
    /// How often the effect was tried: the number of the running try.
    pub effect_attempts: i32,
    /// Tries among them that the other side put off: they do not count.
    pub effect_waits: i32,
    pub effect_error: Option<String>,
    /// When the effect is tried next, or the lease of the running try ends.
    pub effect_at: Option<DateTime<Utc>>,
    /// The job that does what follows from the end.
    pub job_id: Option<Uuid>,
    pub next_reminder_at: Option<DateTime<Utc>>,
    /// The approval that this one asks anew.
    pub again_of: Option<ApprovalId>,
    /// In the order in which they came, with what is known of the voters today.
    pub votes: Vec<Vote>,
}

impl Approval {
    /// What the rules look at.
    pub fn state(&self) -> State {
        State {
            status: self.status,
            effect: self.effect,
            content_hash: self.content_hash.clone(),
            requested_by: self.requested_by.clone(),
            authors: self.authors.clone(),
            terms: self.terms.clone(),
            votes: self.votes.clone(),
            decided_by: self.decided_by.clone(),
        }
    }

    /// What the votes add up to.
    pub fn standing(&self) -> Standing {
        judge(&self.state())
    }
}

/// What a list is narrowed to. All that is set must hold.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ApprovalFilter {
    pub status: Option<Status>,
    pub subject: Option<String>,
    pub action: Option<String>,
    pub requested_by: Option<String>,
    pub effect: Option<Effect>,
}

/// One approval of this tenant.
pub fn one(conn: &mut PgConnection, tenant: &TenantId, id: ApprovalId) -> Result<Option<Approval>, StoreError> {
    let row = approvals::table.find((tenant.as_str(), id.0)).select(ApprovalRow::as_select());
    let Some(row) = row.first(conn).optional()? else { return Ok(None) };
    Ok(whole(conn, tenant, vec![row])?.pop())
}

/// Approvals, newest first, at most `limit`.
pub fn list(
    conn: &mut PgConnection,
    tenant: &TenantId,
    filter: &ApprovalFilter,
    after: Option<After>,
    limit: i64,
) -> Result<Vec<Approval>, StoreError> {
    let rows = page(tenant, filter, after, limit).select(ApprovalRow::as_select()).load(conn)?;
    whole(conn, tenant, rows)
}

fn page(
    tenant: &TenantId,
    filter: &ApprovalFilter,
    after: Option<After>,
    limit: i64,
) -> approvals::BoxedQuery<'static, Pg> {
    let mut query = approvals::table.filter(approvals::tenant_id.eq(tenant.as_str().to_owned())).into_boxed();
    let ApprovalFilter { status, subject, action, requested_by, effect } = filter.clone();
    if let Some(status) = status {
        query = query.filter(approvals::status.eq(status.as_str()));
    }
    if let Some(subject) = subject {
        query = query.filter(approvals::subject.eq(subject));
    }
    if let Some(action) = action {
        query = query.filter(approvals::action.eq(action));
    }
    if let Some(requested_by) = requested_by {
        query = query.filter(approvals::requested_by.eq(requested_by));
    }
    if let Some(effect) = effect {
        query = query.filter(approvals::effect.eq(effect.as_str()));
    }
    if let Some(after) = after {
        query = query.filter(after.follows::<approvals::table>("(created_at, id) < ("));
    }
    query.order((approvals::created_at.desc(), approvals::id.desc())).limit(limit)
}

/// Rows of one tenant with their votes.
fn whole(conn: &mut PgConnection, tenant: &TenantId, rows: Vec<ApprovalRow>) -> Result<Vec<Approval>, StoreError> {
    let ids: Vec<Uuid> = rows.iter().map(|row| row.id).collect();
    let mut votes = votes::of(conn, tenant, &ids)?;
    let mut told = |row: ApprovalRow| {
        let votes = votes.remove(&row.id).unwrap_or_default();
        row.approval(votes)
    };
    rows.into_iter().map(&mut told).collect()
}

/// The approval, kept as it is until the transaction ends.
fn lock(conn: &mut PgConnection, tenant: &TenantId, id: ApprovalId) -> Result<Approval, StoreError> {
    let row = approvals::table.find((tenant.as_str(), id.0)).select(ApprovalRow::as_select());
    let row: ApprovalRow = row.for_update().first(conn)?;
    whole(conn, tenant, vec![row])?.pop().ok_or(StoreError::NotFound)
}
