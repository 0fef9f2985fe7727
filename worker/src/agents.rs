//! Runs of agents: leases the next, uses its tool or answers its question, and writes what came of it.
//!
//! A model is paid once for a run: that it is asked is noted before, and whoever takes up a run that broke off answers by
//! rule. What would change something becomes proposals, in the transaction that ends the run: there are none or all.

use std::error::Error;
use std::time::Duration;

use ask::Ask;
use ask::jobs::{Done, Run, may_spend};
use ask::proposals::{self, Asker, Wish, Write};
use chrono::{DateTime, SubsecRound, TimeDelta, Utc};
use policies::Policies;
use serde_json::{Value, json};
use store::agent_runs::{AgentRun, RUN, TOOL};
use store::job_leases::{self, Leased};
use store::workflows::Start;
use store::{Connection, Store, StoreError, transaction};
use tokio_util::sync::CancellationToken;

use crate::hold::{Hold, while_held};
use crate::signals::counts;

/// How often new runs are looked for.
const PAUSE: Duration = Duration::from_secs(1);
/// A worker that is gone is not waited for longer than this. It is renewed while a model works.
pub const LEASE: TimeDelta = TimeDelta::minutes(5);
/// Noted before a model is asked.
const BEGUN: &str = "begun";

/// What runs take.
#[derive(Clone)]
pub struct Agents {
    pub store: Store,
    pub ask: Ask,
    pub policies: Policies,
    /// Who is gone for so long loses its run; usually [`LEASE`].
    pub lease: TimeDelta,
}

/// Works on runs until `stop`. The store works as [`store::Role::App`].
pub async fn run(agents: Agents, stop: CancellationToken) {
    while !stop.is_cancelled() {
        match work_once(&agents, Utc::now().trunc_subsecs(6)).await {
            Ok(true) => continue,
            Ok(false) => {}
            Err(error) => tracing::warn!(error = &error as &dyn Error, "runs of agents wait"),
        }
        tokio::select! {
            () = tokio::time::sleep(PAUSE) => {}
            () = stop.cancelled() => {}
        }
    }
}

/// Works on the next run; `false`: there is none.
pub async fn work_once(agents: &Agents, now: DateTime<Utc>) -> Result<bool, StoreError> {
    let lasts = agents.lease;
    let lease = move |conn: &mut Connection| job_leases::lease_next(conn, &[TOOL, RUN], now, lasts);
    let Some(job) = agents.store.call("agent_lease", lease).await? else { return Ok(false) };
    let Ok(run) = serde_json::from_value::<AgentRun>(job.params.clone()) else {
        return end(agents, job, Err("the run cannot be read; ask for it again".to_owned()), now).await;
    };
    let write = run.input.as_str().filter(|_| run.tool.is_none()).and_then(Write::of);
    match (&run.tool, write) {
        (Some(tool), _) => use_tool(agents, job, &run, tool, now).await,
        (None, Some(_)) if !run.may_propose => {
            end(agents, job, Err("proposing needs the role operator; ask a question instead".to_owned()), now).await
        }
        (None, Some(write)) => propose(agents, job, &run, write, now).await,
        (None, None) => answer(agents, job, &run, now).await,
    }
}

async fn use_tool(
    agents: &Agents,
    job: Leased,
    run: &AgentRun,
    tool: &str,
    now: DateTime<Utc>,
) -> Result<bool, StoreError> {
    if may_spend(tool) && !begin(agents, &job, now).await? {
        return Ok(true);
    }
    let using = Box::pin(agents.ask.use_tool(taken(&job, run, now), (tool, &run.input)));
    let Some(done) = held(agents, &job, now, using).await else { return Ok(true) };
    end(agents, job, done?, now).await
}

async fn answer(agents: &Agents, job: Leased, run: &AgentRun, now: DateTime<Utc>) -> Result<bool, StoreError> {
    if !begin(agents, &job, now).await? {
        return Ok(true);
    }
    let question = run.input.as_str().unwrap_or_default();
    let answering = Box::pin(agents.ask.run(taken(&job, run, now), question));
    let Some(done) = held(agents, &job, now, answering).await else { return Ok(true) };
    let Done { mut result, steps, wishes } = done?;
    if wishes.is_empty() {
        return end(agents, job, Ok(Done { result, steps, wishes }), now).await;
    }
    let starts = proposals::starts(&agents.policies, &asker(run), &wishes, now).await;
    result["candidates"] = json!(wishes);
    ask_people(agents, job, starts, (result, steps), now).await
}

/// Notes that a model may be asked from here on. `false`: the run is somebody else's now.
async fn begin(agents: &Agents, job: &Leased, now: DateTime<Utc>) -> Result<bool, StoreError> {
    let (noted, until) = (job.clone(), now + agents.lease);
    let note = move |conn: &mut Connection| job_leases::note_progress(conn, &noted, &json!({BEGUN: now}), until);
    agents.store.call("agent_begin", note).await
}

/// Waits for what takes its time, and keeps the run. `None`: the run is somebody else's now.
async fn held<T>(agents: &Agents, job: &Leased, now: DateTime<Utc>, work: impl Future<Output = T>) -> Option<T> {
    let renew = |until| {
        let job = job.clone();
        agents.store.call("agent_keep", move |conn: &mut Connection| job_leases::keep(conn, &job, until))
    };
    while_held(Hold { of: job.id, since: now, lasts: agents.lease }, work, renew).await
}

fn taken<'a>(job: &'a Leased, run: &AgentRun, now: DateTime<Utc>) -> Run<'a> {
    let spends = job.progress.get(BEGUN).is_none();
    Run { tenant: &job.tenant, job: job.id, spends, may_propose: run.may_propose, now }
}

fn asker(run: &AgentRun) -> Asker {
    Asker { by: run.by.clone(), requested_by: run.requested_by.clone() }
}

async fn propose(
    agents: &Agents,
    job: Leased,
    run: &AgentRun,
    write: Write,
    now: DateTime<Utc>,
) -> Result<bool, StoreError> {
    let words = run.input.as_str().unwrap_or_default();
    let target = words.split_whitespace().find(|word| word.contains('/') && word.contains('#')).map(str::to_owned);
    let wish = Wish { tenant: job.tenant.clone(), write, target, reviewer: None, now };
    let candidates = agents.ask.candidates(&wish).await?;
    let starts = proposals::starts(&agents.policies, &asker(run), &candidates, now).await;
    let steps = json!([{"tool": "propose", "arguments": {"write": format!("{write:?}")}, "found": candidates.len()}]);
    ask_people(agents, job, starts, (json!({"candidates": candidates}), steps), now).await
}

/// Proposes and ends the run, both or none: whoever lost the run proposes nothing.
async fn ask_people(
    agents: &Agents,
    job: Leased,
    starts: Vec<Start>,
    (mut result, steps): (Value, Value),
    now: DateTime<Utc>,
) -> Result<bool, StoreError> {
    let work = move |conn: &mut Connection| {
        transaction(conn, |conn| {
            let proposed = proposals::propose(conn, &job.tenant, &starts, now)?;
            if let (Value::Object(result), Value::Object(told)) = (&mut result, proposed.told()) {
                result.extend(told);
            }
            let progress = json!({"result": result, "steps": steps});
            let ended = job_leases::end(conn, &job, (None, &progress), now)?;
            if ended { Ok(proposed.new) } else { Err(StoreError::NotFound) }
        })
    };
    match agents.store.call("agent_propose", work).await {
        Ok(new) => {
            new.iter().for_each(counts::proposed);
            Ok(true)
        }
        Err(StoreError::NotFound) => Ok(true),
        Err(error) => Err(error),
    }
}

async fn end(agents: &Agents, job: Leased, done: Result<Done, String>, now: DateTime<Utc>) -> Result<bool, StoreError> {
    let (progress, error): (Value, Option<String>) = match done {
        Ok(Done { result, steps, .. }) => (json!({"result": result, "steps": steps}), None),
        Err(error) => (json!({}), Some(error)),
    };
    let work = move |conn: &mut Connection| {
        transaction(conn, |conn| job_leases::end(conn, &job, (error.as_deref(), &progress), now))
    };
    agents.store.call("agent_end", work).await.map(|_| true)
}
