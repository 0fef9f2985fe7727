//! An approval as people in Slack see it: plain values, made of what the store keeps.

use domain::approvals::{self as rules, Choice, Effect, Of, Standing, Status, Via, may_vote};
use domain::ids::{ApprovalId, TenantId};
use slack::approvals::{Decision, Done, Ending, Fact, Need, Outcome, Person, Reasons, Shown, Vote};
use store::approvals::{self, Approval};
use store::{Connection, StoreError};

use crate::people;

/// How the names of policies begin where they decided.
const POLICY: &str = "policy:";

/// The approval, and what is shown of it. `None`: there is none.
pub fn load(conn: &mut Connection, tenant: &TenantId, id: ApprovalId) -> Result<Option<(Approval, Shown)>, StoreError> {
    let Some(approval) = approvals::one(conn, tenant, id)? else { return Ok(None) };
    let requester = somebody(conn, tenant, approval.requested_by.as_deref())?;
    let decider = somebody(conn, tenant, approval.decided_by.as_deref())?;
    let shown = shown(&approval, requester, decider);
    Ok(Some((approval, shown)))
}

/// The person behind a name that stands in an approval; `None`: nobody, or a policy.
pub fn somebody(conn: &mut Connection, tenant: &TenantId, name: Option<&str>) -> Result<Option<Person>, StoreError> {
    match name {
        Some(name) if !name.starts_with(POLICY) => people::shown(conn, tenant, name).map(Some),
        _ => Ok(None),
    }
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
        content_hash: Some(approval.content_hash.clone()),
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

/// How it ended, in Slack's words; `None`: it waits.
pub fn ending(status: Status) -> Option<Ending> {
    match status {
        Status::Pending => None,
        Status::Approved => Some(Ending::Approved),
        Status::Rejected => Some(Ending::Rejected),
        Status::Expired => Some(Ending::Expired),
        Status::Cancelled => Some(Ending::Cancelled),
    }
}

fn outcome(approval: &Approval, decider: Option<Person>) -> Option<Outcome> {
    let ending = ending(approval.status)?;
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
