//! A database, a GitHub that plays well and badly, and workers whose clock the test sets.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use boot::Settings;
use boot::settings::Env;
use chrono::{DateTime, TimeDelta, Utc};
use diesel::sql_types::BigInt;
use diesel::{QueryableByName, RunQueryDsl, sql_query};
use domain::approvals::{Choice, Command, Person, Terms, Via};
use domain::ids::{ApprovalId, ReplayId, TenantId};
use serde_json::Value;
use store::approvals::{self, Approval, Proposal};
use store::job_attempts::{self, Attempt};
use store::jobs::{self, Job, Workflow};
use store::{Connection, Role, Store, StoreError};
use testkit::database::Database;
use testkit::github::{PAT, Playing, noon};
use uuid::Uuid;
use worker::workflows::{Calling, Family, Workflows};

pub(crate) struct World {
    _database: Database,
    pub(crate) store: Store,
    pub(crate) github: Playing,
    pub(crate) workflows: Workflows,
    now: Arc<Mutex<DateTime<Utc>>>,
}

/// Whom jobs can call when nothing but this is set.
pub(crate) fn calling(variables: &[(&str, &str)]) -> Calling {
    let variables: BTreeMap<String, String> =
        variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    let (settings, _) = Settings::read(&variables, &["github"], Env::Development).expect("settings");
    Calling::of(&settings).expect("clients")
}

impl World {
    /// GitHub can be called, and Slack is set up.
    pub(crate) async fn fresh() -> Self {
        let github = Playing::start().await;
        let set = [
            ("GITHUB_API_URL", github.url()),
            ("GITHUB_TOKEN", PAT.to_owned()),
            ("SLACK_BOT_TOKEN", "xoxb-not-real".to_owned()),
            ("SLACK_DEFAULT_CHANNEL", "#team".to_owned()),
        ];
        let set: Vec<(&str, &str)> = set.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let calling = calling(&set);
        Self::with(github, calling).await
    }

    pub(crate) async fn with(github: Playing, calling: Calling) -> Self {
        let database = tokio::task::spawn_blocking(Database::fresh).await.expect("a database");
        let store = database.store(Role::App);
        let now = Arc::new(Mutex::new(noon()));
        let clock = now.clone();
        let workflows =
            Workflows::new(store.clone(), calling, Arc::new(move || *clock.lock().expect("an unpoisoned clock")));
        Self { _database: database, store, github, workflows, now }
    }

    pub(crate) fn now(&self) -> DateTime<Utc> {
        *self.now.lock().expect("an unpoisoned clock")
    }

    /// Time passes, here and on GitHub.
    pub(crate) fn pass(&self, seconds: i64) {
        let mut now = self.now.lock().expect("an unpoisoned clock");
        *now += TimeDelta::seconds(seconds);
        self.github.state().now = *now;
    }

    pub(crate) async fn call<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Connection) -> Result<T, StoreError> + Send + 'static,
    ) -> T {
        self.store.call("test", work).await.expect("the store answers")
    }

    /// Queues a job about pull request 7.
    pub(crate) async fn asked(&self, action: &str, payload: Value) -> Uuid {
        let id = ReplayId::new(self.now(), *Uuid::new_v4().as_bytes());
        let (kind, subject) = ("stale_pr".to_owned(), "acme/shop#7".to_owned());
        let workflow = Workflow { kind, subject, action: action.to_owned(), payload };
        let now = self.now();
        self.call(move |conn| jobs::ask(conn, &TenantId::default(), id, &workflow, now)).await;
        id.0
    }

    /// Proposes an approval of it.
    pub(crate) async fn proposed(&self, action: &str, payload: Value, terms: Terms) -> ApprovalId {
        let now = self.now();
        let proposal = Proposal {
            id: ApprovalId::new(now, *Uuid::new_v4().as_bytes()),
            subject: "acme/shop#7".to_owned(),
            action: action.to_owned(),
            kind: Some("stale_pr".to_owned()),
            payload,
            reason: None,
            terms,
            requested_by: Some("github:rita".to_owned()),
            authors: Vec::new(),
            again_of: None,
        };
        self.call(move |conn| approvals::propose(conn, &TenantId::default(), &proposal, now)).await.id
    }

    pub(crate) async fn voted(&self, id: ApprovalId, choice: Choice) {
        let person = Person { roles: vec!["approver".to_owned()], ..Person::known_as("github", "ada") };
        let command = Command::Vote { person, choice, via: Via::Api, reason: None, seen: None };
        let now = self.now();
        let answer = self.call(move |conn| approvals::decide(conn, &TenantId::default(), id, &command, now)).await;
        answer.done.expect("the vote counts");
    }

    /// Works on what is due now; returns how many tries that took.
    pub(crate) async fn work(&self) -> usize {
        let mut tries = 0;
        for family in [Family::Jobs, Family::Effects] {
            tries += self.workflows.work_through(family).await.expect("the store answers");
        }
        tries
    }

    /// Works until all is over, as time passes; returns how many tries that took.
    pub(crate) async fn work_to_the_end(&self) -> usize {
        let mut tries = self.work().await;
        for _ in 0..2_000 {
            let (open, _) = self.call(jobs::acting).await;
            if open == 0 {
                return tries;
            }
            self.pass(600);
            tries += self.work().await;
        }
        panic!("it never ends");
    }

    pub(crate) async fn job(&self, id: Uuid) -> Job {
        self.call(move |conn| jobs::one(conn, &TenantId::default(), id)).await.expect("a job")
    }

    pub(crate) async fn approval(&self, id: ApprovalId) -> Approval {
        self.call(move |conn| approvals::one(conn, &TenantId::default(), id)).await.expect("an approval")
    }

    /// How its tries ended, in their order; `…` of one that nobody has heard of.
    pub(crate) async fn log(&self, id: Uuid) -> Vec<String> {
        let log: Vec<Attempt> = self.call(move |conn| job_attempts::list(conn, &TenantId::default(), id, 100)).await;
        log.into_iter().map(|one| one.outcome.unwrap_or_else(|| "…".to_owned())).collect()
    }

    /// Comments of ours on the pull request.
    pub(crate) fn comments(&self) -> usize {
        let state = self.github.state();
        state.comments.iter().filter(|one| one["body"].to_string().contains("em-agent:")).count()
    }

    /// Notes that wait for Slack.
    pub(crate) async fn notes(&self) -> i64 {
        self.count("select count(*) as n from slack_messages where kind = 'note'").await
    }

    async fn count(&self, sql: &'static str) -> i64 {
        self.call(move |conn| Ok(sql_query(sql).get_result::<Count>(conn)?.n)).await
    }

    /// As if the process had died before it wrote what became of a job.
    pub(crate) async fn forgotten(&self, id: Uuid) {
        let begun = "update effects set state = 'tried', lost_since = last_tried_at, lost_last = last_tried_at where job_id = $1";
        let running = "update jobs set status = 'running', finished_at = null where id = $1";
        self.call(move |conn| {
            for sql in [begun, running] {
                sql_query(sql).bind::<diesel::sql_types::Uuid, _>(id).execute(conn)?;
            }
            Ok(())
        })
        .await;
    }
}

#[derive(QueryableByName)]
struct Count {
    #[diesel(sql_type = BigInt)]
    n: i64,
}
