//! A vote from Slack, or typed: given to the rules, counted once, and told to who gave it, truthfully.

use domain::approvals::{Choice, Command, Refusal};
use domain::ids::ApprovalId;
use slack::approvals::private::Told;
use slack::approvals::{self as said, Decision};
use store::approvals::{self, Answer, Done};
use store::{Connection, StoreError};

use super::speakers::Speaker;
use crate::api::people::{LONGEST_REASON, counted};
use crate::clock;
use crate::state::State;

/// What somebody wants of an approval.
#[derive(Clone, Debug)]
pub(super) struct Ballot {
    pub(super) approval: String,
    pub(super) decision: Decision,
    pub(super) reason: Option<String>,
    /// The hash of the content that they looked at, where it is known.
    pub(super) seen: Option<String>,
}

/// Gives the vote; what to tell. Never fails: what could not be recorded is told as that.
pub(super) async fn vote(state: &State, speaker: &Speaker, ballot: Ballot) -> Told {
    let Ok(id) = ballot.approval.parse::<ApprovalId>() else { return Told::NoSuch { id: ballot.approval } };
    let now = clock::now();
    let (asked, choice) = (speaker.clone(), choice(ballot.decision));
    let command = Command::Vote {
        person: speaker.person(),
        choice,
        via: speaker.via,
        reason: ballot.reason.as_deref().map(|reason| reason.chars().take(LONGEST_REASON).collect()),
        seen: ballot.seen,
    };
    let work = move |conn: &mut Connection| {
        let answer = approvals::decide(conn, &asked.tenant, id, &command, now)?;
        let by = show::approvals::somebody(conn, &asked.tenant, answer.approval.decided_by.as_deref())?;
        Ok((answer, by))
    };
    match state.store.call("approval_decide", work).await {
        Ok((answer, by)) => {
            counted::answered(&answer, now);
            told(&answer, by, speaker, (ballot.approval, ballot.decision))
        }
        Err(StoreError::NotFound) => Told::NoSuch { id: ballot.approval },
        Err(error) => {
            let cause = &error as &dyn std::error::Error;
            tracing::error!(approval = %id, error = cause, "a vote from Slack was not recorded; look at the database");
            Told::NotKept
        }
    }
}

fn choice(decision: Decision) -> Choice {
    match decision {
        Decision::Approve => Choice::Approve,
        Decision::Reject => Choice::Reject,
    }
}

fn told(answer: &Answer, by: Option<said::Person>, speaker: &Speaker, (id, decision): (String, Decision)) -> Told {
    let approval = &answer.approval;
    match (&answer.done, show::approvals::ending(approval.status)) {
        (Ok(Done::Ended), Some(ending)) => Told::Decided { ending },
        (Ok(_) | Err(Refusal::Decided { .. }), Some(ending)) => Told::Already { ending, by },
        (Ok(Done::Voted), None) => {
            let (given, needed) = approval.standing().sum();
            Told::Counted { decision, missing: u32::try_from(needed.saturating_sub(given)).unwrap_or(u32::MAX) }
        }
        (Ok(_), None) => Told::Again { decision },
        (Err(refusal), _) => refused(refusal, speaker, (id, decision)),
    }
}

fn refused(refusal: &Refusal, speaker: &Speaker, (id, decision): (String, Decision)) -> Told {
    match (refusal, &speaker.known, &speaker.slack_user) {
        (Refusal::NotAsked { .. }, None, Some(user_id)) => Told::Stranger { slack_id: user_id.clone() },
        (Refusal::Changed, ..) => Told::Changed,
        (Refusal::ReasonNeeded { .. }, ..) => Told::NeedsReason { id, decision },
        _ => Told::MayNot { why: format!("{refusal}.") },
    }
}
