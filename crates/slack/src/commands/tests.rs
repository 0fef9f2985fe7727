//! What people type, and what is understood.

use proptest::prelude::*;

use super::*;

fn understood(text: &str) -> Command {
    parse(text).unwrap_or_else(|misread| panic!("{text}: {misread:?}"))
}

fn some(text: &str) -> Option<String> {
    Some(text.to_owned())
}

fn answer(text: &str) -> String {
    parse(text).expect_err(text).message().text().to_owned()
}

#[test]
fn commands_are_read_whatever_their_case_spaces_and_marks() {
    let id = "01938f5e-3f0a-7c11-9d4e-2f0a6b1c7e55";
    let approve = |reason| Command::Approve { id: id.to_owned(), reason };
    let reject = |reason| Command::Reject { id: id.to_owned(), reason };
    for (text, expected) in [
        ("", Command::Help(None)),
        ("  ", Command::Help(None)),
        ("/em", Command::Help(None)),
        ("/EM  Status", Command::Status),
        ("HEALTH", Command::Status),
        ("help nonsense", Command::Help(None)),
        ("approvals", Command::Approvals(Whose::Mine)),
        ("approvals ALL", Command::Approvals(Whose::All)),
        ("approvals post <#C0SHOP0001|shop>", Command::PostApprovals(Place::Id("C0SHOP0001".to_owned()))),
        (&format!("approve {id}"), approve(None)),
        (&format!("Approve `{}`  \"looks   good\" ", id.to_uppercase()), approve(some("looks good"))),
        (&format!("deny {id} “freeze until Monday”"), reject(some("freeze until Monday"))),
        (&format!("decline #{id} R&amp;D said no, &lt;soon&gt;"), reject(some("R&D said no, <soon>"))),
        (&format!("reject {id}"), reject(None)),
        ("signals stale-pr", Command::Signals(some("stale_pr"))),
        ("ask why did \"shop\" fail?", Command::Ask("why did \"shop\" fail?".to_owned())),
        ("agent stale", Command::Ask("stale".to_owned())),
        ("search \"payment timeout\"", Command::Search("payment timeout".to_owned())),
    ] {
        assert_eq!(understood(text), expected, "{text}");
    }
    let Command::Help(Some(entry)) = understood("help /Deny") else { panic!("help of one") };
    assert_eq!(entry.name, "reject");
}

#[test]
fn times_and_places_are_read() {
    let window = |hours| Some(Window { hours });
    let here = Some(Place::Here);
    let ops = Some(Place::Name("ops".to_owned()));
    for (text, expected) in [
        ("dora", Command::Dora { service: None, window: None }),
        ("dora shop 30d", Command::Dora { service: some("shop"), window: window(720) }),
        ("dora 2w shop", Command::Dora { service: some("shop"), window: window(336) }),
        ("dora 12h", Command::Dora { service: None, window: window(12) }),
        ("standup", Command::Standup { hours: None, post: None }),
        ("standup 48", Command::Standup { hours: Some(48), post: None }),
        ("standup post #ops 24", Command::Standup { hours: Some(24), post: ops.clone() }),
        ("standup 24 post", Command::Standup { hours: Some(24), post: here.clone() }),
        ("standup post 24h", Command::Standup { hours: Some(24), post: here.clone() }),
        ("sprint 14 post ops", Command::Sprint { days: Some(14), post: ops.clone() }),
        ("triage post here", Command::Triage { post: here.clone() }),
        ("triage", Command::Triage { post: None }),
        ("digest", Command::Digest { kind: None, subject: None, window: None, post: None }),
        ("digest today", Command::Digest { kind: None, subject: None, window: window(24), post: None }),
        (
            "digest pr acme/shop#4",
            Command::Digest { kind: Some("pull_request"), subject: some("acme/shop#4"), window: None, post: None },
        ),
        (
            "digest weekly shop 7d",
            Command::Digest { kind: Some("weekly"), subject: some("shop"), window: window(168), post: None },
        ),
        (
            "digest weekly post #ops",
            Command::Digest { kind: Some("weekly"), subject: None, window: None, post: ops.clone() },
        ),
        (
            "digest release shop post",
            Command::Digest { kind: Some("release"), subject: some("shop"), window: None, post: here.clone() },
        ),
        ("subscribe shop", Command::Subscribe { service: "shop".to_owned(), place: Place::Here }),
        ("unsub shop #ops", Command::Unsubscribe { service: "shop".to_owned(), place: Place::Name("ops".to_owned()) }),
    ] {
        assert_eq!(understood(text), expected, "{text}");
    }
    assert_eq!([24, 36, 720].map(|hours| Window { hours }.words()), ["1 day", "36 hours", "30 days"]);
}

#[test]
fn incidents_people_and_plans_are_read() {
    let sev = |severity| Command::Incident(Incident::Severity { id: "7".to_owned(), severity });
    let start = |title: &str| Command::Incident(Incident::Start { title: title.to_owned() });
    let link = |provider, login: &str| Command::Link { provider, login: login.to_owned() };
    for (text, expected) in [
        ("incident", Command::Incident(Incident::List)),
        ("incident start Checkout is down", start("Checkout is down")),
        ("incident start", start("Untitled Incident")),
        (
            "incident note #7 rolled back",
            Command::Incident(Incident::Note { id: "7".to_owned(), text: "rolled back".to_owned() }),
        ),
        ("incident close 7", Command::Incident(Incident::Close { id: "7".to_owned() })),
        ("incident sev 7 S0", sev(Severity::Critical)),
        ("incident severity 7 medium", sev(Severity::Medium)),
        ("incident post 7", Command::Incident(Incident::Post { id: "7".to_owned(), place: Place::Here })),
        ("link github @ada", link(Provider::Github, "ada")),
        ("link email <mailto:ada@acme.example|ada@acme.example>", link(Provider::Email, "ada@acme.example")),
        (
            "onboarding task 3 Read the runbook",
            Command::Onboarding(Onboarding::Task { plan: "3".to_owned(), title: "Read the runbook".to_owned() }),
        ),
        (
            "okr kr 3 Lead time below a day",
            Command::Okr(Okr::KeyResult { objective: "3".to_owned(), title: "Lead time below a day".to_owned() }),
        ),
        ("okr new Ship faster", Command::Okr(Okr::Objective { title: "Ship faster".to_owned() })),
    ] {
        assert_eq!(understood(text), expected, "{text}");
    }
}

#[test]
fn a_slip_is_answered_with_what_was_probably_meant_and_never_run() {
    for (text, told) in [
        ("aprove 7", "Did you mean `/em approve &lt;id&gt; [reason]`?"),
        ("stauts", "Did you mean `/em status`?"),
        ("deploy <!channel>", "There is no `/em deploy`. This is what I can do:"),
        ("`<@U1>`", "There is no `/em '&lt;@U1&gt;'`."),
        ("approve", "Which one?"),
        ("approvals yours", "'yours' is neither mine, all nor post. Usage: `/em approvals"),
        ("dora shop soon", "'soon' is no time."),
        ("incident cloze 7", "Did you mean close?"),
        ("incident note 7", "What should the note say?"),
        ("incident sev 7 bad", "A severity is"),
        ("link twitter ada", "Say where"),
        ("link github ada@acme.example", "is no login of github"),
        ("link email ada", "is no login of email"),
        ("standup soon", "is no time and no place"),
        ("subscribe shop <!here>", "is no channel"),
        ("onboarding", "Say plan or task."),
        ("okr kr 3", "Say the objective's id"),
    ] {
        assert!(answer(text).contains(told), "{text}: {}", answer(text));
    }
}

#[test]
fn no_two_commands_share_a_name_and_each_is_in_help_and_hint() {
    let mut names: Vec<&str> =
        COMMANDS.iter().flat_map(|entry| entry.also.iter().copied().chain([entry.name])).collect();
    let all = names.len();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), all);
    let shown = serde_json::to_string(&help("What I can do")).expect("JSON");
    for entry in COMMANDS {
        assert!(entry.usage.starts_with(entry.name), "{}", entry.name);
        assert!(shown.contains(&crate::text::escape(entry.usage)), "{}", entry.name);
        assert!(usage_hint().contains(entry.usage), "{}", entry.name);
        assert!(entry.help().text().contains(&crate::text::escape(entry.does)), "{}", entry.name);
    }
}

proptest! {
    #[test]
    fn whatever_is_typed_has_an_answer(text in ".{0,80}") {
        if let Err(misread) = parse(&text) {
            prop_assert!(!misread.message().text().contains("<!"));
        }
    }

    #[test]
    fn whatever_follows_a_command_has_an_answer(place in 0..COMMANDS.len(), rest in "[ a-z0-9\"“”<>#&|;]{0,40}") {
        let _ = parse(&format!("{} {rest}", COMMANDS[place].name)).map_err(|misread| misread.message());
    }
}
