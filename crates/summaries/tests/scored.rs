//! Every bundle against every behaviour of the fake model: whatever it does, what comes out is true, and the report that is
//! kept beside says how much was a model's words. `./dev eval` prints it.

mod fake;

use std::time::Duration;

use fake::{World, answers, honest, worded};
use models::Models;
use rand::SeedableRng;
use rand::rngs::StdRng;
use serde_json::{Value, json};
use summaries::scores::{Report, Thresholds, report, score};
use summaries::{goldens, prompts};
use testkit::models::Behaviour;

async fn scored(world: &World) -> Report {
    let mut scores = Vec::new();
    for golden in goldens::all().expect("bundles") {
        let made = world.compose(&golden.material).await;
        scores.push(score(&golden, &made));
    }
    report(scores, Thresholds::default())
}

fn line(name: &str, report: &Report) -> String {
    let Report { by_model, citations, numbers, containment, recall, .. } = report;
    format!("| {name} | {by_model} | {citations:.2} | {numbers:.2} | {containment:.2} | {recall:.2} |\n")
}

/// What a model may do, and what it is called in the report.
fn behaviours() -> Vec<(&'static str, Behaviour)> {
    let wrong_ids = |lines: &[Value]| {
        let mut answer = honest(lines);
        for section in answer["sections"].as_array_mut().expect("sections") {
            section["items"][0]["event_ids"][0] = json!("01980000-0000-7000-8000-00000000dead");
        }
        answer
    };
    let wide = |lines: &[Value]| {
        let mut answer = honest(lines);
        answer["headline"] = json!("All is well, everything was approved");
        answer
    };
    vec![
        ("honest", answers(honest)),
        ("honest, without usage", Behaviour::NoUsage(String::new())),
        ("numbers made up", answers(|lines| worded(lines, |text| format!("{text} in 987654 cases")))),
        ("ids made up", answers(wrong_ids)),
        ("outcomes made up", answers(|lines| worded(lines, |text| format!("{text} and was approved")))),
        ("headline made up", answers(wide)),
        (
            "sentences made up",
            answers(|lines| worded(lines, |_| "Marketing campaigns exceeded quarterly expectations".to_owned())),
        ),
        ("broken JSON", Behaviour::InvalidJson),
        ("cut off", Behaviour::Truncated("{\"headline\": \"cut".to_owned())),
        ("refusing", Behaviour::Refuses),
        ("500", Behaviour::Errors(500)),
    ]
}

#[tokio::test]
async fn whatever_a_model_does_a_digest_is_true() {
    let mut kept = format!(
        "Prompts: {}, {}, {}.\n\n| model | digests in its words | citations | numbers | containment | recall |\n| --- | --- | --- | --- | --- | --- |\n",
        prompts::DIGEST.version,
        prompts::EXTRACT.version,
        prompts::REPAIR.version
    );
    for (name, behaviour) in behaviours() {
        let world = World::with(&[("AGENT_LLM_RETRIES", "0")]).await;
        world.fake.behaves(behaviour);
        let report = scored(&world).await;
        assert_eq!(report.missed, Vec::<String>::new(), "{name}: {}", report.table());
        kept.push_str(&line(name, &report));
    }
    let ruled = by_rule().await;
    kept.push_str(&line("none", &ruled));
    kept.push_str(&format!("\nBy rule, bundle by bundle:\n\n{}", ruled.table()));
    println!("{kept}");
    insta::assert_snapshot!("report", kept);
}

async fn by_rule() -> Report {
    let tenant = "default".parse().expect("a tenant");
    let mut scores = Vec::new();
    for golden in goldens::all().expect("bundles") {
        let mut random = StdRng::seed_from_u64(7);
        let made = summaries::compose(&Models::off(), &tenant, &golden.material, None, &mut random).await;
        scores.push(score(&golden, &made));
    }
    report(scores, Thresholds::default())
}

#[tokio::test]
async fn a_score_sees_what_is_wrong() {
    let golden = goldens::all().expect("bundles").remove(0);
    let world = World::start().await;
    world.fake.behaves(answers(honest));
    let mut made = world.compose(&golden.material).await;
    assert_eq!(score(&golden, &made).recall, 1.0);
    made.digest.sections[0].items[0].text.push_str(" 987654 @here");
    made.digest.sections.truncate(1);
    let found = score(&golden, &made);
    assert!(found.containment == 0.0 && found.recall < 1.0, "{found:?}");
    assert!(!report(vec![found], Thresholds::default()).missed.is_empty());
}

#[tokio::test]
async fn a_slow_model_is_waited_for() {
    let golden = goldens::all().expect("bundles").remove(0);
    let world = World::start().await;
    world.fake.behaves(answers(honest));
    let honest = serde_json::to_string(&world.compose(&golden.material).await.digest).expect("JSON");
    world.fake.behaves(Behaviour::Slow(Duration::from_millis(300), honest));
    let made = world.compose(&golden.material).await;
    assert_eq!(made.by, summaries::By::Model, "{:?}", made.why);
}
