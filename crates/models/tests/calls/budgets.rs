//! No call is made that no budget has room for, whoever comes at the same time.

use chrono::TimeDelta;
use domain::catalog::Catalog;
use domain::ids::TenantId;
use futures::future::join_all;
use models::{Call, Purpose, Unanswered};
use serde_json::json;
use store::budgets::{self, INSTALLATION, Key, Line};
use testkit::models::{Behaviour, Used};
use uuid::Uuid;

use crate::world::{World, call};

fn key(tenant: &str, scope: &str, period: &str, unit: &'static str) -> Key {
    Key { tenant: tenant.to_owned(), scope: scope.to_owned(), period: period.to_owned(), unit }
}

async fn spent(world: &World, key: Key) -> (i64, i64) {
    let now = world.now();
    let all = world.store.call("test", move |conn| budgets::standing(conn, &[key], now)).await.expect("a standing");
    (all[0].spent, all[0].held)
}

/// Every answer costs ten dollars for a million tokens of output, 1000 of them: 10000 millionths.
const PRICED: (&str, &str) = ("AGENT_MODEL_PRICES", "house=0/10");

fn large(text: &str) -> Call {
    Call { most_output_tokens: 1000, ..call(text) }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hundred_calls_at_once_never_spend_a_millionth_too_much() {
    let pairs =
        [("OPENAI_MODEL", "house"), PRICED, ("AGENT_DAILY_BUDGET_USD", "0.075"), ("AGENT_LLM_TIMEOUT_SECONDS", "60")];
    let world = World::with(&pairs).await;
    world.fake.uses(Used { input: 10, cached: 0, output: 1000, reasoning: 0 });
    let asking = |number: usize| world.models.ask(large(&format!("Question {number}")));
    let replies = join_all((0..100).map(asking)).await;
    let answered = replies.iter().filter(|reply| reply.is_ok()).count();
    let full = replies.iter().filter(|reply| **reply == Err(Unanswered::Budget { scope: "day" })).count();
    assert_eq!((answered, full, world.fake.asked().len()), (7, 93, 7));
    assert_eq!(spent(&world, key(INSTALLATION, "installation", "2026-11-22", "usd")).await, (70_000, 0));
}

#[tokio::test]
async fn what_costs_less_than_it_might_leaves_room_for_more() {
    let world = World::with(&[("OPENAI_MODEL", "house"), PRICED, ("AGENT_DAILY_BUDGET_USD", "0.02")]).await;
    world.fake.uses(Used { input: 10, cached: 0, output: 100, reasoning: 0 });
    for _ in 0..11 {
        world.models.ask(large("Hello")).await.expect("there is room");
    }
    assert_eq!(world.models.ask(large("Hello")).await, Err(Unanswered::Budget { scope: "day" }));
    world.later(TimeDelta::hours(12));
    world.models.ask(large("Hello")).await.expect("another day");
}

#[tokio::test]
async fn failures_cost_nothing_and_more_than_was_held_is_written_down() {
    let world = World::with(&[("OPENAI_MODEL", "house"), PRICED, ("AGENT_LLM_RETRIES", "0")]).await;
    world.fake.next(Behaviour::Errors(500));
    world.models.ask(large("Hello")).await.expect_err("it fails");
    let day = || key(INSTALLATION, "installation", "2026-11-22", "usd");
    assert_eq!(spent(&world, day()).await, (0, 0));
    world.fake.uses(Used { input: 10, cached: 0, output: 9999, reasoning: 0 });
    world.models.ask(large("Hello")).await.expect("an answer");
    assert_eq!(spent(&world, day()).await, (99_990, 0));
}

#[tokio::test]
async fn a_session_a_tenant_and_a_purpose_have_their_own_ends() {
    let caps = ("AGENT_BUDGETS", "purpose:plan/day=0.01usd,tenant/month=5000tokens");
    let world = World::with(&[("OPENAI_MODEL", "house"), PRICED, ("AGENT_SESSION_BUDGET_USD", "0.025"), caps]).await;
    world.fake.uses(Used { input: 10, cached: 0, output: 1000, reasoning: 0 });
    let of = |session: &str| Call { session: Some(session.to_owned()), ..large("Hello") };
    world.models.ask(of("one")).await.expect("the first");
    world.models.ask(of("one")).await.expect("the second");
    assert_eq!(world.models.ask(of("one")).await, Err(Unanswered::Budget { scope: "session" }));
    let plan = || Call { purpose: Purpose::Plan, ..of("two") };
    world.models.ask(plan()).await.expect("a plan");
    assert_eq!(world.models.ask(plan()).await, Err(Unanswered::Budget { scope: "purpose" }));
    assert_eq!(spent(&world, key("default", "tenant", "2026-11", "tokens")).await, (3030, 0));
    world.models.ask(large("Hello")).await.expect("the fourth");
    assert_eq!(world.models.ask(large("Hello")).await, Err(Unanswered::Budget { scope: "tenant" }));
}

#[tokio::test]
async fn no_spending_is_no_asking_and_no_price_is_no_asking() {
    let world = World::with(&[("AGENT_DAILY_BUDGET_USD", "0")]).await;
    assert_eq!(world.models.ask(call("Hello")).await, Err(Unanswered::Budget { scope: "day" }));
    let unknown = World::with(&[("OPENAI_MODEL", "house")]).await;
    assert_eq!(unknown.models.ask(call("Hello")).await, Err(Unanswered::NoPrice { model: "house".to_owned() }));
    assert!(world.fake.asked().is_empty() && unknown.fake.asked().is_empty());
}

#[tokio::test]
async fn what_nobody_settles_counts_no_more_after_its_time() {
    let world = World::with(&[]).await;
    let now = world.now();
    let line = || Line { key: key("acme", "tenant", "2026-11-22", "usd"), amount: 100, most: 100 };
    let hold = |at| {
        move |conn: &mut store::Connection| {
            budgets::hold(conn, Uuid::now_v7(), &[line()], (at, at + TimeDelta::minutes(2)))
        }
    };
    let held = world.store.call("test", hold(now)).await.expect("a hold");
    assert!(held.is_ok());
    let full = world.store.call("test", hold(now + TimeDelta::minutes(1))).await.expect("an answer");
    assert_eq!(full.expect_err("it is held").0, 0);
    let later = now + TimeDelta::minutes(2);
    assert!(world.store.call("test", hold(later)).await.expect("a hold").is_ok());
    let swept = world.store.call("test", move |conn| budgets::sweep(conn, later)).await.expect("a sweep");
    assert_eq!(swept, 1, "what still holds stays");
}

#[tokio::test]
async fn whoever_goes_away_leaves_a_call_that_is_written_down() {
    let world = World::with(&[]).await;
    world.fake.next(Behaviour::Slow(std::time::Duration::from_millis(400), "late".to_owned()));
    let asked = tokio::time::timeout(std::time::Duration::from_millis(100), world.models.ask(call("Hello"))).await;
    assert!(asked.is_err(), "nobody waits any more");
    let deadline = std::time::Instant::now() + std::time::Duration::from_secs(10);
    while world.calls().await.is_empty() {
        assert!(std::time::Instant::now() < deadline, "it was never written down");
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    assert!(world.calls().await[0].cost_micro_usd > 0);
}

#[tokio::test]
async fn windows_are_those_of_the_tenant_s_zone() {
    let world = World::with(&[("AGENT_BUDGETS", "tenant/day=1usd")]).await;
    let now = world.now();
    let catalog = Catalog::parse(&json!({"timezone": "Pacific/Kiritimati"})).expect("a document");
    let put =
        move |conn: &mut store::Connection| store::catalogs::apply(conn, &TenantId::default(), &catalog, "test", now);
    world.store.call("test", put).await.expect("a catalog");
    world.models.ask(call("Hello")).await.expect("an answer");
    let usage = models::usage(&world.settings, &world.store, &TenantId::default(), now).await.expect("usage");
    assert_eq!(usage.day.name, "2026-11-23", "14 hours ahead");
    assert!(usage.budgets.iter().all(|budget| budget.period == "2026-11-23" && budget.used > 0), "{:?}", usage.budgets);
}

#[tokio::test]
async fn people_are_told_once_for_each_threshold() {
    let pairs = [
        ("OPENAI_MODEL", "house"),
        PRICED,
        ("AGENT_DAILY_BUDGET_USD", "0.1"),
        ("SLACK_BOT_TOKEN", "xoxb-1"),
        ("SLACK_DEFAULT_CHANNEL", "#eng"),
    ];
    let world = World::with(&pairs).await;
    world.fake.uses(Used { input: 10, cached: 0, output: 1000, reasoning: 0 });
    for _ in 0..14 {
        let _ = world.models.ask(large("Hello")).await;
    }
    for (percent, is_said) in [(50, true), (80, true), (100, true), (90, false)] {
        let name = format!("budget:installation:2026-11-22:usd:{percent}");
        let said = world
            .store
            .call("test", move |conn| store::slack_messages::said(conn, &TenantId::default(), &name, "#eng"));
        assert_eq!(said.await.expect("an answer").is_some(), is_said, "{percent}");
    }
}

#[tokio::test]
async fn an_answer_is_given_again_within_the_tenant_and_costs_nothing() {
    let world = World::with(&[]).await;
    let keyed = |tenant: &str| Call {
        cache_key: Some("k1".to_owned()),
        tenant: tenant.parse().expect("a tenant"),
        ..call("Hello")
    };
    let first = world.models.ask(keyed("default")).await.expect("an answer");
    let again = world.models.ask(keyed("default")).await.expect("the same");
    assert_eq!((again.text, again.cached, again.cost_micro_usd, world.fake.asked().len()), (first.text, true, 0, 1));
    assert!(!world.models.ask(keyed("acme")).await.expect("its own").cached);
    world.later(TimeDelta::days(8));
    assert!(!world.models.ask(keyed("default")).await.expect("a new one").cached);
    world.fake.next(Behaviour::Truncated("half".to_owned()));
    let half = || Call { cache_key: Some("k2".to_owned()), ..call("Hello") };
    world.models.ask(half()).await.expect("half");
    assert_eq!(world.models.ask(half()).await.expect("a whole one").text, "fine", "halves are not kept");
}

#[tokio::test]
async fn usage_that_is_not_said_is_estimated_and_marked() {
    let world = World::with(&[]).await;
    world.fake.next(Behaviour::NoUsage("An answer.".to_owned()));
    let reply = world.models.ask(call("Hello")).await.expect("an answer");
    let row = &world.calls().await[0];
    assert!(row.estimated && row.input_tokens > 0 && row.output_tokens > 0 && reply.cost_micro_usd > 0, "{row:?}");
}
