//! What we send, as files: people read them, and `oracles/slack_types.mjs` has Slack's own types check them. Written anew
//! with `INSTA_UPDATE=always cargo test -p slack --test shapes`.

mod examples;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use domain::ids::TenantId;
use examples::{ID, at, change, decided, waiting};
use serde::Serialize;
use serde_json::{Value, json};
use slack::answers::{Answer, Basis, ModalErrors, report};
use slack::approvals::modals::{self, Carried};
use slack::approvals::{self, Decision, Done, Ending, Outcome, Person, Shown};
use slack::commands::{help, parse};
use slack::fit::Message;
use slack::home::{self, Inbox, Line};
use slack::manifest::{Wanted, manifest};
use slack::payloads::Interaction;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures")
}

/// Compares a file with what it should be, or writes it. Gives back its name.
fn hold(name: &str, made: &impl Serialize) -> String {
    let path = folder().join(name).with_extension("json");
    let expected = format!("{}\n", serde_json::to_string_pretty(made).expect("JSON"));
    if option_env!("INSTA_UPDATE") == Some("always") {
        fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        fs::write(&path, &expected).expect("written");
    }
    // Compared as values: in what order an object's members stand is another crate's feature.
    let found: Value = serde_json::from_str(&fs::read_to_string(&path).unwrap_or_default()).unwrap_or_default();
    assert!(
        found == json(made),
        "{name} is not what the code makes: INSTA_UPDATE=always cargo test -p slack --test shapes"
    );
    name.to_owned()
}

fn texts(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::String(text) => found.push(text.clone()),
        Value::Array(values) => values.iter().for_each(|value| texts(value, found)),
        Value::Object(fields) => fields.values().for_each(|value| texts(value, found)),
        _ => {}
    }
}

fn json(made: &impl Serialize) -> Value {
    serde_json::to_value(made).expect("JSON")
}

fn rejecting() -> Carried {
    let (channel, ts) = (Some("C0SHOP0001".to_owned()), Some("1795200247.000100".to_owned()));
    Carried { approval: ID.to_owned(), decision: Decision::Reject, seen: None, channel, ts }
}

fn inbox() -> Inbox {
    let line = |what: &str| Line {
        id: ID.to_owned(),
        what: what.to_owned(),
        since: at(0),
        expires_at: Some(at(14_400)),
        standing: "0 of 2 approvals of sre".to_owned(),
    };
    Inbox {
        waiting: vec![line("deploy checkout to production"), line("label acme/shop#4 <needs-ticket>")],
        asked: vec![line("merge acme/shop#7")],
        is_known: true,
        page: Some("https://em.example.com/approvals".to_owned()),
    }
}

fn messages() -> Vec<(&'static str, Message)> {
    let approved = decided(Ending::Approved);
    let sections = ["*23* deployments, 0.77 a day · _high_".to_owned(), "*Lead time* p50 4 h 10 min".to_owned()];
    let basis = Basis {
        window: Some("last 30 days".to_owned()),
        counted: Some("23 deployments".to_owned()),
        as_of: Some(at(0)),
        page: Some("https://em.example.com/dora".to_owned()),
    };
    vec![
        ("approval_waiting", approvals::message(&waiting())),
        ("approval_half", approvals::message(&examples::half())),
        ("approval_with_reason", approvals::message(&examples::frozen())),
        (
            "approval_bare",
            approvals::message(&Shown {
                id: ID.to_owned(),
                action: "label".to_owned(),
                subject: "acme/shop#4".to_owned(),
                requested_at: at(0),
                ..Shown::default()
            }),
        ),
        ("approval_approved", approvals::message(&approved)),
        ("approval_rejected", approvals::message(&decided(Ending::Rejected))),
        ("approval_expired", approvals::message(&decided(Ending::Expired))),
        ("approval_cancelled", approvals::message(&decided(Ending::Cancelled))),
        ("approval_failed", approvals::message(&failed())),
        ("approval_reminder", approvals::reminder(&examples::half(), at(5_400))),
        ("approval_conclusion", approvals::conclusion(&approved).expect("decided")),
        ("report", report("DORA: checkout", &sections, &basis).swap_remove(0)),
        ("inbox", home::message(&inbox())),
        ("everything", home::everything(&inbox().waiting, Some("https://em.example.com/approvals"))),
        ("help", help("What I can do")),
        ("slip", parse("aprove 7").expect_err("a slip").message()),
    ]
}

/// Approved, and then its effect failed.
fn failed() -> Shown {
    let mut shown = decided(Ending::Approved);
    let done = Done { worked: false, what: "GitHub did not take it: 422, the run was cancelled".to_owned() };
    shown.outcome = shown.outcome.map(|outcome| Outcome { done: Some(done), ..outcome });
    shown
}

#[test]
fn the_fixtures_are_what_the_code_makes_and_nothing_else() {
    let mut held: BTreeSet<String> =
        messages().iter().map(|(name, made)| hold(&format!("messages/{name}"), made)).collect();
    held.insert(hold("modals/reject", &modals::reason(&waiting(), &rejecting())));
    let approving = Carried { decision: Decision::Approve, ..rejecting() };
    held.insert(hold("modals/approve", &modals::reason(&examples::frozen(), &approving)));
    held.insert(hold("modals/details", &modals::details(&examples::half())));
    held.insert(hold("homes/inbox", &home::view(&inbox())));
    held.insert(hold("homes/stranger", &home::view(&Inbox::default())));
    let acme: TenantId = "acme".parse().expect("a tenant");
    let usual = TenantId::default();
    let wanted = Wanted { public_url: "https://em.example.com", tenant: &usual, listens: false };
    held.insert(hold("manifests/usual", &manifest(wanted).expect("made")));
    held.insert(hold(
        "manifests/listening",
        &manifest(Wanted { tenant: &acme, listens: true, ..wanted }).expect("made"),
    ));
    held.insert(hold("answers/private", &Answer::private("Only you see this.")));
    held.insert(hold("answers/open", &Answer::openly(help("What I can do"))));
    held.insert(hold("answers/instead", &Answer::instead(approvals::message(&decided(Ending::Approved)))));
    held.insert(hold("modal_errors/reason", &ModalErrors::one(modals::REASON, "Say why, for those who asked.")));
    let mut found = BTreeSet::new();
    for kind in fs::read_dir(folder()).expect("fixtures").flatten() {
        for file in fs::read_dir(kind.path()).expect("a folder").flatten() {
            let path = file.path().with_extension("");
            found.insert(format!("{}/{}", kind.file_name().display(), path.file_name().unwrap_or_default().display()));
        }
    }
    assert_eq!(found, held, "a fixture that nothing makes");
}

#[test]
fn buttons_carry_the_whole_id_and_go_when_it_is_decided() {
    let buttons = |shown: &Shown| {
        let made = json(&approvals::message(shown));
        let blocks = made["blocks"].as_array().cloned().unwrap_or_default();
        let actions = blocks.into_iter().find(|block| block["type"] == "actions");
        actions.map(|actions| actions["elements"].as_array().cloned().unwrap_or_default())
    };
    let shown = buttons(&waiting()).expect("buttons");
    let ids: Vec<&str> = shown.iter().filter_map(|button| button["action_id"].as_str()).collect();
    assert_eq!(ids, ["approval.approve", "approval.reject", "approval.details"]);
    assert!(shown.iter().all(|button| button["value"] == ID));
    let asked = shown[0]["confirm"]["text"]["text"].as_str().unwrap_or_default();
    assert_eq!(asked, "checkout c3d4e5f goes to production. This takes one more approval after yours.");
    assert_eq!(buttons(&examples::frozen()).expect("buttons")[0]["confirm"], Value::Null, "a modal asks instead");
    for ending in [Ending::Approved, Ending::Rejected, Ending::Expired, Ending::Cancelled] {
        assert_eq!(buttons(&decided(ending)), None, "{ending:?}");
    }
    let id = |shown: &Shown| json(&approvals::message(shown))["blocks"][4]["block_id"].clone();
    assert_ne!(id(&waiting()), id(&examples::half()), "an updated message has blocks with new ids");
}

#[test]
fn nothing_that_people_wrote_can_write_in_our_name() {
    let evil = "<!channel> <https://evil.example|Approve> `x` @here\n*bold* & \u{202e}";
    let person = Some(Person { slack_id: Some(evil.to_owned()), name: evil.to_owned() });
    let mut shown = decided(Ending::Approved);
    shown.subject = evil.to_owned();
    shown.action = evil.to_owned();
    shown.reason = Some(evil.to_owned());
    shown.policy = Some(evil.to_owned());
    shown.effect = Some(evil.to_owned());
    shown.requested_by = person.clone();
    shown.facts = vec![change(evil, Some(evil)), change(evil, Some("https://a.example/?x=<!here>|b"))];
    shown.payload = Some(json!({ evil: evil, "fence": "``` <!channel>" }));
    shown.needs[0].who = evil.to_owned();
    shown.votes[0].who = person.clone().expect("a person");
    shown.outcome = shown.outcome.map(|outcome| Outcome {
        by: person,
        how: Some(evil.to_owned()),
        reason: Some(evil.to_owned()),
        done: Some(Done { worked: true, what: evil.to_owned() }),
        ..outcome
    });
    let open = Shown { outcome: None, ..shown.clone() };
    let mut found = Vec::new();
    for made in [
        json(&approvals::message(&shown)),
        json(&approvals::message(&open)),
        json(&approvals::reminder(&open, at(60))),
        json(&approvals::conclusion(&shown)),
        json(&modals::details(&shown)),
        json(&modals::reason(&open, &rejecting())),
    ] {
        without_plain(&made, &mut found);
    }
    assert!(found.len() > 40);
    for text in found {
        assert!(!text.contains("<!channel") && !text.contains("<!here") && !text.contains("<https://evil"), "{text}");
        assert!(!text.contains('\u{202e}'), "{text}");
    }
}

/// Every text but those in which Slack reads nothing.
fn without_plain(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::Object(fields) if fields.get("type") == Some(&json!("plain_text")) => {}
        Value::Object(fields) => fields.values().for_each(|value| without_plain(value, found)),
        Value::Array(values) => values.iter().for_each(|value| without_plain(value, found)),
        other => texts(other, found),
    }
}

#[test]
fn however_much_there_is_to_show_it_fits() {
    let long = "日本語 \"quoted\" & <b> 😀\n".repeat(2_000);
    let mut shown = waiting();
    for text in [&mut shown.subject, &mut shown.action] {
        text.clone_from(&long);
    }
    (shown.reason, shown.policy, shown.effect) = (Some(long.clone()), Some(long.clone()), Some(long.clone()));
    shown.facts = vec![change(&long, None); 40];
    shown.needs = vec![shown.needs[0].clone(); 200];
    shown.payload = Some(json!({ "lines": [long.clone(), long] }));
    for made in
        [json(&approvals::message(&shown)), json(&modals::details(&shown)), json(&modals::reason(&shown, &rejecting()))]
    {
        assert!(slack::text::width(&made["blocks"].to_string()) < 30_000);
    }
    assert!(json(&approvals::message(&shown))["blocks"].to_string().contains("approval.approve"));
}

#[test]
fn a_modal_comes_back_with_what_it_carried() {
    let view = json(&modals::reason(&waiting(), &rejecting()));
    let back = |text: &str| {
        let values = json!({"reason": {"reason": {"type": "plain_text_input", "value": text}}});
        let view = json!({"callback_id": view["callback_id"], "private_metadata": view["private_metadata"], "state": {"values": values}});
        let payload = json!({"type": "view_submission", "user": {"id": "U0ADA00001"}, "view": view}).to_string();
        let form = form_urlencoded::Serializer::new(String::new()).append_pair("payload", &payload).finish();
        let Ok(Interaction::Submitted(submitted)) = Interaction::read(form.as_bytes()) else { panic!("submitted") };
        modals::decided(&submitted).expect("ours")
    };
    assert_eq!(back(" freeze "), (rejecting(), Some("freeze".to_owned())));
    assert_eq!(back("  "), (rejecting(), None));
}
