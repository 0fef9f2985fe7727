//! What people keep, written by several at the same time.

use std::thread;

use chrono::{DateTime, TimeDelta, Utc};
use domain::dora::facts::Outside;
use domain::ids::{self, TenantId};
use store::incidents::merges::{self, Merged};
use store::onboarding::{self, NewTask};
use store::{Connection, Role, StoreError, transaction};
use testkit::database::Database;
use uuid::Uuid;

fn now() -> DateTime<Utc> {
    DateTime::from_timestamp(1_795_000_000, 0).expect("a time")
}

fn open(database: &Database) -> Connection {
    database.store(Role::App).open(Role::App).expect("a connection")
}

fn id() -> Uuid {
    ids::row(now(), Uuid::new_v4().into_bytes())
}

#[test]
fn two_who_merge_crosswise_make_no_circle() {
    let database = Database::fresh();
    let tenant = TenantId::default();
    for round in 0..20 {
        let pair = [Outside::new("pagerduty", format!("{round}")), Outside::new("sentry", format!("{round}"))];
        let merge = |main: &Outside, other: &Outside| {
            let mut conn = open(&database);
            transaction(&mut conn, |conn| merges::merge(conn, &tenant, (main, other), "ada", now())).expect("merged")
        };
        let ends = thread::scope(|scope| {
            let one = scope.spawn(|| merge(&pair[0], &pair[1]));
            let other = scope.spawn(|| merge(&pair[1], &pair[0]));
            [one.join().expect("an end"), other.join().expect("an end")]
        });
        assert_eq!(ends.iter().filter(|end| **end == Merged::Circular).count(), 1, "{ends:?}");
    }
}

#[test]
fn what_others_are_merged_into_is_merged_into_nothing() {
    let database = Database::fresh();
    let (conn, tenant) = (&mut open(&database), TenantId::default());
    let all: Vec<Outside> = (0..6).map(|n| Outside::new("pagerduty", n.to_string())).collect();
    for (main, other) in [(0, 1), (2, 3), (1, 2), (3, 4), (5, 0), (2, 5), (4, 1)] {
        let done = transaction(conn, |conn| merges::merge(conn, &tenant, (&all[main], &all[other]), "ada", now()));
        let done = done.expect("an end");
        for one in &all {
            if let Some(into) = merges::into(conn, &tenant, one).expect("rows") {
                assert_eq!(merges::into(conn, &tenant, &into).expect("rows"), None, "after {main} {other}: {done:?}");
            }
        }
    }
    assert_eq!(merges::of(conn, &tenant, &all[5]).expect("rows"), all[..5]);
    assert_eq!(merges::of(conn, &"acme".parse().expect("a tenant"), &all[5]).expect("rows"), []);
}

#[test]
fn the_last_two_tasks_done_at_once_complete_the_plan() {
    let database = Database::fresh();
    let (conn, tenant) = (&mut open(&database), TenantId::default());
    for _ in 0..10 {
        let (plan, tasks) = (id(), [id(), id()]);
        onboarding::create(conn, &tenant, plan, "Ada", now()).expect("a plan");
        for task in tasks {
            let task = NewTask { id: task, title: "Laptop".to_owned(), assignee: None, due_date: None };
            transaction(conn, |conn| onboarding::add_task(conn, &tenant, plan, &task, now())).expect("a task");
        }
        let done = |task: Uuid, at: DateTime<Utc>| {
            let mut conn = open(&database);
            transaction(&mut conn, |conn| onboarding::set_done(conn, &tenant, task, Some(at))).expect("done");
        };
        let later = now() + TimeDelta::minutes(1);
        thread::scope(|scope| {
            scope.spawn(|| done(tasks[0], now()));
            scope.spawn(|| done(tasks[1], later));
        });
        let found = onboarding::one(conn, &tenant, plan).expect("rows").expect("a plan");
        assert_eq!((found.tasks, found.done, found.completed_at), (2, 2, Some(later)));
        let theirs = "acme".parse().expect("a tenant");
        let not_theirs = transaction(conn, |conn| onboarding::set_done(conn, &theirs, tasks[0], None));
        assert!(matches!(not_theirs, Err(StoreError::NotFound)), "{not_theirs:?}");
    }
}
