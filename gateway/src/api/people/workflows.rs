//! Runs a workflow when the policy lets it, else asks people first. What is queued here a worker does.
//!
//! The action is what the caller says, else what the policy says, else a nudge. What the policy or the caller blocks waits for an
//! approval, whose job does it; what the policy approves by itself is an approval too, that nobody waits for.

use actix_web::HttpResponse;
use chrono::{DateTime, Utc};
use domain::approvals::{Status, Terms};
use domain::policy::Decision;
use policies::Policies;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use store::approvals::Approval;
use store::workflows::{self, Start};
use store::{Connection, StoreError};
use utoipa::ToSchema;
use uuid::Uuid;

use super::asker::Asker;
use super::counted;
use super::inputs::input;
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
/// What is done where neither the caller nor the policy says more than whether.
const USUAL_ACTION: &str = "nudge";
/// The member of a payload that has its action only described.
const DRY_RUN: &str = "dry_run";
/// Says that people are asked first, not what is done: as an action of a policy, and of a caller.
const BLOCK: &str = "block";
/// Words of a policy that say whether, not what.
const NO_ACTIONS: [&str; 2] = ["allow", BLOCK];

/// What is to be done about what.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = WorkflowRun)]
pub(crate) struct Run {
    /// What the policy is asked about: a signal's kind, `deploy`, …
    #[serde(alias = "kind", alias = "rule")]
    rule_kind: String,
    /// What it is about, `acme/shop#12`.
    subject: String,
    /// What is done; what the policy says unless given. `block`: the same, once people have approved it.
    action: Option<String>,
    /// What the action needs. The policy sees it as facts.
    #[serde(default)]
    #[schema(value_type = Object)]
    payload: Map<String, Value>,
    /// Only says what would be sent, in the job's result. Nobody is asked, since nothing is done.
    #[serde(default)]
    dry_run: bool,
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
    responses(
    (status = 202, body = Started),
    (status = 400, body = ProblemBody),
    (status = 422, body = ProblemBody),
))]
pub(crate) async fn run(
    caller: Caller<Operator>,
    state: Shared,
    sent: Sent,
    _: NoQuery,
) -> Result<HttpResponse, Problem> {
    let keyed = sent.keyed("workflows", &caller)?;
    let now = clock::now();
    let wanted = sent.json::<Run>()?.checked()?.decided(&state.policies, now).await?;
    let asker = Asker::from(&caller);
    let is_dry = wanted.run.dry_run;
    let work = move |conn: &mut Connection| {
        let (started, approval) = wanted.start(conn, &asker, now)?;
        Ok((idempotent::accepted(started), approval))
    };
    let (response, new) = idempotent::followed(&state, "workflow_run", keyed, now, work).await?;
    match new {
        Some(Some(approval)) => counted::proposed(&approval),
        Some(None) if !is_dry => counted::asked(true),
        Some(None) | None => {}
    }
    Ok(response)
}

impl Run {
    fn checked(self) -> Result<Self, Problem> {
        let mut faults = Faults::of_body();
        let rule_kind = faults.required("rule_kind", Some(&self.rule_kind), LONGEST_WORD);
        let subject = faults.required("subject", Some(&self.subject), LONGEST_SUBJECT);
        let action = faults.line("action", self.action.as_deref(), LONGEST_WORD);
        faults.none()?;
        Ok(Self { rule_kind, subject, action, ..self })
    }

    async fn decided(mut self, policies: &Policies, now: DateTime<Utc>) -> Result<Wanted, Problem> {
        let asked = (self.rule_kind.as_str(), self.subject.as_str(), self.action.as_deref());
        let decision = policies.decide(&input(asked, &self.payload, now)?).await;
        let said = Some(decision.action.clone()).filter(|action| !NO_ACTIONS.contains(&action.as_str()));
        let (asks, named) = (self.action.as_deref() == Some(BLOCK), self.action.take().filter(|named| named != BLOCK));
        let action = named.or(said).unwrap_or_else(|| USUAL_ACTION.to_owned());
        let decision = if asks { decision.asking() } else { decision };
        self.dry_run |= self.payload.get(DRY_RUN) == Some(&Value::Bool(true));
        if self.dry_run {
            self.payload.insert(DRY_RUN.to_owned(), Value::Bool(true));
        }
        let terms = if self.dry_run { None } else { policies.terms(&decision, now) };
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
        let Self { run, action, decision, terms } = self;
        let start = Start {
            random: Uuid::new_v4().into_bytes(),
            kind: run.rule_kind,
            subject: run.subject,
            action: action.clone(),
            payload: Value::Object(run.payload),
            reason: decision.reason.clone(),
            policy: decision.policy,
            rule: decision.rule,
            terms,
            requested_by: asker.requester(&person),
            authors: Vec::new(),
            by: person.id,
        };
        let reason = decision.reason;
        Ok(match workflows::start(conn, &asker.tenant, &start, now)? {
            workflows::Started::Queued(id) => (Started::queued(id.0, action, reason), None),
            workflows::Started::Proposed(approval) => (Started::proposed(&approval, action, reason), Some(*approval)),
        })
    }
}

impl Started {
    fn queued(id: Uuid, action: String, reason: String) -> Self {
        Self { status: "queued", action, action_id: id, job_id: Some(id), approval_id: None, reason }
    }

    fn proposed(approval: &Approval, action: String, reason: String) -> Self {
        Self {
            status: if approval.status == Status::Pending { "awaiting_approval" } else { "queued" },
            action,
            action_id: approval.id.0,
            job_id: approval.job_id,
            approval_id: Some(approval.id.0),
            reason,
        }
    }
}
