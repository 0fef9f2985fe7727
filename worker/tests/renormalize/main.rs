//! Re-normalization on a real PostgreSQL: the report is exact and writes nothing, and what is applied ends as if the
//! deliveries had been read by today's mapping at first.

mod olds;
mod world;

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use diesel::connection::SimpleConnection;
use domain::event::Event;
use domain::ids::{Mark, ReplayId, TenantId};
use integrations::Sources;
use olds::{Old, Spoil, keeps, samples};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestCaseError, TestRunner};
use store::marks::{Failure, Message, Settled, Settling};
use store::{Connection, jobs};
use testkit::world::minute;
use worker::renormalize::{Counts, Difference, Report, What, ask};
use world::World;

fn old() -> impl Strategy<Value = Old> {
    let spoil = prop_oneof![
        3 => Just(Spoil::Nothing),
        6 => prop::sample::select(&[Spoil::Data, Spoil::Type, Spoil::Subject, Spoil::Time, Spoil::Source, Spoil::Facet]),
        3 => prop::sample::select(&[Spoil::Missing, Spoil::Extra, Spoil::Unmapped]),
    ];
    (0..samples().len(), spoil, any::<bool>()).prop_map(|(sample, spoil, older)| Old { sample, spoil, older })
}

#[test]
fn whatever_an_older_mapping_made_of_them_it_ends_as_if_read_so_at_first() {
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let config = Config { cases: Config::default().cases / 16, failure_persistence: None, ..Config::default() };
    let worlds = (prop::collection::vec(old(), 1..40), any::<bool>());
    let same = |(old, all): (Vec<Old>, bool)| {
        runtime.block_on(ends_as_if_read_so_at_first(old, all));
        Ok::<(), TestCaseError>(())
    };
    TestRunner::new(config).run(&worlds, same).expect("the same");
}

async fn ends_as_if_read_so_at_first(mut old: Vec<Old>, all: bool) {
    for one in old.iter_mut().filter(|one| !all && !one.older) {
        one.spoil = Spoil::Nothing;
    }
    let (today, before, expected) = keeps(&old, all);
    let (mut fresh, mut world) = (World::of(today).await, World::of(before).await);
    let report = exact_report(&mut world, &old, all, &expected).await;

    let (id, job) = world.apply(1, all).await;
    assert_eq!((job.status.as_str(), job.error.as_deref()), ("succeeded", None));
    let counted = ["added", "removed", "altered"].map(|name| job.progress[name].as_u64());
    assert_eq!(counted, [report.events.added, report.events.removed, report.events.altered].map(Some));
    assert_eq!(world.kept(), fresh.kept());
    let owed = world.owed(id);
    assert_eq!(owed.len() as u64, report.events.added + report.events.altered, "only what changed");
    world.consume(&owed);
    assert_eq!(world.kept(), fresh.kept(), "processing them once more changes nothing");
    assert!(!world.survey(false).await.has_work());
    assert_eq!(world.survey(true).await.deliveries.changed, 0);
    let (again, _) = world.apply(2, true).await;
    assert_eq!((world.kept(), world.owed(again)), (fresh.kept(), Vec::new()));
}

async fn exact_report(world: &mut World, old: &[Old], all: bool, expected: &BTreeMap<String, Counts>) -> Report {
    let untouched = world.everything();
    let report = world.survey(all).await;
    assert_eq!(world.everything(), untouched, "a report changes nothing");
    assert_eq!(&report.types, expected, "{old:?}");
    let count = |of: fn(&&Old) -> bool| old.iter().filter(of).count() as u64;
    assert_eq!(report.deliveries.seen, old.len() as u64);
    assert_eq!(report.deliveries.of_another_mapping, count(|one| one.older));
    assert_eq!(report.deliveries.changed, count(|one| one.spoil != Spoil::Nothing));
    report
}

/// Deliveries of the first sample, by an older mapping.
fn many(count: usize, spoil: Spoil) -> Vec<Old> {
    vec![Old { sample: 0, spoil, older: true }; count]
}

#[tokio::test(flavor = "multi_thread")]
async fn examples_name_the_event_and_every_field_old_and_new() {
    let (today, before, _) = keeps(&many(3, Spoil::Facet), false);
    let world = World::of(before).await;
    let report = world.survey(false).await;
    let [example] = &report.examples[..] else { panic!("one of its kind: {:?}", report.examples) };
    let event = &today[0].events[0];
    assert_eq!((example.change, example.id, example.delivery), (What::Altered, event.id, event.delivery));
    assert_eq!((&example.subject, example.kind.as_str()), (&event.subject, event.kind.as_str()));
    let today = event.facets.service.as_ref().map(|service| format!("{service:?}"));
    let field = Difference { field: "service".into(), old: Some("\"by mistake\"".into()), new: today };
    assert_eq!(example.fields, [field]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_crash_between_chunks_is_resumed_where_it_was() {
    let (today, before, _) = keeps(&many(600, Spoil::Data), false);
    let last = before[599].id;
    let (mut fresh, mut world) = (World::of(today).await, World::of(before).await);
    let id = world.ask(1, false);
    let crash = format!(
        "reset role;
         create function crash() returns trigger language plpgsql as $$ begin raise 'deadlock detected'; end $$;
         create trigger crash before update on deliveries for each row when (old.id = '{last}') execute function crash()"
    );
    world.conn.batch_execute(&crash).expect("a trap");
    assert!(world.work().await.is_err_and(|error| error.is_transient()));
    let half_way = world.job(id).progress;
    assert!(half_way["deliveries"].as_u64().is_some_and(|read| read > 0 && read < 600), "{half_way}");
    let another_dies = "drop trigger crash on deliveries;
                        update jobs set status = 'running', leased_until = now() - interval '1 second'";
    world.conn.batch_execute(another_dies).expect("it goes on");
    assert!(world.work().await.expect("worked"));
    let job = world.job(id);
    assert_eq!((job.status.as_str(), job.attempts), ("succeeded", 2));
    assert_eq!(job.progress["deliveries"], 600, "each was read once");
    assert_eq!(world.kept(), fresh.kept());
}

#[tokio::test(flavor = "multi_thread")]
async fn two_workers_with_the_same_job_twice_do_no_harm() {
    let (today, before, _) = keeps(&many(300, Spoil::Extra), false);
    let (mut fresh, mut world) = (World::of(today).await, World::of(before).await);
    let ids = [world.ask(1, true), world.ask(2, true)];
    while ids.map(|id| world.job(id).status).iter().any(|status| status != "succeeded") {
        // Two that get in each other's way are told so, and one comes again.
        let (one, other) = tokio::join!(world.work(), world.work());
        assert!([one, other].into_iter().all(|worked| worked.map_or_else(|error| error.is_transient(), |_| true)));
    }
    assert_eq!(world.kept(), fresh.kept());
}

/// A consumer that must not be asked.
fn never(_: &mut Connection, events: &[&Event], _: DateTime<Utc>) -> Result<(), Failure> {
    Err(Failure::Event(format!("{} events were processed", events.len())))
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_on_its_way_with_the_old_words_is_not_processed() {
    let (_, before, _) = keeps(&many(1, Spoil::Extra), false);
    let old = before[0].events.clone();
    let mut world = World::of(before).await;
    // Not the extra one, which is the last and goes.
    let altered = format!("update events set subject = 'old words' where id = '{}'", old[0].id);
    world.conn.batch_execute(&altered).expect("altered");
    let (id, job) = world.apply(1, true).await;
    assert_eq!((job.progress["altered"].as_u64(), job.progress["removed"].as_u64()), (Some(1), Some(1)));
    let [changed] = world.owed(id)[..] else { panic!("one is owed") };
    let settling = |handle| Settling {
        consumer: worker::CONSUMER_NAMES[0],
        max_attempts: 1,
        handle,
        forgive_conflicts: false,
        now: minute(9),
    };
    let message =
        |event: &Event, replay| Message { event: event.clone(), mark: Mark { event: event.id, replay }, attempt: None };
    let gone = old.last().expect("the extra one");
    let was = old.iter().find(|event| event.id == changed).unwrap_or(gone);
    let messages = [message(gone, None), message(was, None)];
    let settled = settling(never).settle(&mut world.conn, &messages).expect("settled");
    assert!(settled.iter().all(|one| *one == Settled::Duplicate), "{settled:?}");
    let news = [message(was, Some(id))];
    let settled = settling(|_, _, _| Ok(())).settle(&mut world.conn, &news).expect("settled");
    assert_eq!(settled, [Settled::Processed]);
}

#[tokio::test(flavor = "multi_thread")]
async fn deliveries_without_bytes_or_source_are_counted_and_stay() {
    let (_, mut before, _) = keeps(&many(10, Spoil::Subject), false);
    before[9].source = "yesterday".into();
    let mut world = World::of(before.clone()).await;
    let dropped: Vec<String> = before[..4].iter().map(|keep| format!("'{}'", keep.id)).collect();
    let drop = format!("delete from deliveries where id in ({})", dropped.join(", "));
    world.conn.batch_execute(&drop).expect("retention");
    let counts = world.survey(false).await.deliveries;
    assert_eq!((counts.seen, counts.read_again, counts.changed), (6, 5, 5));
    assert_eq!((counts.not_readable, counts.of_unknown_source), (4, 1));
    let events: usize = before[..4].iter().map(|keep| keep.events.len()).sum();
    assert_eq!(counts.not_readable_events, events as u64);
    world.apply(1, false).await;
    let left = world.lines("select subject as line from events where subject like '% by mistake'");
    assert_eq!(left.len(), 5, "what cannot be read again stays");
    assert!(!world.survey(false).await.has_work());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_database_refuses_stays_alone_and_the_others_change() {
    let (_, before, _) = keeps(&many(9, Spoil::Subject), false);
    let bad = before[4].id;
    let mut world = World::of(before).await;
    let refuse = format!(
        "reset role;
         create function refuse() returns trigger language plpgsql as $$ begin raise 'too odd'; end $$;
         create trigger refuse before update on events for each row when (old.delivery_id = '{bad}') execute function refuse()"
    );
    world.conn.batch_execute(&refuse).expect("a trap");
    let (id, job) = world.apply(1, false).await;
    assert_eq!((job.status.as_str(), job.attempts), ("succeeded", 1));
    let counted = ["deliveries", "altered", "refused"].map(|name| job.progress[name].as_u64());
    assert_eq!(counted, [8, 8, 1].map(Some));
    assert_eq!(world.owed(id).len(), 8);
    let left = world.lines("select delivery_id::text as line from events where subject like '% by mistake'");
    assert_eq!(left, [bad.to_string()]);
    let counts = world.survey(false).await.deliveries;
    assert_eq!((counts.of_another_mapping, counts.changed), (1, 1), "it is still to be done");
}

#[tokio::test(flavor = "multi_thread")]
async fn it_keeps_to_its_source_time_and_tenant() {
    let (_, before, _) = keeps(&many(8, Spoil::Subject), false);
    let mut world = World::of(before.clone()).await;
    let untouched = world.kept();
    let (default, other): (TenantId, TenantId) = (TenantId::default(), "other".parse().expect("a name"));
    let source = Some(before[0].source.as_str());
    let elsewhere = integrations::ALL.iter().map(|one| one.name).find(|name| Some(*name) != source);
    for (number, (tenant, source, from, to)) in [
        (&default, source, minute(0), before[0].id.received_at()),
        (&default, source, minute(2), minute(3)),
        (&default, elsewhere, minute(0), minute(3)),
        (&other, source, minute(0), minute(3)),
    ]
    .into_iter()
    .enumerate()
    {
        let id = ReplayId::new(minute(9), [number as u8; 16]);
        let asked = ask(&Sources::built_in(), source, from, to, true);
        jobs::ask(&mut world.conn, tenant, id, &asked, minute(9)).expect("asked");
        assert!(world.work().await.expect("worked"));
        assert_eq!(world.kept(), untouched, "{asked:?}");
    }
    let mut survey = worker::renormalize::Survey::new(
        other,
        Default::default(),
        ask(&Sources::built_in(), source, minute(0), minute(3), true),
        1,
    );
    while survey.step(&world.store).await.expect("a step") {}
    assert_eq!(survey.into_report().deliveries, Default::default());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_of_another_version_refuses() {
    let (_, before, _) = keeps(&many(2, Spoil::Subject), false);
    let mut world = World::of(before).await;
    let untouched = world.kept();
    let id = ReplayId::new(minute(9), [1; 16]);
    let mut asked = ask(&Sources::built_in(), Some("github"), minute(0), minute(3), true);
    asked.mappings.values_mut().for_each(|version| *version += 1);
    jobs::ask(&mut world.conn, &TenantId::default(), id, &asked, minute(9)).expect("asked");
    assert!(world.work().await.expect("worked"));
    let job = world.job(id);
    assert_eq!(job.status, "failed");
    assert!(job.error.is_some_and(|error| error.contains("bring all workers to one version")));
    assert_eq!(world.kept(), untouched);
}
