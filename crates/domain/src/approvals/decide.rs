//! What a command does to an approval: the one place where approvals end.
//!
//! On one that has ended the same way again is a success that changes nothing, and another way is a conflict, before
//! anything else is looked at. So whoever is second, on whichever way, gets a truthful answer.

use chrono::{DateTime, Utc};

use super::judge::is_current;
use super::{Choice, Effect, Outcome, Person, Refusal, Standing, State, Status, Via, Vote, judge, may_vote};

/// What somebody wants of an approval.
#[derive(Clone, Debug, PartialEq)]
pub enum Command {
    Vote {
        person: Person,
        choice: Choice,
        via: Via,
        reason: Option<String>,
        /// The content that the person looked at, where that is known.
        seen: Option<String>,
    },
    /// Approves it at once, whoever else should have been asked.
    Override {
        person: Person,
        via: Via,
        reason: Option<String>,
    },
    /// The policy approves it by itself.
    Auto,
    /// By a person, or by the source: what it was for is over.
    Cancel {
        by: Option<Person>,
        reason: Option<String>,
    },
    Expire,
    /// What is asked for has changed.
    Void {
        content_hash: String,
    },
    /// Ask anew for what was not approved: a new approval, while this one stays as it is.
    Rerequest,
}

/// What a command changes.
#[derive(Clone, Debug, PartialEq)]
pub enum Transition {
    /// Nothing: it is so already.
    Same,
    /// A vote more, and still pending.
    Voted {
        vote: Vote,
        standing: Standing,
    },
    Ended(End),
    /// Other content: earlier votes count only if the terms are sticky.
    Voided {
        content_hash: String,
    },
    /// A new approval has to be proposed.
    Again,
}

/// How an approval ends.
#[derive(Clone, Debug, PartialEq)]
pub struct End {
    pub status: Status,
    pub by: Option<String>,
    pub reason: Option<String>,
    /// The vote that decided it.
    pub vote: Option<Vote>,
    /// `Pending` where something follows from it.
    pub effect: Effect,
    /// Somebody ended it alone.
    pub overridden: bool,
}

/// Decides about a command. Pure: nothing has changed before the transition is [applied](State::apply).
pub fn decide(state: &State, command: &Command, now: DateTime<Utc>) -> Result<Transition, Refusal> {
    if state.status.is_end() {
        return once_ended(state, command);
    }
    match command {
        Command::Expire if now < state.terms.expires_at => Err(Refusal::TooEarly { until: state.terms.expires_at }),
        Command::Expire => Ok(ended(state, Status::Expired, None, None)),
        Command::Rerequest => Err(Refusal::StillOpen),
        _ if now >= state.terms.expires_at => Err(Refusal::Late { at: state.terms.expires_at }),
        Command::Void { content_hash } if *content_hash == state.content_hash => Ok(Transition::Same),
        Command::Void { content_hash } => Ok(Transition::Voided { content_hash: content_hash.clone() }),
        Command::Cancel { by, reason } => cancelled(state, by.as_ref(), reason.as_deref()),
        Command::Auto => automatic(state),
        Command::Override { person, reason, .. } => overridden(state, person, reason.as_deref()),
        Command::Vote { person, choice, via, reason, seen } => {
            let vote = Vote {
                person: person.clone(),
                choice: *choice,
                via: *via,
                content_hash: state.content_hash.clone(),
                at: now,
                reason: said(reason.as_deref()),
            };
            voted(state, vote, seen.as_deref())
        }
    }
}

fn once_ended(state: &State, command: &Command) -> Result<Transition, Refusal> {
    let wanted = match command {
        Command::Vote { choice, .. } => choice.status(),
        Command::Override { .. } | Command::Auto => Status::Approved,
        Command::Cancel { .. } => Status::Cancelled,
        // Whatever ended it, it does not wait any more.
        Command::Expire => state.status,
        Command::Rerequest if state.status != Status::Approved => return Ok(Transition::Again),
        Command::Void { content_hash } if *content_hash == state.content_hash => state.status,
        Command::Rerequest | Command::Void { .. } => Status::Pending,
    };
    if wanted == state.status {
        return Ok(Transition::Same);
    }
    Err(Refusal::Decided { status: state.status, by: state.decided_by.clone() })
}

fn voted(state: &State, vote: Vote, seen: Option<&str>) -> Result<Transition, Refusal> {
    let earlier = state.votes.iter().find(|one| is_current(state, one) && one.person.is_same(&vote.person));
    if let Some(earlier) = earlier {
        let same = earlier.choice == vote.choice;
        return if same { Ok(Transition::Same) } else { Err(Refusal::Voted { said: earlier.choice }) };
    }
    may_vote(state, &vote.person)?;
    if seen.is_some_and(|seen| seen != state.content_hash) {
        return Err(Refusal::Changed);
    }
    let reason_needed = match vote.choice {
        Choice::Approve => state.terms.reason.approve,
        Choice::Reject => state.terms.reason.reject,
    };
    if reason_needed && vote.reason.is_none() {
        return Err(Refusal::ReasonNeeded { choice: vote.choice });
    }
    let mut with = state.clone();
    with.votes.push(vote.clone());
    let standing = judge(&with);
    let status = match standing.outcome {
        Outcome::Pending => return Ok(Transition::Voted { vote, standing }),
        Outcome::Approved => Status::Approved,
        Outcome::Rejected => Status::Rejected,
    };
    let end = end(state, status, Some(vote.person.id.clone()), vote.reason.clone());
    Ok(Transition::Ended(End { vote: Some(vote), ..end }))
}

fn overridden(state: &State, person: &Person, reason: Option<&str>) -> Result<Transition, Refusal> {
    if person.is_bot {
        return Err(Refusal::Bot);
    }
    if !may_override(state, person) {
        return Err(Refusal::NotOverriding { roles: state.terms.override_roles.clone() });
    }
    let reason = said(reason).ok_or(Refusal::OverrideReasonNeeded)?;
    let end = end(state, Status::Approved, Some(person.id.clone()), Some(reason));
    Ok(Transition::Ended(End { overridden: true, ..end }))
}

fn automatic(state: &State) -> Result<Transition, Refusal> {
    let policy = state.terms.policy.as_ref().filter(|_| state.terms.auto_approve).ok_or(Refusal::NotAutomatic)?;
    let reason = policy.rule.as_ref().map(|rule| format!("rule {rule}"));
    Ok(ended(state, Status::Approved, Some(policy.signature()), reason))
}

fn cancelled(state: &State, by: Option<&Person>, reason: Option<&str>) -> Result<Transition, Refusal> {
    let is_requester = |person: &Person| state.requested_by.as_ref().is_some_and(|name| person.is(name));
    if by.is_some_and(|person| !is_requester(person) && !may_override(state, person)) {
        return Err(Refusal::NotYours);
    }
    Ok(ended(state, Status::Cancelled, by.map(|person| person.id.clone()), said(reason)))
}

fn may_override(state: &State, person: &Person) -> bool {
    state.terms.override_roles.iter().any(|role| person.has_role(role))
}

fn ended(state: &State, status: Status, by: Option<String>, reason: Option<String>) -> Transition {
    Transition::Ended(end(state, status, by, reason))
}

fn end(state: &State, status: Status, by: Option<String>, reason: Option<String>) -> End {
    let effect = if state.terms.owes(status) { Effect::Pending } else { Effect::None };
    End { status, by, reason, vote: None, effect, overridden: false }
}

/// A reason that says something, without what no database keeps.
fn said(reason: Option<&str>) -> Option<String> {
    reason.map(|reason| reason.replace('\0', "").trim().to_owned()).filter(|reason| !reason.is_empty())
}

impl State {
    /// Takes the change over.
    pub fn apply(&mut self, transition: &Transition) {
        match transition {
            Transition::Same | Transition::Again => {}
            Transition::Voted { vote, .. } => self.votes.push(vote.clone()),
            Transition::Voided { content_hash } => self.content_hash.clone_from(content_hash),
            Transition::Ended(end) => {
                self.votes.extend(end.vote.clone());
                self.status = end.status;
                self.effect = end.effect;
                self.decided_by.clone_from(&end.by);
            }
        }
    }
}
