//! What follows from an end, whatever dies meanwhile.

use chrono::TimeDelta;
use diesel::{Connection, RunQueryDsl, sql_query};
use domain::approvals::{Choice, Effect, Owed, Refusal, Status, TRIES, Terms};
use serde_json::json;
use store::StoreError;
use store::approvals::{effect_delivered, effect_failed, expire_due, revive_effect, take_effects};
use testkit::world::minute;

use crate::world::{LEASE, World, approver, terms, vote};

#[test]
fn what_expired_is_answered_though_the_process_died_meanwhile() {
    let world = World::fresh();
    let id = world.asked(Terms { owed: Owed::Answer, ..terms(1) });
    let end = terms(1).expires_at;
    assert!(expire_due(&mut world.conn(), end - TimeDelta::seconds(1), 10).expect("swept").is_empty());
    // It dies before the commit: nothing has happened.
    let died: Result<(), StoreError> = world.conn().transaction(|conn| {
        assert_eq!(expire_due(conn, end, 10)?.len(), 1);
        Err(StoreError::Stopped)
    });
    assert!(died.is_err());
    assert_eq!((world.one(id).status, world.count("jobs")), (Status::Pending, 0));
    // It dies after the commit: the effect is owed, and another process takes it.
    assert_eq!(expire_due(&mut world.conn(), end, 10).expect("swept").len(), 1);
    assert_eq!((world.one(id).status, world.one(id).effect), (Status::Expired, Effect::Pending));
    let lost = take_effects(&mut world.conn(), end, LEASE, 10).expect("taken").remove(0);
    assert!(take_effects(&mut world.conn(), end, LEASE, 10).expect("taken").is_empty(), "it is leased");
    // It dies in the middle of the effect: the lease runs out, and who had it has no say any more.
    let taken = take_effects(&mut world.conn(), end + LEASE, LEASE, 10).expect("taken").remove(0);
    assert_eq!((taken.id, taken.effect_attempts), (id, 2));
    assert!(!effect_delivered(&mut world.conn(), &lost, &json!({}), end + LEASE).expect("noted"));
    assert!(effect_delivered(&mut world.conn(), &taken, &json!({"state": "rejected"}), end + LEASE).expect("noted"));
    assert!(!effect_delivered(&mut world.conn(), &taken, &json!({}), end + LEASE).expect("noted"));
    assert_eq!((world.one(id).status, world.one(id).effect), (Status::Expired, Effect::Delivered));
    assert_eq!(world.count("jobs where status = 'succeeded' and finished_at is not null"), 1);
    assert_eq!(world.audited()[1..], ["approval.expired system", "approval.effect_delivered system"]);
}

#[test]
fn an_approval_that_cannot_be_read_holds_up_no_other() {
    let world = World::fresh();
    let (bad, good) = (world.asked(terms(1)), world.asked(terms(1)));
    sql_query(format!(
        "update approvals set terms = '[]', expires_at = expires_at - interval '1 hour' where id = '{bad}'"
    ))
    .execute(&mut world.conn())
    .expect("spoilt");
    let ended = expire_due(&mut world.conn(), terms(1).expires_at, 10).expect("swept");
    assert_eq!(ended.iter().map(|one| one.id).collect::<Vec<_>>(), [good]);
}

#[test]
fn who_votes_too_late_is_told_that_it_expired() {
    let world = World::fresh();
    let id = world.asked(terms(1));
    let late = world.give(id, &vote(&approver("U1"), Choice::Approve), terms(1).expires_at);
    assert_eq!(late.done, Err(Refusal::Decided { status: Status::Expired, by: None }));
    assert_eq!(late.approval.status, Status::Expired);
}

#[test]
fn an_effect_in_vain_is_tried_again_and_given_up_and_revived() {
    let world = World::fresh();
    let id = world.asked(terms(1));
    world.give(id, &vote(&approver("U1"), Choice::Approve), minute(1));
    let mut now = minute(1);
    for attempt in 1..=TRIES {
        let taken = take_effects(&mut world.conn(), now, LEASE, 1).expect("taken").remove(0);
        let effect = effect_failed(&mut world.conn(), &taken, ("GitHub is down", false), now).expect("noted");
        let expected = if attempt == TRIES { Effect::Dead } else { Effect::Failed };
        assert_eq!(effect, Some(expected), "attempt {attempt}");
        now = world.one(id).effect_at.unwrap_or(now);
    }
    assert!(take_effects(&mut world.conn(), now, LEASE, 1).expect("taken").is_empty());
    let dead = world.one(id);
    assert_eq!((dead.status, dead.effect_error.as_deref()), (Status::Approved, Some("GitHub is down")));
    assert_eq!(world.count("jobs where status = 'failed' and error = 'GitHub is down'"), 1);
    let revive = || revive_effect(&mut world.conn(), &world.tenant, id, "p1", now).expect("asked");
    assert_eq!((revive(), revive()), (true, false));
    let taken = take_effects(&mut world.conn(), now, LEASE, 1).expect("taken").remove(0);
    let effect = effect_failed(&mut world.conn(), &taken, ("422", true), now).expect("noted");
    assert_eq!(effect, Some(Effect::Dead));
    assert!(revive());
    let taken = take_effects(&mut world.conn(), now, LEASE, 1).expect("taken").remove(0);
    assert!(effect_delivered(&mut world.conn(), &taken, &json!({"run": 7}), now).expect("noted"));
    assert_eq!(world.one(id).effect_error, None);
}

#[test]
fn an_effect_that_kills_its_process_is_given_up() {
    let world = World::fresh();
    let id = world.asked(terms(1));
    world.give(id, &vote(&approver("U1"), Choice::Approve), minute(1));
    let mut now = minute(1);
    let mut taken = 0;
    while world.one(id).effect == Effect::Pending && taken < 99 {
        taken += take_effects(&mut world.conn(), now, LEASE, 1).expect("taken").len();
        now += LEASE;
    }
    assert_eq!((taken, world.one(id).effect), (TRIES as usize, Effect::Dead));
}
