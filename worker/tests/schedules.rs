//! Slots of schedules: each made once, whoever is there and whatever dies. Time is passed in.

use chrono::{DateTime, TimeDelta, Utc};
use domain::ids::TenantId;
use models::Models;
use store::digests::delivery::Deliver;
use store::digests::kept::{self, Kept, Listed};
use store::schedules::runs::{self, RunRow};
use store::schedules::{self, DigestSchedule};
use store::{Connection, Role, Store};
use testkit::database::Database;
use uuid::Uuid;
use worker::schedules::{Ran, run_once};

const ID: Uuid = Uuid::from_u128(1);

fn at(text: &str) -> DateTime<Utc> {
    text.parse().expect("a time")
}

struct World {
    store: Store,
    database: Database,
}

impl World {
    /// A stand-up at nine in Berlin on weekdays, kept on a Thursday afternoon.
    async fn new(kind: &str, subject: Option<&str>) -> Self {
        let database = Database::fresh();
        let store = database.store(Role::App);
        let now = at("2026-11-19T15:00:00Z");
        let next = domain::schedules::Schedule::new("0 9 * * 1-5", "Europe/Berlin", now).expect("a schedule").next(now);
        let schedule = DigestSchedule {
            id: ID,
            kind: kind.to_owned(),
            subject: subject.map(str::to_owned),
            cron: "0 9 * * 1-5".to_owned(),
            timezone: "Europe/Berlin".to_owned(),
            deliver: Deliver { slack: Some("#shop".to_owned()), webhook: Some("https://hooks.example/x".to_owned()) },
            enabled: true,
            next_at: next,
            created_at: now,
            created_by: "ada".to_owned(),
            updated_at: now,
        };
        let keep = move |conn: &mut Connection| schedules::create(conn, &TenantId::default(), &schedule);
        store.call("test", keep).await.expect("kept");
        Self { store, database }
    }

    async fn run(&self, now: &str) -> Option<Ran> {
        run_once(&self.store, &Models::off(), at(now)).await.expect("a look")
    }

    /// Slot and state of each run, the latest first.
    async fn runs(&self) -> Vec<(String, String)> {
        let read = |conn: &mut Connection| runs::list(conn, &TenantId::default(), ID, None, 100);
        let rows: Vec<RunRow> = self.store.call("test", read).await.expect("rows");
        rows.into_iter().map(|row| (row.due_at.format("%a %H:%M").to_string(), row.state)).collect()
    }

    async fn digests(&self) -> Vec<Kept> {
        let read = |conn: &mut Connection| kept::list(conn, &TenantId::default(), &Listed::default(), None, 100);
        self.store.call("test", read).await.expect("rows")
    }

    /// Messages for Slack and jobs.
    async fn deliveries(&self) -> (i64, i64) {
        let statement =
            "do $$ begin assert (select count(*) from slack_messages) = (select count(*) from jobs); end $$";
        store::migrate::execute(&self.database.url, statement).expect("as many of the one as of the other");
        let read = |conn: &mut Connection| store::jobs::list(conn, &TenantId::default(), None, None, 100);
        let jobs = i64::try_from(self.store.call("test", read).await.expect("jobs").len()).expect("few");
        (jobs, jobs)
    }
}

fn states(of: &[(&str, &str)]) -> Vec<(String, String)> {
    of.iter().map(|(slot, state)| ((*slot).to_owned(), (*state).to_owned())).collect()
}

#[tokio::test]
async fn a_slot_is_made_when_it_is_due_and_once() {
    let world = World::new("standup", None).await;
    assert_eq!(world.run("2026-11-20T07:59:59Z").await, None, "it is not nine in Berlin");
    let Some(Ran::Done(first)) = world.run("2026-11-20T08:00:00Z").await else { panic!("it is due") };
    assert_eq!(world.run("2026-11-20T08:00:01Z").await, None);
    assert!(matches!(world.run("2026-11-23T08:00:05Z").await, Some(Ran::Done(_))), "after the weekend");
    assert_eq!(world.runs().await, states(&[("Mon 08:00", "done"), ("Fri 08:00", "done")]));
    let digests = world.digests().await;
    assert_eq!((digests.len(), digests[1].id, digests[1].schedule_id), (2, first, Some(ID)));
    assert_eq!(
        (digests[0].from, digests[0].to),
        (at("2026-11-20T08:00:00Z"), at("2026-11-23T08:00:00Z")),
        "since Friday"
    );
    assert_eq!(world.deliveries().await, (2, 2), "one message and one webhook each");
}

#[tokio::test]
async fn two_workers_at_once_make_one_digest() {
    let world = World::new("weekly", None).await;
    let now = "2026-11-20T08:00:00Z";
    let (one, other) = tokio::join!(world.run(now), world.run(now));
    assert_eq!([one, other].iter().flatten().count(), 1);
    assert_eq!((world.digests().await.len(), world.deliveries().await), (1, (1, 1)));
    assert_eq!(world.digests().await[0].from, at("2026-11-13T08:00:00Z"), "a week that ends with the slot");
}

#[tokio::test]
async fn what_a_dead_worker_left_another_makes_and_the_dead_one_writes_nothing() {
    let world = World::new("weekly", None).await;
    let now = at("2026-11-20T08:00:00Z");
    let lease = TimeDelta::minutes(10);
    let take = move |conn: &mut Connection| runs::take(conn, now, lease, || [7; 16]);
    let dead = world.store.call("test", take).await.expect("a look").run.expect("a slot");
    assert_eq!(world.run("2026-11-20T08:09:00Z").await, None, "it is leased");
    assert!(matches!(world.run("2026-11-20T08:11:00Z").await, Some(Ran::Done(_))));
    let fail = move |conn: &mut Connection| runs::fail(conn, &dead, "late", now);
    assert!(!world.store.call("test", fail).await.expect("a look"), "it is not its slot any more");
    assert_eq!(world.runs().await, states(&[("Fri 08:00", "done")]));
    assert_eq!((world.digests().await.len(), world.deliveries().await), (1, (1, 1)));
}

#[tokio::test]
async fn a_slot_that_nobody_can_finish_is_given_up() {
    let world = World::new("weekly", None).await;
    let start = at("2026-11-20T08:00:00Z");
    for hour in 0..4 {
        let now = start + TimeDelta::hours(hour);
        let take = move |conn: &mut Connection| runs::take(conn, now, TimeDelta::minutes(10), || [7; 16]);
        let taken = world.store.call("test", take).await.expect("a look");
        assert_eq!((taken.run.is_some(), taken.failed), (hour < 3, usize::from(hour == 3)), "try {hour}");
    }
    assert_eq!(world.runs().await, states(&[("Fri 08:00", "failed")]));
    assert_eq!(world.digests().await.len(), 0);
}

#[tokio::test]
async fn a_slot_that_was_missed_is_made_late_but_not_too_late() {
    let world = World::new("weekly", None).await;
    assert!(matches!(world.run("2026-11-20T13:59:00Z").await, Some(Ran::Done(_))), "within six hours");
    assert_eq!(world.digests().await[0].to, at("2026-11-20T08:00:00Z"), "as it stood at the slot");
    assert_eq!(world.run("2026-11-25T20:00:00Z").await, None, "nobody was there for days");
    assert_eq!(world.runs().await, states(&[("Mon 08:00", "missed"), ("Fri 08:00", "done")]));
    assert!(matches!(world.run("2026-11-26T08:00:00Z").await, Some(Ran::Done(_))));
}

#[tokio::test]
async fn what_cannot_be_made_says_why_and_the_next_slot_comes() {
    let world = World::new("release", Some("nothing")).await;
    assert!(
        matches!(world.run("2026-11-20T08:00:00Z").await, Some(Ran::Failed(why)) if why.contains("no such subject"))
    );
    assert_eq!(world.run("2026-11-20T08:00:01Z").await, None);
    assert_eq!(world.deliveries().await, (0, 0));
    let delete =
        |conn: &mut Connection| store::transaction(conn, |conn| schedules::delete(conn, &TenantId::default(), ID));
    assert!(world.store.call("test", delete).await.expect("gone"));
    assert_eq!(world.run("2026-11-23T08:00:00Z").await, None);
}
