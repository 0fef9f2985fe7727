//! An approval as people in Slack see it: plain values, made of what the store keeps.

use domain::approvals::{self as rules, Choice, Effect, Of, Standing, Status, Via, may_vote};
use domain::ids::{ApprovalId, TenantId};
use slack::approvals::{Decision, Done, Ending, Fact, Need, Outcome, Person, Reasons, Shown, Vote};
use store::approvals::{self, Approval};
use store::{Connection, StoreError};

use super::people;

/// How the names of policies begin where they decided.
const POLICY: &str = "policy:";

/// The approval, and what is shown of it. `None`: there is none.
pub(super) fn load(
    conn: &mut Connection,
    tenant: &TenantId,
    id: ApprovalId,
) -> Result<Option<(Approval, Shown)>, StoreError> {
    let Some(approval) = approvals::one(conn, tenant, id)? else { return Ok(None) };
    let mut named = |name: &Option<String>| match name {
        Some(name) if !name.starts_with(POLICY) => people::shown(conn, tenant, name).map(Some),
        _ => Ok(None),
    };
    let (requester, decider) = (named(&approval.requested_by)?, named(&approval.decided_by)?);
    let shown = shown(&approval, requester, decider);
    Ok(Some((approval, shown)))
}

fn shown(approval: &Approval, requester: Option<Person>, decider: Option<Person>) -> Shown {
    let terms = &approval.terms;
    let policy = match &terms.policy {
        Some(policy) => format!("{} {}: {}", policy.name, policy.version, terms.in_words()),
        None => terms.in_words(),
    };
    let authors = (!approval.authors.is_empty()).then(|| Fact {
        name: "Written by".to_owned(),
        value: approval.authors.join(", "),
        url: None,
    });
    Shown {
        id: approval.id.to_string(),
        version: u32::try_from(approval.version).unwrap_or_default(),
        subject: approval.subject.clone(),
        action: approval.action.clone(),
        reason: approval.reason.clone(),
        requested_by: requester,
        requested_at: approval.created_at,
        expires_at: Some(approval.expires_at),
        policy: Some(policy),
        needs: needs(&approval.standing()),
        effect: None,
        facts: authors.into_iter().collect(),
        votes: votes(approval),
        reasons: Reasons { approve: terms.reason.approve, reject: terms.reason.reject },
        payload: Some(approval.payload.clone()),
        outcome: outcome(approval, decider),
        page: None,
    }
}

fn needs(standing: &Standing) -> Vec<Need> {
    let need = |one: &rules::Progress| {
        let who = match &one.requirement.of {
            Of::Group(group) => format!("@{}", group.trim_start_matches('@')),
            Of::Role(role) => role.clone(),
        };
        Need { who, votes: one.requirement.votes, given: u32::try_from(one.people.len()).unwrap_or(u32::MAX) }
    };
    standing.progress.iter().map(need).collect()
}

/// The votes that count.
fn votes(approval: &Approval) -> Vec<Vote> {
    let state = approval.state();
    let counts = |vote: &&rules::Vote| {
        let is_current = approval.terms.sticky || vote.content_hash == approval.content_hash;
        is_current && may_vote(&state, &vote.person).is_ok()
    };
    let vote = |vote: &rules::Vote| {
        let decision = match vote.choice {
            Choice::Approve => Decision::Approve,
            Choice::Reject => Decision::Reject,
        };
        Vote { who: people::voter(&vote.person), decision, at: vote.at, reason: vote.reason.clone() }
    };
    approval.votes.iter().filter(counts).map(vote).collect()
}

fn outcome(approval: &Approval, decider: Option<Person>) -> Option<Outcome> {
    let ending = match approval.status {
        Status::Pending => return None,
        Status::Approved => Ending::Approved,
        Status::Rejected => Ending::Rejected,
        Status::Expired => Ending::Expired,
        Status::Cancelled => Ending::Cancelled,
    };
    let (at, reason) = (approval.decided_at?, approval.decision_reason.clone());
    Some(Outcome { ending, by: decider, how: how(approval), at, reason, done: done(approval) })
}

fn how(approval: &Approval) -> Option<String> {
    let decider = approval.decided_by.as_deref();
    if approval.status == Status::Expired {
        return Some("without a decision".to_owned());
    }
    if let Some(policy) = decider.and_then(|name| name.strip_prefix(POLICY)) {
        return Some(format!("by policy {}", policy.replacen('@', " ", 1)));
    }
    if approval.overridden {
        return Some("by override".to_owned());
    }
    let vote = approval.votes.iter().rev().find(|vote| Some(vote.person.id.as_str()) == decider)?;
    match vote.via {
        Via::Api => Some("through the API".to_owned()),
        Via::Console => Some("in the console".to_owned()),
        Via::Slack | Via::Policy => None,
    }
}

/// Decided and done are two things.
fn done(approval: &Approval) -> Option<Done> {
    let error = approval.effect_error.as_deref().unwrap_or("no reason is known");
    match approval.effect {
        Effect::None | Effect::Pending => None,
        Effect::Delivered => Some(Done { worked: true, what: "Done".to_owned() }),
        Effect::Failed => Some(Done { worked: false, what: format!("Not done yet, it is tried again: {error}") }),
        Effect::Dead => Some(Done { worked: false, what: format!("Not done: {error}") }),
    }
}
