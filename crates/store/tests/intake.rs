//! Kept once, whatever comes twice: the batch statement on a real PostgreSQL.

use chrono::{DateTime, Utc};
use diesel::sql_types::{BigInt, Text};
use diesel::{Connection, PgConnection, QueryableByName, RunQueryDsl, sql_query};
use domain::data::{Body, Common, Data, Unmapped};
use domain::event::{Draft, Event, EventType};
use domain::ids::{DeliveryId, TenantId};
use store::intake::{Accepted, Keep, Outcome, accept, pack};
use store::{Role, partitions};
use testkit::database::Database;

fn now() -> DateTime<Utc> {
    "2026-11-20T18:44:08.120Z".parse().expect("a time")
}

/// A delivery with one event; `number` makes its id, `key` and `body` say which delivery it is.
fn keep(number: u8, key: &str, body: &str) -> Keep {
    let tenant = TenantId::default();
    let id = DeliveryId::new(now(), [number; 16]);
    let draft = Draft {
        kind: EventType::unmapped("github"),
        scope: "acme/shop".into(),
        subject: "github:test".into(),
        time: None,
        data: Data {
            common: Common { repo: Some("acme/shop".into()), ..Common::default() },
            body: Body::Unmapped(Unmapped { kind: Some("test".into()), reason: Some("a test".into()) }),
            extra: Default::default(),
        },
    };
    Keep {
        tenant: tenant.clone(),
        id,
        source: "github".into(),
        kind: "test".into(),
        key: key.into(),
        headers: r#"[["x-github-event","test"]]"#.into(),
        body: pack(body.as_bytes()),
        scheme: "hmac",
        secret: "active",
        mapping_version: 1,
        events: Event::seal(vec![draft], "github", &tenant, id, None),
    }
}

#[derive(QueryableByName)]
struct Count {
    #[diesel(sql_type = BigInt)]
    n: i64,
}

fn count(conn: &mut PgConnection, table: &str) -> i64 {
    sql_query(format!("select count(*) as n from {table}")).get_result::<Count>(conn).expect("a count").n
}

fn writer(database: &Database) -> PgConnection {
    database.store(Role::App).open(Role::Ingest).expect("a connection")
}

fn reader(database: &Database) -> PgConnection {
    database.store(Role::App).open(Role::Owner).expect("a connection")
}

fn outcomes(accepted: &Accepted) -> &[Outcome] {
    &accepted.outcomes
}

#[test]
fn a_batch_is_kept_whole_with_its_events_and_one_outbox_row() {
    let database = Database::fresh();
    let batch = [keep(1, "a", "{}"), keep(2, "b", "{}"), keep(3, "c", "{}")];
    let accepted = accept(&mut writer(&database), &batch).expect("accepted");
    assert_eq!(outcomes(&accepted), [Outcome::New, Outcome::New, Outcome::New]);
    assert_eq!(accepted.committed.len(), 1);
    assert_eq!(accepted.committed[0].events.len(), 3);

    let conn = &mut reader(&database);
    for (table, rows) in [("deliveries", 3), ("delivery_ledger", 3), ("events", 3), ("outbox", 1)] {
        assert_eq!(count(conn, table), rows, "{table}");
    }
    let owed = store::outbox::lease(conn, Utc::now(), Utc::now(), chrono::TimeDelta::seconds(30), 10).expect("leased");
    assert_eq!(owed[0].outbox_id, accepted.committed[0].outbox_id);
    assert_eq!(owed[0].event_ids.len(), 3);
}

#[test]
fn equal_deliveries_in_one_batch_and_in_later_ones_get_the_first_ones_id() {
    let database = Database::fresh();
    let conn = &mut writer(&database);
    let first = keep(1, "same", "{}");
    let batch = [first.clone(), keep(2, "other", "{}"), keep(3, "same", "{}")];
    let accepted = accept(conn, &batch).expect("accepted");
    assert_eq!(outcomes(&accepted), [Outcome::New, Outcome::New, Outcome::Duplicate(first.id)]);
    let later = accept(conn, &[keep(4, "same", "{}"), keep(5, "new", "{}")]).expect("accepted");
    assert_eq!(outcomes(&later), [Outcome::Duplicate(first.id), Outcome::New]);
    assert_eq!(later.committed[0].events.len(), 1);
    assert_eq!(count(&mut reader(&database), "events"), 3);
}

#[test]
fn a_batch_whose_answer_was_lost_is_new_again_and_not_its_own_duplicate() {
    let database = Database::fresh();
    let conn = &mut writer(&database);
    let batch = [keep(1, "a", "{}"), keep(2, "b", "{}")];
    let before = accept(conn, &batch).expect("accepted");
    let again = accept(conn, &batch).expect("accepted");
    assert_eq!(outcomes(&again), [Outcome::New, Outcome::New]);
    assert_eq!(again.committed[0].outbox_id, before.committed[0].outbox_id);
    assert_eq!(count(&mut reader(&database), "events"), 2);
}

#[test]
fn the_same_key_with_other_bytes_is_a_delivery_of_its_own() {
    let database = Database::fresh();
    let accepted = accept(&mut writer(&database), &[keep(1, "k", "{}"), keep(2, "k", "[]")]).expect("accepted");
    assert_eq!(outcomes(&accepted), [Outcome::New, Outcome::New]);
}

#[test]
fn a_row_that_the_database_refuses_does_not_fail_its_batch() {
    let database = Database::fresh();
    let mut spoiled_events = keep(2, "spoiled", "{}");
    spoiled_events.events[0].subject = "a\0b".into();
    let mut hopeless = keep(4, "hopeless", "{}");
    hopeless.kind = "a\0b".into();
    let batch = [keep(1, "a", "{}"), spoiled_events, keep(3, "c", "{}"), hopeless, keep(5, "e", "{}")];
    let accepted = accept(&mut writer(&database), &batch).expect("accepted");
    assert_eq!(outcomes(&accepted)[..3], [Outcome::New, Outcome::New, Outcome::New]);
    assert!(matches!(outcomes(&accepted)[3], Outcome::Refused(_)));
    assert_eq!(outcomes(&accepted)[4], Outcome::New);
    let conn = &mut reader(&database);
    assert_eq!(count(conn, "deliveries"), 4);
    assert_eq!(count(conn, "events where data->>'reason' = 'the database refused its events'"), 1, "it says why");
    assert_eq!(count(conn, "events"), 4);
}

#[test]
fn writers_with_the_same_keys_in_opposite_order_neither_deadlock_nor_keep_twice() {
    let database = Database::fresh();
    let rounds = 20u8;
    let writers: Vec<_> = [false, true]
        .into_iter()
        .map(|reversed| {
            let mut conn = writer(&database);
            std::thread::spawn(move || {
                let mut answers = Vec::new();
                for round in 0..rounds {
                    let number = round * 2 + u8::from(reversed);
                    let mut batch: Vec<Keep> =
                        (0..50).map(|key| keep(number, &format!("{round}-{key}"), "{}")).collect();
                    for (place, keep) in batch.iter_mut().enumerate() {
                        let mut bits = [number; 16];
                        bits[1] = place as u8;
                        keep.id = DeliveryId::new(now(), bits);
                        keep.events.clear();
                    }
                    if reversed {
                        batch.reverse();
                    }
                    let accepted = accept(&mut conn, &batch).expect("no deadlock");
                    let ids = batch.iter().zip(&accepted.outcomes).map(|(keep, outcome)| match outcome {
                        Outcome::Duplicate(first) => (keep.key.clone(), *first),
                        _ => (keep.key.clone(), keep.id),
                    });
                    answers.extend(ids);
                }
                answers.sort();
                answers
            })
        })
        .collect();
    let answers: Vec<_> = writers.into_iter().map(|writer| writer.join().expect("the writer lives")).collect();
    assert_eq!(answers[0], answers[1], "both writers name the same first delivery for each key");
    assert_eq!(count(&mut reader(&database), "deliveries"), i64::from(rounds) * 50);
}

#[derive(QueryableByName)]
struct Named {
    #[diesel(sql_type = Text)]
    name: String,
}

#[test]
fn days_are_made_ahead_take_up_late_rows_and_are_dropped_when_they_are_over() {
    let database = Database::fresh();
    accept(&mut writer(&database), &[keep(1, "early", "{}")]).expect("accepted into the default partition");
    let conn = &mut reader(&database);
    let made = partitions::ensure(conn, now(), 7).expect("made");
    assert_eq!(made.len(), 2 * 9, "yesterday, today and seven days for each table");
    assert!(partitions::ensure(conn, now(), 7).expect("made").is_empty());
    let of: Vec<Named> =
        sql_query("select tableoid::regclass::text as name from deliveries").load(conn).expect("the row");
    assert_eq!(of[0].name, "deliveries_p20261120");

    let later = now() + chrono::TimeDelta::days(10);
    assert!(store::retention::plan(conn, later, 0).expect("a plan")[0].days.is_empty(), "0 keeps for good");
    let plan = store::retention::plan(conn, later, 9).expect("a plan");
    assert_eq!(
        plan[0].days.iter().map(|day| day.partition.as_str()).collect::<Vec<_>>(),
        ["deliveries_p20261119", "deliveries_p20261120"]
    );
    assert_eq!(count(conn, "deliveries"), 1, "a plan drops nothing");
    assert_eq!(store::retention::apply(conn, later, 9).expect("applied"), plan);
    assert_eq!(count(conn, "deliveries"), 0);
    assert_eq!(count(conn, "events"), 1, "events stay");
}

#[test]
fn who_reads_while_late_rows_are_moved_misses_none() {
    let database = Database::fresh();
    accept(&mut writer(&database), &[keep(1, "early", "{}")]).expect("accepted into the default partition");
    let conn = &mut reader(&database);
    let mut elsewhere = reader(&database);
    let reading = conn.transaction(|conn| {
        partitions::ensure(conn, now(), 7).expect("made");
        let reading = std::thread::spawn(move || count(&mut elsewhere, "deliveries"));
        store::migrate::execute(&database.url, ONCE_SOMEBODY_WAITS).expect("it waits");
        diesel::QueryResult::Ok(reading)
    });
    assert_eq!(reading.expect("committed").join().expect("a count"), 1);
}

const ONCE_SOMEBODY_WAITS: &str = "
do $$ begin
  for patience in 1..3000 loop
    exit when exists (select from pg_stat_activity
                      where datname = current_database() and wait_event_type = 'Lock');
    perform pg_stat_clear_snapshot(), pg_sleep(0.01);
  end loop;
end $$";

#[test]
fn the_ingest_role_can_add_deliveries_and_nothing_else() {
    let database = Database::fresh();
    let conn = &mut writer(&database);
    accept(conn, &[keep(1, "a", "{}")]).expect("accepted");
    for forbidden in
        ["select * from jobs", "delete from events", "update deliveries set kind = ''", "drop table events"]
    {
        assert!(sql_query(forbidden).execute(conn).is_err(), "{forbidden}");
    }
}
