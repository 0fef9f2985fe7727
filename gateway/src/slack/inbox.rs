//! What waits: for one person, for anybody, and what somebody has asked for.

use domain::approvals::{Person, Status, may_vote};
use domain::ids::TenantId;
use slack::home::{Inbox, Line};
use store::approvals::{self, Approval, ApprovalFilter};
use store::{Connection, StoreError};

use super::speakers::Speaker;

/// Approvals that are looked at, the newest.
const MOST: i64 = 200;

/// Everything that waits, newest first.
pub(super) fn waiting(conn: &mut Connection, tenant: &TenantId) -> Result<Vec<Approval>, StoreError> {
    let filter = ApprovalFilter { status: Some(Status::Pending), ..ApprovalFilter::default() };
    approvals::list(conn, tenant, &filter, None, MOST)
}

/// What waits for the speaker, and what they have asked for.
pub(super) fn of(conn: &mut Connection, speaker: &Speaker) -> Result<Inbox, StoreError> {
    let (all, person) = (waiting(conn, &speaker.tenant)?, speaker.person());
    let is_theirs = |approval: &&Approval| approval.requested_by.as_ref().is_some_and(|name| person.is(name));
    Ok(Inbox {
        waiting: all.iter().filter(|approval| waits_for(approval, &person)).map(line).collect(),
        asked: all.iter().filter(is_theirs).map(line).collect(),
        is_known: speaker.known.is_some(),
        page: None,
    })
}

/// Whether their vote would count, and was not given yet.
fn waits_for(approval: &Approval, person: &Person) -> bool {
    let has_voted = approval.votes.iter().any(|vote| {
        vote.person.is_same(person) && (approval.terms.sticky || vote.content_hash == approval.content_hash)
    });
    !has_voted && may_vote(&approval.state(), person).is_ok()
}

pub(super) fn line(approval: &Approval) -> Line {
    let (given, needed) = approval.standing().sum();
    let noun = if needed == 1 { "approval" } else { "approvals" };
    Line {
        id: approval.id.to_string(),
        what: format!("{} {}", approval.action, approval.subject),
        since: approval.created_at,
        expires_at: Some(approval.expires_at),
        standing: format!("{given} of {needed} {noun}"),
    }
}
