//! Runs of agents on a real PostgreSQL: done once, resumed after a crash, proposals never acted on.

use std::sync::Arc;

use ask::Ask;
use boot::Settings;
use boot::environment::Variables;
use boot::settings::Env;
use chrono::{DateTime, TimeDelta, Utc};
use domain::ids::{ReplayId, TenantId};
use knowledge::Knowledge;
use models::Models;
use policies::Policies;
use serde_json::{Value, json};
use store::agent_runs::{self, AgentRun};
use store::jobs::Job;
use store::{Connection, Role, Store};
use testkit::database::Database;
use testkit::models::{Behaviour, FakeModels};
use worker::agents::{Agents, work_once};

struct World {
    database: Database,
    store: Store,
    agents: Agents,
}

fn now() -> DateTime<Utc> {
    "2026-11-20T12:00:00Z".parse().expect("a time")
}

fn settings(more: &[(&str, &str)]) -> Settings {
    let variables: Variables = more.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    let names: Vec<&str> = integrations::ALL.iter().map(|integration| integration.name).collect();
    Settings::read(&variables, &names, Env::Development).expect("settings").0
}

impl World {
    fn new(more: &[(&str, &str)]) -> Self {
        let (database, settings) = (Database::fresh(), settings(more));
        let store = database.store(Role::App);
        let models = Models::of(&settings.models, store.clone(), Arc::new(now)).expect("models");
        let knowledge = Knowledge::of(store.clone(), models.clone());
        let ask = Ask::of(store.clone(), models, knowledge, ["github".to_owned()], (&settings.ask, &settings.models));
        let agents = Agents { store: store.clone(), ask, policies: Policies::read(&settings).expect("policies") };
        Self { database, store, agents }
    }

    async fn asked(&self, tool: Option<&str>, input: Value, may_propose: bool) -> ReplayId {
        let id = ReplayId::new(now(), uuid::Uuid::new_v4().into_bytes());
        let tool = tool.map(str::to_owned);
        let run = AgentRun { tool, input, by: "ada".to_owned(), requested_by: Some("ada".to_owned()), may_propose };
        let ask = move |conn: &mut Connection| agent_runs::ask(conn, &TenantId::default(), id, &run, now());
        self.store.call("test_ask", ask).await.expect("queued");
        id
    }

    async fn job(&self, id: ReplayId) -> Job {
        let look = move |conn: &mut Connection| agent_runs::one(conn, &TenantId::default(), id.0);
        self.store.call("test_job", look).await.expect("a look").expect("a job")
    }

    async fn work(&self, at: DateTime<Utc>) -> bool {
        work_once(&self.agents, at).await.expect("worked")
    }

    fn sql(&self, text: &str) {
        store::migrate::execute(&self.database.url, text).expect("the statement");
    }
}

#[tokio::test]
async fn a_tool_is_used_and_what_it_found_is_told() {
    let world = World::new(&[]);
    let echo = world.asked(Some("echo"), json!({"text": "hello"}), false).await;
    let dora = world.asked(Some("dora"), json!({"metric": "lead_time"}), false).await;
    let wrong = world.asked(Some("dora"), json!({"tenant": "acme"}), false).await;
    while world.work(now()).await {}
    assert_eq!(world.job(echo).await.progress["result"], json!({"text": "hello"}));
    let dora = world.job(dora).await;
    assert_eq!((dora.status.as_str(), &dora.progress["steps"][0]["found"]), ("succeeded", &json!(1)));
    let wrong = world.job(wrong).await;
    assert_eq!(wrong.status, "failed");
    assert!(wrong.error.is_some_and(|error| error.contains("there is no `tenant`")));
}

#[tokio::test]
async fn what_is_wished_is_proposed_once_and_acted_on_by_nobody() {
    let world = World::new(&[]);
    world.sql(
        "insert into changes (tenant_id, repo, number, title, opened_at, registers)
         values ('default', 'acme/shop', '20', 'Waits', '2026-11-01T09:00:00Z', '{}')",
    );
    let refused = world.asked(None, json!("label PRs without ticket"), false).await;
    let id = world.asked(None, json!("label PRs without ticket"), true).await;
    while world.work(now()).await {}
    assert!(world.job(refused).await.error.is_some_and(|error| error.contains("operator")));
    let job = world.job(id).await;
    assert_eq!(
        (job.status.as_str(), &job.progress["result"]["proposed"]),
        ("succeeded", &json!(1)),
        "{:?}",
        job.progress
    );
    let all = |conn: &mut Connection| {
        let filter = store::approvals::ApprovalFilter::default();
        store::approvals::list(conn, &TenantId::default(), &filter, None, 10)
    };
    let approvals = world.store.call("test_approvals", all).await.expect("approvals");
    assert_eq!(approvals.len(), 1);
    assert_eq!((approvals[0].subject.as_str(), approvals[0].action.as_str()), ("acme/shop#20", "label"));
    assert_eq!((approvals[0].status.as_str(), approvals[0].job_id), ("pending", None));
}

#[tokio::test]
async fn a_model_is_not_paid_again_for_a_run_that_broke_off() {
    let fake = FakeModels::start().await;
    fake.behaves(Behaviour::Says("done".to_owned()));
    let url = fake.url();
    let world = World::new(&[
        ("AGENT_LLM_ENABLED", "true"),
        ("AGENT_PLANNER_MODE", "llm"),
        ("OPENAI_API_KEY", "sk-not-a-real-key-of-anybody"),
        ("OPENAI_BASE_URL", &url),
        ("OPENAI_MODEL", "gpt-4o-mini"),
        ("AGENT_LLM_RETRIES", "0"),
    ]);
    let asked = world.asked(None, json!("mttr of shop"), false).await;
    assert!(world.work(now()).await);
    assert_eq!((world.job(asked).await.status.as_str(), fake.asked().len()), ("succeeded", 1));

    // Whoever had it is gone: it was noted that a model may have been asked.
    let broken = world.asked(None, json!("mttr of shop"), false).await;
    world.sql(&format!(
        "update jobs set status = 'running', attempts = 1, leased_until = '2026-11-20T12:10:00Z', progress = '{{\"begun\": true}}'
         where id = '{}'",
        broken.0
    ));
    assert!(!world.work(now()).await, "it is still held");
    assert!(world.work(now() + TimeDelta::minutes(11)).await);
    let job = world.job(broken).await;
    assert_eq!((job.status.as_str(), fake.asked().len()), ("succeeded", 1), "nobody asked a model again");
    assert!(job.progress["result"]["why"].as_str().is_some_and(|why| why.contains("broke off")), "{:?}", job.progress);
}
