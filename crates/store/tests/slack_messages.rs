//! Messages owed to Slack on a real PostgreSQL: asked once, one a second a channel, within the day's limit.

use chrono::{DateTime, TimeDelta, Utc};
use diesel::PgConnection;
use domain::approvals::{Choice, Command, Person, Terms, Via};
use domain::ids::{ApprovalId, TenantId};
use serde_json::json;
use store::approvals::{Proposal, decide, posts, propose, stale_posts};
use store::slack_messages::{
    Ask, CONCLUSION, ESCALATION, Matter, Message, NOTE, Note, POST, Turn, UPDATE, abandon, ask, ask_new, dropped,
    put_off, rest, said, say, sent, take, uncertain, update_turn,
};
use store::{Role, usage};
use testkit::database::Database;
use testkit::world::minute;
use uuid::Uuid;

const LEASE: TimeDelta = TimeDelta::seconds(60);
const LIMIT: i64 = 1000;

struct World {
    conn: PgConnection,
    tenant: TenantId,
    _database: Database,
}

impl World {
    fn fresh() -> Self {
        let database = Database::fresh();
        let conn = database.store(Role::App).open(Role::App).expect("a connection");
        Self { conn, tenant: TenantId::default(), _database: database }
    }

    fn proposed(&mut self) -> ApprovalId {
        let proposal = Proposal {
            id: ApprovalId::new(minute(0), *Uuid::new_v4().as_bytes()),
            subject: "acme/shop".to_owned(),
            action: "deploy".to_owned(),
            kind: None,
            payload: json!({}),
            reason: None,
            terms: Terms::usual(minute(0)),
            requested_by: None,
            authors: Vec::new(),
            again_of: None,
        };
        propose(&mut self.conn, &self.tenant, &proposal, minute(0)).expect("proposed").id
    }

    fn ask(&mut self, approval: ApprovalId, place: &str) -> bool {
        let ask_for = Ask { approval, kind: ESCALATION, key: "escalation", place, thread_ts: None };
        ask(&mut self.conn, &self.tenant, ask_for, minute(0)).expect("asked")
    }

    fn take(&mut self, limit: i64, at: DateTime<Utc>) -> Turn {
        take(&mut self.conn, limit, at, LEASE).expect("a turn")
    }

    fn taken(&mut self, at: DateTime<Utc>) -> Message {
        match self.take(LIMIT, at) {
            Turn::Say(message) => *message,
            other => panic!("{other:?}"),
        }
    }

    fn used(&mut self) -> i64 {
        usage::used(&mut self.conn, &self.tenant, (minute(1).date_naive(), usage::SLACK_POSTS)).expect("a count")
    }
}

fn about(message: &Message) -> ApprovalId {
    match &message.matter {
        Matter::Approval(approval) => *approval,
        Matter::Note(note) => panic!("{note}"),
    }
}

#[test]
fn what_waits_is_asked_about_once_and_a_channel_takes_one_a_second() {
    let mut world = World::fresh();
    let approvals = [world.proposed(), world.proposed()];
    assert_eq!(ask_new(&mut world.conn, "#ops", minute(0), 10).expect("asked"), 2);
    assert_eq!(ask_new(&mut world.conn, "#elsewhere", minute(0), 10).expect("asked"), 0);
    assert!(world.ask(approvals[0], "#managers") && !world.ask(approvals[0], "#managers"));
    let now = minute(1);
    let first = world.taken(now);
    assert_eq!((first.place.as_str(), first.channel.as_str()), ("#ops", "#ops"));
    let other = world.taken(now);
    assert_eq!(other.place, "#managers", "another channel has its own pace");
    assert_eq!(world.take(LIMIT, now + TimeDelta::milliseconds(999)), Turn::Nothing);
    // The name turns out to be a channel's: from now on both have one pace.
    let noted_at = now + TimeDelta::milliseconds(500);
    sent(&mut world.conn, &first, ("C1", "1.1"), 1, noted_at).expect("noted");
    assert_eq!(world.take(LIMIT, now + TimeDelta::seconds(1)), Turn::Nothing);
    let second = world.taken(now + TimeDelta::milliseconds(1500));
    assert_eq!((second.place.as_str(), second.channel.as_str()), ("#ops", "C1"));
    assert_eq!(world.take(LIMIT, now + TimeDelta::minutes(5)), Turn::Nothing);
    assert_eq!(world.used(), 3);
    let posted = posts(&mut world.conn, &world.tenant, about(&first)).expect("read");
    assert_eq!((posted[0].channel.as_str(), posted[0].ts.as_str(), posted[0].stale), ("C1", "1.1", false));
}

#[test]
fn a_method_that_rests_is_not_asked() {
    let mut world = World::fresh();
    let approval = world.proposed();
    world.ask(approval, "#ops");
    rest(&mut world.conn, POST, minute(3)).expect("rests");
    rest(&mut world.conn, POST, minute(2)).expect("no shorter");
    assert_eq!(world.take(LIMIT, minute(2)), Turn::Nothing);
    assert!(update_turn(&mut world.conn, "C1", minute(2)).expect("a turn"), "the other method does not rest");
    assert!(!update_turn(&mut world.conn, "C1", minute(2)).expect("a turn"));
    rest(&mut world.conn, UPDATE, minute(4)).expect("rests");
    assert!(!update_turn(&mut world.conn, "C2", minute(3)).expect("a turn"));
    let taken = world.taken(minute(3));
    put_off(&mut world.conn, &taken, minute(9), "later").expect("put off");
    assert_eq!((world.take(LIMIT, minute(8)), world.used()), (Turn::Nothing, 0));
    assert_eq!(world.taken(minute(9)).tries, taken.tries + 1);
}

#[test]
fn a_day_has_its_limit_and_the_next_day_goes_on() {
    let mut world = World::fresh();
    let approval = world.proposed();
    for place in ["#one", "#two", "#three"] {
        world.ask(approval, place);
    }
    let first = world.taken(minute(1));
    assert_eq!(world.take(1, minute(1)), Turn::UsedUp(world.tenant.clone()));
    assert_eq!(world.take(LIMIT, minute(2)), Turn::Nothing, "all of the tenant's wait");
    dropped(&mut world.conn, &first, "it is over", minute(2)).expect("dropped");
    assert_eq!(world.used(), 0, "what was not said is not counted");
    let tomorrow = minute(24 * 60);
    assert!(matches!(world.take(1, tomorrow), Turn::Say(_)));
    assert_eq!(world.take(0, tomorrow), Turn::UsedUp(world.tenant.clone()));
}

#[test]
fn what_may_have_been_said_is_never_said_again() {
    let mut world = World::fresh();
    let approval = world.proposed();
    for place in ["#one", "#two"] {
        world.ask(approval, place);
    }
    let lost = world.taken(minute(1));
    uncertain(&mut world.conn, &lost, "no answer in time", minute(1)).expect("noted");
    world.taken(minute(1));
    assert_eq!(abandon(&mut world.conn, minute(1)).expect("none"), [], "somebody is at it");
    let given_up = abandon(&mut world.conn, minute(2)).expect("one");
    assert_eq!(given_up.iter().map(|lost| lost.approval).collect::<Vec<_>>(), [Some(approval)]);
    assert_eq!(world.take(LIMIT, minute(60)), Turn::Nothing);
}

#[test]
fn a_message_that_was_overtaken_is_stale_at_once_and_lines_in_threads_never_are() {
    let mut world = World::fresh();
    let approval = world.proposed();
    world.ask(approval, "C1");
    let taken = world.taken(minute(1));
    let person = Person { roles: vec!["approver".to_owned()], ..Person::known_as("slack", "U1") };
    let command = Command::Vote { person, choice: Choice::Approve, via: Via::Slack, reason: None, seen: None };
    decide(&mut world.conn, &world.tenant, approval, &command, minute(1)).expect("decided");
    sent(&mut world.conn, &taken, ("C1", "1.1"), 1, minute(1)).expect("noted");
    let line = Ask { approval, kind: CONCLUSION, key: "conclusion 1.1", place: "C1", thread_ts: Some("1.1") };
    assert!(ask(&mut world.conn, &world.tenant, line, minute(1)).expect("asked"));
    let taken = world.taken(minute(2));
    assert_eq!(taken.thread_ts.as_deref(), Some("1.1"));
    sent(&mut world.conn, &taken, ("C1", "1.2"), 2, minute(2)).expect("noted");
    let stale: Vec<String> = stale_posts(&mut world.conn, 10).expect("read").into_iter().map(|post| post.ts).collect();
    assert_eq!(stale, ["1.1"]);
}

#[test]
fn a_note_is_said_once_in_each_place_and_waits_its_turn_with_the_others() {
    let mut world = World::fresh();
    let approval = world.proposed();
    world.ask(approval, "#ops");
    let message = json!({"text": "shop was deployed"});
    let note = |key: &'static str, place: &'static str| Note { key, place, thread_ts: None, message: &message };
    let mut asked = |tenant: &TenantId, note| say(&mut world.conn, tenant, note, minute(0)).expect("asked");
    assert!(asked(&TenantId::default(), note("deployment 1", "#ops")));
    assert!(!asked(&TenantId::default(), note("deployment 1", "#ops")), "it was asked for before");
    assert!(asked(&TenantId::default(), note("deployment 1", "#shop")));
    assert!(asked(&"acme".parse().expect("a tenant"), note("deployment 1", "#ops")));
    let state =
        |world: &mut World, place: &str| said(&mut world.conn, &world.tenant, "deployment 1", place).expect("read");
    assert_eq!(state(&mut world, "#elsewhere"), None);
    assert_eq!(world.taken(minute(1)).kind, ESCALATION, "the older first");
    let taken = world.taken(minute(1));
    assert_eq!((taken.kind.as_str(), taken.place.as_str()), (NOTE, "#shop"), "#ops has its pace");
    assert_eq!(taken.matter, Matter::Note(message.clone()));
    sent(&mut world.conn, &taken, ("C2", "2.1"), 0, minute(1)).expect("noted");
    let shown = state(&mut world, "#shop").expect("known");
    assert_eq!(
        (shown.state.as_str(), shown.channel.as_deref(), shown.ts.as_deref()),
        ("sent", Some("C2"), Some("2.1"))
    );
    let taken = world.taken(minute(2));
    dropped(&mut world.conn, &taken, "there is no such channel", minute(2)).expect("noted");
    let shown = state(&mut world, "#ops").expect("known");
    assert_eq!((shown.state.as_str(), shown.error.as_deref()), ("dropped", Some("there is no such channel")));
    let taken = world.taken(minute(3));
    assert_eq!(taken.tenant.as_str(), "acme");
    uncertain(&mut world.conn, &taken, "no answer in time", minute(3)).expect("noted");
    assert_eq!(world.take(LIMIT, minute(60)), Turn::Nothing);
}
