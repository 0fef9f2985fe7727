//! What each word of `/em` answers, typed over HTTP by callers with tokens.

use chrono::{TimeDelta, Utc};
use gateway::access::Role;
use reqwest::Method;
use serde_json::{Value, json};

use crate::metrics::facts;
use crate::world::World;

const TOKEN: &[(&str, &str)] =
    &[("SLACK_BOT_TOKEN", "xoxb-000000000000-notreal"), ("SLACK_DEFAULT_CHANNEL", "#deploys")];

/// What is answered, as text.
async fn typed(world: &World, role: Role, text: &str) -> String {
    let body = json!({"text": text, "channel_id": "C0HERE0001"});
    let answer =
        world.request_as(role, Method::POST, "/v1/slack/commands").json(&body).send().await.expect("an answer");
    assert_eq!(answer.status(), 200, "{text}");
    let told: Value = answer.json().await.expect("json");
    assert_eq!(told["answer"]["response_type"], "ephemeral", "{told}");
    // Everything that it says, blocks too.
    told["answer"].to_string()
}

async fn says(world: &World, text: &str, expected: &[&str]) {
    let told = typed(world, Role::Viewer, text).await;
    for part in expected {
        assert!(told.contains(part), "{text}: {part} in {told}");
    }
}

/// Something of everything.
async fn happened(world: &World) {
    let ago = |hours| (Utc::now() - TimeDelta::hours(hours)).to_rfc3339();
    let change = |number: &str, title: &str, more: &[(&str, &str)]| {
        let usual = [
            ("tenant_id", "default"),
            ("repo", "acme/shop"),
            ("number", number),
            ("title", title),
            ("registers", "{}"),
        ];
        let subject = format!("acme/shop#{number}");
        facts::insert("changes", &usual, &[&[("subject", subject.as_str())], more].concat())
    };
    world.sql(&change("1", "Fix <!channel> now", &[("opened_at", &ago(200)), ("author", "ada")]));
    world.sql(&change("2", "Merged one", &[("opened_at", &ago(30)), ("merged_at", &ago(2))]));
    world.sql(&facts::deployment("1", &ago(3), &[("team", "web")]));
    world.sql(&facts::failure("1", &ago(3), None, &[]));
    world.sql(
        "insert into events (tenant_id, id, delivery_id, integration, source, type, subject, time, repo, data)
         values ('default', '019a0000-0000-7000-8000-000000000001', gen_random_uuid(), 'github', '/github/acme/shop', 'change.opened',
                 'acme/shop#1', now() - interval '200 hours', 'acme/shop', '{\"title\": \"Fix <!channel> now\"}')",
    );
}

#[tokio::test]
async fn nothing_known_is_said_as_no_data() {
    let world = World::new().await;
    says(&world, "status", &["Nothing waits.", "No event yet: no data", "as of"]).await;
    says(&world, "dora", &["*Lead time* no data", "*Change failure rate* no data", "last 30 days"]).await;
    says(&world, "dora nowhere 7d", &["No deployment of `nowhere`", "last 7 days"]).await;
    says(&world, "standup", &["0 deployments", "last 1 day"]).await;
    says(&world, "sprint 7d", &["Open changes: no data", "last 7 days"]).await;
    says(&world, "triage", &["Nothing needs anybody now."]).await;
    says(&world, "signals", &["No signal is open."]).await;
    says(&world, "incident", &["No incident is open."]).await;
    says(&world, "search shop", &["Nothing was found.", "0 events"]).await;
    says(&world, "digest weekly", &["The week", "By rule: "]).await;
}

#[tokio::test]
async fn what_is_known_is_told_and_made_harmless() {
    let world = World::new().await;
    happened(&world).await;
    says(&world, "status", &["*1* failed deployments are not put right", "Last event"]).await;
    says(
        &world,
        "standup",
        &["1 change merged", "Failed and not put right", "Fix &lt;!channel&gt; now (by ada): nobody moved it for 8 d"],
    )
    .await;
    says(&world, "triage", &["🔴 shop in production: broken for 3 h", "🟠 Fix &lt;!channel&gt; now"]).await;
    says(&world, "sprint", &["1 open changes now", "1 deployments to production"]).await;
    says(&world, "dora shop", &["Delivery of shop", "*Deployment frequency* 0.03 a day", "n 1"]).await;
    says(&world, "search fix", &["change.opened", "`acme/shop#1`", "Fix &lt;!channel&gt; now", "1 events"]).await;
    says(
        &world,
        "ask what happened to acme/shop#1?",
        &["change.opened of acme/shop#1", "Fix &lt;!channel&gt; now", "/v1/events/019a0000-", "1 events, by rule"],
    )
    .await;
    says(&world, "signals nonsense", &["There is no kind `nonsense`", "`stale_pr`"]).await;
    says(&world, "digest release", &["Say of what", "`/em digest release"]).await;
    let all = typed(&world, Role::Viewer, "standup").await;
    assert!(!all.contains("<!channel>"), "{all}");
}

#[tokio::test]
async fn signals_that_are_open_are_listed_by_kind() {
    let world = World::new().await;
    world.sql(
        "insert into signal_states (tenant_id, id, rule, kind, subject, since, facts, opened_at, last_seen_at, fired)
         select 'default', gen_random_uuid(), 'stale_pr', 'stale_pr', 'acme/shop#' || n, now() - n * interval '1 hour',
           '{\"title\": \"Old <one>\", \"url\": \"https://a.example/1\"}', now(), now(), 0 from generate_series(1, 7) n",
    );
    says(
        &world,
        "signals stale-pr",
        &["*stale_pr* (7)", "<https://a.example/1|acme/shop#7> Old &lt;one&gt; · for 7 h", "… and 2 more", "7 open"],
    )
    .await;
    says(&world, "signals flaky_pipeline", &["No signal is open."]).await;
}

#[tokio::test]
async fn incidents_are_opened_followed_and_closed_by_operators() {
    let world = World::with(TOKEN).await;
    for text in
        ["incident start Down", "incident close x", "subscribe shop here", "okr new More", "onboarding plan New"]
    {
        let told = typed(&world, Role::Viewer, text).await;
        assert!(told.contains("takes the role operator"), "{text}: {told}");
    }
    let told = typed(&world, Role::Operator, "incident start R&D is down").await;
    assert!(told.contains("R&amp;D is down") && told.contains("/em incident close"), "{told}");
    let listed = world.get("/v1/incidents?status=open").await;
    let id = listed["data"][0]["id"].as_str().expect("an id").to_owned();
    assert_eq!(listed["data"][0]["title"], "R&D is down");
    for (text, expected) in [
        (format!("incident note {id} the disk is full"), "Noted at"),
        (format!("incident sev {id} s1"), "is high now"),
        ("incident".to_owned(), "1 open"),
        ("incident note nowhere:1 x".to_owned(), "There is no incident `nowhere:1`"),
        (format!("incident post {id} #war"), "It is posted to `#war`"),
        (format!("incident close {id}"), "is closed"),
        ("incident".to_owned(), "No incident is open."),
    ] {
        let told = typed(&world, Role::Operator, &text).await;
        assert!(told.contains(expected), "{text}: {told}");
    }
    let timeline = world.get(&format!("/v1/incidents/{id}/timeline")).await.to_string();
    assert!(timeline.contains("the disk is full") && timeline.contains("the operator"), "{timeline}");
    let one = world.get(&format!("/v1/incidents/{id}")).await;
    assert_eq!((one["severity"].as_str(), one["status"].as_str()), (Some("high"), Some("closed")));
}

#[tokio::test]
async fn an_incident_is_named_in_its_own_letters() {
    let world = World::new().await;
    world.sql(
        "insert into incidents (tenant_id, integration, incident_id, title, opened_at, registers)
         values ('default', 'pagerduty', 'Q2XABC', 'Down', now(), '{}'), ('default', 'sentry', 'Q2XABC', 'Errors', now(), '{}')",
    );
    let told = typed(&world, Role::Operator, "incident close Q2XABC").await;
    assert!(told.contains("may mean `pagerduty:Q2XABC`, `sentry:Q2XABC`"), "{told}");
    let told = typed(&world, Role::Operator, "incident close pagerduty:Q2XABC").await;
    assert!(told.contains("✅ `pagerduty:Q2XABC` is closed."), "{told}");
}

#[tokio::test]
async fn plans_objectives_and_subscriptions_are_made() {
    let world = World::with(TOKEN).await;
    let operate = async |text: &str| typed(&world, Role::Operator, text).await;
    assert!(operate("onboarding plan Welcome to R&D").await.contains("Welcome to R&amp;D"));
    let plan = world.get("/v1/onboarding/plans").await["data"][0]["id"].as_str().expect("an id").to_owned();
    assert!(operate(&format!("onboarding task {plan} Read the guide")).await.contains("Task made"));
    assert!(operate("onboarding task 1234 Read").await.contains("There is no plan"));
    assert_eq!(world.get("/v1/onboarding/plans").await["data"][0]["tasks"], 1);
    assert!(operate("okr new Faster").await.contains("Objective made"));
    let objective = world.get("/v1/okr/objectives").await["data"][0]["id"].as_str().expect("an id").to_owned();
    assert!(operate(&format!("okr kr {objective} Lead time below a day")).await.contains("Key result made"));
    assert_eq!(
        world.get(&format!("/v1/okr/objectives/{objective}/krs")).await["data"][0]["title"],
        "Lead time below a day"
    );
    assert!(operate("subscribe shop here").await.contains("<#C0HERE0001> is told from now on"));
    assert!(operate("subscribe shop").await.contains("is told of `shop` already"));
    assert!(operate("subscribe pay #ops").await.contains("Nothing is known of this service yet"));
    let all = world.get("/v1/subscriptions").await;
    assert_eq!((&all["data"][0]["service"], &all["data"][0]["channel"]), (&json!("pay"), &json!("#ops")), "{all}");
    assert_eq!(all["data"][1]["created_by"], "the operator");
    assert!(operate("unsubscribe pay #ops").await.contains("is told no more of `pay`"));
    assert!(operate("unsubscribe pay #ops").await.contains("is not told of `pay`"));
    assert_eq!(world.get("/v1/subscriptions?channel=C0HERE0001").await["data"].as_array().map(Vec::len), Some(1));
    let other = world.get_of("acme", "/v1/subscriptions").await;
    assert_eq!(other["data"], json!([]));
}

#[tokio::test]
async fn posting_is_queued_for_those_who_may_and_where_slack_is_set_up() {
    let world = World::with(TOKEN).await;
    for text in ["standup post", "sprint post", "triage post"] {
        assert!(typed(&world, Role::Viewer, text).await.contains("takes the role operator or approver"), "{text}");
        assert!(typed(&world, Role::Operator, text).await.contains("It is posted to <#C0HERE0001>"), "{text}");
    }
    assert!(typed(&world, Role::Approver, "standup 48 post #team").await.contains("It is posted to `#team`"));
    let without = World::new().await;
    assert!(typed(&without, Role::Operator, "standup post").await.contains("set SLACK_BOT_TOKEN"));
}
