//! Runs of agents. A tool or a question is queued as a job, whose state is asked for; EM Agent 1's own call, with a `query`,
//! is answered at once. Reading takes the role viewer. What would change something is proposed, which takes the role
//! operator, and is done by nobody before people have decided.

use actix_web::web::Payload;
use actix_web::{HttpRequest, HttpResponse, web};
use ask::proposals::{self, Asker as Wisher, Candidate, Wish, Write};
use ask::tools::Tool;
use ask::{Question as Asking, jobs};
use chrono::{DateTime, Utc};
use domain::ids::ReplayId;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use store::agent_runs::{self, AgentRun};
use store::jobs::Job;
use store::{Connection, transaction};
use utoipa::ToSchema;
use uuid::Uuid;

use super::ask::{LONGEST_QUESTION, new_id, now};
use super::deliveries::NoQuery;
use super::people::asker::Asker;
use super::people::counted;
use crate::access::{Caller, Operator, Role, Viewer};
use crate::body;
use crate::fields::Fields;
use crate::problem::{Code, Problem, ProblemBody};
use crate::query::Asked;
use crate::state::{Shared, State};

/// What an agent is to do: `tool` and `input`, or `mode` `agent` and `input` or `prompt`, or `query`.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
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
    security(("bearer" = []), ("admin_key" = [])), responses(
    (status = 200, description = "The answer to a query", body = Object),
    (status = 202, body = Queued),
    (status = 400, body = ProblemBody, content_type = "application/problem+json"),
    (status = 403, body = ProblemBody, content_type = "application/problem+json"),
))]
pub(crate) async fn run(
    caller: Caller<Viewer>,
    state: Shared,
    request: HttpRequest,
    payload: Payload,
    Asked(NoQuery {}): Asked<NoQuery>,
) -> Result<HttpResponse, Problem> {
    let (sent, _share) = body::read(&state.memory, &request, payload, body::MOST_API_BYTES).await?;
    let said: Run = body::json(&sent)?;
    match said.query.clone() {
        Some(query) => answer(&state, &caller, &said, query.trim()).await,
        None => queue(&state, &caller, said).await,
    }
}

/// As `POST /v1/agent/run`, at the path of EM Agent 1.
#[utoipa::path(post, path = "/agent/run", tag = "ask", request_body = Run,
    security(("bearer" = []), ("admin_key" = [])), responses(
    (status = 202, body = Queued),
    (status = 400, body = ProblemBody, content_type = "application/problem+json"),
))]
pub(crate) async fn run_before(
    caller: Caller<Viewer>,
    state: Shared,
    request: HttpRequest,
    payload: Payload,
    query: Asked<NoQuery>,
) -> Result<HttpResponse, Problem> {
    run(caller, state, request, payload, query).await
}

/// How a run stands.
#[utoipa::path(get, path = "/v1/agent/status/{job_id}", tag = "ask",
    params(("job_id" = String, Path, description = "The run's job")),
    security(("bearer" = []), ("admin_key" = [])), responses(
    (status = 200, body = RunStatus),
    (status = 404, body = ProblemBody, content_type = "application/problem+json"),
))]
pub(crate) async fn status(
    caller: Caller<Viewer>,
    state: Shared,
    id: web::Path<String>,
    Asked(NoQuery {}): Asked<NoQuery>,
) -> Result<HttpResponse, Problem> {
    let id = Uuid::try_parse(&id).map_err(|_| Problem::not_found("job"))?;
    let read = move |conn: &mut Connection| agent_runs::one(conn, &caller.tenant, id);
    let found = state.store.call("agent_status", read).await?;
    Ok(HttpResponse::Ok().json(RunStatus::from(found.ok_or_else(|| Problem::not_found("job"))?)))
}

/// As `GET /v1/agent/status/{job_id}`, at the path of EM Agent 1.
#[utoipa::path(get, path = "/agent/status/{job_id}", tag = "ask",
    params(("job_id" = String, Path, description = "The run's job")),
    security(("bearer" = []), ("admin_key" = [])), responses(
    (status = 200, body = RunStatus),
    (status = 404, body = ProblemBody, content_type = "application/problem+json"),
))]
pub(crate) async fn status_before(
    caller: Caller<Viewer>,
    state: Shared,
    id: web::Path<String>,
    query: Asked<NoQuery>,
) -> Result<HttpResponse, Problem> {
    status(caller, state, id, query).await
}

async fn queue(state: &State, caller: &Caller<Viewer>, said: Run) -> Result<HttpResponse, Problem> {
    let (tool, input) = said.read()?;
    let (asker, at) = (Asker::from(caller), now());
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
        let mut fields = Fields::default();
        fields.word("mode", self.mode.as_deref(), &["tool", "agent"]);
        for (name, is_there) in [("target", self.target.is_some()), ("reviewer", self.reviewer.is_some())] {
            if is_there {
                fields.add(name, format!("`{name}` belongs to a `query`"));
            }
        }
        if self.mode.as_deref() == Some("agent") || self.tool.is_none() && self.mode.is_none() {
            let input = self.input.as_ref().and_then(Value::as_str).map(str::to_owned).or(self.prompt);
            if input.is_none() {
                fields.add("input", "`input` is required: what the agent is asked, as text; or `tool`, or `query`");
            }
            let question = fields.words("input", input.as_deref(), LONGEST_QUESTION).unwrap_or_default();
            fields.none()?;
            return Ok((None, json!(question)));
        }
        let tool = self.tool.unwrap_or_default();
        let input = self.input.unwrap_or_else(|| json!({}));
        if let Err(refused) = jobs::fits(&tool, &input) {
            fields.add(if Tool::named(&tool).is_ok() { "input" } else { "tool" }, refused.to_string());
        }
        fields.none()?;
        Ok((Some(tool), input))
    }
}

/// EM Agent 1's router: what reads is answered, what writes is proposed.
async fn answer(state: &State, caller: &Caller<Viewer>, said: &Run, query: &str) -> Result<HttpResponse, Problem> {
    let mut fields = Fields::default();
    if query.is_empty() {
        fields.add("query", "`query` is required");
    }
    fields.words("query", Some(query), LONGEST_QUESTION);
    for (name, other) in
        [("tool", said.tool.is_some()), ("input", said.input.is_some()), ("prompt", said.prompt.is_some())]
    {
        if other {
            fields.add(name, format!("give `query` or `{name}`, not both"));
        }
    }
    let target = fields.line("target", said.target.as_deref(), 255);
    let reviewer = fields.line("reviewer", said.reviewer.as_deref(), 255);
    let write = Write::of(query);
    let named = target
        .or_else(|| query.split_whitespace().find(|word| word.contains('/') && word.contains('#')).map(str::to_owned));
    if write == Some(Write::CommentSummary) && named.is_none() {
        fields.add("target", "`target` like owner/repo#123 is required");
    }
    fields.none()?;
    let Some(write) = write else {
        let question = Asking {
            tenant: caller.tenant.clone(),
            text: query.to_owned(),
            before: Vec::new(),
            session: new_id(),
            random: Uuid::new_v4().as_u128(),
            now: now(),
        };
        let answer = state.ask.answer(&question).await?;
        let plan: Vec<&str> = answer.steps.iter().map(|step| step.tool.as_str()).collect();
        return Ok(HttpResponse::Ok().json(json!({"plan": plan, "result": jobs::told(&answer)})));
    };
    if !caller.role.includes(<Operator as crate::access::Needs>::ROLE) {
        return Err(Problem::new(Code::Forbidden, "proposing needs the role operator; ask a question instead"));
    }
    propose(state, caller, (write, named, reviewer)).await
}

async fn propose(
    state: &State,
    caller: &Caller<Viewer>,
    (write, target, reviewer): (Write, Option<String>, Option<String>),
) -> Result<HttpResponse, Problem> {
    let asker = Asker::from(caller);
    let look = asker.clone();
    let person = state.store.call("ask_person", move |conn| look.person(conn)).await?;
    let requested_by = asker.requester(&person);
    let wisher = Wisher { by: person.id, requested_by };
    let wish = Wish { tenant: caller.tenant.clone(), write, target, reviewer, now: now() };
    let candidates: Vec<Candidate> = state.ask.candidates(&wish).await?;
    let starts = proposals::starts(&state.policies, &wisher, &candidates, wish.now).await;
    let work = move |conn: &mut Connection| {
        transaction(conn, |conn| proposals::propose(conn, &wish.tenant, &starts, wish.now))
    };
    let proposed = state.store.call("agent_propose", work).await?;
    proposed.new.iter().for_each(counted::proposed);
    let mut answer = proposed.told();
    answer["plan"] = json!(["find candidates", "propose"]);
    answer["candidates"] = json!(candidates);
    Ok(HttpResponse::Ok().json(answer))
}
