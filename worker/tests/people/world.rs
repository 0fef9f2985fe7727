//! A gateway's database, a fake Slack and a worker that tells people there.

use std::io::Write;
use std::sync::{Arc, LazyLock, Mutex};

use boot::settings::SlackSettings;
use chrono::{DateTime, Utc};
use diesel::sql_types::Text;
use diesel::{QueryableByName, RunQueryDsl, sql_query};
use domain::approvals::{Choice, Command, Person, Terms, Via};
use domain::ids::{ApprovalId, TenantId};
use serde_json::json;
use store::approvals::{Approval, Proposal};
use store::{Connection, Role, Store, approvals};
use testkit::database::Database;
use testkit::slack::{Message, Slack};
use testkit::world::until;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;
use worker::approvals::{Swept, Telling, sweep_once};

pub(crate) const TOKEN: &str = "xoxb-000000000000-notreal";
pub(crate) const POST: &str = "chat.postMessage";
pub(crate) const UPDATE: &str = "chat.update";

/// Everything that was logged in this process.
pub(crate) static LOGGED: LazyLock<Logged> = LazyLock::new(|| {
    let logged = Logged::default();
    let writer = logged.clone();
    let lines = tracing_subscriber::fmt().with_max_level(tracing::Level::DEBUG).with_writer(move || writer.clone());
    lines.init();
    logged
});

#[derive(Clone, Default)]
pub(crate) struct Logged(pub(crate) Arc<Mutex<Vec<u8>>>);

impl Write for Logged {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().expect("unpoisoned").extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[derive(QueryableByName)]
pub(crate) struct Line {
    #[diesel(sql_type = Text)]
    pub(crate) line: String,
}

pub(crate) struct World {
    pub(crate) _database: Database,
    pub(crate) store: Store,
    pub(crate) slack: Slack,
    pub(crate) settings: SlackSettings,
    pub(crate) stop: CancellationToken,
    pub(crate) working: Vec<JoinHandle<()>>,
}

impl World {
    /// Nothing works yet.
    pub(crate) async fn fresh() -> Self {
        LazyLock::force(&LOGGED);
        let database = tokio::task::spawn_blocking(Database::fresh).await.expect("a database");
        let slack = Slack::start(TOKEN).await;
        let settings = SlackSettings {
            webhook_url: None,
            bot_token: Some(TOKEN.into()),
            default_channel: Some("#deploys".to_owned()),
            api_url: slack.url(),
            max_daily_posts: 1000,
        };
        let store = database.store(Role::App);
        Self { _database: database, store, slack, settings, stop: CancellationToken::new(), working: Vec::new() }
    }

    /// One more who posts.
    pub(crate) fn work(&mut self) {
        let slack = worker::slack::Slack::of(&self.settings).expect("a client").expect("a token");
        self.working.push(tokio::spawn(worker::slack::run(self.store.clone(), slack, self.stop.clone())));
    }

    /// What time does, at this one.
    pub(crate) async fn sweep(&self, at: DateTime<Utc>) -> Swept {
        let telling = Telling { default_channel: self.settings.default_channel.clone() };
        sweep_once(&self.store, Some(&telling), at).await.expect("swept")
    }

    pub(crate) async fn working() -> Self {
        let mut world = Self::fresh().await;
        world.work();
        world
    }

    pub(crate) async fn call<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Connection) -> Result<T, store::StoreError> + Send + 'static,
    ) -> T {
        self.store.call("test", work).await.expect("the store answers")
    }

    pub(crate) async fn asked(&self, subject: &str, terms: Terms, at: DateTime<Utc>) -> ApprovalId {
        let proposal = Proposal {
            id: ApprovalId::new(at, *Uuid::new_v4().as_bytes()),
            subject: subject.to_owned(),
            action: "deploy".to_owned(),
            kind: Some("deploy".to_owned()),
            payload: json!({"sha": "c3d4"}),
            reason: Some("a <fix>".to_owned()),
            terms,
            requested_by: Some("github:rita".to_owned()),
            authors: Vec::new(),
            again_of: None,
        };
        self.call(move |conn| approvals::propose(conn, &TenantId::default(), &proposal, at)).await.id
    }

    pub(crate) async fn one(&self, id: ApprovalId) -> Approval {
        self.call(move |conn| approvals::one(conn, &TenantId::default(), id)).await.expect("an approval")
    }

    pub(crate) async fn voted(&self, id: ApprovalId, who: &str, choice: Choice) {
        let person = Person { roles: vec!["approver".to_owned()], ..Person::known_as("slack", who) };
        let command = Command::Vote { person, choice, via: Via::Api, reason: None, seen: None };
        let now = Utc::now();
        let answer = self.call(move |conn| approvals::decide(conn, &TenantId::default(), id, &command, now)).await;
        answer.done.expect("the vote counts");
    }

    /// Waits for so many messages that are no lines of a thread.
    pub(crate) async fn messages(&self, number: usize) -> Vec<Message> {
        until("messages in Slack", async || self.own().len() >= number).await;
        self.own()
    }

    pub(crate) fn own(&self) -> Vec<Message> {
        self.slack.messages().into_iter().filter(|message| message.thread_ts.is_none()).collect()
    }

    pub(crate) fn lines(&self) -> Vec<Message> {
        self.slack.messages().into_iter().filter(|message| message.thread_ts.is_some()).collect()
    }

    pub(crate) fn calls(&self, method: &str) -> Vec<std::time::Instant> {
        self.slack.calls().iter().filter(|call| call.method == method).map(|call| call.at).collect()
    }

    pub(crate) async fn rows(&self, sql: &'static str) -> Vec<String> {
        let rows: Vec<Line> = self.call(move |conn| Ok(sql_query(sql).load(conn)?)).await;
        rows.into_iter().map(|row| row.line).collect()
    }

    /// The tasks end when they are told to, none of them by a mistake.
    pub(crate) async fn end(&mut self) {
        self.stop.cancel();
        for task in self.working.drain(..) {
            task.await.expect("it ends");
        }
        self.stop = CancellationToken::new();
    }
}

pub(crate) fn usual() -> Terms {
    Terms::usual(Utc::now())
}

pub(crate) fn about<'m>(messages: &'m [Message], subject: &str) -> Vec<&'m Message> {
    messages.iter().filter(|message| message.text().contains(subject)).collect()
}

pub(crate) const STATES: &str = "select key || ': ' || state as line from slack_messages order by id";
