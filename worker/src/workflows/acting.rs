//! One try of one job. Nothing is sent before the ledger has it that a try begins, and what became of it is written in
//! one transaction with how the job stands. A try that is cut short anywhere is known to the next one as lost.

use std::time::Duration;

use actions::effects::{Action, Clients, EffectKey, KINDS, Performed, Previous, effect_key, perform};
use actions::outcome::{Outcome, Refused};
use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};
use store::effects::{self, Begun, Ended, Of, Try};
use store::job_attempts::{self, PLANNED};
use store::{Connection, Store, StoreError};

use super::taken::{Left, Taken};
use super::wanted::{Asked, Wanted, wanted};
use super::{LEASE, Workflows};

/// Who wants to be left alone is waited for so long.
const PATIENCE: TimeDelta = TimeDelta::days(4);
/// Tries to write down what became of a call, and the pause between them.
const RECORDS: usize = 5;
const BETWEEN_RECORDS: Duration = Duration::from_secs(1);
const OUTCOMES: [&str; 7] = ["done", "found", "planned", "refused", "wait", "unreachable", "unknown"];

/// Shows the counters before there is anything to count.
pub(super) fn count_from_zero() {
    for (kind, _) in KINDS {
        for result in ["succeeded", "failed"] {
            metrics::counter!("workflow_jobs_total", "kind" => kind, "result" => result).increment(0);
        }
        for outcome in OUTCOMES {
            metrics::counter!("effect_attempts_total", "kind" => kind, "outcome" => outcome).increment(0);
        }
    }
}

/// Makes one try. An error means that what became of it could not be written.
pub(super) async fn act(workflows: &Workflows, taken: Taken) -> Result<(), StoreError> {
    match wanted(&taken, workflows.calling.channel()) {
        Wanted::Nothing(why) => {
            let left = Left::Done(json!({"done": why}));
            settle(workflows, taken, ("other", PLANNED, why), left).await
        }
        Wanted::Unreadable(faults) => {
            let faults: Vec<Value> =
                faults.into_iter().map(|fault| json!({"pointer": fault.pointer, "detail": fault.detail})).collect();
            let said: Vec<String> = faults.iter().map(in_words).collect();
            let why = format!("the payload does not fit: {}", said.join("; "));
            let left = Left::Failed(why.clone(), json!({"faults": faults}));
            settle(workflows, taken, ("other", Ended::Refused.as_str(), why), left).await
        }
        Wanted::Act(asked) if asked.is_dry => plan(workflows, taken, &asked).await,
        Wanted::Act(asked) => try_once(workflows, taken, &asked).await,
    }
}

fn in_words(fault: &Value) -> String {
    let (pointer, detail) =
        (fault["pointer"].as_str().unwrap_or_default(), fault["detail"].as_str().unwrap_or_default());
    format!("{pointer} {detail}").trim().to_owned()
}

/// A dry run: nothing is sent.
async fn plan(workflows: &Workflows, taken: Taken, asked: &Asked) -> Result<(), StoreError> {
    let plan = asked.action.plan(&effect_key(&taken.job().to_string(), &asked.action));
    let summary = format!("would {}", plan.summary);
    let result = json!({"dry_run": true, "plan": plan, "passed_over": asked.passed_over});
    settle(workflows, taken, (asked.action.kind(), PLANNED, summary), Left::Done(result)).await
}

/// Writes the end of a try that sent nothing.
async fn settle(
    workflows: &Workflows,
    taken: Taken,
    (kind, outcome, detail): (&'static str, &'static str, String),
    left: Left,
) -> Result<(), StoreError> {
    let now = workflows.now();
    let work = taken.clone();
    let kept = left.clone();
    let write = move |conn: &mut Connection| {
        store::transaction(conn, |conn| {
            job_attempts::end(conn, work.tenant(), (work.job(), work.attempt()), (outcome, &detail), now)?;
            work.leave(conn, &kept, now)
        })
    };
    if workflows.store.call("workflow_settle", write).await? {
        count(kind, outcome);
        tell(&taken, kind, &left);
    }
    Ok(())
}

/// A try that is noted before it begins.
async fn try_once(workflows: &Workflows, taken: Taken, asked: &Asked) -> Result<(), StoreError> {
    let Some((key, begun)) = begin(workflows, &taken, &asked.action).await? else { return Ok(()) };
    let this = match begun {
        Begun::Done(result) => {
            let why = "it was done before".to_owned();
            return settle(workflows, taken, (asked.action.kind(), Ended::Found.as_str(), why), Left::Done(result))
                .await;
        }
        Begun::Try(this) => this,
    };
    let previous = this.lost.map(|lost| Previous { since: lost.since, last: lost.last });
    let clients = workflows.calling.clients(&workflows.store, taken.tenant());
    let Some(outcome) = held(workflows, &taken, (&asked.action, &clients), (&key, previous)).await else {
        tracing::warn!(job = %taken.job(), "the lease of a job was lost while it acted; the next try looks what became of it");
        return Ok(());
    };
    record(workflows, &taken, asked, &this, outcome).await
}

/// Says in the ledger that a try begins. `None`: it is ours no more.
async fn begin(
    workflows: &Workflows,
    taken: &Taken,
    action: &Action,
) -> Result<Option<(EffectKey, Begun)>, StoreError> {
    let (taken, now, kind) = (taken.clone(), workflows.now(), action.kind());
    let usual = effect_key(&taken.job().to_string(), action);
    let write = move |conn: &mut Connection| {
        store::transaction(conn, |conn| {
            if !taken.keep(conn, now)? {
                return Ok(None);
            }
            let known = effects::key_of(conn, taken.tenant(), taken.job())?;
            let key = known.as_deref().and_then(EffectKey::kept).unwrap_or(usual);
            let of = Of { key: key.as_str(), job: taken.job(), attempt: taken.attempt(), kind };
            let begun = effects::begin(conn, taken.tenant(), of, now)?;
            Ok(Some((key, begun)))
        })
    };
    workflows.store.call("effect_begin", write).await
}

/// Performs it while the lease is kept. `None`: the lease was lost.
async fn held(
    workflows: &Workflows,
    taken: &Taken,
    (action, clients): (&Action, &Clients),
    (key, previous): (&EffectKey, Option<Previous>),
) -> Option<Outcome<Performed>> {
    let performing = Box::pin(perform(action, clients, key, previous, workflows.now()));
    tokio::select! {
        outcome = performing => Some(outcome),
        () = keep(&workflows.store, taken, workflows) => None,
    }
}

/// Keeps the lease; ends when it is lost, or could not be kept for so long that it may be.
async fn keep(store: &Store, taken: &Taken, workflows: &Workflows) {
    let third = (LEASE / 3).to_std().unwrap_or(BETWEEN_RECORDS);
    let mut failures = 0;
    while failures < 2 {
        tokio::time::sleep(third).await;
        let (work, now) = (taken.clone(), workflows.now());
        match store.call("workflow_keep", move |conn| work.keep(conn, now)).await {
            Ok(true) => failures = 0,
            Ok(false) => return,
            Err(_) => failures += 1,
        }
    }
}

/// Writes what became of it; what is not written would be looked for anew, so it is tried more than once.
async fn record(
    workflows: &Workflows,
    taken: &Taken,
    asked: &Asked,
    this: &Try,
    outcome: Outcome<Performed>,
) -> Result<(), StoreError> {
    let now = workflows.now();
    let (ended, detail, left) = judged(taken, asked, outcome, now);
    let mut tries = 1;
    loop {
        let (work, this, detail, left) = (taken.clone(), this.clone(), detail.clone(), left.clone());
        let write = move |conn: &mut Connection| {
            store::transaction(conn, |conn| {
                let result = if let Left::Done(result) = &left { result.clone() } else { Value::Null };
                effects::end(conn, &this, ended, (&detail, &result), now)?;
                work.leave(conn, &left, now)
            })
        };
        match workflows.store.call("effect_end", write).await {
            Err(error) if error.is_transient() && tries < RECORDS => tries += 1,
            Err(error) => return Err(error),
            Ok(_) => break,
        }
        tokio::time::sleep(BETWEEN_RECORDS).await;
    }
    count(asked.action.kind(), ended.as_str());
    tell(taken, asked.action.kind(), &left);
    Ok(())
}

/// What an outcome means for the ledger, the log and the job.
fn judged(taken: &Taken, asked: &Asked, outcome: Outcome<Performed>, now: DateTime<Utc>) -> (Ended, String, Left) {
    match outcome {
        Outcome::Done(performed) => {
            let ended = if performed.was_found { Ended::Found } else { Ended::Done };
            let mut result = json!({"done": performed.what, "url": performed.url, "was_found": performed.was_found});
            if !asked.passed_over.is_empty() {
                result["passed_over"] = json!(asked.passed_over);
            }
            (ended, performed.what, Left::Done(result))
        }
        Outcome::Refused(refused) => {
            let why = refused.to_string();
            let left = refusal(asked, &refused);
            (Ended::Refused, why, left)
        }
        Outcome::Wait { until } => (Ended::Wait, "asked to come later".to_owned(), waiting(taken, until, now)),
        Outcome::Unreachable { why } => (Ended::Unreachable, why.clone(), again(taken, &asked.action, why, now)),
        Outcome::Unknown { why } => (Ended::Unknown, why.clone(), again(taken, &asked.action, why, now)),
    }
}

/// Who takes back a request does not fail because nobody waits for the answer any more.
fn refusal(asked: &Asked, refused: &Refused) -> Left {
    let is_gone = matches!(refused.status, Some(404 | 422));
    if asked.may_be_late && is_gone {
        return Left::Done(json!({"done": "nobody waits for the answer any more"}));
    }
    let result = json!({"refused": {"status": refused.status, "message": refused.message}});
    Left::Failed(refused.to_string(), result)
}

fn waiting(taken: &Taken, until: DateTime<Utc>, now: DateTime<Utc>) -> Left {
    if now - taken.since() > PATIENCE {
        return Left::Failed("the other side has asked to come later for four days".to_owned(), json!({}));
    }
    let at = until.max(now + taken.rest(now));
    Left::Again { why: "the other side asked to come later".to_owned(), at, counts: false }
}

fn again(taken: &Taken, action: &Action, why: String, now: DateTime<Utc>) -> Left {
    // Receivers of webhooks know how long they have: ten tries in three days.
    let next = match action {
        Action::Webhook(_) => actions::webhook::next_try(taken.tries(), now),
        _ => taken.next(now),
    };
    match next {
        Some(at) => Left::Again { why, at, counts: true },
        None => Left::Failed(format!("given up after {} tries: {why}", taken.tries()), json!({})),
    }
}

fn count(kind: &'static str, outcome: &'static str) {
    metrics::counter!("effect_attempts_total", "kind" => kind, "outcome" => outcome).increment(1);
}

/// Counts and tells the end of a job.
fn tell(taken: &Taken, kind: &'static str, left: &Left) {
    let job = taken.job();
    let result = match left {
        Left::Done(_) => "succeeded",
        Left::Failed(why, _) => {
            tracing::warn!(%job, kind, why, "a job failed");
            "failed"
        }
        Left::Again { why, at, .. } => {
            tracing::info!(%job, kind, why, %at, "a job is tried again");
            return;
        }
    };
    metrics::counter!("workflow_jobs_total", "kind" => kind, "result" => result).increment(1);
}
