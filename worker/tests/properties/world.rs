//! A tenant of its own for every history: facts go through the generic normalizer, the entity tables and the engine.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};

use chrono::{DateTime, TimeDelta, Utc};
use diesel::sql_types::Text;
use diesel::{QueryableByName, RunQueryDsl, sql_query};
use domain::event::Event;
use domain::ids::{DeliveryId, TenantId};
use domain::rules::Rules;
use integrations::{Headers, find};
use serde_json::Value;
use store::{Connection, Role, Store, StoreError};
use testkit::database::Database;

/// A day: the window in which an incident is attributed unless the catalog says otherwise.
pub(crate) const WINDOW: TimeDelta = TimeDelta::days(1);

pub(crate) struct World {
    pub(crate) conn: Connection,
    pub(crate) tenant: TenantId,
    deliveries: u64,
}

#[derive(QueryableByName)]
struct Line {
    #[diesel(sql_type = Text)]
    line: String,
}

/// The facts, each table with the columns that are no fact left out.
const TABLES: [&str; 7] = [
    "dora_deployments",
    "dora_commits",
    "dora_changes",
    "dora_remediations",
    "dora_incidents",
    "dora_links",
    "dora_failures",
];

fn store() -> &'static Store {
    static DATABASE: OnceLock<(Database, Store)> = OnceLock::new();
    let (_, store) = DATABASE.get_or_init(|| {
        let database = Database::fresh();
        let store = database.store(Role::App);
        (database, store)
    });
    store
}

pub(crate) fn now() -> DateTime<Utc> {
    DateTime::from_timestamp(super::history::START + 400 * 86_400, 0).expect("a time")
}

impl World {
    pub(crate) fn new() -> Self {
        static NUMBER: AtomicU64 = AtomicU64::new(0);
        let tenant = format!("t{}", NUMBER.fetch_add(1, Ordering::Relaxed)).parse().expect("a tenant");
        Self { conn: store().open(Role::App).expect("a connection"), tenant, deliveries: 0 }
    }

    /// The events of a delivery of these facts.
    pub(crate) fn events(&mut self, facts: &[Value]) -> Vec<Event> {
        self.deliveries += 1;
        let body = Value::from(facts.to_vec()).to_string();
        let generic = find("generic").expect("a source");
        let drafts =
            integrations::normalize(generic, "facts", &Headers::default(), body.as_bytes(), &Rules::default());
        let mut random = [0; 16];
        random[..8].copy_from_slice(&self.deliveries.to_be_bytes());
        Event::seal(drafts, "generic", &self.tenant, DeliveryId::new(now(), random), None)
    }

    /// Takes facts in as one batch of the consumer, and reckons.
    pub(crate) fn tell(&mut self, facts: &[Value]) {
        self.take_in(facts);
        self.reckon();
    }

    /// Takes facts in as one batch of the consumer.
    pub(crate) fn take_in(&mut self, facts: &[Value]) {
        let events = self.events(facts);
        let events: Vec<&Event> = events.iter().collect();
        store::transaction(&mut self.conn, |conn| Ok(worker::properties::handle(conn, &events).expect("taken in")))
            .expect("taken in");
    }

    /// Reckons until nothing is dirty.
    pub(crate) fn reckon(&mut self) {
        while store::facts::take_and_reckon(&mut self.conn, WINDOW, 64, now()).expect("reckoned").services > 0 {}
    }

    /// The consumer ends before its commit.
    pub(crate) fn take_in_and_die(&mut self, facts: &[Value]) {
        let events = self.events(facts);
        let events: Vec<&Event> = events.iter().collect();
        let died = store::transaction(&mut self.conn, |conn| {
            worker::properties::handle(conn, &events).expect("taken in");
            Err::<(), _>(StoreError::NotFound)
        });
        assert!(died.is_err());
    }

    /// The engine ends before its commit.
    pub(crate) fn reckon_and_die(&mut self) {
        let died = store::transaction(&mut self.conn, |conn| {
            store::facts::take_and_reckon(conn, WINDOW, 64, now())?;
            Err::<(), _>(StoreError::NotFound)
        });
        assert!(died.is_err());
    }

    pub(crate) fn rebuild(&mut self) {
        store::facts::rebuild(&mut self.conn, &self.tenant, WINDOW, now()).expect("rebuilt");
    }

    /// Every fact of the tenant, as text.
    pub(crate) fn facts(&mut self) -> String {
        let mut text = String::new();
        for table in TABLES {
            let rows = format!(
                "select '{table} ' || (to_jsonb(t) - 'tenant_id')::text as line from {table} t where tenant_id = $1 order by 1"
            );
            for row in sql_query(rows).bind::<Text, _>(self.tenant.as_str()).load::<Line>(&mut self.conn).expect("rows") {
                text.push_str(&row.line);
                text.push('\n');
            }
        }
        text
    }
}
