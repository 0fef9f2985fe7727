//! Runs of agents. A tool or a question is queued as a job, whose state is asked for; EM Agent 1's own call, with a `query`,
//! is answered at once ([`queries`]). Reading takes the role viewer. What would change something is proposed, which takes
//! the role operator, and is done by nobody before people have decided.

mod queries;

use actix_web::{HttpResponse, web};
use ask::jobs;
use ask::tools::Tool;
use chrono::{DateTime, Utc};
use domain::ids::ReplayId;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use store::Connection;
use store::agent_runs::{self, AgentRun};
use store::jobs::Job;
use utoipa::ToSchema;
use uuid::Uuid;

use super::ask::LONGEST_QUESTION;
use super::people::asker::Asker;
use crate::access::{Caller, Role, Viewer};
use crate::clock;
use crate::faults::Faults;
use crate::found::found;
use crate::problem::{Problem, ProblemBody};
use crate::query::NoQuery;
use crate::sent::Sent;
use crate::state::{Shared, State};

/// What an agent is to do: `tool` and `input`, or `mode` `agent` and `input` or `prompt`, or `query`.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = AgentRun)]
pub(crate) struct Run {
    /// `tool` or `agent`; known by the other members unless given.
    mode: Option<String>,
    /// A tool's name; docs/ASK.md lists them.
    tool: Option<String>,
    /// The tool's arguments, or what the agent is asked.
    #[schema(value_type = Option<Object>)]
    input: Option<Value>,
    /// What the agent is asked.
    prompt: Option<String>,
    /// The same, answered at once: EM Agent 1's form.
    query: Option<String>,
    /// Of a query: the change that is meant, `owner/repo#123`.
    target: Option<String>,
    /// Of a query that has reviewers assigned: whom.
    reviewer: Option<String>,
}

/// A run that waits for a worker.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = QueuedRun)]
pub(crate) struct Queued {
    /// For `GET /v1/agent/status/{job_id}`.
    #[schema(value_type = String)]
    job_id: Uuid,
    /// Always `queued`.
    status: &'static str,
}

/// How a run stands.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct RunStatus {
    #[schema(value_type = String)]
    job_id: Uuid,
    /// `queued`, `running`, `succeeded`, `failed` or `cancelled`.
    status: String,
    /// `tool` or `agent`.
    mode: &'static str,
    /// What came of it.
    #[serde(skip_serializing_if = "Value::is_null")]
    #[schema(value_type = Option<Object>)]
    result: Value,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
    /// Which tools were used.
    #[schema(value_type = Vec<Object>)]
    steps: Value,
    created_at: DateTime<Utc>,
    #[serde(skip_serializing_if = "Option::is_none")]
    finished_at: Option<DateTime<Utc>>,
}

impl From<Job> for RunStatus {
    fn from(job: Job) -> Self {
        Self {
            job_id: job.id,
            status: job.status,
            mode: if job.kind == agent_runs::TOOL { "tool" } else { "agent" },
            result: job.progress.get("result").cloned().unwrap_or_default(),
            error: job.error,
            steps: job.progress.get("steps").cloned().unwrap_or_else(|| json!([])),
            created_at: job.created_at,
            finished_at: job.finished_at,
        }
    }
}

/// Queues a run, or answers a query.
#[utoipa::path(post, path = "/v1/agent/run", tag = "ask", request_body = Run,
    responses(
    (status = 200, description = "The answer to a query", body = Object),
    (status = 202, body = Queued),
    (status = 400, body = ProblemBody),
    (status = 403, body = ProblemBody),
))]
pub(crate) async fn run(
    caller: Caller<Viewer>,
    state: Shared,
    sent: Sent,
    _: NoQuery,
) -> Result<HttpResponse, Problem> {
    let said: Run = sent.json()?;
    match said.query.clone() {
        Some(query) => queries::answer(&state, &caller, &said, query.trim()).await,
        None => queue(&state, &caller, said).await,
    }
}

/// As `POST /v1/agent/run`, at the path of EM Agent 1.
#[utoipa::path(post, path = "/agent/run", tag = "ask", request_body = Run,
    responses(
    (status = 202, body = Queued),
    (status = 400, body = ProblemBody),
))]
pub(crate) async fn run_before(
    caller: Caller<Viewer>,
    state: Shared,
    sent: Sent,
    no_query: NoQuery,
) -> Result<HttpResponse, Problem> {
    run(caller, state, sent, no_query).await
}

/// How a run stands.
#[utoipa::path(get, path = "/v1/agent/status/{job_id}", tag = "ask",
    params(("job_id" = String, Path, description = "The run's job")),
    responses(
    (status = 200, body = RunStatus),
    (status = 404, body = ProblemBody),
))]
pub(crate) async fn status(
    caller: Caller<Viewer>,
    state: Shared,
    id: web::Path<String>,
    _: NoQuery,
) -> Result<HttpResponse, Problem> {
    let read = move |conn: &mut Connection, id| agent_runs::one(conn, &caller.tenant, id);
    Ok(HttpResponse::Ok().json(RunStatus::from(found(&state, ("job", "agent_status"), &id, read).await?)))
}

/// As `GET /v1/agent/status/{job_id}`, at the path of EM Agent 1.
#[utoipa::path(get, path = "/agent/status/{job_id}", tag = "ask",
    params(("job_id" = String, Path, description = "The run's job")),
    responses(
    (status = 200, body = RunStatus),
    (status = 404, body = ProblemBody),
))]
pub(crate) async fn status_before(
    caller: Caller<Viewer>,
    state: Shared,
    id: web::Path<String>,
    no_query: NoQuery,
) -> Result<HttpResponse, Problem> {
    status(caller, state, id, no_query).await
}

async fn queue(state: &State, caller: &Caller<Viewer>, said: Run) -> Result<HttpResponse, Problem> {
    let (tool, input) = said.read()?;
    let (asker, at) = (Asker::from(caller), clock::now());
    let id = ReplayId::new(at, Uuid::new_v4().into_bytes());
    let may_propose = caller.role.includes(Role::Operator);
    let work = move |conn: &mut Connection| {
        let person = asker.person(conn)?;
        let requested_by = asker.requester(&person);
        let run = AgentRun { tool, input, by: person.id, requested_by, may_propose };
        agent_runs::ask(conn, &asker.tenant, id, &run, at)
    };
    state.store.call("agent_ask", work).await?;
    Ok(HttpResponse::Accepted().json(Queued { job_id: id.0, status: "queued" }))
}

impl Run {
    /// The tool, none where the agent chooses, and what it is given.
    fn read(self) -> Result<(Option<String>, Value), Problem> {
        let mut faults = Faults::of_body();
        faults.word("mode", self.mode.as_deref(), &["tool", "agent"]);
        for (name, is_there) in [("target", self.target.is_some()), ("reviewer", self.reviewer.is_some())] {
            if is_there {
                faults.add(name, format!("`{name}` belongs to a `query`"));
            }
        }
        if self.mode.as_deref() == Some("agent") || self.tool.is_none() && self.mode.is_none() {
            let input = self.input.as_ref().and_then(Value::as_str).map(str::to_owned).or(self.prompt);
            if input.is_none() {
                faults.add("input", "`input` is required: what the agent is asked, as text; or `tool`, or `query`");
            }
            let question = faults.words("input", input.as_deref(), LONGEST_QUESTION).unwrap_or_default();
            faults.none()?;
            return Ok((None, json!(question)));
        }
        let tool = self.tool.unwrap_or_default();
        let input = self.input.unwrap_or_else(|| json!({}));
        if let Err(refused) = jobs::fits(&tool, &input) {
            faults.add(if Tool::named(&tool).is_ok() { "input" } else { "tool" }, refused.to_string());
        }
        faults.none()?;
        Ok((Some(tool), input))
    }
}
