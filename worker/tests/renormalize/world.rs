//! A database with deliveries in it, its rows as text, and the steps of a re-normalization.

use std::collections::BTreeMap;

use chrono::Utc;
use diesel::sql_types::Text;
use diesel::{Connection as _, QueryableByName, RunQueryDsl, sql_query};
use domain::dora::Entities;
use domain::event::Event;
use domain::ids::{EventId, ReplayId, TenantId};
use integrations::Sources;
use store::intake::{Keep, accept};
use store::jobs::{self, Job};
use store::{Connection, Role, Store, entities};
use testkit::database::Database;
use testkit::world::minute;
use tokio_util::sync::CancellationToken;
use worker::Reading;
use worker::renormalize::{Report, Survey, ask};

/// What must be equal to a fresh database; the columns of each that are not of the moment.
const KEPT: [(&str, &str); 9] = [
    ("deliveries", "*"),
    (
        "events",
        "tenant_id, id, delivery_id, integration, source, type, subject, time, repo, service, environment, actor, \
         traceparent, data",
    ),
    ("commits", "*"),
    ("commit_edges", "*"),
    ("ref_moves", "*"),
    ("changes", "*"),
    ("deployments", "*"),
    ("deployment_statuses", "*"),
    ("deployment_components", "*"),
];

#[derive(QueryableByName)]
struct Line {
    #[diesel(sql_type = Text)]
    line: String,
}

pub(crate) struct World {
    _database: Database,
    pub(crate) store: Store,
    pub(crate) conn: Connection,
}

impl World {
    /// A database that was given these deliveries, and has derived from their events what there is to derive.
    pub(crate) async fn of(keeps: Vec<Keep>) -> Self {
        let make = move || {
            let database = Database::fresh();
            let store = database.store(Role::App);
            let mut conn = store.open(Role::App).expect("a connection");
            accept(&mut store.open(Role::Ingest).expect("a connection"), &keeps).expect("kept");
            entities::rebuild(&mut conn, Utc::now()).expect("derived");
            Self { _database: database, store, conn }
        };
        tokio::task::spawn_blocking(make).await.expect("a world")
    }

    pub(crate) fn lines(&mut self, sql: &str) -> Vec<String> {
        let rows: Vec<Line> = sql_query(sql).load(&mut self.conn).unwrap_or_else(|error| panic!("{sql}: {error}"));
        rows.into_iter().map(|row| row.line).collect()
    }

    /// What was kept and what was derived from it, byte by byte.
    pub(crate) fn kept(&mut self) -> BTreeMap<&'static str, Vec<String>> {
        let rows = |(table, columns): (&'static str, &str)| {
            let sql = format!("select row_to_json(t)::text as line from (select {columns} from {table}) t order by 1");
            (table, self.lines(&sql))
        };
        KEPT.map(rows).into_iter().collect()
    }

    /// A hash of every row of every table.
    pub(crate) fn everything(&mut self) -> BTreeMap<String, Vec<String>> {
        let tables = self.lines("select tablename::text as line from pg_tables where schemaname = 'public'");
        let of_app = tables.into_iter().filter(|table| !table.starts_with("__"));
        let hashed = |table: String| {
            let sql =
                format!("select coalesce(md5(string_agg(t::text, '\n' order by t::text)), '') as line from {table} t");
            let hash = self.lines(&sql);
            (table, hash)
        };
        of_app.map(hashed).collect()
    }

    pub(crate) async fn survey(&self, all: bool) -> Report {
        let asked = ask(&Sources::built_in(), None, minute(0), minute(3), all);
        let mut survey = Survey::new(TenantId::default(), Reading::default(), asked, 1);
        while survey.step(&self.store).await.expect("a step") {}
        survey.into_report()
    }

    pub(crate) fn ask(&mut self, number: u8, all: bool) -> ReplayId {
        let (tenant, id) = (TenantId::default(), ReplayId::new(minute(9), [number; 16]));
        let asked = ask(&Sources::built_in(), None, minute(0), minute(3), all);
        jobs::ask(&mut self.conn, &tenant, id, &asked, minute(9)).expect("asked");
        id
    }

    pub(crate) fn job(&mut self, id: ReplayId) -> Job {
        jobs::one(&mut self.conn, &TenantId::default(), id.0).expect("read").expect("there")
    }

    pub(crate) async fn work(&self) -> Result<bool, store::StoreError> {
        worker::jobs::work_once(&self.store, &Reading::default(), &CancellationToken::new()).await
    }

    pub(crate) async fn apply(&mut self, number: u8, all: bool) -> (ReplayId, Job) {
        let id = self.ask(number, all);
        assert!(self.work().await.expect("worked"));
        assert!(!self.work().await.expect("nothing is left"));
        (id, self.job(id))
    }

    /// The events that a job owes to the bus.
    pub(crate) fn owed(&mut self, id: ReplayId) -> Vec<EventId> {
        let sql = format!("select unnest(event_ids)::text as line from outbox where replay_id = '{id}' order by 1");
        self.lines(&sql).iter().map(|line| line.parse().expect("an id")).collect()
    }

    /// Has the consumer of the entities process these, as they are now.
    pub(crate) fn consume(&mut self, ids: &[EventId]) {
        let one =
            |id: &EventId| store::events::one(&mut self.conn, &TenantId::default(), *id).expect("read").expect("there");
        let events: Vec<Event> = ids.iter().map(one).collect();
        let sum = Entities::of(&events).expect("readable");
        self.conn.transaction(|conn| entities::keep(conn, &sum, Utc::now())).expect("added");
    }
}
