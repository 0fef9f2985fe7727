//! What comes of each thing that a model may do: who is said to have worded it, why, and what was asked.

mod fake;

use domain::digests::{About, Material, Severity};
use fake::{World, answers, data, honest};
use serde_json::{Value, json};
use summaries::{By, goldens};
use testkit::models::Behaviour;

fn bundle(name: &str) -> Material {
    let all = goldens::all().expect("bundles");
    all.into_iter().find(|one| one.name.contains(name)).expect("a bundle").material
}

#[tokio::test]
async fn an_honest_model_words_it_and_pays_once() {
    let world = World::start().await;
    world.fake.behaves(answers(honest));
    let made = world.compose(&bundle("usual-day")).await;
    assert_eq!((made.by, made.why.as_deref(), made.prompt), (By::Model, None, Some("digest/1")));
    assert!(made.tokens.is_some_and(|tokens| tokens.input > 0 && tokens.output > 0) && made.model.is_some());
    let asked = world.fake.asked();
    assert_eq!(asked.len(), 1);
    let body = asked[0].to_string();
    assert!(!body.contains("git.example"), "a model sees no addresses");
    assert!(asked[0].get("tools").is_none_or(Value::is_null), "nor tools");
    assert!(asked[0]["messages"][0]["content"].as_str().is_some_and(|system| system.starts_with("You word digests")));
}

#[tokio::test]
async fn the_marks_are_new_each_time_and_the_rules_are_not() {
    let world = World::start().await;
    world.fake.behaves(answers(honest));
    for seed in [1_u64, 2] {
        let mut random = <rand::rngs::StdRng as rand::SeedableRng>::seed_from_u64(seed);
        let tenant = "default".parse().expect("a tenant");
        summaries::compose(&world.models, &tenant, &bundle("usual-day"), None, &mut random).await;
    }
    let asked = world.fake.asked();
    // Equal answers may be kept, and then nobody is asked twice.
    if let [one, other] = asked.as_slice() {
        assert_eq!(one["messages"][0], other["messages"][0]);
        assert_ne!(one["messages"][1], other["messages"][1]);
        assert_eq!(data(one), data(other));
    }
}

#[tokio::test]
async fn what_does_not_hold_is_mended_once() {
    let world = World::start().await;
    world.fake.next(answers(|lines| {
        let mut wrong = honest(lines);
        wrong["headline"] = json!("99 incidents");
        wrong
    }));
    world.fake.behaves(answers(honest));
    let made = world.compose(&bundle("usual-day")).await;
    assert_eq!((made.by, made.why), (By::Model, None));
    let asked = world.fake.asked();
    let repair = asked[1]["messages"].as_array().expect("messages").last().expect("one")["content"].to_string();
    assert!(asked.len() == 2 && repair.contains("the headline: the number 99 is not in what it cites"), "{repair}");
}

#[tokio::test]
async fn what_does_not_hold_twice_is_said_by_rule_and_why() {
    let bad = |lines: &[Value]| {
        let mut wrong = honest(lines);
        wrong["sections"][0]["items"][0]["event_ids"] = json!(["01980000-0000-7000-8000-00000000dead"]);
        wrong
    };
    for (behaviour, why) in [
        (answers(bad), "the answer did not hold: it cited events that are not there"),
        (Behaviour::InvalidJson, "the answer did not hold: it was not of the asked shape"),
        (Behaviour::Truncated("{}".to_owned()), "the answer did not hold: it was too long"),
        (Behaviour::Says("Sorry, I cannot".to_owned()), "the answer did not hold: it was not of the asked shape"),
    ] {
        let world = World::start().await;
        world.fake.behaves(behaviour);
        let made = world.compose(&bundle("usual-day")).await;
        assert_eq!((made.by, made.why.as_deref()), (By::Rules, Some(why)));
        assert_eq!(world.fake.asked().len(), 2, "{why}");
        assert!(made.tokens.is_some() && made.model.is_some(), "what was tried is told");
        assert_eq!(made.digest.headline, "1 incident, 1 waiting, 3 shipped; 1 urgent");
    }
}

#[tokio::test]
async fn who_does_not_answer_is_told_of() {
    for behaviour in [Behaviour::Refuses, Behaviour::Errors(500), Behaviour::TooMany(1), Behaviour::ContextTooLong] {
        let world = World::with(&[("AGENT_LLM_RETRIES", "0")]).await;
        world.fake.behaves(behaviour);
        let made = world.compose(&bundle("usual-day")).await;
        assert_eq!(made.by, By::Rules);
        assert!(made.why.as_deref().is_some_and(|why| !why.is_empty() && !why.contains("sk-")), "{:?}", made.why);
    }
}

#[tokio::test]
async fn a_quiet_day_costs_nothing() {
    let world = World::start().await;
    let made = world.compose(&bundle("quiet-day")).await;
    assert_eq!((made.by, made.digest.headline.as_str()), (By::Rules, "Nothing to report"));
    assert!(world.fake.asked().is_empty() && made.tokens.is_none());
}

#[tokio::test]
async fn no_secret_and_no_person_is_shown_to_a_model_and_no_secret_to_anybody() {
    let world = World::start().await;
    world.fake.behaves(answers(honest));
    let made = world.compose(&bundle("people-and-addresses")).await;
    let asked = world.fake.asked()[0].to_string();
    for hidden in ["203.0.113.77", "oncall@acme.example", "1234567"] {
        assert!(!asked.contains(hidden), "{hidden}");
    }
    assert_eq!(asked.matches("<IP_1>").count(), 4, "one machine has one name");
    assert!(serde_json::to_string(&made.digest).expect("JSON").contains("<IP_1>"));
    world.fake.behaves(Behaviour::InvalidJson);
    let secret = bundle("secret-in-title");
    let made = world.compose(&secret).await;
    let said = serde_json::to_string(&made.digest).expect("JSON");
    assert!(said.contains("<SECRET:github-pat>") && !said.contains("hunter22"), "{said}");
    assert!(!world.fake.asked().iter().any(|body| body.to_string().contains("hunter22")));
}

#[tokio::test]
async fn what_is_too_large_is_noted_down_in_parts() {
    let mut material = bundle("standup-large");
    for group in &mut material.groups {
        for unit in &mut group.units {
            unit.details.push(("body".to_owned(), "Moves things to where they belong, one after another. ".repeat(36)));
        }
    }
    let most = material.units().count();
    material.groups = std::iter::repeat_n(material.groups, 16).flatten().collect();
    let world = World::with(&[("OPENAI_MODEL", "gpt-4o-mini")]).await;
    world.fake.behaves(answers(|lines| {
        let mut few = honest(lines);
        for section in few["sections"].as_array_mut().expect("sections") {
            section["items"].as_array_mut().expect("items").truncate(2);
        }
        few
    }));
    let made = world.compose(&material).await;
    assert_eq!((made.by, made.why), (By::Model, None));
    let asked = world.fake.asked();
    assert!(asked.len() > 2 && most > 100, "{} calls", asked.len());
    let last = asked.last().expect("a call").to_string();
    assert!(last.contains("You word digests") && !last.contains("Moves things to where"), "the last sees notes only");
    assert!(asked[0].to_string().contains("You read one part"));
    let urgent = made.digest.sections.iter().find(|one| one.about == About::Incident).expect("incidents");
    assert!(urgent.items.iter().all(|item| item.severity == Severity::High));
}
