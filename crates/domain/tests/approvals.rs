//! Approvals under any interleaving of votes, time, withdrawal, override, changed content, crashes and redelivery.

use chrono::{DateTime, TimeDelta, Utc};
use domain::approvals::{
    Choice, Command, Effect, Of, Owed, Person, PolicyRef, Requirement, State, Status, Terms, Transition, Tried, Via,
    decide, judge,
};
use proptest::prelude::*;
use proptest::test_runner::TestCaseResult;

const PEOPLE: usize = 6;
const GROUPS: [&str; 3] = ["sre", "security", "web"];

#[derive(Clone, Debug)]
enum Step {
    Does(Command),
    /// Whoever gave the last command gives it again.
    Again,
    /// The process dies before it has written what it decided, and somebody gives the command again later.
    Crash,
    Minutes(i64),
}

fn start() -> DateTime<Utc> {
    "2026-11-21T10:00:00Z".parse().expect("a time")
}

/// Person 0 asked for it, person 1 wrote it, person 5 is a bot and person 4 an admin.
fn person(number: usize) -> Person {
    Person {
        groups: vec![GROUPS[number % 3].to_owned(), GROUPS[(number + 1) % 3].to_owned()],
        roles: if number == 4 { vec!["admin".to_owned()] } else { Vec::new() },
        is_bot: number == 5,
        ..Person::known_as("github", &format!("u{number}"))
    }
}

fn commands() -> impl Strategy<Value = Command> {
    let someone = (0..PEOPLE).prop_map(person);
    let choice = prop_oneof![4 => Just(Choice::Approve), 1 => Just(Choice::Reject)];
    let via = prop::sample::select(Via::ALL);
    let reason = prop::option::of(Just("because".to_owned()));
    let hash = prop::sample::select(vec!["one", "two"]).prop_map(str::to_owned);
    let seen = prop::option::weighted(0.2, hash.clone());
    prop_oneof![
        10 => (someone.clone(), choice, via.clone(), reason.clone(), seen)
            .prop_map(|(person, choice, via, reason, seen)| Command::Vote { person, choice, via, reason, seen }),
        1 => (someone.clone(), via, reason.clone())
            .prop_map(|(person, via, reason)| Command::Override { person, via, reason }),
        1 => Just(Command::Auto),
        1 => (prop::option::of(someone), reason).prop_map(|(by, reason)| Command::Cancel { by, reason }),
        2 => Just(Command::Expire),
        2 => hash.prop_map(|content_hash| Command::Void { content_hash }),
        1 => Just(Command::Rerequest),
    ]
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        8 => commands().prop_map(Step::Does),
        3 => Just(Step::Again),
        1 => Just(Step::Crash),
        2 => (0i64..90).prop_map(Step::Minutes),
    ];
    prop::collection::vec(step, 0..40)
}

fn states() -> impl Strategy<Value = State> {
    let requirement = (1u32..3, prop::sample::select(&GROUPS[..]))
        .prop_map(|(votes, group)| Requirement { votes, of: Of::Group(group.to_owned()) });
    let terms = (prop::collection::vec(requirement, 0..3), 1u32..3, any::<bool>(), any::<bool>(), any::<bool>());
    terms.prop_map(|(require, deny_votes, sticky, auto_approve, answer)| State {
        status: Status::Pending,
        effect: Effect::None,
        content_hash: "one".to_owned(),
        requested_by: Some("github:u0".to_owned()),
        authors: vec!["github:u1".to_owned()],
        terms: Terms {
            require,
            deny_votes,
            sticky,
            auto_approve,
            owed: if answer { Owed::Answer } else { Owed::Approval },
            expires_at: start() + TimeDelta::hours(8),
            policy: Some(PolicyRef { name: "p".to_owned(), version: "1".to_owned(), rule: None }),
            ..Terms::usual(start())
        },
        votes: Vec::new(),
        decided_by: None,
    })
}

/// Runs the steps; answers every end that was decided and written.
fn run(state: &mut State, steps: &[Step]) -> Result<Vec<Status>, TestCaseError> {
    let mut ends = Vec::new();
    let mut now = start();
    let mut last = Command::Expire;
    for step in steps {
        let command = match step {
            Step::Minutes(minutes) => {
                now += TimeDelta::minutes(*minutes);
                continue;
            }
            Step::Crash => {
                let unwritten = state.clone();
                let _ = decide(&unwritten, &last, now);
                continue;
            }
            Step::Does(command) => command.clone(),
            Step::Again => last.clone(),
        };
        let before = state.clone();
        let answer = decide(state, &command, now);
        if let Ok(transition) = &answer {
            state.apply(transition);
        }
        check(&before, state, &command, &answer, now)?;
        if let Ok(Transition::Ended(end)) = &answer {
            ends.push(end.status);
        }
        last = command;
    }
    Ok(ends)
}

type Answer = Result<Transition, domain::approvals::Refusal>;

fn check(before: &State, after: &State, command: &Command, answer: &Answer, now: DateTime<Utc>) -> TestCaseResult {
    if before.status.is_end() {
        prop_assert_eq!(before, after, "an end stands");
    }
    if answer.is_err() {
        prop_assert_eq!(before, after, "a refusal changes nothing");
    }
    if matches!(answer, Ok(Transition::Ended(_) | Transition::Voted { .. } | Transition::Voided { .. })) {
        let again = decide(after, command, now);
        prop_assert!(matches!(again, Ok(Transition::Same)), "the same again is a success: {:?} {:?}", command, again);
    }
    let owed = after.terms.owes(after.status);
    prop_assert_eq!(after.effect == Effect::Pending, owed, "an effect is owed iff the end owes one");
    if after.status == Status::Approved && before.status == Status::Pending && matches!(command, Command::Vote { .. }) {
        let standing = judge(after);
        let mut people: Vec<&String> = standing.progress.iter().flat_map(|one| &one.people).collect();
        let votes: usize = after.terms.requirements().iter().map(|one| one.votes as usize).sum();
        people.sort();
        people.dedup();
        prop_assert_eq!(people.len(), votes, "as many people as votes");
        let barred = ["github:u0", "github:u1", "github:u5"];
        prop_assert!(people.iter().all(|one| !barred.contains(&one.as_str())), "{:?}", people);
        prop_assert!(now < after.terms.expires_at);
    }
    Ok(())
}

/// One try of an effect: delivered, in vain, or the process dies before it is noted.
#[derive(Clone, Copy, Debug)]
enum Try {
    Noted(Tried),
    Lost,
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn it_ends_at_most_once_and_time_ends_it_at_last(mut state in states(), steps in steps()) {
        let mut ends = run(&mut state, &steps)?;
        let late = state.terms.expires_at;
        let swept = decide(&state, &Command::Expire, late).expect("it has ended, or ends now");
        if let Transition::Ended(end) = &swept {
            ends.push(end.status);
        }
        state.apply(&swept);
        prop_assert_eq!(ends, vec![state.status]);
    }

    #[test]
    fn an_effect_is_delivered_at_most_once(tries in prop::collection::vec(prop_oneof![
        Just(Try::Lost),
        prop::sample::select(vec![Tried::Delivered, Tried::Failed, Tried::Refused]).prop_map(Try::Noted),
    ], 0..30)) {
        let mut effect = Effect::Pending;
        let mut delivered = 0;
        let mut attempts = 0;
        for one in tries {
            if effect.is_open() {
                attempts += 1;
            }
            let Try::Noted(tried) = one else { continue };
            let after = effect.after(tried, attempts, start());
            delivered += usize::from(after == Effect::Delivered && effect != Effect::Delivered);
            prop_assert!(after != Effect::None && (effect.is_open() || after == effect));
            effect = after;
        }
        prop_assert!(delivered <= 1);
        prop_assert_eq!(delivered == 1, effect == Effect::Delivered);
    }
}
