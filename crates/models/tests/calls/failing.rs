//! What is done when a model does not answer.

use std::time::{Duration, Instant};

use chrono::TimeDelta;
use models::{Call, Finish, Models, Purpose, Unanswered};
use testkit::models::Behaviour;

use crate::world::{World, call};

const FAILOVER: (&str, &str) = ("OPENAI_FAILOVER_MODEL", "gpt-4.1-nano");

fn models_asked(world: &World) -> Vec<String> {
    world.fake.asked().iter().map(|body| body["model"].as_str().unwrap_or_default().to_owned()).collect()
}

#[tokio::test]
async fn a_model_that_is_busy_is_asked_again_when_it_says() {
    let world = World::with(&[]).await;
    world.fake.next(Behaviour::TooMany(1));
    let began = Instant::now();
    world.models.ask(call("Hello")).await.expect("an answer");
    assert!(began.elapsed() >= Duration::from_secs(1));
    assert_eq!((world.fake.asked().len(), world.calls().await[0].tries), (2, 2));
}

#[tokio::test]
async fn who_asks_for_more_time_than_there_is_is_not_waited_for() {
    let world = World::with(&[FAILOVER]).await;
    world.fake.next(Behaviour::TooMany(3600));
    let reply = world.models.ask(call("Hello")).await.expect("an answer");
    assert_eq!(
        (reply.model.as_str(), models_asked(&world).join(" ").as_str()),
        ("gpt-4.1-nano", "gpt-4.1-mini gpt-4.1-nano")
    );
}

#[tokio::test]
async fn another_model_is_asked_where_one_fails_refuses_or_takes_no_prompt_so_long() {
    for behaviour in [Behaviour::Errors(400), Behaviour::Errors(401), Behaviour::Refuses, Behaviour::ContextTooLong] {
        let world = World::with(&[FAILOVER]).await;
        world.fake.next(behaviour);
        let reply = world.models.ask(call("Hello")).await.expect("an answer");
        assert_eq!((reply.model.as_str(), world.fake.asked().len()), ("gpt-4.1-nano", 2));
        assert_eq!(world.calls().await.len(), 2, "both are written down");
    }
}

#[tokio::test]
async fn where_nobody_answers_it_is_said_why_without_secrets() {
    let cases = [
        (Behaviour::Errors(500), "it failed (500)"),
        (Behaviour::Errors(401), "key"),
        (Behaviour::Errors(404), "correct the model's name"),
        (Behaviour::Silent, "AGENT_LLM_TIMEOUT_SECONDS"),
    ];
    for (behaviour, mends) in cases {
        let world = World::with(&[("AGENT_LLM_RETRIES", "0"), ("AGENT_LLM_TIMEOUT_SECONDS", "1")]).await;
        world.fake.behaves(behaviour);
        let error = world.models.ask(call("Hello")).await.expect_err("no answer");
        let text = format!("{error} {error:?}");
        assert!(text.contains(mends) && !text.contains("very-secret"), "{text}");
        let row = &world.calls().await[0];
        assert_eq!((row.cost_micro_usd, row.tries), (0, 1));
    }
}

#[tokio::test]
async fn every_provider_s_refusals_and_limits_are_understood() {
    let keys = [
        ("OPENAI_API_KEY", "gpt-4.1-mini"),
        ("ANTHROPIC_API_KEY", "claude-sonnet-4-5"),
        ("AGENT_GEMINI_API_KEY", "gemini-2.5-flash"),
    ];
    for (key, model) in keys {
        let world = World::with(&[(key, "k"), ("OPENAI_MODEL", model)]).await;
        world.fake.next(Behaviour::Refuses);
        assert_eq!(world.models.ask(call("Hello")).await.map(|reply| reply.text), Err(Unanswered::Refused), "{model}");
        world.fake.next(Behaviour::ContextTooLong);
        assert_eq!(world.models.ask(call("Hello")).await.map(|reply| reply.text), Err(Unanswered::TooLong), "{model}");
        world.fake.next(Behaviour::Truncated("half of".to_owned()));
        let reply = world.models.ask(call("Hello")).await.expect("the half");
        assert_eq!((reply.text.as_str(), reply.finish), ("half of", Finish::CutOff), "{model}");
    }
}

#[tokio::test]
async fn a_prompt_that_is_too_long_is_not_even_sent() {
    let world = World::with(&[
        ("OPENAI_MODEL", "house"),
        ("AGENT_MODEL_PRICES", "house=0/0"),
        ("AGENT_LLM_CONTEXT_TOKENS", "1000"),
        FAILOVER,
    ])
    .await;
    assert_eq!(world.models.room(Purpose::Digest), 750);
    let reply = world.models.ask(call(&"long ".repeat(2000))).await.expect("an answer of the one that takes more");
    assert_eq!((reply.model.as_str(), world.fake.asked().len()), ("gpt-4.1-nano", 1));
}

#[tokio::test]
async fn a_model_that_keeps_failing_is_left_alone_for_a_while() {
    let world = World::with(&[("AGENT_LLM_RETRIES", "0")]).await;
    world.fake.behaves(Behaviour::Errors(503));
    for _ in 0..5 {
        world.models.ask(call("Hello")).await.expect_err("it fails");
    }
    let error = world.models.ask(call("Hello")).await.expect_err("it is left alone");
    assert!(error.to_string().contains("left alone"), "{error}");
    assert_eq!(world.fake.asked().len(), 5);
    world.fake.behaves(Behaviour::Says("back".to_owned()));
    world.later(TimeDelta::seconds(31));
    assert_eq!(world.models.ask(call("Hello")).await.expect("it is back").text, "back");
}

#[tokio::test]
async fn the_purpose_chooses_the_model() {
    let world = World::with(&[("OPENAI_LOW_COST_MODEL", "gpt-4.1-nano")]).await;
    for purpose in [Purpose::Digest, Purpose::Extract, Purpose::Answer, Purpose::Plan, Purpose::Summarize] {
        world.models.ask(Call { purpose, ..call("Hello") }).await.expect("an answer");
    }
    assert_eq!(models_asked(&world).join(" "), "gpt-4.1-mini gpt-4.1-nano gpt-4.1-mini gpt-4.1-mini gpt-4.1-nano");
}

#[tokio::test]
async fn a_slow_answer_in_time_is_one_and_without_models_there_is_none() {
    let world = World::with(&[]).await;
    world.fake.next(Behaviour::Slow(Duration::from_millis(300), "slowly".to_owned()));
    assert_eq!(world.models.ask(call("Hello")).await.expect("an answer").text, "slowly");
    assert_eq!(Models::off().ask(call("Hello")).await, Err(Unanswered::Off));
}
