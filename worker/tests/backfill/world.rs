//! A database, an API and a clock of its own for each test, and what became of a backfill as text.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use chrono::{DateTime, Utc};
use diesel::sql_types::Text;
use diesel::{QueryableByName, RunQueryDsl, sql_query};
use domain::ids::TenantId;
use domain::rules::Rules;
use futures::future::BoxFuture;
use outbound::Outbound;
use secrecy::SecretString;
use store::jobs::Backfill;
use store::{Connection, Role, Store, entities};
use testkit::database::Database;
use testkit::rest::{Pages, Rest};
use tokio_util::sync::CancellationToken;
use worker::backfill::{BackfillError, Clock, Means, Report, Say, Source, run};

pub(crate) const TOKEN: &str = "a-token-of-the-tests";

/// A clock that goes on only by the pauses that are waited for.
pub(crate) struct Stepping(Mutex<(DateTime<Utc>, Vec<u64>)>);

impl Stepping {
    fn new() -> Self {
        Self(Mutex::new((at("2026-11-21T12:00:00Z"), Vec::new())))
    }

    /// The pauses in seconds.
    pub(crate) fn slept(&self) -> Vec<u64> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).1.clone()
    }
}

impl Clock for Stepping {
    fn now(&self) -> DateTime<Utc> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).0
    }

    fn sleep(&self, pause: Duration) -> BoxFuture<'_, ()> {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        state.0 += pause;
        state.1.push(pause.as_secs());
        Box::pin(async {})
    }
}

pub(crate) fn at(text: &str) -> DateTime<Utc> {
    text.parse().expect("a time")
}

#[derive(QueryableByName)]
struct Line {
    #[diesel(sql_type = Text)]
    line: String,
}

pub(crate) struct World {
    _database: Database,
    store: Store,
    pub(crate) conn: Connection,
    pub(crate) api: Rest,
    pub(crate) clock: Arc<Stepping>,
    source: Source,
    repo: &'static str,
}

impl World {
    pub(crate) async fn new(source: Source, repo: &'static str) -> Self {
        let make = || {
            let database = Database::fresh();
            let store = database.store(Role::App);
            let conn = store.open(Role::App).expect("a connection");
            (database, store, conn)
        };
        let (database, store, conn) = tokio::task::spawn_blocking(make).await.expect("a database");
        let pages = if source == Source::Github { Pages::Link } else { Pages::Number };
        let (api, clock) = (Rest::start(pages).await, Arc::new(Stepping::new()));
        Self { _database: database, store, conn, api, clock, source, repo }
    }

    pub(crate) fn means(&self) -> Means {
        Means {
            store: self.store.clone(),
            tenant: TenantId::default(),
            rules: Rules::default(),
            outbound: Outbound::new(Duration::from_secs(10), 1 << 20).expect("a client"),
            api_url: self.api.url(),
            token: Some(SecretString::from(TOKEN)),
            clock: self.clock.clone(),
            stop: CancellationToken::new(),
            max_wait: Duration::from_secs(600),
            say: silent(),
        }
    }

    pub(crate) async fn run(&self, means: &Means) -> Result<Report, BackfillError> {
        let asked = Backfill {
            source: self.source.name().to_owned(),
            repo: self.repo.to_owned(),
            since: at("2026-11-01T00:00:00Z"),
        };
        run(means, self.source, &asked).await
    }

    /// From where it was left to the end.
    pub(crate) async fn backfill(&self) -> Report {
        self.run(&self.means()).await.expect("fetched")
    }

    pub(crate) fn lines(&mut self, sql: &str) -> Vec<String> {
        let rows: Vec<Line> = sql_query(sql).load(&mut self.conn).unwrap_or_else(|error| panic!("{sql}: {error}"));
        rows.into_iter().map(|row| row.line).collect()
    }

    /// Every event: when, what, of what.
    pub(crate) fn events(&mut self) -> Vec<String> {
        self.lines(
            "select to_char(time at time zone 'utc', 'MM-DD HH24:MI') || ' ' || type || ' ' || subject as line
             from events order by time, type, subject, data::text",
        )
    }

    /// Every event with all that it says, and nothing of how it came.
    pub(crate) fn told(&mut self) -> Vec<String> {
        self.lines("select concat_ws(' ', time, type, source, subject, data::text) as line from events order by 1")
    }

    /// The derived rows, as consumers would have written them.
    pub(crate) fn derived(&mut self) -> Vec<String> {
        entities::rebuild(&mut self.conn, Utc::now()).expect("derived");
        let tables = [
            "commits",
            "commit_edges",
            "ref_moves",
            "changes",
            "deployments",
            "deployment_statuses",
            "deployment_components",
        ];
        let rows =
            |table| self.lines(&format!("select '{table} ' || row_to_json(t)::text as line from {table} t order by 1"));
        tables.map(rows).concat()
    }

    /// One column of the derived rows.
    pub(crate) fn column(&mut self, sql: &str) -> Vec<String> {
        entities::rebuild(&mut self.conn, Utc::now()).expect("derived");
        self.lines(sql)
    }
}

pub(crate) fn silent() -> Say {
    Arc::new(|_| {})
}
