//! The rules of approvals, case by case; any interleaving is the property of `tests/approvals.rs`.

use chrono::TimeDelta;
use serde_json::json;

use super::*;

fn now() -> DateTime<Utc> {
    "2026-11-21T10:00:00Z".parse().expect("a time")
}

fn person(id: &str, groups: &[&str]) -> Person {
    Person { groups: groups.iter().map(|one| (*one).to_owned()).collect(), ..Person::known_as("slack", id) }
}

fn of_group(votes: u32, group: &str) -> Requirement {
    Requirement { votes, of: Of::Group(group.to_owned()) }
}

fn asked(require: Vec<Requirement>) -> State {
    State {
        status: Status::Pending,
        effect: Effect::None,
        content_hash: "one".to_owned(),
        requested_by: Some("github:rita".to_owned()),
        authors: vec!["github:otto".to_owned(), "ada".to_owned()],
        terms: Terms { require, ..Terms::usual(now()) },
        votes: Vec::new(),
        decided_by: None,
    }
}

fn vote(person: &Person, choice: Choice) -> Command {
    Command::Vote { person: person.clone(), choice, via: Via::Slack, reason: None, seen: None }
}

/// Decides and takes over what changes.
fn then(state: &mut State, command: &Command) -> Result<Transition, Refusal> {
    let transition = decide(state, command, now())?;
    state.apply(&transition);
    Ok(transition)
}

fn approve(state: &mut State, person: &Person) -> Result<Transition, Refusal> {
    then(state, &vote(person, Choice::Approve))
}

#[test]
fn all_requirements_are_met_by_different_people() {
    let mut state = asked(vec![of_group(2, "@sre"), of_group(1, "security")]);
    let both = person("U1", &["sre", "security"]);
    assert!(matches!(approve(&mut state, &both), Ok(Transition::Voted { .. })));
    assert_eq!(judge(&state).sum(), (1, 3));
    approve(&mut state, &person("U2", &["SRE"])).expect("a vote");
    // A third of @sre pushes nobody anywhere while @security has nobody else: U1 moves over.
    let third = approve(&mut state, &person("U3", &["sre"])).expect("a vote");
    assert!(matches!(third, Transition::Ended(End { status: Status::Approved, effect: Effect::Pending, .. })));
    let people: Vec<Vec<String>> = judge(&state).progress.into_iter().map(|one| one.people).collect();
    assert_eq!(people, [vec!["slack:U2", "slack:U3"], vec!["slack:U1"]]);
}

#[test]
fn several_identities_are_one_person_who_counts_once() {
    let mut state = asked(vec![of_group(2, "sre")]);
    let slack = person("U1", &["sre"]);
    let merged = Person {
        id: "p1".to_owned(),
        identities: vec!["slack:U1".to_owned(), "slack:U9".to_owned()],
        groups: vec!["sre".to_owned()],
        ..Person::default()
    };
    approve(&mut state, &slack).expect("a vote");
    assert_eq!(approve(&mut state, &merged), Ok(Transition::Same));
    // Two votes that turn out to be one person's count as one.
    state.votes.push(Vote { person: person("U9", &["sre"]), ..state.votes[0].clone() });
    state.votes[0].person = merged;
    let standing = judge(&state);
    assert_eq!((standing.outcome, standing.sum()), (Outcome::Pending, (1, 2)));
    assert_eq!(standing.refused, [("slack:U9".to_owned(), Refusal::Voted { said: Choice::Approve })]);
}

#[test]
fn who_is_involved_is_refused_in_words() {
    let mut state = asked(vec![of_group(1, "sre")]);
    let sre = |names: &[&str]| Person {
        id: "p7".to_owned(),
        identities: names.iter().map(|one| (*one).to_owned()).collect(),
        groups: vec!["sre".to_owned()],
        ..Person::default()
    };
    let refused = |state: &State, person: &Person| may_vote(state, person).expect_err("refused");
    assert_eq!(
        refused(&state, &sre(&["GitHub:Rita"])).to_string(),
        "You asked for this; somebody else must approve it"
    );
    assert_eq!(refused(&state, &sre(&["slack:U1", "github:otto"])), Refusal::Author);
    // A bare name leaves out everybody who is called so anywhere.
    assert_eq!(refused(&state, &sre(&["gitlab:ada"])), Refusal::Author);
    assert_eq!(refused(&state, &Person { is_bot: true, ..sre(&[]) }), Refusal::Bot);
    let stranger = refused(&state, &person("U2", &["web"]));
    assert_eq!(stranger.to_string(), "You may not decide this: it takes 1 of @sre");
    assert!(!stranger.is_conflict());
    state.terms.exclude = vec![Excluded::Bots];
    assert_eq!(may_vote(&state, &sre(&["github:rita"])), Ok(()));
}

#[test]
fn members_are_let_in_by_their_full_name_only() {
    let mut state = asked(vec![of_group(1, "sre")]);
    state.terms.groups = [("@sre".to_owned(), vec!["github:kim".to_owned(), "p4".to_owned()])].into();
    for (person, is_in) in [
        (Person::known_as("github", "Kim"), true),
        (Person { id: "p4".to_owned(), ..Person::default() }, true),
        (Person::known_as("gitlab", "kim"), false),
        (Person::known_as("slack", "p4"), false),
    ] {
        assert_eq!(may_vote(&state, &person).is_ok(), is_in, "{person:?}");
    }
}

#[test]
fn no_requirement_means_an_approver_and_an_admin_is_one() {
    let state = asked(Vec::new());
    let with = |role: &str| Person { roles: vec![role.to_owned()], ..Person::known_as("slack", "U1") };
    assert!(may_vote(&state, &with("approver")).is_ok());
    assert!(may_vote(&state, &with("admin")).is_ok());
    assert!(may_vote(&state, &with("operator")).is_err());
    assert_eq!(state.terms.in_words(), "1 approver");
    let none = asked(vec![Requirement { votes: 0, of: Of::Role("lead".to_owned()) }]);
    assert_eq!(judge(&none).outcome, Outcome::Pending);
    assert!(may_vote(&none, &with("admin")).is_err());
}

#[test]
fn on_a_decided_one_only_the_same_way_succeeds_whoever_asks() {
    let mut state = asked(vec![of_group(1, "sre")]);
    approve(&mut state, &person("U1", &["sre"])).expect("approved");
    let stranger = person("U5", &[]);
    assert_eq!(approve(&mut state, &stranger), Ok(Transition::Same));
    let by_override = Command::Override { person: stranger.clone(), via: Via::Api, reason: None };
    assert_eq!(then(&mut state, &by_override), Ok(Transition::Same));
    let refused = then(&mut state, &vote(&stranger, Choice::Reject)).expect_err("a conflict");
    assert!(refused.is_conflict());
    assert_eq!(refused.to_string(), "This is approved already, by slack:U1; a decision stands once it is made");
    for other in [Command::Cancel { by: None, reason: None }, Command::Void { content_hash: "two".to_owned() }] {
        assert!(then(&mut state, &other).expect_err("a conflict").is_conflict());
    }
    assert_eq!(then(&mut state, &Command::Expire), Ok(Transition::Same));
    assert!(then(&mut state, &Command::Rerequest).is_err());
}

#[test]
fn one_rejection_ends_it_unless_the_terms_want_more() {
    let mut state = asked(vec![of_group(1, "sre")]);
    let ended = then(&mut state, &vote(&person("U1", &["sre"]), Choice::Reject)).expect("rejected");
    assert!(matches!(ended, Transition::Ended(End { status: Status::Rejected, effect: Effect::None, .. })));
    assert_eq!(then(&mut state, &Command::Rerequest), Ok(Transition::Again));
    let mut state = asked(vec![of_group(2, "sre")]);
    state.terms.deny_votes = 2;
    state.terms.owed = Owed::Answer;
    then(&mut state, &vote(&person("U1", &["sre"]), Choice::Reject)).expect("a vote");
    assert_eq!(state.status, Status::Pending);
    assert_eq!(
        then(&mut state, &vote(&person("U1", &["sre"]), Choice::Approve)),
        Err(Refusal::Voted { said: Choice::Reject })
    );
    then(&mut state, &vote(&person("U2", &["sre"]), Choice::Reject)).expect("a vote");
    assert_eq!((state.status, state.effect), (Status::Rejected, Effect::Pending));
}

#[test]
fn reasons_are_asked_for_where_the_terms_say_so() {
    let mut state = asked(vec![of_group(2, "sre")]);
    let one = person("U1", &["sre"]);
    let with = |choice, reason: &str| Command::Vote {
        person: one.clone(),
        choice,
        via: Via::Console,
        reason: Some(reason.to_owned()),
        seen: None,
    };
    state.terms.reason = Reasons { approve: true, reject: true };
    let refused = then(&mut state, &with(Choice::Reject, " \0 ")).expect_err("no reason");
    assert!(refused.is_incomplete());
    assert_eq!(refused.to_string(), "Say why you reject this; its policy asks for a reason");
    then(&mut state, &with(Choice::Approve, " tested \n")).expect("a vote");
    assert_eq!(state.votes[0].reason.as_deref(), Some("tested"));
}

#[test]
fn an_override_takes_a_role_and_a_reason_and_no_bot() {
    let mut state = asked(vec![of_group(2, "sre")]);
    let admin = Person { roles: vec!["admin".to_owned()], ..Person::known_as("slack", "U1") };
    let by = |person: &Person, reason: Option<&str>| Command::Override {
        person: person.clone(),
        via: Via::Api,
        reason: reason.map(str::to_owned),
    };
    assert_eq!(then(&mut state, &by(&admin, Some(" "))), Err(Refusal::OverrideReasonNeeded));
    let refused = then(&mut state, &by(&person("U2", &["sre"]), Some("fire"))).expect_err("no admin");
    assert_eq!(refused.to_string(), "You may not override this; it takes the role admin");
    assert_eq!(then(&mut state, &by(&Person { is_bot: true, ..admin.clone() }, Some("fire"))), Err(Refusal::Bot));
    let ended = then(&mut state, &by(&admin, Some("fire"))).expect("overridden");
    assert!(matches!(ended, Transition::Ended(End { overridden: true, status: Status::Approved, .. })));
}

#[test]
fn changed_content_voids_votes_unless_they_stick() {
    for sticky in [false, true] {
        let mut state = asked(vec![of_group(2, "sre")]);
        state.terms.sticky = sticky;
        let one = person("U1", &["sre"]);
        approve(&mut state, &one).expect("a vote");
        let other = Command::Void { content_hash: "two".to_owned() };
        assert_eq!(then(&mut state, &other), Ok(Transition::Voided { content_hash: "two".to_owned() }));
        assert_eq!(then(&mut state, &other), Ok(Transition::Same));
        assert_eq!(judge(&state).sum(), (usize::from(sticky), 2));
        let again = approve(&mut state, &one).expect("the same again");
        assert_eq!(again == Transition::Same, sticky);
        let two = person("U2", &["sre"]);
        let stale = Command::Vote {
            person: two.clone(),
            choice: Choice::Approve,
            via: Via::Slack,
            reason: None,
            seen: Some("one".to_owned()),
        };
        assert_eq!(then(&mut state, &stale), Err(Refusal::Changed));
        assert!(matches!(approve(&mut state, &two), Ok(Transition::Ended(_))));
    }
}

#[test]
fn a_vote_of_somebody_who_becomes_an_author_counts_no_more() {
    let mut state = asked(vec![of_group(2, "sre")]);
    approve(&mut state, &person("U1", &["sre"])).expect("a vote");
    state.authors.push("slack:U1".to_owned());
    let standing = judge(&state);
    assert_eq!((standing.sum(), &standing.refused[..]), ((0, 2), &[("slack:U1".to_owned(), Refusal::Author)][..]));
}

#[test]
fn time_ends_it_and_nothing_counts_after_it() {
    let mut state = asked(vec![of_group(1, "sre")]);
    let end = state.terms.expires_at;
    assert_eq!(decide(&state, &Command::Expire, now()), Err(Refusal::TooEarly { until: end }));
    let late = decide(&state, &vote(&person("U1", &["sre"]), Choice::Approve), end);
    assert_eq!(late, Err(Refusal::Late { at: end }));
    let expired = decide(&state, &Command::Expire, end).expect("expired");
    state.apply(&expired);
    assert_eq!((state.status, state.effect), (Status::Expired, Effect::None));
}

#[test]
fn it_is_taken_back_by_who_asked_or_by_the_source() {
    let by = |person: Person| Command::Cancel { by: Some(person), reason: Some("no need".to_owned()) };
    let state = asked(Vec::new());
    assert_eq!(decide(&state, &by(person("U1", &["sre"])), now()), Err(Refusal::NotYours));
    // A bare name is not enough to be let in.
    assert_eq!(decide(&state, &by(Person::known_as("gitlab", "rita")), now()), Err(Refusal::NotYours));
    for command in [by(Person::known_as("github", "rita")), Command::Cancel { by: None, reason: None }] {
        let ended = decide(&state, &command, now()).expect("cancelled");
        assert!(matches!(ended, Transition::Ended(End { status: Status::Cancelled, effect: Effect::None, .. })));
    }
}

#[test]
fn a_policy_approves_by_itself_only_where_its_terms_say_so() {
    let mut state = asked(Vec::new());
    let policy = PolicyRef { name: "docs".to_owned(), version: "3".to_owned(), rule: Some("docs-only".to_owned()) };
    state.terms.policy = Some(policy);
    assert_eq!(then(&mut state, &Command::Auto), Err(Refusal::NotAutomatic));
    state.terms.auto_approve = true;
    then(&mut state, &Command::Auto).expect("approved");
    assert_eq!((state.status, state.decided_by.as_deref()), (Status::Approved, Some("policy:docs@3")));
}

#[test]
fn an_effect_is_tried_for_three_days_and_then_given_up() {
    let mut at = now();
    let mut attempts = 1;
    let mut effect = Effect::Pending;
    while let Some(next) = next_try(attempts, at) {
        effect = effect.after(Tried::Failed, attempts, at);
        assert_eq!(effect, Effect::Failed);
        (at, attempts) = (next, attempts + 1);
    }
    assert_eq!((attempts, (at - now()).num_days()), (TRIES, 2));
    assert_eq!(effect.after(Tried::Failed, attempts, at), Effect::Dead);
    assert_eq!(effect.after(Tried::Delivered, attempts, at), Effect::Delivered);
    assert_eq!(Effect::Pending.after(Tried::Refused, 1, at), Effect::Dead);
    assert_eq!(Effect::Dead.revived(), Some(Effect::Pending));
    for over in [Effect::None, Effect::Delivered, Effect::Dead] {
        assert_eq!(over.after(Tried::Delivered, 1, at), over);
        assert!(!over.is_open());
    }
    assert_eq!((next_try(0, at), Effect::Delivered.revived()), (None, None));
}

#[test]
fn terms_are_read_with_the_usual_ones_where_they_say_nothing() {
    let terms: Terms = serde_json::from_value(json!({
        "require": [{"votes": 2, "group": "sre"}, {"role": "approver"}],
        "expires_at": "2026-11-28T10:00:00Z",
    }))
    .expect("terms");
    assert_eq!(terms.in_words(), "2 of @sre and 1 approver");
    let require = terms.require.clone();
    assert_eq!(terms, Terms { require, ..Terms::usual(now()) });
    let written = serde_json::to_value(&terms).expect("json");
    assert_eq!(written["require"][0], json!({"votes": 2, "group": "sre"}));
    assert_eq!(serde_json::from_value::<Terms>(written).expect("terms"), terms);
}

#[test]
fn reminders_and_escalations_come_in_order_and_not_after_the_end() {
    let mut terms = Terms::usual(now());
    let after = |hours| now() + TimeDelta::hours(hours);
    terms.expires_at = after(4);
    terms.remind_at = vec![after(3), after(2), after(5)];
    terms.escalate = vec![Escalation { at: after(1), to: "#oncall".to_owned() }];
    let mut seen = Vec::new();
    let mut at = now();
    while let Some(next) = terms.next_reminder(at) {
        seen.push((next - now()).num_hours());
        at = next;
    }
    assert_eq!(seen, [1, 2, 3]);
}

#[test]
fn the_content_decides_its_hash_and_the_order_of_keys_does_not() {
    let hash = |payload: Value| content_hash("acme/shop", "deploy", &payload);
    assert_eq!(hash(json!({"a": 1, "b": 2})), hash(json!({"b": 2, "a": 1})));
    assert_ne!(hash(json!({"a": 1})), hash(json!({"a": 2})));
    assert_ne!(hash(json!({})), content_hash("acme/shop", "comment", &json!({})));
    assert_eq!(hash(json!({})).len(), 64);
}

#[test]
fn words_read_back() {
    for status in Status::ALL {
        assert_eq!(Status::parse(status.as_str()), Some(*status));
    }
    assert_eq!(Choice::parse("decline"), None);
    assert_eq!(Effect::parse("dead"), Some(Effect::Dead));
    assert_eq!(Via::parse("slack"), Some(Via::Slack));
}
