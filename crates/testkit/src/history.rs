//! A history of facts as `POST /webhooks/generic` takes them, on a database of its own: told in any order, reckoned step
//! by step or anew, and looked at as text.

use chrono::{DateTime, TimeDelta, Utc};
use diesel::connection::SimpleConnection;
use diesel::sql_types::Text;
use diesel::{QueryableByName, RunQueryDsl, sql_query};
use domain::dora::Entities;
use domain::event::Event;
use domain::ids::{DeliveryId, TenantId};
use domain::rules::Rules;
use integrations::Headers;
use serde_json::Value;
use store::facts::Reckoning;
use store::{Connection, Role, Store, StoreError, entities, facts};

use crate::database::Database;

/// The tables of facts.
pub const FACTS: [&str; 7] = [
    "dora_deployments",
    "dora_commits",
    "dora_changes",
    "dora_remediations",
    "dora_incidents",
    "dora_links",
    "dora_failures",
];

/// A database with what was told so far.
pub struct History {
    pub conn: Connection,
    told: u64,
    database: Database,
}

#[derive(QueryableByName)]
struct Line {
    #[diesel(sql_type = Text)]
    line: String,
}

/// When everything is told and reckoned. No fact depends on it.
fn now() -> DateTime<Utc> {
    DateTime::from_timestamp(1_795_000_000, 0).unwrap_or_default()
}

/// A day is enough for the histories of tests.
fn usual_window() -> TimeDelta {
    TimeDelta::hours(24)
}

impl Default for History {
    fn default() -> Self {
        Self::fresh()
    }
}

impl History {
    /// One of which nothing is known. Blocking, like all of it.
    ///
    /// # Panics
    /// When the test servers cannot be reached.
    pub fn fresh() -> Self {
        let database = Database::fresh();
        let conn = database.store(Role::App).open(Role::App).expect("a connection");
        Self { conn, told: 0, database }
    }

    /// The events of one delivery of these facts.
    ///
    /// # Panics
    /// When a fact cannot be read.
    pub fn events(&mut self, facts: &[Value]) -> Vec<Event> {
        self.told += 1;
        let mut bits = [0; 16];
        bits[..8].copy_from_slice(&self.told.to_be_bytes());
        let delivery = DeliveryId::new(now(), bits);
        let generic = integrations::find("generic").expect("a source");
        let body = Value::from(facts).to_string();
        let headers: Headers<'_> = std::iter::empty().collect();
        let drafts = integrations::normalize(generic, "facts", &headers, body.as_bytes(), &Rules::default());
        let events = Event::seal(drafts, "generic", &TenantId::default(), delivery, None);
        let strange = events.iter().find(|event| event.kind.to_string().ends_with("unmapped"));
        assert!(strange.is_none(), "a fact cannot be read: {}", strange.map_or("", |event| event.data.get()));
        events
    }

    /// Tells facts in one delivery: they are in the entities then, and whom they concern is dirty.
    ///
    /// # Panics
    /// When they cannot be kept.
    pub fn tell(&mut self, facts: &[Value]) {
        let events = self.events(facts);
        let sum = Entities::of(&events).expect("readable");
        store::transaction(&mut self.conn, |conn| entities::keep(conn, &sum, now())).expect("kept");
    }

    /// Reckons until nothing is dirty.
    ///
    /// # Panics
    /// When a service cannot be reckoned.
    pub fn reckon(&mut self) -> Reckoning {
        let done = facts::settle(&mut self.conn, usual_window(), now()).expect("reckoned");
        assert!(done.failed.is_empty(), "{:?}", done.failed);
        assert_eq!(self.count("dora_dirty"), 0, "something is still dirty");
        done
    }

    /// Tells and reckons.
    pub fn then(&mut self, facts: &[Value]) -> Reckoning {
        self.tell(facts);
        self.reckon()
    }

    /// Every fact as a line of text, sorted: equal histories have equal lines.
    pub fn facts(&mut self) -> Vec<String> {
        self.lines(&every_fact())
    }

    /// What a rebuild from nothing makes of the entities. The facts that are there stay.
    ///
    /// # Panics
    /// When a service cannot be reckoned.
    pub fn facts_made_anew(&mut self) -> Vec<String> {
        let mut anew = Vec::new();
        let undone = store::transaction(&mut self.conn, |conn| -> Result<(), StoreError> {
            FACTS.iter().for_each(|table| execute(conn, &format!("delete from {table}")));
            facts::rebuild(conn, &TenantId::default(), usual_window(), now())?;
            anew = lines(conn, &every_fact());
            Err(StoreError::NotFound)
        });
        assert!(matches!(undone, Err(StoreError::NotFound)), "{undone:?}");
        anew
    }

    /// Makes the facts anew on several connections, as a rebuild does, after this was done to them.
    ///
    /// # Panics
    /// When a service cannot be reckoned.
    pub fn rebuild_in_lanes(&mut self, spoil: &str) {
        self.conn.batch_execute(spoil).expect("spoiled");
        facts::everything_is_dirty(&mut self.conn, &TenantId::default(), now()).expect("dirty");
        let store = self.store();
        let mut lanes: Vec<_> = (0..3).map(|_| store.open(Role::App).expect("a connection")).collect();
        let done = facts::settle_in_lanes(&mut self.conn, &mut lanes, usual_window(), now()).expect("reckoned");
        assert!(done.failed.is_empty(), "{:?}", done.failed);
        assert_eq!(self.count("dora_dirty"), 0, "something is still dirty");
    }

    /// # Panics
    /// When what was reckoned step by step is not what a rebuild makes.
    pub fn assert_settled(&mut self) {
        let (facts, anew) = (self.facts(), self.facts_made_anew());
        let only = |some: &[String], others: &[String]| -> Vec<String> {
            some.iter().filter(|line| !others.contains(line)).cloned().collect()
        };
        assert!(facts == anew, "step by step:\n{:#?}\nanew:\n{:#?}", only(&facts, &anew), only(&anew, &facts));
    }

    /// The column `line` of a query.
    ///
    /// # Panics
    /// When the query is refused.
    pub fn lines(&mut self, sql: &str) -> Vec<String> {
        lines(&mut self.conn, sql)
    }

    /// The same database for others, under the worker's role.
    pub fn store(&self) -> Store {
        self.database.store(Role::App)
    }

    /// A statement of the tables' owner.
    ///
    /// # Panics
    /// When it is refused.
    pub fn owner(&self, sql: &str) {
        let mut conn = self.database.store(Role::Owner).open(Role::Owner).expect("a connection");
        execute(&mut conn, sql);
    }

    fn count(&mut self, table: &str) -> usize {
        self.lines(&format!("select count(*)::text as line from {table}"))[0].parse().expect("a number")
    }
}

fn every_fact() -> String {
    let all = FACTS.map(|table| format!("select '{table} ' || row_to_json(t)::text as line from {table} t"));
    format!("select line from ({}) f order by line collate \"C\"", all.join(" union all "))
}

fn lines(conn: &mut Connection, sql: &str) -> Vec<String> {
    let rows: Vec<Line> = sql_query(format!("select coalesce(line, '') as line from ({sql}) q"))
        .load(conn)
        .unwrap_or_else(|error| panic!("{sql}: {error}"));
    rows.into_iter().map(|row| row.line).collect()
}

fn execute(conn: &mut Connection, sql: &str) {
    sql_query(sql).execute(conn).unwrap_or_else(|error| panic!("{sql}: {error}"));
}
