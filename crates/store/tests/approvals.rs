//! Approvals on a real PostgreSQL: many who decide at once, processes that die, and what follows.

use std::sync::{Barrier, Mutex, PoisonError};

use chrono::{DateTime, TimeDelta, Utc};
use diesel::sql_types::{BigInt, Text};
use diesel::{Connection, PgConnection, QueryableByName, RunQueryDsl, sql_query};
use domain::approvals::{
    Choice, Command, Effect, Escalation, Of, Owed, Person, PolicyRef, Refusal, Requirement, Status, TRIES, Terms, Via,
};
use domain::ids::{ApprovalId, TenantId};
use serde_json::json;
use store::approvals::{
    Answer, Approval, ApprovalFilter, Content, Done, Posted, Proposal, add_post, decide, due_reminders,
    effect_delivered, effect_failed, expire_due, list, one, post_shown, posts, propose, remove_post, revive_effect,
    stale_posts, take_effects, void,
};
use store::events::After;
use store::identities::{self, Identity};
use store::{Role, StoreError, audit};
use testkit::database::Database;
use testkit::world::minute;
use uuid::Uuid;

const LEASE: TimeDelta = TimeDelta::minutes(2);

struct World {
    database: Database,
    tenant: TenantId,
}

impl World {
    fn fresh() -> Self {
        Self { database: Database::fresh(), tenant: TenantId::default() }
    }

    fn conn(&self) -> PgConnection {
        self.database.store(Role::App).open(Role::App).expect("a connection")
    }

    fn asked(&self, terms: Terms) -> ApprovalId {
        let proposal = proposal(terms);
        propose(&mut self.conn(), &self.tenant, &proposal, minute(0)).expect("proposed").id
    }

    fn give(&self, id: ApprovalId, command: &Command, now: DateTime<Utc>) -> Answer {
        decide(&mut self.conn(), &self.tenant, id, command, now).expect("decided")
    }

    fn one(&self, id: ApprovalId) -> Approval {
        one(&mut self.conn(), &self.tenant, id).expect("read").expect("an approval")
    }

    fn count(&self, sql: &str) -> i64 {
        sql_query(format!("select count(*) as count from {sql}"))
            .get_result::<Count>(&mut self.conn())
            .expect("a count")
            .count
    }

    /// What the audit says was done, in order; the chain holds.
    fn audited(&self) -> Vec<String> {
        let conn = &mut self.conn();
        assert!(audit::verify(conn, &self.tenant).expect("read").is_ok());
        let rows: Vec<Line> =
            sql_query("select action || ' ' || actor as line from audit_log order by seq").load(conn).expect("rows");
        rows.into_iter().map(|row| row.line).collect()
    }
}

#[derive(QueryableByName)]
struct Count {
    #[diesel(sql_type = BigInt)]
    count: i64,
}

#[derive(QueryableByName)]
struct Line {
    #[diesel(sql_type = Text)]
    line: String,
}

fn terms(votes: u32) -> Terms {
    let require = vec![Requirement { votes, of: Of::Role("approver".to_owned()) }];
    Terms { require, ..Terms::usual(minute(0)) }
}

fn proposal(terms: Terms) -> Proposal {
    Proposal {
        id: ApprovalId::new(minute(0), *Uuid::new_v4().as_bytes()),
        subject: "acme/shop".to_owned(),
        action: "deploy".to_owned(),
        kind: Some("deploy".to_owned()),
        payload: json!({"sha": "c3d4"}),
        reason: Some("a fix".to_owned()),
        terms,
        requested_by: Some("github:rita".to_owned()),
        authors: vec!["github:otto".to_owned()],
        again_of: None,
    }
}

fn approver(name: &str) -> Person {
    Person { roles: vec!["approver".to_owned()], ..Person::known_as("slack", name) }
}

fn vote(person: &Person, choice: Choice) -> Command {
    Command::Vote { person: person.clone(), choice, via: Via::Slack, reason: None, seen: None }
}

/// One crowd at a time: the server has connections for a few hundred.
static CROWD: Mutex<()> = Mutex::new(());

/// All at once, each on a connection of its own.
fn together(world: &World, id: ApprovalId, commands: Vec<Command>) -> Vec<Answer> {
    let _alone = CROWD.lock().unwrap_or_else(PoisonError::into_inner);
    let barrier = Barrier::new(commands.len());
    std::thread::scope(|scope| {
        let answer = |command: Command| {
            let barrier = &barrier;
            scope.spawn(move || {
                let mut conn = world.conn();
                barrier.wait();
                decide(&mut conn, &world.tenant, id, &command, minute(1)).expect("an answer")
            })
        };
        let threads: Vec<_> = commands.into_iter().map(answer).collect();
        threads.into_iter().map(|thread| thread.join().expect("no panic")).collect()
    })
}

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
