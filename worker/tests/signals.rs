//! Signals by the clock: opened and closed once, fired once, whoever looks and however often.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use boot::Settings;
use boot::environment::Variables;
use boot::settings::Env;
use chrono::{DateTime, TimeDelta, Utc};
use diesel::sql_types::{BigInt, Text};
use diesel::{QueryableByName, RunQueryDsl, sql_query};
use domain::ids::TenantId;
use domain::signals::Rules;
use integrations::Sources;
use policies::Policies;
use serde_json::json;
use store::approvals::{self, ApprovalFilter};
use store::signals::looks;
use store::signals::states::{self, Signal, SignalFilter};
use store::{Role, Store};
use testkit::database::Database;
use worker::signals::{Looked, Looking, look_once};

const RULES: &str = r#"{"rules": [{"name": "stale", "kind": "stale_pr", "older_than_hours": 48, "cooldown": "24h"}]}"#;
const INTERVAL: TimeDelta = TimeDelta::minutes(5);

#[derive(QueryableByName)]
struct Count {
    #[diesel(sql_type = BigInt)]
    count: i64,
}

#[derive(QueryableByName)]
struct Params {
    #[diesel(sql_type = Text)]
    params: String,
}

struct World {
    _database: Database,
    store: Store,
    files: Vec<PathBuf>,
}

impl Drop for World {
    fn drop(&mut self) {
        for file in &self.files {
            // A file that is left behind in the temporary folder does no harm.
            let _ = std::fs::remove_file(file);
        }
    }
}

fn now() -> DateTime<Utc> {
    "2026-11-20T12:00:00Z".parse().expect("a time")
}

fn hours(hours: i64) -> DateTime<Utc> {
    now() + TimeDelta::hours(hours)
}

impl World {
    async fn fresh() -> Self {
        let database = tokio::task::spawn_blocking(Database::fresh).await.expect("a database");
        let store = database.store(Role::App);
        Self { _database: database, store, files: Vec::new() }
    }

    fn written(&mut self, text: &str) -> String {
        let path = std::env::temp_dir().join(format!("em-signals-{}.json", uuid::Uuid::new_v4()));
        std::fs::write(&path, text).expect("written");
        self.files.push(path.clone());
        path.display().to_string()
    }

    /// A worker of its own, with these rules and this policy (the shipped one where none is given).
    fn worker(&mut self, rules: &str, policy: Option<&str>) -> Looking {
        self.worker_with(rules, policy, Variables::new())
    }

    fn worker_with(&mut self, rules: &str, policy: Option<&str>, mut variables: Variables) -> Looking {
        variables.insert("RULES_PATH".to_owned(), self.written(rules));
        if let Some(policy) = policy {
            variables.insert("POLICY_PATH".to_owned(), self.written(policy));
        }
        let (settings, _) = Settings::read(&variables, &[], Env::Development).expect("settings");
        Looking {
            policies: Policies::read(&settings).expect("documents"),
            sources: Sources::built_in(),
            settings: Arc::new(settings.sources),
            default_channel: Some("#dev".to_owned()),
            interval: Duration::from_secs(300),
        }
    }

    async fn execute(&self, sql: &'static str) {
        let run = move |conn: &mut store::Connection| Ok(sql_query(sql).execute(conn)?);
        self.store.call("test", run).await.expect("executed");
    }

    async fn count(&self, sql: &'static str) -> i64 {
        let run = move |conn: &mut store::Connection| Ok(sql_query(sql).get_result::<Count>(conn)?.count);
        self.store.call("test", run).await.expect("a count")
    }

    async fn jobs(&self) -> i64 {
        self.count("select count(*) from jobs where kind = 'workflow'").await
    }

    async fn listed(&self, filter: SignalFilter) -> Vec<Signal> {
        let list = move |conn: &mut store::Connection| states::list(conn, &TenantId::default(), &filter, None, 100);
        self.store.call("test", list).await.expect("a list")
    }

    async fn look(&self, looking: &Looking, at: DateTime<Utc>) -> Looked {
        look_once(&self.store, looking, at).await.expect("looked").expect("due")
    }
}

const CHANGE: &str = "insert into changes (tenant_id, repo, number, title, author, opened_at, url, registers)
    values ('default', 'acme/shop', '12', 'Faster checkout', 'ada', '2026-11-17T12:00:00Z', 'https://git.example/12', '{}')";

#[tokio::test]
async fn the_same_change_never_makes_a_second_job() {
    let mut world = World::fresh().await;
    world.execute(CHANGE).await;
    let looking = world.worker(RULES, None);
    assert_eq!(world.look(&looking, now()).await, Looked { opened: 1, closed: 0, fired: 1 });
    assert_eq!(look_once(&world.store, &looking, now()).await.expect("looked"), None, "nothing is due");
    // Another process, later.
    let other = world.worker(RULES, None);
    for hour in 1..=60 {
        assert_eq!(world.look(&other, hours(hour)).await, Looked::default(), "hour {hour}");
    }
    assert_eq!(world.jobs().await, 1);
    let told = |conn: &mut store::Connection| {
        Ok(sql_query("select params::text as params from jobs").get_result::<Params>(conn)?)
    };
    let params: serde_json::Value =
        serde_json::from_str(&world.store.call("test", told).await.expect("a job").params).expect("JSON");
    assert_eq!((&params["kind"], &params["action"]), (&json!("stale_pr"), &json!("nudge")));
    assert_eq!(params["payload"]["channel"], "#dev");
    let signal = world.listed(SignalFilter { open: Some(true), ..SignalFilter::default() }).await.pop().expect("one");
    assert_eq!((signal.fired, signal.opened_at, signal.last_seen_at), (1, now(), hours(60)));
    assert_eq!((signal.action.as_deref(), signal.job_id.is_some()), (Some("nudge"), true));
    assert_eq!(
        world.count("select count(*) from audit_log where action = 'workflow.queued' and actor = 'signals'").await,
        1
    );
}

#[tokio::test]
async fn what_is_over_closes_once_and_opens_again_after_its_cooldown() {
    let mut world = World::fresh().await;
    world.execute(CHANGE).await;
    let looking = world.worker(RULES, None);
    world.look(&looking, now()).await;
    world.execute("update changes set merged_at = '2026-11-20T12:30:00Z'").await;
    assert_eq!(world.look(&looking, hours(1)).await, Looked { opened: 0, closed: 1, fired: 0 });
    assert_eq!(world.look(&looking, hours(2)).await, Looked::default());
    let signal = world.listed(SignalFilter { open: Some(false), ..SignalFilter::default() }).await.pop().expect("one");
    assert_eq!(signal.closed_at, Some(hours(1)));
    world.execute("update changes set merged_at = null").await;
    assert_eq!(world.look(&looking, hours(3)).await, Looked { opened: 1, closed: 0, fired: 0 }, "it cools down");
    assert_eq!(world.look(&looking, hours(25)).await, Looked { opened: 0, closed: 0, fired: 1 });
    assert_eq!(world.jobs().await, 2);
    // A rule that there is no more finds nothing.
    let none = world.worker(r#"{"rules": []}"#, None);
    assert_eq!(world.look(&none, hours(26)).await, Looked { opened: 0, closed: 1, fired: 0 });
}

#[tokio::test]
async fn workers_that_look_at_once_fire_once() {
    let mut world = World::fresh().await;
    world
        .execute(
            "insert into changes (tenant_id, repo, number, author, opened_at, registers)
             select 'default', 'acme/shop', n::text, 'ada', '2026-11-01T00:00:00Z', '{}' from generate_series(1, 40) n",
        )
        .await;
    let workers: Vec<Looking> = (0..4).map(|_| world.worker(RULES, None)).collect();
    for round in 0..3 {
        let at = hours(round);
        let all = workers.iter().map(|looking| look_once(&world.store, looking, at));
        let looked = futures::future::join_all(all).await;
        let ours = looked.into_iter().filter(|looked| looked.as_ref().expect("looked").is_some()).count();
        assert_eq!(ours, 1, "one at a time");
    }
    assert_eq!(world.jobs().await, 40);
}

#[tokio::test]
async fn whoever_lost_the_look_changes_nothing() {
    let mut world = World::fresh().await;
    world.execute(CHANGE).await;
    let looking = world.worker(RULES, None);
    let taken = world.store.call("test", |conn| looks::take(conn, now(), TimeDelta::minutes(5))).await;
    let slow = taken.expect("taken").expect("due");
    assert_eq!(look_once(&world.store, &looking, now() + TimeDelta::minutes(4)).await.expect("looked"), None);
    // It is gone, as far as anybody can tell.
    let later = now() + TimeDelta::minutes(6);
    assert_eq!(world.look(&looking, later).await.fired, 1);
    let rules = Rules::read(&serde_json::from_str(RULES).expect("JSON")).expect("rules");
    let keep = move |conn: &mut store::Connection| {
        looks::end(conn, &slow, true, now(), now())?;
        states::keep(conn, &slow, &rules.rules[0], &[], &std::collections::BTreeMap::new(), later)
    };
    assert_eq!(world.store.call("test", keep).await.expect("kept"), None);
    assert_eq!(world.listed(SignalFilter { open: Some(true), ..SignalFilter::default() }).await.len(), 1);
    assert_eq!(look_once(&world.store, &looking, later).await.expect("looked"), None, "its end changed nothing");
    assert_eq!(world.look(&looking, later + INTERVAL).await, Looked::default());
}

#[tokio::test]
async fn what_follows_is_the_policy_s_to_say() {
    let mut world = World::fresh().await;
    world.execute(CHANGE).await;
    let asks = r#"{"version": 1, "rules": [
        {"name": "ask", "kinds": ["stale_pr"], "when": "facts.repo == 'acme/shop' && facts.rule == 'stale'",
         "then": {"action": "comment", "require": [{"votes": 1, "role": "approver"}], "expires": "2h"}}],
      "default": {"action": "allow"}}"#;
    let rules =
        r#"{"rules": [{"name": "stale", "kind": "stale_pr"}, {"name": "unseen", "kind": "pr_without_review"}]}"#;
    let looking = world.worker(rules, Some(asks));
    assert_eq!(world.look(&looking, now()).await, Looked { opened: 2, closed: 0, fired: 2 });
    assert_eq!(world.look(&looking, hours(1)).await, Looked::default());
    assert_eq!(world.jobs().await, 0, "people are asked first");
    let list = |conn: &mut store::Connection| {
        approvals::list(conn, &TenantId::default(), &ApprovalFilter::default(), None, 10)
    };
    let asked = world.store.call("test", list).await.expect("approvals");
    assert_eq!(
        (asked.len(), asked[0].action.as_str(), asked[0].authors.as_slice()),
        (1, "comment", &["ada".to_owned()][..])
    );
    assert_eq!(asked[0].expires_at, hours(2));
    let signals = world.listed(SignalFilter::default()).await;
    let of = |rule: &str| signals.iter().find(|signal| signal.rule == rule).expect("a signal");
    assert_eq!((of("stale").approval_id, of("stale").job_id), (Some(asked[0].id.0), None));
    assert_eq!((of("unseen").action.as_deref(), of("unseen").approval_id), (Some("allow"), None));
}

#[tokio::test]
async fn opa_is_asked_where_it_decides() {
    let mut world = World::fresh().await;
    world.execute(CHANGE).await;
    let opa = testkit::opa::Opa::start().await;
    opa.decides(&json!({"action": "label"}));
    let variables: Variables = [("OPA_URL".to_owned(), opa.url())].into_iter().collect();
    let looking = world.worker_with(RULES, None, variables);
    assert_eq!(world.look(&looking, now()).await.fired, 1);
    let signal = world.listed(SignalFilter::default()).await.pop().expect("one");
    assert_eq!((signal.action.as_deref(), signal.reason.as_deref()), (Some("label"), Some("OPA decided so")));
    let asked = opa.asked().pop().expect("a question");
    assert_eq!(
        (&asked["kind"], &asked["subject"], &asked["author"]),
        (&json!("stale_pr"), &json!("acme/shop#12"), &json!("ada"))
    );
    assert_eq!(asked["facts"]["rule"], "stale");
}
