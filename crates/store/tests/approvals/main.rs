//! Approvals on a real PostgreSQL: many who decide at once, processes that die, and what follows.

mod effects;
mod races;
mod world;

use domain::approvals::{Choice, Command, Effect, Escalation, Person, PolicyRef, Refusal, Status, Terms, Via};
use domain::ids::ApprovalId;
use serde_json::json;
use store::approvals::{
    ApprovalFilter, Content, Done, Posted, Proposal, add_post, decide, due_reminders, list, post_shown, posts, propose,
    remove_post, stale_posts, void,
};
use store::events::After;
use store::identities::Identity;
use store::{StoreError, identities};
use testkit::world::minute;
use uuid::Uuid;

use crate::world::{World, approver, proposal, terms, vote};

#[test]
fn a_vote_that_decides_leaves_one_job_and_a_trace() {
    let world = World::fresh();
    let id = world.asked(terms(2));
    let first = world.give(id, &vote(&approver("U1"), Choice::Approve), minute(1));
    assert_eq!((first.done, first.approval.status), (Ok(Done::Voted), Status::Pending));
    assert_eq!((first.approval.version, first.approval.standing().sum()), (2, (1, 2)));
    let refused = world.give(id, &vote(&Person::known_as("slack", "U9"), Choice::Approve), minute(1));
    assert_eq!(refused.done, Err(Refusal::NotAsked { takes: "2 approvers".to_owned() }));
    let author = Person { identities: vec!["github:otto".to_owned()], ..approver("U8") };
    assert_eq!(world.give(id, &vote(&author, Choice::Reject), minute(1)).done, Err(Refusal::Author));

    let last = world.give(id, &vote(&approver("U2"), Choice::Approve), minute(2));
    let approval = last.approval;
    assert_eq!((last.done, approval.status, approval.effect), (Ok(Done::Ended), Status::Approved, Effect::Pending));
    assert_eq!((approval.decided_by.as_deref(), approval.decided_at), (Some("slack:U2"), Some(minute(2))));
    assert_eq!(approval.job_id, Some(id.effect_job()));
    assert_eq!(world.one(id), approval);
    assert_eq!(world.count("jobs where kind = 'effect' and status = 'queued'"), 1);
    let expected = [
        "approval.proposed github:rita",
        "approval.vote slack:U1",
        "approval.refused slack:U9",
        "approval.refused slack:U8",
        "approval.vote slack:U2",
        "approval.approved slack:U2",
    ];
    assert_eq!(world.audited(), expected);
    assert!(matches!(
        decide(&mut world.conn(), &"other".parse().expect("a tenant"), id, &Command::Expire, minute(3)),
        Err(StoreError::NotFound)
    ));
}

#[test]
fn other_content_voids_votes_and_makes_new_authors() {
    let world = World::fresh();
    let id = world.asked(terms(2));
    world.give(id, &vote(&approver("U1"), Choice::Approve), minute(1));
    let content = Content { payload: json!({"sha": "e5f6"}), authors: vec!["slack:U2".to_owned()] };
    let learned = Content { payload: json!({"sha": "c3d4"}), authors: vec!["slack:U1".to_owned()] };
    let same = void(&mut world.conn(), &world.tenant, world.asked(terms(2)), &learned, minute(2)).expect("asked");
    assert_eq!((same.done, same.approval.authors.len()), (Ok(Done::Nothing), 2));
    let give = || void(&mut world.conn(), &world.tenant, id, &content, minute(2)).expect("voided");
    let voided = give();
    assert_eq!((voided.done, voided.approval.standing().sum()), (Ok(Done::Voided), (0, 2)));
    assert_eq!(voided.approval.payload, content.payload);
    assert_eq!(give().done, Ok(Done::Nothing));
    assert_eq!(world.give(id, &vote(&approver("U2"), Choice::Approve), minute(3)).done, Err(Refusal::Author));
    assert_eq!(world.give(id, &vote(&approver("U1"), Choice::Approve), minute(3)).done, Ok(Done::Voted));
    assert_eq!(world.give(id, &vote(&approver("U3"), Choice::Approve), minute(3)).done, Ok(Done::Ended));
    assert!(give().done.is_ok_and(|done| done == Done::Nothing));
    let other = Content { payload: json!({}), ..content.clone() };
    let refused = void(&mut world.conn(), &world.tenant, id, &other, minute(4)).expect("asked").done;
    assert!(refused.is_err_and(|refusal| refusal.is_conflict()));
}

#[test]
fn votes_of_two_names_that_turn_out_to_be_one_person_count_once() {
    let world = World::fresh();
    let id = world.asked(terms(3));
    world.give(id, &vote(&approver("U1"), Choice::Approve), minute(1));
    world.give(id, &vote(&approver("U2"), Choice::Approve), minute(1));
    for (number, name) in [(1, "U1"), (2, "U2")] {
        let identity = Identity {
            id: Uuid::from_u128(number),
            external_type: "slack".to_owned(),
            external_id: name.to_owned(),
            person_id: "p1".to_owned(),
            display_name: None,
            roles: vec!["approver".to_owned()],
            is_bot: false,
            created_at: minute(2),
            updated_at: minute(2),
        };
        assert!(identities::add(&mut world.conn(), &world.tenant, &identity).expect("added"));
    }
    assert_eq!(world.one(id).standing().sum(), (1, 3));
    let known = identities::person_of(&mut world.conn(), &world.tenant, "slack", "U2").expect("read").expect("known");
    assert_eq!(world.give(id, &vote(&known, Choice::Approve), minute(3)).done, Ok(Done::Nothing));
    world.give(id, &vote(&approver("U3"), Choice::Approve), minute(3));
    assert_eq!(world.one(id).status, Status::Pending);
}

#[test]
fn a_policy_that_approves_by_itself_signs_for_it() {
    let world = World::fresh();
    let policy = PolicyRef { name: "docs".to_owned(), version: "3".to_owned(), rule: None };
    let id = world.asked(Terms { auto_approve: true, policy: Some(policy), ..terms(1) });
    let approval = world.one(id);
    assert_eq!((approval.status, approval.effect), (Status::Approved, Effect::Pending));
    assert_eq!(world.audited(), ["approval.proposed github:rita", "approval.approved policy:docs@3"]);
}

#[test]
fn an_override_and_a_withdrawal_are_told_apart() {
    let world = World::fresh();
    let admin = Person { roles: vec!["admin".to_owned()], ..Person::known_as("slack", "U1") };
    let by = Command::Override { person: admin, via: Via::Console, reason: Some("fire".to_owned()) };
    let overridden = world.give(world.asked(terms(9)), &by, minute(1)).approval;
    assert!(overridden.overridden && overridden.status == Status::Approved);
    let cancel = Command::Cancel { by: Some(Person::known_as("github", "rita")), reason: None };
    let cancelled = world.give(world.asked(terms(1)), &cancel, minute(1)).approval;
    assert_eq!((cancelled.status, cancelled.effect), (Status::Cancelled, Effect::None));
    assert_eq!(world.give(cancelled.id, &Command::Rerequest, minute(2)).done, Ok(Done::Again));
    let again = Proposal { again_of: Some(cancelled.id), ..proposal(terms(1)) };
    propose(&mut world.conn(), &world.tenant, &again, minute(3)).expect("proposed");
    assert_eq!((world.one(again.id).again_of, world.one(cancelled.id)), (Some(cancelled.id), cancelled));
}

#[test]
fn people_are_reminded_once_at_each_time() {
    let world = World::fresh();
    let mut asked = terms(1);
    asked.remind_at = vec![minute(10), minute(30)];
    asked.escalate = vec![Escalation { at: minute(20), to: "#oncall".to_owned() }];
    let id = world.asked(asked);
    let due = |at: i64| {
        let reminders = due_reminders(&mut world.conn(), minute(at), 10).expect("read");
        reminders.into_iter().map(|one| (one.remind, one.escalate_to)).collect::<Vec<_>>()
    };
    assert!(due(9).is_empty());
    assert_eq!((due(10), due(10)), (vec![(true, vec![])], vec![]));
    // After an outage what was missed is told at once.
    assert_eq!((due(45), due(99)), (vec![(true, vec!["#oncall".to_owned()])], vec![]));
    assert_eq!(world.one(id).next_reminder_at, None);
}

#[test]
fn messages_are_stale_until_they_show_the_last_version() {
    let world = World::fresh();
    let id = world.asked(terms(2));
    let conn = &mut world.conn();
    let posted = |ts: &'static str, version| Posted { channel: "C1", ts, kind: "request", version };
    add_post(conn, &world.tenant, id, posted("1.1", 1), minute(1)).expect("added");
    assert!(stale_posts(conn, 10).expect("read").is_empty());
    world.give(id, &vote(&approver("U1"), Choice::Approve), minute(1));
    // One that was being posted meanwhile shows the version before.
    add_post(conn, &world.tenant, id, posted("1.2", 1), minute(2)).expect("added");
    let stale = stale_posts(conn, 10).expect("read");
    assert_eq!(stale.iter().map(|post| post.ts.as_str()).collect::<Vec<_>>(), ["1.1", "1.2"]);
    post_shown(conn, &stale[0], 2).expect("noted");
    post_shown(conn, &stale[1], 1).expect("noted");
    assert_eq!(stale_posts(conn, 10).expect("read"), stale[1..]);
    remove_post(conn, &stale[1]).expect("removed");
    assert_eq!(posts(conn, &world.tenant, id).expect("read").len(), 1);
}

#[test]
fn lists_are_narrowed_and_walk_by_pages() {
    let world = World::fresh();
    let ids: Vec<ApprovalId> = (0..5).map(|_| world.asked(terms(1))).collect();
    world.give(ids[2], &vote(&approver("U1"), Choice::Approve), minute(1));
    let conn = &mut world.conn();
    let mut expected = ids.clone();
    expected.sort();
    expected.reverse();
    let mut seen = Vec::new();
    let mut after = None;
    while let Some(last) = {
        let page = list(conn, &world.tenant, &ApprovalFilter::default(), after, 2).expect("read");
        seen.extend(page.iter().map(|one| one.id));
        page.last().map(|one| After { time: one.created_at, id: one.id.0 })
    } {
        after = Some(last);
    }
    assert_eq!(seen, expected);
    let filter = ApprovalFilter {
        status: Some(Status::Approved),
        subject: Some("acme/shop".to_owned()),
        action: Some("deploy".to_owned()),
        requested_by: Some("github:rita".to_owned()),
        effect: Some(Effect::Pending),
    };
    let found = list(conn, &world.tenant, &filter, None, 9).expect("read");
    assert_eq!((found.len(), found[0].id, found[0].votes.len()), (1, ids[2], 1));
    assert!(list(conn, &"other".parse().expect("a tenant"), &filter, None, 9).expect("read").is_empty());
}
