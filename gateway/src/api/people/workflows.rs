//! Runs a workflow when the policy lets it, else asks people first. What is queued here a worker does.
//!
//! The action is what the caller says, else what the policy says, else a nudge. What the policy blocks waits for an approval,
//! whose job does it; what the policy approves by itself is an approval too, that nobody waits for.

use actix_web::web::Payload;
use actix_web::{HttpRequest, HttpResponse};
use chrono::{DateTime, SubsecRound, Utc};
use domain::approvals::{Person, Status, Terms};
use domain::ids::{ApprovalId, ReplayId};
use domain::policy::{Decision, Policy};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use store::approvals::{self, Approval, Proposal};
use store::audit::{self, Entry};
use store::idempotency::Answer;
use store::jobs::{self, Workflow};
use store::{Connection, StoreError};
use tokio::sync::oneshot;
use utoipa::ToSchema;
use uuid::Uuid;

use super::asker::Asker;
use super::counted;
use super::inputs::input;
use crate::access::{Caller, Operator};
use crate::api::deliveries::NoQuery;
use crate::body;
use crate::fields::Fields;
use crate::idempotent::{self, keyed};
use crate::problem::{Problem, ProblemBody};
use crate::query::Asked;
use crate::state::Shared;

const ACCEPTED: i16 = 202;
const LONGEST_SUBJECT: usize = 255;
const LONGEST_WORD: usize = 64;
/// What is done where neither the caller nor the policy says more than whether.
const USUAL_ACTION: &str = "nudge";
/// Words of a policy that say whether, not what.
const NO_ACTIONS: [&str; 2] = ["allow", "block"];

/// What is to be done about what.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Run {
    /// What the policy is asked about: a signal's kind, `deploy`, …
    #[serde(alias = "kind")]
    rule_kind: String,
    /// What it is about, `acme/shop#12`.
    subject: String,
    /// What is done; what the policy says unless given.
    action: Option<String>,
    /// What the action needs. The policy sees it as facts.
    #[serde(default)]
    #[schema(value_type = Object)]
    payload: Map<String, Value>,
}

/// What became of it.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Started {
    /// `queued`, or `awaiting_approval`.
    status: &'static str,
    action: String,
    /// Of the approval where there is one, else of the job.
    #[schema(value_type = String)]
    action_id: Uuid,
    /// For `GET /v1/workflows/jobs/{job_id}`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    job_id: Option<Uuid>,
    /// For `GET /v1/approvals/{id}`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    approval_id: Option<Uuid>,
    /// Why, in the policy's words.
    reason: String,
}

/// Does something, or asks people first: as the policy says.
#[utoipa::path(post, path = "/v1/workflows/run", tag = "workflows", request_body = Run,
    params(("Idempotency-Key" = Option<String>, Header, description = "The same key with the same request is done once")),
    security(("bearer" = []), ("admin_key" = [])), responses(
    (status = 202, body = Started),
    (status = 400, body = ProblemBody, content_type = "application/problem+json"),
    (status = 422, body = ProblemBody, content_type = "application/problem+json"),
))]
pub(crate) async fn run(
    caller: Caller<Operator>,
    state: Shared,
    request: HttpRequest,
    payload: Payload,
    Asked(NoQuery {}): Asked<NoQuery>,
) -> Result<HttpResponse, Problem> {
    let (sent, _share) = body::read(&state.memory, &request, payload, body::MOST_API_BYTES).await?;
    let keyed = keyed("workflows", &caller, &request, &sent)?;
    let now = Utc::now().trunc_subsecs(6);
    let wanted = body::json::<Run>(&sent)?.checked()?.decided(&state.policy, now)?;
    let asker = Asker::from(&caller);
    let (tell, told) = oneshot::channel();
    let work = move |conn: &mut Connection| {
        let (started, approval) = wanted.start(conn, &asker, now)?;
        // Nobody listens any more when the caller has gone: then it is not counted.
        drop(tell.send(approval));
        Ok(Answer { status: ACCEPTED, body: json!(started) })
    };
    let response = idempotent::answer(&state, "workflow_run", keyed, now, work).await?;
    match told.await {
        Ok(Some(approval)) => counted::proposed(&approval),
        Ok(None) => counted::asked(true),
        Err(_) => {}
    }
    Ok(response)
}

impl Run {
    fn checked(self) -> Result<Self, Problem> {
        let mut fields = Fields::default();
        let rule_kind = fields.required("rule_kind", Some(&self.rule_kind), LONGEST_WORD);
        let subject = fields.required("subject", Some(&self.subject), LONGEST_SUBJECT);
        let action = fields.line("action", self.action.as_deref(), LONGEST_WORD);
        fields.none()?;
        Ok(Self { rule_kind, subject, action, ..self })
    }

    fn decided(self, policy: &Policy, now: DateTime<Utc>) -> Result<Wanted, Problem> {
        let asked = (self.rule_kind.as_str(), self.subject.as_str(), self.action.as_deref());
        let decision = policy.decide(&input(asked, &self.payload, now)?);
        let said = Some(decision.action.clone()).filter(|action| !NO_ACTIONS.contains(&action.as_str()));
        let action = self.action.clone().or(said).unwrap_or_else(|| USUAL_ACTION.to_owned());
        let terms = decision.terms(policy, now);
        Ok(Wanted { run: self, action, decision, terms })
    }
}

/// What is wanted, and what the policy says of it.
struct Wanted {
    run: Run,
    action: String,
    decision: Decision,
    /// None: it just happens.
    terms: Option<Terms>,
}

impl Wanted {
    fn start(
        self,
        conn: &mut Connection,
        asker: &Asker,
        now: DateTime<Utc>,
    ) -> Result<(Started, Option<Approval>), StoreError> {
        let person = asker.person(conn)?;
        match self.terms.clone() {
            Some(terms) => {
                let approval =
                    approvals::propose(conn, &asker.tenant, &self.proposal(terms, asker, &person, now), now)?;
                Ok((self.awaiting(&approval), Some(approval)))
            }
            None => Ok((self.queue(conn, asker, &person, now)?, None)),
        }
    }

    fn proposal(&self, terms: Terms, asker: &Asker, person: &Person, now: DateTime<Utc>) -> Proposal {
        Proposal {
            id: ApprovalId::new(now, Uuid::new_v4().into_bytes()),
            subject: self.run.subject.clone(),
            action: self.action.clone(),
            kind: Some(self.run.rule_kind.clone()),
            payload: Value::Object(self.run.payload.clone()),
            reason: Some(self.decision.reason.clone()),
            terms,
            requested_by: asker.requester(person),
            authors: Vec::new(),
            again_of: None,
        }
    }

    fn awaiting(self, approval: &Approval) -> Started {
        let waits = approval.status == Status::Pending;
        Started {
            status: if waits { "awaiting_approval" } else { "queued" },
            action: self.action,
            action_id: approval.id.0,
            job_id: approval.job_id,
            approval_id: Some(approval.id.0),
            reason: self.decision.reason,
        }
    }

    fn queue(
        self,
        conn: &mut Connection,
        asker: &Asker,
        person: &Person,
        now: DateTime<Utc>,
    ) -> Result<Started, StoreError> {
        let id = ReplayId::new(now, Uuid::new_v4().into_bytes());
        let workflow = Workflow {
            kind: self.run.rule_kind,
            subject: self.run.subject,
            action: self.action.clone(),
            payload: Value::Object(self.run.payload),
        };
        jobs::ask_workflow(conn, &asker.tenant, id, &workflow, now)?;
        let detail = json!({"kind": workflow.kind, "subject": workflow.subject, "action": workflow.action,
            "policy": self.decision.policy, "rule": self.decision.rule});
        let (actor, action) = (person.id.clone(), "workflow.queued".to_owned());
        let entry = Entry { at: now, actor, action, subject: format!("job/{id}"), detail };
        audit::append(conn, &asker.tenant, &[entry])?;
        let reason = self.decision.reason;
        let (action_id, job_id) = (id.0, Some(id.0));
        Ok(Started { status: "queued", action: self.action, action_id, job_id, approval_id: None, reason })
    }
}
