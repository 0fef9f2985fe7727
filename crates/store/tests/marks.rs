//! Marks, tries, dead letters, lost streams and leased jobs on a real PostgreSQL.

use chrono::{DateTime, TimeDelta, Utc};
use diesel::PgConnection;
use domain::event::Event;
use domain::ids::{Mark, ReplayId, TenantId};
use serde_json::json;
use store::intake::{Keep, accept};
use store::jobs::{Replay, ask, one};
use store::marks::{Failure, Message, Settled, Settling, insert, is_marked, scan_unseen};
use store::watermarks::{Seen, observe};
use store::{Role, Store, dead_letters, job_leases};
use testkit::database::Database;
use testkit::world::{delivery_of, event, minute};

fn never(_: &mut PgConnection, _: &[&Event], _: DateTime<Utc>) -> Result<(), Failure> {
    Err(Failure::Event("never".into()))
}

fn fine(_: &mut PgConnection, _: &[&Event], _: DateTime<Utc>) -> Result<(), Failure> {
    Ok(())
}

fn settling(handle: store::marks::Handle) -> Settling {
    Settling { consumer: "test", max_attempts: 2, handle, forgive_conflicts: true, now: Utc::now() }
}

fn message(number: i64) -> Message {
    let event = event("ticket.created", number, &json!({"key": "A-1"}));
    Message { mark: Mark { event: event.id, replay: None }, event, attempt: None }
}

fn app(database: &Database) -> (Store, PgConnection) {
    let store = database.store(Role::App);
    let conn = store.open(Role::App).expect("a connection");
    (store, conn)
}

#[test]
fn a_message_that_kills_the_process_is_a_dead_letter_after_its_last_try() {
    let database = Database::fresh();
    let (_, mut conn) = app(&database);
    let (settling, mut deadly) = (settling(never), message(1));
    for attempt in 1..=2 {
        assert_eq!(settling.begin_attempt(&mut conn, &mut deadly).expect("counted"), None);
        assert_eq!(deadly.attempt, Some(attempt), "the try that never came back is counted");
    }
    let settled = settling.begin_attempt(&mut conn, &mut deadly).expect("counted");
    assert!(matches!(settled, Some(Settled::Dead { .. })), "{settled:?}");
    assert!(is_marked(&mut conn, "test", deadly.mark).expect("known"));
    assert_eq!(settling.begin_attempt(&mut conn, &mut deadly).expect("known"), Some(Settled::Duplicate));
    assert_eq!(dead_letters::count(&mut conn, &TenantId::default()).expect("a count"), 1);
}

#[test]
fn a_try_that_was_counted_before_is_not_counted_again_when_it_fails() {
    let database = Database::fresh();
    let (_, mut conn) = app(&database);
    let (failing, mut odd) = (settling(never), message(1));
    let first = failing.settle(&mut conn, std::slice::from_ref(&odd)).expect("settled");
    assert_eq!(first, [Settled::Failed { attempts: 1, error: "never".into() }]);
    assert_eq!(failing.begin_attempt(&mut conn, &mut odd).expect("counted"), None);
    let well = settling(fine).settle(&mut conn, std::slice::from_ref(&odd)).expect("settled");
    assert_eq!(well, [Settled::Processed], "the second and last try does it");
    assert_eq!(
        settling(fine).settle(&mut conn, &[odd.clone(), odd]).expect("settled"),
        [Settled::Duplicate, Settled::Duplicate]
    );
}

#[test]
fn what_a_lost_stream_owes_is_what_a_consumer_has_not_marked() {
    let database = Database::fresh();
    let (store, mut conn) = app(&database);
    let messages: Vec<Message> = (0..5).map(message).collect();
    let keeps: Vec<Keep> = messages.iter().map(|message| delivery_of(message.event.clone())).collect();
    accept(&mut store.open(Role::Ingest).expect("a connection"), &keeps).expect("kept");
    let mut mark = |consumer: &str, places: &[usize]| {
        insert(&mut conn, consumer, places.iter().map(|place| (&messages[*place].event.tenant, messages[*place].mark)))
            .expect("marked")
    };
    assert_eq!(mark("one", &[1, 2, 3]).len(), 3);
    assert_eq!(mark("two", &[3, 2]).len(), 2);
    let mut relay = store.open(Role::Relay).expect("a connection");
    let mut unseen = |since, after: Option<usize>, limit| {
        let after = after.map(|place| messages[place].event.id);
        let scanned = scan_unseen(&mut relay, &["one", "two"], minute(since), after, limit).expect("events");
        let place = |id| messages.iter().position(|message| message.event.id == id);
        (scanned.unseen.iter().map(|(_, id)| place(*id)).collect::<Vec<_>>(), scanned.last.and_then(place))
    };
    assert_eq!(unseen(0, None, 10), (vec![Some(0), Some(1), Some(4)], Some(4)));
    assert_eq!(unseen(1, None, 10), (vec![Some(1), Some(4)], Some(4)));
    assert_eq!(unseen(0, None, 2), (vec![Some(0), Some(1)], Some(1)));
    assert_eq!(unseen(0, Some(1), 2), (vec![], Some(3)), "a stretch may hold nothing and not be the last");
    assert_eq!(unseen(0, Some(3), 2), (vec![Some(4)], Some(4)));
    assert_eq!(unseen(0, Some(4), 2), (vec![], None));
}

#[test]
fn one_of_many_is_told_that_a_stream_was_lost() {
    let database = Database::fresh();
    let mut conn = database.store(Role::App).open(Role::Relay).expect("a connection");
    let mut look = |made, last_seq, at| observe(&mut conn, "S", minute(made), last_seq, minute(at)).expect("noted");
    assert_eq!(look(0, 5, 1), Seen::First);
    assert_eq!(look(0, 9, 3), Seen::Same);
    assert_eq!(look(0, 7, 2), Seen::Same, "an older look by a slower caller");
    assert_eq!(look(0, 8, 4), Seen::Lost { last_seen_at: minute(3) }, "the sequence went back");
    assert_eq!(look(5, 12, 6), Seen::Lost { last_seen_at: minute(4) }, "the stream is another one");
    assert_eq!(look(5, 12, 7), Seen::Same);
}

#[test]
fn a_job_is_leased_once_resumed_when_its_worker_is_gone_and_fenced_from_it() {
    let database = Database::fresh();
    let (_, mut conn) = app(&database);
    let (tenant, id) = (TenantId::default(), ReplayId::new(minute(1), [1; 16]));
    let replay = Replay::Range { source: None, r#type: None, from: minute(0), to: minute(1) };
    ask(&mut conn, &tenant, id, &replay, minute(1)).expect("asked");
    let mut lease =
        |at| job_leases::lease_next(&mut conn, &["replay"], minute(at), TimeDelta::minutes(5)).expect("leased");
    let first = lease(2).expect("a job");
    assert_eq!((first.id, first.attempt), (id.0, 1));
    assert_eq!(lease(3), None, "it is being worked on");
    let second = lease(8).expect("its worker is gone");
    assert_eq!(second.attempt, 2);
    let mut note =
        |job| job_leases::note_progress(&mut conn, job, &json!({"deliveries": 1}), minute(20)).expect("noted");
    assert!(!note(&first), "the first worker has lost it");
    assert!(note(&second));
    job_leases::finish(&mut conn, &first, Some("late"), minute(9)).expect("ignored");
    job_leases::finish(&mut conn, &second, None, minute(10)).expect("finished");
    let job = one(&mut conn, &tenant, id.0).expect("read").expect("there");
    assert_eq!((job.status.as_str(), job.error, job.progress), ("succeeded", None, json!({"deliveries": 1})));
}
