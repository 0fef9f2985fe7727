//! Deployments that GitHub holds back until we answer (custom protection rules).
//!
//! A consumer keeps what waits ([`keep`]). A task asks the policy about each, once: it lets the
//! deployment through, or people are asked, on terms that owe GitHub an answer however they end. While people are asked,
//! [`shown`] says on GitHub how it stands. Everything that is sent is a job of [`crate::workflows`]; here nobody is called
//! but the policy. The address of the payload is only compared there with our own.

mod shown;

use std::error::Error;
use std::time::Duration;

use chrono::{DateTime, SubsecRound, TimeDelta, Utc};
use domain::approvals::{Owed, Status, Terms};
use domain::event::Event;
use domain::ids::{ReplayId, TenantId};
use domain::policy::{Decision, Input};
use policies::Policies;
use serde_json::{Map, Value, json};
use store::approvals;
use store::jobs::{self, Workflow};
use store::marks::Failure;
use store::protections::{self, Protection};
use store::workflows::{self, Start, Started};
use store::{Connection, Store, StoreError};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

/// What tells of one.
pub(crate) const TYPE: &str = "approval.requested";
/// What the policy is asked about, and the action that answers.
const KIND: &str = "deployment_protection";
/// How often is looked for one that waits.
const PAUSE: Duration = Duration::from_secs(1);
/// Longer than asking the policy takes.
const LEASE: TimeDelta = TimeDelta::seconds(60);
/// From one look at how people answer to the next.
const LOOK: TimeDelta = TimeDelta::seconds(10);
/// What is older was asked of somebody else, or nobody waits for it: it is read now by a newer version of ours.
const MOST_DAYS: i64 = 3;
/// The actor of the audit.
const BY: &str = "protections";

/// Keeps deployments that wait, out of what a consumer has heard.
pub(crate) fn keep(conn: &mut Connection, events: &[&Event], now: DateTime<Utc>) -> Result<(), Failure> {
    events.iter().filter(|event| event.kind.as_str() == TYPE).try_for_each(|event| keep_one(conn, event, now))
}

fn keep_one(conn: &mut Connection, event: &Event, now: DateTime<Utc>) -> Result<(), Failure> {
    if event.integration != "github" || now - event.received_at() > TimeDelta::days(MOST_DAYS) {
        return Ok(());
    }
    let data: Value = serde_json::from_str(event.data.get()).map_err(|error| Failure::Event(error.to_string()))?;
    let text = |value: &Value| value.as_str().map(str::to_owned);
    let (Some(repo), Some(environment), Some(run_id)) = (text(&data["repo"]), text(&data["environment"]), run(&data))
    else {
        return Ok(());
    };
    let login = data["actor"]["login"].as_str().map(|login| format!("github:{login}"));
    let authors: Vec<String> = logins(&data["authors"]).map(|login| format!("github:{login}")).collect();
    let facts = json!({"subject": event.subject, "environment": environment, "repo": repo, "ref": data["branch"],
        "sha": data["commit_sha"], "event": data["event"], "actor": login, "authors": authors,
        "callback_url": data["callback_url"]});
    let (tenant, requested_at) = (event.tenant.clone(), event.received_at());
    let (approval, shown, shown_text) = (None, 0, None);
    let new = Protection { tenant, repo, run_id, environment, facts, approval, shown, shown_text, requested_at };
    protections::keep(conn, &new, now)?;
    Ok(())
}

fn logins(list: &Value) -> impl Iterator<Item = &str> {
    list.as_array().into_iter().flatten().filter_map(Value::as_str)
}

/// The run's number.
fn run(data: &Value) -> Option<i64> {
    data["run_id"].as_str()?.parse().ok()
}

/// Asks about what waits, until `stop`. `store` works as [`store::Role::App`].
pub async fn run_until(store: Store, policies: Policies, console: String, stop: CancellationToken) {
    while !stop.is_cancelled() {
        match work_once(&store, &policies, &console, Utc::now()).await {
            Ok(true) => continue,
            Ok(false) => {}
            Err(error) => tracing::warn!(error = &error as &dyn Error, "deployments wait for an answer"),
        }
        tokio::select! {
            () = tokio::time::sleep(PAUSE) => {}
            () = stop.cancelled() => {}
        }
    }
}

/// Looks at the next that is due; `false`: none is. `console` is where people are sent.
pub async fn work_once(
    store: &Store,
    policies: &Policies,
    console: &str,
    now: DateTime<Utc>,
) -> Result<bool, StoreError> {
    let now = now.trunc_subsecs(6);
    let taken = store.call("protection_take", move |conn| protections::take(conn, now, LEASE)).await?;
    let Some(one) = taken else { return Ok(false) };
    if one.approval.is_none() {
        ask(store, policies, one, now).await?;
    } else {
        let console = console.to_owned();
        let look = move |conn: &mut Connection| store::transaction(conn, |conn| look(conn, &one, &console, now));
        store.call("protection_look", look).await?;
    }
    Ok(true)
}

/// Asks the policy, and starts what it says.
async fn ask(store: &Store, policies: &Policies, one: Protection, now: DateTime<Utc>) -> Result<(), StoreError> {
    let decision = policies.decide(&input(&one, now)).await;
    let terms = policies.terms(&decision, now).map(|terms| Terms { owed: Owed::Answer, ..terms });
    let text = |name: &str| one.facts[name].as_str().map(str::to_owned);
    let start = Start {
        random: Uuid::new_v4().into_bytes(),
        kind: KIND.to_owned(),
        subject: text("subject").unwrap_or_default(),
        action: KIND.to_owned(),
        payload: payload(&one, terms.is_none().then_some(&decision)),
        reason: decision.reason.clone(),
        policy: decision.policy,
        rule: decision.rule,
        terms,
        requested_by: text("actor"),
        authors: logins(&one.facts["authors"]).map(str::to_owned).collect(),
        by: BY.to_owned(),
    };
    let write = move |conn: &mut Connection| {
        store::transaction(conn, |conn| {
            let started = workflows::start(conn, &one.tenant, &start, now)?;
            let approval = if let Started::Proposed(approval) = &started { Some(approval.id) } else { None };
            // Somebody else has asked meanwhile: nothing of this stands.
            if protections::answered_by(conn, &one, approval, now)? { Ok(started) } else { Err(StoreError::NotFound) }
        })
    };
    match store.call("protection_ask", write).await {
        Ok(started) => count(&started),
        Err(StoreError::NotFound) => {}
        Err(error) => return Err(error),
    }
    Ok(())
}

fn input(one: &Protection, now: DateTime<Utc>) -> Input {
    let mut facts = one.facts.as_object().cloned().unwrap_or_default();
    facts.remove("callback_url");
    facts.remove("subject");
    Input {
        kind: KIND.to_owned(),
        subject: one.facts["subject"].as_str().map(str::to_owned),
        action: Some(KIND.to_owned()),
        service: Some(one.repo.clone()),
        environment: Some(one.environment.clone()),
        now: Some(now),
        facts,
        ..Input::default()
    }
}

/// What the action takes, and what people look at; with a decision that lets it through, that answer.
fn payload(one: &Protection, lets: Option<&Decision>) -> Value {
    let mut payload = Map::new();
    for (name, value) in one.facts.as_object().into_iter().flatten().filter(|(name, _)| *name != "subject") {
        payload.insert(name.clone(), value.clone());
    }
    payload.insert("run_id".to_owned(), json!(one.run_id));
    if let Some(decision) = lets {
        payload.insert("state".to_owned(), json!("approved"));
        payload.insert("comment".to_owned(), json!(shown::fit(&format!("Allowed by policy: {}", decision.reason))));
    }
    Value::Object(payload)
}

/// Says on GitHub how it stands, where that has changed.
fn look(conn: &mut Connection, one: &Protection, console: &str, now: DateTime<Utc>) -> Result<(), StoreError> {
    let known = one.approval.map(|id| approvals::one(conn, &one.tenant, id)).transpose()?.flatten();
    let Some(approval) = known.filter(|approval| approval.status == Status::Pending) else {
        return protections::over(conn, one);
    };
    if let Some(text) = shown::status(&approval, one, console, now)
        && protections::shows(conn, one, &text)?
    {
        tell(conn, &one.tenant, (one, text), now)?;
    }
    protections::look_again(conn, one, now + LOOK)
}

fn tell(
    conn: &mut Connection,
    tenant: &TenantId,
    (one, comment): (&Protection, String),
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    let payload = json!({"repo": one.repo, "run_id": one.run_id, "environment": one.environment, "comment": comment,
        "callback_url": one.facts["callback_url"]});
    let subject = one.facts["subject"].as_str().unwrap_or_default().to_owned();
    let job = Workflow { kind: KIND.to_owned(), subject, action: KIND.to_owned(), payload };
    jobs::ask(conn, tenant, ReplayId::new(now, Uuid::new_v4().into_bytes()), &job, now)
}

fn count(started: &Started) {
    let by_itself = match started {
        Started::Queued(_) => true,
        Started::Proposed(approval) => approval.status == Status::Approved,
    };
    let mode = if by_itself { "auto" } else { "hitl" };
    metrics::counter!("workflows_auto_vs_hitl_total", "mode" => mode).increment(1);
}
