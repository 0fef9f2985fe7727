//! Answers to what was asked: approved, rejected, overridden, taken back.
//!
//! A decision is the same however often it is sent: on what is decided the same way it changes nothing and succeeds, the
//! other way it is a conflict. So it needs no Idempotency-Key. Who is refused is told why, and the audit keeps it.

use actix_web::{HttpResponse, web};
use chrono::{DateTime, Utc};
use domain::approvals::{Choice, Command, Person, Refusal, Status, Via};
use domain::ids::ApprovalId;
use serde::{Deserialize, Serialize};
use store::Connection;
use store::approvals::{Approval, decide};
use utoipa::ToSchema;
use uuid::Uuid;

use super::asker::Asker;
use super::{APPROVAL, LONGEST_REASON, counted};
use crate::access::{Approver, Caller, Operator};
use crate::clock;
use crate::faults::Faults;
use crate::found;
use crate::problem::{Code, Problem, ProblemBody};
use crate::query::NoQuery;
use crate::sent::Sent;
use crate::state::{Shared, State};

const LONGEST_HASH: usize = 64;

/// A decision.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Decision {
    /// `approve`, `reject` (or `decline`), or `override`: approve alone what others were asked for.
    decision: String,
    /// Needed for an override, and where the policy says so.
    reason: Option<String>,
    /// The `content_hash` that was looked at: what has changed since is not decided.
    content_hash: Option<String>,
}

/// Takes a request back.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Cancellation {
    reason: Option<String>,
}

/// How it stands now.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Decided {
    #[schema(value_type = String)]
    id: ApprovalId,
    /// `pending`: more votes are needed.
    status: &'static str,
    /// Why it was decided so.
    reason: Option<String>,
    decided_by: Option<String>,
    votes: Votes,
    /// The job that does what was approved.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    job_id: Option<Uuid>,
}

/// Approving votes: "1 of 3".
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Votes {
    given: usize,
    needed: usize,
}

impl From<&Approval> for Decided {
    fn from(approval: &Approval) -> Self {
        let (given, needed) = approval.standing().sum();
        Self {
            id: approval.id,
            status: approval.status.as_str(),
            reason: approval.decision_reason.clone(),
            decided_by: approval.decided_by.clone(),
            votes: Votes { given, needed },
            job_id: approval.job_id,
        }
    }
}

/// What a word asks for.
#[derive(Clone, Copy)]
enum Way {
    Vote(Choice),
    Override,
}

impl Way {
    fn parse(word: &str) -> Option<Self> {
        match word {
            "approve" => Some(Self::Vote(Choice::Approve)),
            "reject" | "decline" => Some(Self::Vote(Choice::Reject)),
            "override" => Some(Self::Override),
            _ => None,
        }
    }
}

/// Decides about an approval, or gives one of the votes that it takes.
#[utoipa::path(post, path = "/v1/approvals/{id}/decision", tag = "approvals", request_body = Decision,
    params(("id" = String, Path, description = "The approval's id")),
    responses(
    (status = 200, body = Decided),
    (status = 400, body = ProblemBody),
    (status = 403, body = ProblemBody),
    (status = 404, body = ProblemBody),
    (status = 409, body = ProblemBody),
))]
pub(crate) async fn say(
    caller: Caller<Approver>,
    state: Shared,
    sent: Sent,
    id: web::Path<String>,
    _: NoQuery,
) -> Result<HttpResponse, Problem> {
    let said = sent.json::<Decision>()?;
    let mut faults = Faults::of_body();
    let reason = faults.words("reason", said.reason.as_deref(), LONGEST_REASON);
    let seen = faults.line("content_hash", said.content_hash.as_deref(), LONGEST_HASH);
    let way = Way::parse(&said.decision);
    if way.is_none() {
        faults.add("decision", "`decision` is one of approve, reject, decline, override");
    }
    faults.none()?;
    let Some(way) = way else { return Err(Problem::new(Code::InvalidRequest, "there is no decision")) };
    let command = move |person: Person| match way {
        Way::Vote(choice) => Command::Vote { person, choice, via: Via::Api, reason, seen },
        Way::Override => Command::Override { person, via: Via::Api, reason },
    };
    give(&state, Asker::from(&caller), &id, command).await
}

/// Takes a request back: by who asked for it, or by who may override it.
#[utoipa::path(post, path = "/v1/approvals/{id}/cancel", tag = "approvals", request_body = Cancellation,
    params(("id" = String, Path, description = "The approval's id")),
    responses(
    (status = 200, body = Decided),
    (status = 400, body = ProblemBody),
    (status = 403, body = ProblemBody),
    (status = 404, body = ProblemBody),
    (status = 409, body = ProblemBody),
))]
pub(crate) async fn cancel(
    caller: Caller<Operator>,
    state: Shared,
    sent: Sent,
    id: web::Path<String>,
    _: NoQuery,
) -> Result<HttpResponse, Problem> {
    let said = sent.json::<Cancellation>()?;
    let mut faults = Faults::of_body();
    let reason = faults.words("reason", said.reason.as_deref(), LONGEST_REASON);
    faults.none()?;
    let command = move |by: Person| Command::Cancel { by: Some(by), reason };
    give(&state, Asker::from(&caller), &id, command).await
}

/// Gives the caller's command and answers with how the approval stands after it.
async fn give(
    state: &State,
    asker: Asker,
    id: &str,
    command: impl FnOnce(Person) -> Command + Send + 'static,
) -> Result<HttpResponse, Problem> {
    let id: ApprovalId = found::id(APPROVAL, id)?;
    let now = clock::now();
    let work = move |conn: &mut Connection| {
        let person = asker.person(conn)?;
        decide(conn, &asker.tenant, id, &command(person), now)
    };
    let answer = state.store.call("approval_decide", work).await.map_err(found::named(APPROVAL))?;
    counted::answered(&answer, now);
    match &answer.done {
        Ok(_) => Ok(HttpResponse::Ok().json(Decided::from(&answer.approval))),
        Err(refusal) => Err(refused(refusal)),
    }
}

pub(super) fn refused(refusal: &Refusal) -> Problem {
    let detail = refusal.to_string();
    if refusal.is_incomplete() {
        return Problem::unfit("/reason", detail);
    }
    let code = if refusal.is_conflict() { Code::DecidedOtherwise } else { Code::MayNotDecide };
    Problem::new(code, detail)
}

/// Whether it still waits, so that a reason may be asked for.
pub(crate) fn waits(approval: &Approval, now: DateTime<Utc>) -> bool {
    approval.status == Status::Pending && now < approval.terms.expires_at
}
