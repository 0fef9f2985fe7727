//! Asks people to allow something. The policy says what that takes; where it would ask nobody, one approver is asked all
//! the same: whoever proposes wants an answer.

use actix_web::HttpResponse;
use chrono::{DateTime, TimeDelta, Utc};
use domain::approvals::Terms;
use domain::event::rfc3339;
use domain::ids::ApprovalId;
use policies::Policies;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use store::Connection;
use store::approvals::{self, Approval, Proposal as Row};
use utoipa::ToSchema;
use uuid::Uuid;

use super::asker::Asker;
use super::inputs::input;
use super::{LONGEST_REASON, counted};
use crate::access::{Caller, Operator};
use crate::clock;
use crate::faults::Faults;
use crate::idempotent;
use crate::problem::{Problem, ProblemBody};
use crate::query::NoQuery;
use crate::sent::Sent;
use crate::state::Shared;

const LONGEST_SUBJECT: usize = 255;
const LONGEST_WORD: usize = 64;
const LONGEST_NAME: usize = 320;
const MOST_AUTHORS: usize = 100;
/// How long an approval may be asked to wait.
const WAITS_SECONDS: std::ops::RangeInclusive<i64> = 60..=30 * 86_400;

/// What is to be allowed.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Proposal {
    /// What it is about, `acme/shop#12`.
    subject: String,
    /// What is done once it is allowed.
    action: String,
    /// What the policy is asked about; the action unless said.
    kind: Option<String>,
    reason: Option<String>,
    /// What the action needs. The policy sees it as facts; `team`, `service` and `environment` by their names.
    #[serde(default)]
    #[schema(value_type = Object)]
    payload: Map<String, Value>,
    /// Seconds until it expires, 60 to 2592000; never later than the policy says.
    expires_in: Option<i64>,
    /// Who wrote what is to be allowed, as `github:ada`: they may not decide.
    #[serde(default)]
    authors: Vec<String>,
}

/// What was proposed.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Proposed {
    /// The approval's id, under the name that EM Agent 1 gave it.
    #[schema(value_type = String)]
    action_id: ApprovalId,
    #[schema(value_type = String)]
    approval_id: ApprovalId,
    /// `pending`, or `approved` where the policy approves by itself.
    status: &'static str,
    expires_at: String,
    /// The job that does what was approved.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    job_id: Option<Uuid>,
}

impl From<&Approval> for Proposed {
    fn from(approval: &Approval) -> Self {
        Self {
            action_id: approval.id,
            approval_id: approval.id,
            status: approval.status.as_str(),
            expires_at: rfc3339(approval.expires_at),
            job_id: approval.job_id,
        }
    }
}

/// Proposes something, on the terms of the policy.
#[utoipa::path(post, path = "/v1/approvals/propose", tag = "approvals", request_body = Proposal,
    params(("Idempotency-Key" = Option<String>, Header, description = "The same key with the same request is done once")),
    responses(
    (status = 201, body = Proposed),
    (status = 400, body = ProblemBody),
    (status = 422, body = ProblemBody),
))]
pub(crate) async fn propose(
    caller: Caller<Operator>,
    state: Shared,
    sent: Sent,
    _: NoQuery,
) -> Result<HttpResponse, Problem> {
    let keyed = sent.keyed("approvals", &caller)?;
    let now = clock::now();
    let wanted = sent.json::<Proposal>()?.checked()?;
    let terms = wanted.terms(&state.policies, now).await?;
    let asker = Asker::from(&caller);
    let work = move |conn: &mut Connection| {
        let person = asker.person(conn)?;
        let row = wanted.row(terms, asker.requester(&person), now);
        let approval = approvals::propose(conn, &asker.tenant, &row, now)?;
        Ok((idempotent::created(Proposed::from(&approval)), approval))
    };
    let (response, new) = idempotent::followed(&state, "approval_propose", keyed, now, work).await?;
    new.iter().for_each(counted::proposed);
    Ok(response)
}

impl Proposal {
    fn checked(self) -> Result<Self, Problem> {
        let mut faults = Faults::of_body();
        let subject = faults.required("subject", Some(&self.subject), LONGEST_SUBJECT);
        let action = faults.required("action", Some(&self.action), LONGEST_WORD);
        let kind = faults.line("kind", self.kind.as_deref(), LONGEST_WORD);
        let reason = faults.words("reason", self.reason.as_deref(), LONGEST_REASON);
        if self.expires_in.is_some_and(|seconds| !WAITS_SECONDS.contains(&seconds)) {
            let (least, most) = (WAITS_SECONDS.start(), WAITS_SECONDS.end());
            faults.add("expires_in", format!("`expires_in` is a number of seconds from {least} to {most}"));
        }
        if self.authors.len() > MOST_AUTHORS {
            faults.add("authors", format!("`authors` has at most {MOST_AUTHORS} names"));
        }
        let authors: Vec<String> =
            self.authors.iter().map(|author| faults.required("authors", Some(author), LONGEST_NAME)).collect();
        faults.none()?;
        Ok(Self { subject, action, kind, reason, authors, ..self })
    }

    async fn terms(&self, policies: &Policies, now: DateTime<Utc>) -> Result<Terms, Problem> {
        let kind = self.kind.as_ref().unwrap_or(&self.action);
        let decision = policies.decide(&input((kind, &self.subject, Some(&self.action)), &self.payload, now)?).await;
        let mut terms = policies.terms(&decision, now).unwrap_or_else(|| Terms::usual(now));
        if let Some(seconds) = self.expires_in {
            terms.expires_at = terms.expires_at.min(now + TimeDelta::seconds(seconds));
        }
        Ok(terms)
    }

    fn row(self, terms: Terms, requested_by: Option<String>, now: DateTime<Utc>) -> Row {
        Row {
            id: ApprovalId::new(now, Uuid::new_v4().into_bytes()),
            kind: Some(self.kind.unwrap_or_else(|| self.action.clone())),
            subject: self.subject,
            action: self.action,
            payload: Value::Object(self.payload),
            reason: self.reason,
            terms,
            requested_by,
            authors: self.authors,
            again_of: None,
        }
    }
}
