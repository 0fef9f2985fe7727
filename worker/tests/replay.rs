//! A replay on a real PostgreSQL: stored deliveries give today's events again, and those are owed to the bus once more.

use chrono::{DateTime, Utc};
use diesel::connection::SimpleConnection;
use diesel::sql_types::{BigInt, Text};
use diesel::{QueryableByName, RunQueryDsl, sql_query};
use domain::event::Event;
use domain::ids::{DeliveryId, ReplayId, TenantId};
use domain::rules::Rules;
use integrations::{Headers, find};
use store::intake::{Keep, accept, pack};
use store::jobs::{self, Replay};
use store::{Connection, Role, Store};
use testkit::database::Database;
use testkit::world::minute;
use tokio_util::sync::CancellationToken;
use worker::Reading;

const PUSH: &str = r#"{"ref":"refs/heads/main","before":"6113728f27ae82c7b1a177c8d03f9e96e0adf246",
    "after":"59b20b8d5c6ff8d09518454d4dd8b7b30f095ab5","forced":false,
    "repository":{"id":1,"name":"shop","full_name":"acme/shop","default_branch":"main"},"pusher":{"name":"ada"},
    "commits":[{"id":"59b20b8d5c6ff8d09518454d4dd8b7b30f095ab5","message":"a fix","timestamp":"2026-11-20T18:44:07Z",
    "author":{"name":"Ada","email":"ada@example.com","username":"ada"}}]}"#;

/// A delivery as intake keeps it.
fn keep(received_at: DateTime<Utc>, number: u8) -> Keep {
    let (tenant, id) = (TenantId::default(), DeliveryId::new(received_at, [number; 16]));
    let headers: Headers<'_> = [("x-github-event", b"push".as_slice())].into_iter().collect();
    let github = find("github").expect("a source");
    let drafts = integrations::normalize(github, "push", &headers, PUSH.as_bytes(), &Rules::default());
    Keep {
        tenant: tenant.clone(),
        id,
        source: "github".into(),
        kind: "push".into(),
        key: number.to_string(),
        headers: r#"[["x-github-event","push"]]"#.into(),
        body: pack(PUSH.as_bytes()),
        scheme: "hmac",
        secret: "active",
        mapping_version: github.mapping_version - 1,
        events: Event::seal(
            drafts,
            "github",
            &tenant,
            id,
            Some("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"),
        ),
    }
}

#[derive(QueryableByName)]
struct Line {
    #[diesel(sql_type = Text)]
    line: String,
}

fn lines(conn: &mut Connection, sql: &str) -> Vec<String> {
    sql_query(sql).load::<Line>(conn).expect("rows").into_iter().map(|row| row.line).collect()
}

const EVENTS: &str = "select (row_to_json(e)::jsonb - 'committed_by')::text as line from events e order by id";

#[derive(QueryableByName)]
struct Owed {
    #[diesel(sql_type = BigInt)]
    events: i64,
}

fn owed(conn: &mut Connection, replay: ReplayId) -> i64 {
    let sum = "select coalesce(sum(cardinality(event_ids)), 0) as events from outbox where replay_id = $1";
    sql_query(sum).bind::<diesel::sql_types::Uuid, _>(replay.0).get_result::<Owed>(conn).expect("a sum").events
}

struct World {
    _database: Database,
    store: Store,
    conn: Connection,
    events: i64,
}

/// Two deliveries that were kept by an older mapping.
fn world() -> World {
    let database = Database::fresh();
    let store = database.store(Role::App);
    let conn = store.open(Role::App).expect("a connection");
    let keeps = [keep(minute(1), 1), keep(minute(2), 2)];
    let events = keeps.iter().map(|keep| keep.events.len() as i64).sum();
    assert!(events >= 2);
    accept(&mut store.open(Role::Ingest).expect("a connection"), &keeps).expect("kept");
    World { _database: database, store, conn, events }
}

impl World {
    async fn replay(&mut self, number: u8, replay: &Replay) -> (ReplayId, jobs::Job) {
        let (tenant, id) = (TenantId::default(), ReplayId::new(minute(9), [number; 16]));
        jobs::ask(&mut self.conn, &tenant, id, replay, minute(9)).expect("asked");
        let stop = CancellationToken::new();
        assert!(worker::jobs::work_once(&self.store, &Reading::default(), &stop).await.expect("worked"));
        assert!(!worker::jobs::work_once(&self.store, &Reading::default(), &stop).await.expect("nothing is left"));
        (id, jobs::one(&mut self.conn, &tenant, id.0).expect("read").expect("there"))
    }
}

fn all() -> Replay {
    Replay::Range { source: Some("github".into()), r#type: None, from: minute(0), to: minute(3) }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_replay_mends_events_and_owes_them_once_more() {
    let mut world = tokio::task::spawn_blocking(world).await.expect("a world");
    let before = lines(&mut world.conn, EVENTS);
    let stray = DeliveryId::new(minute(1), [1; 16]).event(7);
    let copy = format!(
        "update events set data = '{{}}', type = 'commits.spoiled';
         insert into commits (tenant_id, repo, sha, registers) values ('default', 'acme/shop', 'said by mistake', '{{}}');
         insert into events (tenant_id, id, delivery_id, integration, source, type, subject, time, data)
         select tenant_id, '{stray}', delivery_id, integration, source, type, subject, time, data from events order by id limit 1"
    );
    world.conn.batch_execute(&copy).expect("spoiled");
    let (id, job) = world.replay(1, &all()).await;
    assert_eq!((job.status.as_str(), job.error.as_deref()), ("succeeded", None));
    assert_eq!((job.progress["deliveries"].as_i64(), job.progress["events"].as_i64()), (Some(2), Some(world.events)));
    assert_eq!(lines(&mut world.conn, EVENTS), before, "same ids, today's content, and the stray one is gone");
    assert_eq!(owed(&mut world.conn, id), world.events);
    let commits = lines(&mut world.conn, "select sha as line from commits");
    assert_eq!(commits, ["59b20b8d5c6ff8d09518454d4dd8b7b30f095ab5"], "what only the old events said is forgotten");
    let versions = lines(&mut world.conn, "select distinct mapping_version::text as line from deliveries");
    assert_eq!(versions, [find("github").expect("a source").mapping_version.to_string()]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_replay_keeps_to_its_scope() {
    let mut world = tokio::task::spawn_blocking(world).await.expect("a world");
    let half = world.events / 2;
    let first = Replay::Range { source: None, r#type: None, from: minute(1), to: minute(2) };
    let one = Replay::One { delivery: DeliveryId::new(minute(2), [2; 16]) };
    let other_type = Replay::Range { source: None, r#type: Some("deployment".into()), from: minute(0), to: minute(3) };
    let other_source = Replay::Range { source: Some("generic".into()), r#type: None, from: minute(0), to: minute(3) };
    for (number, (replay, expected)) in
        [(first, half), (one, half), (other_type, 0), (other_source, 0)].into_iter().enumerate()
    {
        let (id, job) = world.replay(number as u8, &replay).await;
        assert_eq!((job.status.as_str(), owed(&mut world.conn, id)), ("succeeded", expected), "{replay:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn when_the_raw_bytes_are_gone_the_stored_events_are_sent_as_they_are() {
    let mut world = tokio::task::spawn_blocking(world).await.expect("a world");
    world.conn.batch_execute("delete from deliveries").expect("retention");
    let untouched = "insert into commits (tenant_id, repo, sha, registers) values ('default', 'acme/shop', 'x', '{}')";
    world.conn.batch_execute(untouched).expect("a row that a rebuild would remove");
    let before = lines(&mut world.conn, EVENTS);
    let (id, job) = world.replay(1, &all()).await;
    assert_eq!((job.status.as_str(), owed(&mut world.conn, id)), ("succeeded", world.events));
    assert_eq!(lines(&mut world.conn, EVENTS), before);
    assert_eq!(
        lines(&mut world.conn, "select sha as line from commits"),
        ["x"],
        "nothing has changed: nothing is rebuilt"
    );
}
