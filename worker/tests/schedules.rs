//! Slots of schedules: each made once, whoever is there and whatever dies. Time is passed in.

use std::sync::Arc;
use std::time::Duration;

use boot::Settings;
use boot::environment::Variables;
use boot::settings::Env;
use chrono::{DateTime, TimeDelta, Utc};
use domain::ids::TenantId;
use models::Models;
use serde_json::{Value, json};
use store::digests::delivery::Deliver;
use store::digests::kept::{self, Kept, Listed};
use store::schedules::runs::{self, RunRow};
use store::schedules::{self, DigestSchedule};
use store::{Connection, Role, Store};
use testkit::database::Database;
use testkit::models::{Behaviour, FakeModels};
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
        run_once(&self.store, &Models::off(), TimeDelta::minutes(10), at(now)).await.expect("a look")
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

/// A change that was merged, and an incident that is open, both on Thursday.
const A_DAY: &str = r#"
insert into changes (tenant_id, repo, number, registers, title, author, subject, opened_at, merged_at) values
  ('default', 'acme/shop', '11', '{}', 'Faster checkout', 'ada', 'acme/shop#11', '2026-11-18T10:00Z', '2026-11-19T10:00Z');
insert into incidents (tenant_id, integration, incident_id, registers, title, severity, started_at, subject) values
  ('default', 'pagerduty', 'Q1', '{}', 'Checkout is down', 'high', '2026-11-19T12:00Z', 'incident Q1');
insert into events (tenant_id, id, delivery_id, integration, source, type, subject, time, repo, data) values
  ('default', '019a0000-0000-7000-8000-000000000011', '019a0000-0000-7000-9000-000000000011', 'github', '/x',
   'change.merged', 'acme/shop#11', '2026-11-19T10:00Z', 'acme/shop', '{}'),
  ('default', '019a0000-0000-7000-8000-000000000021', '019a0000-0000-7000-9000-000000000021', 'pagerduty', '/x',
   'incident.opened', 'incident Q1', '2026-11-19T12:00Z', null, '{}');
"#;
const DUE: &str = "2026-11-20T08:00:00Z";

fn models(fake: &FakeModels, store: &Store) -> Models {
    let url = fake.url();
    let set = [("AGENT_LLM_ENABLED", "true"), ("OPENAI_BASE_URL", url.as_str()), ("OPENAI_MODEL", "gpt-4.1-mini")];
    let variables: Variables = set.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    let (settings, _) = Settings::read(&variables, &[], Env::Development).expect("settings");
    Models::of(&settings.models, store.clone(), Arc::new(|| at(DUE))).expect("models")
}

/// Says each thing that it is shown as it is written there, under this headline.
fn worded(body: &Value, headline: &str) -> String {
    let prompt = body["messages"][1]["content"].as_str().unwrap_or_default();
    let lines = prompt.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let section = |line: Value| {
        let item = json!({"text": line["text"], "event_ids": line["event_ids"], "severity": "info"});
        line["text"].is_string().then(|| json!({"kind": line["section"], "items": [item]}))
    };
    json!({"headline": headline, "sections": lines.filter_map(section).collect::<Vec<_>>()}).to_string()
}

#[tokio::test]
async fn a_model_words_a_slot_and_what_it_cost_is_kept() {
    let (world, fake) = (World::new("weekly", None).await, FakeModels::start().await);
    store::migrate::execute(&world.database.url, A_DAY).expect("facts");
    fake.behaves(Behaviour::Answers(Arc::new(|body| worded(body, "2 events"))));
    let models = models(&fake, &world.store);
    let ran = run_once(&world.store, &models, TimeDelta::minutes(10), at(DUE)).await.expect("a look");
    assert!(matches!(ran, Some(Ran::Done(_))), "{ran:?}");
    let digests = world.digests().await;
    let [kept] = digests.as_slice() else { panic!("one digest: {digests:?}") };
    assert_eq!((kept.generated_by.as_str(), kept.why.as_deref()), ("model", None));
    assert_eq!((kept.digest.headline.as_str(), kept.prompt.as_deref()), ("2 events", Some("digest/1")));
    assert!(kept.input_tokens > 0 && kept.output_tokens > 0 && kept.cost_micro_usd > 0, "{kept:?}");
    let footer = show::digests::footer(kept);
    assert!(footer.starts_with("Summary by gpt-4.1-mini") && footer.ends_with("checked against 2 events"), "{footer}");
    let sent = serde_json::to_string(&show::digests::series(kept)).expect("JSON");
    assert!(sent.contains(&footer) && sent.contains(show::digests::MAY_BE_WRONG), "{sent}");
    assert_eq!((world.deliveries().await, fake.asked().len()), ((1, 1), 1));
}

#[tokio::test]
async fn a_model_that_makes_things_up_is_asked_twice_and_rules_word_the_slot_once() {
    let (world, fake) = (World::new("weekly", None).await, FakeModels::start().await);
    store::migrate::execute(&world.database.url, A_DAY).expect("facts");
    fake.behaves(Behaviour::Answers(Arc::new(|body| worded(body, "All 99 incidents were resolved by Mallory"))));
    let models = models(&fake, &world.store);
    for now in [DUE, "2026-11-20T08:00:05Z"] {
        run_once(&world.store, &models, TimeDelta::minutes(10), at(now)).await.expect("a look");
    }
    let digests = world.digests().await;
    let [kept] = digests.as_slice() else { panic!("one digest: {digests:?}") };
    let why = kept.why.as_deref().unwrap_or_default();
    assert!(kept.generated_by == "rules" && why.starts_with("the answer did not hold"), "{kept:?}");
    assert!(!kept.digest.headline.contains("Mallory") && kept.cost_micro_usd > 0, "it was paid all the same: {kept:?}");
    let footer = show::digests::footer(kept);
    assert!(footer.starts_with("By rule: the answer did not hold"), "{footer}");
    assert_eq!((world.deliveries().await, fake.asked().len()), ((1, 1), 2));
}

#[tokio::test]
async fn a_slow_model_does_not_cost_the_slot() {
    let (world, fake) = (World::new("weekly", None).await, FakeModels::start().await);
    store::migrate::execute(&world.database.url, A_DAY).expect("facts");
    fake.behaves(Behaviour::Slow(Duration::from_secs(4), "not JSON".to_owned()));
    let (models, lease) = (models(&fake, &world.store), TimeDelta::seconds(2));
    let slow = run_once(&world.store, &models, lease, at(DUE));
    let other = async {
        tokio::time::sleep(Duration::from_millis(3_500)).await;
        run_once(&world.store, &Models::off(), lease, at(DUE) + TimeDelta::milliseconds(3_500)).await
    };
    let (slow, other) = tokio::join!(slow, other);
    assert_eq!(other.expect("a look"), None, "the first lease has run out, and was renewed");
    assert!(matches!(slow.expect("a look"), Some(Ran::Done(_))));
    assert_eq!((world.digests().await.len(), world.deliveries().await), (1, (1, 1)));
}

#[tokio::test]
async fn who_lost_the_slot_while_a_model_worked_stops_waiting() {
    let (world, fake) = (World::new("weekly", None).await, FakeModels::start().await);
    store::migrate::execute(&world.database.url, A_DAY).expect("facts");
    fake.behaves(Behaviour::Slow(Duration::from_secs(30), "not JSON".to_owned()));
    let (models, lease) = (models(&fake, &world.store), TimeDelta::seconds(3));
    let slow = run_once(&world.store, &models, lease, at(DUE));
    let other = async {
        tokio::time::sleep(Duration::from_millis(500)).await;
        run_once(&world.store, &Models::off(), lease, at(DUE) + TimeDelta::hours(1)).await
    };
    let (slow, other) = tokio::join!(slow, other);
    assert!(matches!(other.expect("a look"), Some(Ran::Done(_))), "its clock says that the first is gone");
    assert_eq!(slow.expect("a look"), Some(Ran::Lost));
    assert_eq!((world.digests().await.len(), world.deliveries().await), (1, (1, 1)));
}
