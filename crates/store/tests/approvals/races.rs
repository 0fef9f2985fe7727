//! Many at once: whoever comes second is told how it stands.

use std::time::{Duration, Instant};

use domain::approvals::{Choice, Command, Effect, Owed, Person, Refusal, Status, Terms, Via};
use store::StoreError;
use store::approvals::{Done, Posted, add_post, decide, expire_due, post_shown, posts, take_effects};
use testkit::world::minute;

use crate::world::{LEASE, World, approver, terms, together, vote};

#[test]
fn of_a_hundred_who_decide_at_once_one_wins_and_all_are_told_how_it_stands() {
    let world = World::fresh();
    let id = world.asked(terms(1));
    let choice = |number: usize| Choice::ALL[number % 2];
    let via = |number: usize| [Via::Slack, Via::Api, Via::Console][number % 3];
    let command = |number: usize| Command::Vote {
        person: approver(&format!("U{number}")),
        choice: choice(number),
        via: via(number),
        reason: None,
        seen: None,
    };
    let commands = (0..100).map(command).collect();
    let answers = together(&world, id, commands);
    let end = world.one(id);
    assert_eq!(answers.iter().filter(|answer| answer.done == Ok(Done::Ended)).count(), 1);
    for (number, answer) in answers.iter().enumerate() {
        assert_eq!(answer.approval, end, "number {number} is told how it ended");
        let same_way = choice(number).status() == end.status;
        match &answer.done {
            Ok(Done::Ended) => assert_eq!(end.decided_by, Some(format!("slack:U{number}"))),
            Ok(Done::Nothing) => assert!(same_way),
            Err(Refusal::Decided { status, by }) => {
                assert!(!same_way && *status == end.status && *by == end.decided_by);
            }
            other => panic!("number {number}: {other:?}"),
        }
    }
    assert_eq!(world.count("approval_votes"), 1);
    assert_eq!(world.count("jobs"), i64::from(end.status == Status::Approved));
    world.audited();
}

#[test]
fn of_a_hundred_votes_as_many_count_as_it_takes() {
    let world = World::fresh();
    let id = world.asked(terms(7));
    let commands = (0..100).map(|number| vote(&approver(&format!("U{number}")), Choice::Approve)).collect();
    let answers = together(&world, id, commands);
    let done = |what: Done| answers.iter().filter(|answer| answer.done == Ok(what)).count();
    assert_eq!((done(Done::Voted), done(Done::Ended), done(Done::Nothing)), (6, 1, 93));
    assert_eq!((world.count("approval_votes"), world.count("jobs")), (7, 1));
}

/// A number that looks random and is the same every time.
fn roll(seed: &mut u64, sides: u64) -> u64 {
    *seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
    (*seed >> 33) % sides
}

fn any_command(seed: &mut u64) -> Command {
    let person = approver(&format!("U{}", roll(seed, 5)));
    match roll(seed, 12) {
        0 => Command::Cancel { by: None, reason: None },
        1 => Command::Expire,
        2 => Command::Override {
            person: Person { roles: vec!["admin".to_owned()], ..person },
            via: Via::Api,
            reason: Some("fire".to_owned()),
        },
        3 => vote(&person, Choice::Reject),
        _ => vote(&person, Choice::Approve),
    }
}

#[test]
fn whatever_is_done_at_once_it_ends_once_with_one_effect_if_one_is_owed() {
    let rounds = if testkit::servers::is_long_run() { 300 } else { 12 };
    let world = World::fresh();
    let mut seed = 7;
    for _ in 0..rounds {
        let owed = if roll(&mut seed, 2) == 0 { Owed::Answer } else { Owed::Approval };
        let id = world.asked(Terms { owed, ..terms(3) });
        let mut commands: Vec<Command> = (0..10).map(|_| any_command(&mut seed)).collect();
        commands.extend(commands.clone());
        let answers = together(&world, id, commands);
        let mut ends = answers.iter().filter(|answer| answer.done == Ok(Done::Ended)).count();
        ends += expire_due(&mut world.conn(), terms(1).expires_at, 10).expect("swept").len();
        let end = world.one(id);
        assert!(end.status.is_end() && ends == 1, "{end:?}");
        assert!(answers.iter().all(|one| !one.approval.status.is_end() || one.approval == end));
        let owes = end.terms.owes(end.status);
        assert_eq!(
            (end.effect == Effect::Pending, world.count(&format!("jobs where id = '{}'", id.effect_job()))),
            (owes, i64::from(owes))
        );
    }
    world.audited();
}

#[test]
fn one_person_who_presses_a_hundred_times_votes_once() {
    let world = World::fresh();
    let id = world.asked(terms(2));
    let answers = together(&world, id, vec![vote(&approver("U1"), Choice::Approve); 100]);
    assert_eq!(answers.iter().filter(|answer| answer.done == Ok(Done::Voted)).count(), 1);
    assert_eq!(answers.iter().filter(|answer| answer.done == Ok(Done::Nothing)).count(), 99);
    assert_eq!((world.count("approval_votes"), world.one(id).status), (1, Status::Pending));
}

#[test]
fn sweepers_at_the_same_time_end_each_approval_once() {
    let world = World::fresh();
    for _ in 0..30 {
        world.asked(Terms { owed: Owed::Answer, ..terms(1) });
    }
    let end = terms(1).expires_at;
    let sweep = || expire_due(&mut world.conn(), end, 100).expect("swept").len();
    let take = || take_effects(&mut world.conn(), end, LEASE, 100).expect("taken").len();
    let sum = |work: &(dyn Fn() -> usize + Sync)| {
        std::thread::scope(|scope| {
            let threads: Vec<_> = (0..6).map(|_| scope.spawn(work)).collect();
            threads.into_iter().map(|thread| thread.join().expect("no panic")).sum::<usize>()
        })
    };
    assert_eq!((sum(&sweep), world.count("approvals where status = 'expired'")), (30, 30));
    assert_eq!((sum(&take), world.count("jobs where status = 'running'")), (30, 30));
}

/// A message is noted, or written anew, just while the approval is decided: it is known to show what was.
#[test]
fn a_message_that_is_noted_while_the_approval_is_decided_is_stale() {
    let world = World::fresh();
    let posted = Posted { channel: "C1", ts: "1.1", kind: "request", version: 1 };
    let is_stale = |id| posts(&mut world.conn(), &world.tenant, id).expect("read").iter().all(|post| post.stale);
    let decided = |id| world.give(id, &vote(&approver("U1"), Choice::Approve), minute(1));
    let until_somebody_waits = || {
        let begun = Instant::now();
        while world.count("pg_locks where not granted") == 0 {
            assert!(begun.elapsed() < Duration::from_secs(10), "nobody waits for the approval");
        }
    };

    let id = world.asked(terms(1));
    std::thread::scope(|scope| {
        let mut noting = world.conn();
        store::transaction(&mut noting, |conn| -> Result<(), StoreError> {
            add_post(conn, &world.tenant, id, posted, minute(1))?;
            scope.spawn(|| decided(id));
            until_somebody_waits();
            Ok(())
        })
        .expect("noted");
    });
    assert!(is_stale(id), "it was noted before the decision");

    let id = world.asked(terms(1));
    add_post(&mut world.conn(), &world.tenant, id, posted, minute(1)).expect("noted");
    let post = posts(&mut world.conn(), &world.tenant, id).expect("read").remove(0);
    std::thread::scope(|scope| {
        let mut deciding = world.conn();
        store::transaction(&mut deciding, |conn| -> Result<(), StoreError> {
            decide(conn, &world.tenant, id, &vote(&approver("U1"), Choice::Approve), minute(1))?;
            scope.spawn(|| post_shown(&mut world.conn(), &post, 1).expect("shown"));
            until_somebody_waits();
            Ok(())
        })
        .expect("decided");
    });
    assert!(is_stale(id), "it was written anew before the decision was there");
}
