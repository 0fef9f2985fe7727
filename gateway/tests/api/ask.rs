//! Questions over a world whose numbers are known, answered by rules, and the conversations that they make.

mod agents;
mod models;

use gateway::access::Role;
use reqwest::{Method, Response};
use serde_json::{Value, json};

use crate::metrics::facts;
use crate::world::{World, problem, token_of};

const WEEK: &str = "between 2026-11-02 and 2026-11-08";

/// The event that tells how a thing ended.
fn event_id(place: u32) -> String {
    format!("019a0000-0000-7000-8000-0000000000{place:02}")
}

fn event(place: u32, kind: &str, subject: &str, at: &str, data: &Value) -> String {
    format!(
        "insert into events (tenant_id, id, delivery_id, integration, source, type, subject, time, repo, actor, data)
         values ('default', '{}', gen_random_uuid(), 'github', '/github/acme/shop', '{kind}', '{subject}', '{at}', 'acme/shop', 'ada',
                 '{}');\n",
        event_id(place),
        data.to_string().replace('\'', "''")
    )
}

/// The known week of `shop`, with the things that its facts came from and their events.
fn known() -> String {
    let mut sql = facts::a_week();
    let deployed = |id: &str, place: u32, at: &str| {
        let usual = [
            ("tenant_id", "default"),
            ("integration", "github"),
            ("deployment_id", id),
            ("tier", "production"),
            ("registers", "{}"),
        ];
        let subject = format!("deployment/{id}");
        let more =
            [("subject", subject.as_str()), ("counted_service", "shop"), ("outcome", "success"), ("finished_at", at)];
        facts::insert("deployments", &usual, &more) + &event(place, "deployment.finished", &subject, at, &json!({}))
    };
    sql += &deployed("d1", 1, "2026-11-02T10:00:00Z");
    sql += &deployed("d2", 2, "2026-11-02T12:00:00Z");
    sql += &deployed("d5", 5, "2026-11-04T10:00:00Z");
    sql += &deployed("d8", 8, "2026-11-06T15:00:00Z");
    let changed = |number: &str, title: &str, place: u32, merged_at: &str| {
        let usual = [("tenant_id", "default"), ("repo", "acme/shop"), ("number", number), ("registers", "{}")];
        let subject = format!("acme/shop#{number}");
        let more = [
            ("title", title),
            ("author", "ada"),
            ("subject", subject.as_str()),
            ("opened_at", "2026-11-01T09:00:00Z"),
            ("merged_at", merged_at),
        ];
        facts::insert("changes", &usual, &more)
            + &event(place, "change.merged", &subject, merged_at, &json!({"title": title}))
    };
    sql += &changed("1", "Faster <!channel> checkout PAY-7", 11, "2026-11-02T11:30:00Z");
    sql += &changed("4", "Retry payments", 14, "2026-11-06T14:00:00Z");
    let incident = |id: &str, title: &str, resolved_at: &str| {
        let usual = [("tenant_id", "default"), ("integration", "pagerduty"), ("incident_id", id), ("registers", "{}")];
        let subject = format!("incident/{id}");
        let times = [("opened_at", "2026-11-06T10:00:00Z"), ("resolved_at", resolved_at)];
        let told = [("title", title), ("subject", subject.as_str()), ("service", "shop"), ("counted_service", "shop")];
        facts::insert("incidents", &usual, &[&told[..], &times].concat())
    };
    sql += &incident("i1", "Checkout is slow", "2026-11-06T10:30:00Z");
    sql += &incident("i2", "Database is full", "null");
    sql += &event(21, "incident.opened", "incident/i1", "2026-11-06T10:00:00Z", &json!({"title": "Checkout is slow"}));
    sql += &event(22, "incident.opened", "incident/i2", "2026-11-06T10:00:00Z", &json!({"title": "Database is full"}));
    sql += "update events set integration = 'pagerduty' where type = 'incident.opened';\n";
    let signal =
        [("tenant_id", "default"), ("rule", "stale"), ("kind", "stale_pr"), ("subject", "acme/shop#4"), ("fired", "0")];
    let seen = [
        ("since", "2026-11-05T00:00:00Z"),
        ("opened_at", "2026-11-05T00:00:00Z"),
        ("last_seen_at", "2026-11-05T00:00:00Z"),
    ];
    let more = [("id", "019a0000-0000-7000-8000-00000000f001"), ("facts", "{\"title\": \"Retry payments\"}")];
    sql + &facts::insert("signal_states", &signal, &[&seen[..], &more].concat())
}

async fn known_world(settings: &[(&str, &str)]) -> World {
    let world = World::with(settings).await;
    world.sql(&known());
    world
}

async fn send(world: &World, body: &Value) -> Response {
    world.request_as(Role::Viewer, Method::POST, "/v1/ask").json(body).send().await.expect("an answer")
}

async fn ask(world: &World, question: &str) -> Value {
    let answer = send(world, &json!({"question": question})).await;
    assert_eq!(answer.status(), 200, "{question}");
    answer.json().await.expect("json")
}

fn cites(answer: &Value, place: u32) -> bool {
    answer["citations"].as_array().expect("citations").contains(&json!(event_id(place)))
}

fn tools(answer: &Value) -> Vec<&str> {
    answer["steps"].as_array().expect("steps").iter().filter_map(|step| step["tool"].as_str()).collect()
}

/// A question, what its answer says, and which events it cites.
type Expected = (&'static str, &'static [&'static str], &'static [u32]);

const NUMBERS: &[Expected] = &[
    (
        "How often did we deploy {}?",
        &["Deployment frequency, 2026-11-02 to 2026-11-08 (UTC): 1.14 a day, 8 deployments"],
        &[8],
    ),
    ("deployment frequency of shop {}", &["Deployment frequency of shop", "1.14 a day, 8 deployments"], &[8]),
    ("How many deployments of shop were there {}?", &["8 deployments"], &[8]),
    (
        "What was the lead time of shop {}?",
        &["Lead time of shop", "2 h 30 min at the median of 4 changes (elite)"],
        &[11, 2],
    ),
    ("How long does it take shop to ship {}?", &["2 h 30 min at the median of 4 changes"], &[14]),
    ("change failure rate {}", &["Change failure rate", "28.6 % of 7 deployments"], &[2, 5]),
    ("how many deployments failed {}", &["28.6 % of 7 deployments"], &[5]),
    ("time to recover {}", &["Recovery time", "1 h 30 min at the median of 2 failed deployments"], &[]),
    ("rework rate of shop {}", &["Rework rate of shop", "25.0 % of 8 deployments"], &[]),
    ("MTTR {}", &["Restore time", "30 min at the median of 1 incident."], &[21]),
    ("How are we doing {}?", &["1.14 a day", "2 h 30 min", "28.6 %", "1 h 30 min", "25.0 %"], &[8, 11]),
    ("lead time and rework rate of shop {}", &["2 h 30 min", "25.0 %"], &[11]),
];

const LISTS: &[Expected] = &[
    (
        "Why was the lead time of shop so long {}?",
        &["Behind the lead time of shop", "4 changes", "acme/shop#4 \"Retry payments\" by ada: 3 h to production"],
        &[14],
    ),
    (
        "explain the change failure rate {}",
        &["2 failed deployments", "github:d2 of shop to production", "it failed (rollback, window)"],
        &[2, 5],
    ),
    (
        "What changed in shop {}?",
        &[
            "What changed of shop, 2026-11-02 to 2026-11-08 (UTC): 10 deployments and 2 changes merged.",
            "acme/shop#4 \"Retry payments\" by ada was merged at 2026-11-06 14:00 UTC.",
        ],
        &[8, 14],
    ),
    (
        "what did we ship on 2026-11-02",
        &[
            "3 deployments and 1 change merged.",
            "Deployment github:d3 of shop to production ended at 2026-11-02 14:00 UTC with success, a rollback.",
        ],
        &[2, 11],
    ),
    ("which deployments were rework {}", &["Behind the rework rate", "2 deployments of rework"], &[]),
    (
        "are there open incidents?",
        &["Incidents, now: 1 incident, 1 of them open.", "pagerduty:i2 \"Database is full\" of shop"],
        &[22],
    ),
    ("incidents of shop {}", &["2 incidents, 1 of them open.", "was resolved at 2026-11-06 10:30 UTC"], &[21, 22]),
    (
        "show me the timeline of pagerduty:i1",
        &[
            "Incident pagerduty:i1 \"Checkout is slow\"",
            "2026-11-06 10:00 UTC: incident.opened \"Checkout is slow\" by ada.",
        ],
        &[21],
    ),
    ("what about i2 in the last incident?", &["Incident pagerduty:i2", "is open"], &[22]),
    (
        "what is stuck?",
        &["Open signals: 1 signal.", "stale_pr: acme/shop#4 \"Retry payments\", since 2026-11-05 00:00 UTC."],
        &[14],
    ),
    ("what happened to acme/shop#1?", &["Events about \"acme/shop#1\"", "change.merged of acme/shop#1"], &[11]),
    ("who worked on PAY-7?", &["Events about \"PAY-7\"", "change.merged of acme/shop#1"], &[11]),
    ("search events about payments", &["change.merged of acme/shop#4 \"Retry payments\" by ada"], &[14]),
    ("checkout slow", &["incident.opened of incident/i1 \"Checkout is slow\""], &[21]),
    ("lead time of service ghost {}", &["No service \"ghost\" is known.", "Lead time, 2026-11-02"], &[11]),
    (
        "lead time of shop in October 2024",
        &["Lead time of shop, 2024-10-01 to 2024-10-31 (UTC): no data. The time before: no data."],
        &[],
    ),
    ("timeline of pagerduty:nowhere", &["No incident \"pagerduty:nowhere\" is known."], &[]),
    ("what is it?", &["I found no word in it that I could look for."], &[]),
];

#[tokio::test]
async fn questions_are_answered_with_exact_numbers_and_what_proves_them() {
    let world = known_world(&[]).await;
    let mut wrong: Vec<String> = Vec::new();
    for (question, says, events) in NUMBERS.iter().chain(LISTS) {
        let question = question.replace("{}", WEEK);
        let answer = ask(&world, &question).await;
        let text = answer["answer"].as_str().expect("an answer");
        let unsaid =
            says.iter().filter(|part| !text.contains(**part)).map(|part| format!("{question}: {part} in {text}"));
        wrong.extend(unsaid);
        let uncited = events.iter().filter(|place| !cites(&answer, **place));
        wrong.extend(uncited.map(|place| format!("{question}: {place} in {answer}")));
        assert_eq!((&answer["generated_by"], answer["model"].is_null()), (&json!("rules"), true));
        assert!(answer["why"].as_str().is_some_and(|why| why.contains("by rules (AGENT_PLANNER_MODE)")), "{answer}");
        for step in answer["steps"].as_array().expect("steps") {
            assert!(step["error"].is_null(), "{question}: {step}");
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[tokio::test]
async fn every_citation_is_an_event_that_is_there() {
    let world = known_world(&[]).await;
    let answer = ask(&world, &format!("How are we doing, what changed and which incidents were there {WEEK}?")).await;
    assert_eq!(tools(&answer), ["dora", "what_changed", "incidents"], "{answer}");
    let citations = answer["citations"].as_array().expect("citations");
    assert!(citations.len() > 4, "{answer}");
    for id in citations {
        world.get(&format!("/v1/events/{}", id.as_str().expect("an id"))).await;
    }
}

#[tokio::test]
async fn a_conversation_goes_on_and_is_its_persons_alone() {
    let world = known_world(&[]).await;
    let first = ask(&world, &format!("What was the lead time of shop {WEEK}?")).await;
    let id = first["conversation_id"].as_str().expect("an id").to_owned();
    let next = send(&world, &json!({"question": "and on 2026-11-06?", "conversation_id": id})).await;
    let next: Value = next.json().await.expect("json");
    assert_eq!(next["conversation_id"], json!(id));
    assert!(
        next["answer"].as_str().is_some_and(|text| text.contains("Lead time of shop, 2026-11-06 (UTC): 3 h")),
        "{next}"
    );

    let path = format!("/v1/conversations/{id}");
    let whole = world.get(&path).await;
    assert_eq!((&whole["message_count"], &whole["person"]), (&json!(4), &json!("the viewer")), "{whole}");
    let roles: Vec<&str> =
        whole["messages"].as_array().expect("messages").iter().filter_map(|m| m["role"].as_str()).collect();
    assert_eq!(roles, ["user", "assistant", "user", "assistant"]);
    assert_eq!(whole["messages"][1]["detail"]["citations"], first["citations"]);

    let other = token_of("somebody else", "default".parse().expect("a tenant"), Role::Operator);
    let as_other = |method: Method, path: &str| world.request(method, path).bearer_auth(&other);
    problem(as_other(Method::GET, &path).send().await.expect("an answer"), 404, "not-found").await;
    problem(as_other(Method::DELETE, &path).send().await.expect("an answer"), 404, "not-found").await;
    let into = as_other(Method::POST, "/v1/ask").json(&json!({"question": "mttr", "conversation_id": id}));
    problem(into.send().await.expect("an answer"), 404, "not-found").await;
    let listed: Value =
        as_other(Method::GET, "/v1/conversations").send().await.expect("an answer").json().await.expect("json");
    assert_eq!(listed["data"], json!([]));

    let as_admin = |method: Method, path: &str| world.request_as(Role::Admin, method, path);
    assert_eq!(as_admin(Method::GET, &path).send().await.expect("an answer").status(), 200);
    let listed: Value =
        as_admin(Method::GET, "/v1/conversations").send().await.expect("an answer").json().await.expect("json");
    assert_eq!(listed["data"][0]["id"], json!(id));
    let gone = world.request_as(Role::Viewer, Method::DELETE, &path).send().await.expect("an answer");
    assert_eq!(gone.status(), 204);
    problem(world.answer(&path).await, 404, "not-found").await;
}

#[tokio::test]
async fn another_tenant_finds_nothing_of_it() {
    let world = known_world(&[]).await;
    world.sql("insert into tenants (tenant_id, name) values ('acme', 'Acme')");
    let theirs = token_of("the viewer", "acme".parse().expect("a tenant"), Role::Viewer);
    for (question, _, _) in NUMBERS.iter().chain(LISTS) {
        let body = json!({"question": question.replace("{}", WEEK)});
        let answer =
            world.request(Method::POST, "/v1/ask").bearer_auth(&theirs).json(&body).send().await.expect("an answer");
        let answer: Value = answer.json().await.expect("json");
        assert_eq!(answer["citations"], json!([]), "{answer}");
        let text = answer["answer"].as_str().expect("text");
        assert!(
            !text.contains("acme/shop#1 ") && !text.contains("Checkout is slow") && !text.contains("github:d"),
            "{text}"
        );
    }
}

#[tokio::test]
async fn what_is_no_question_is_refused() {
    let world = World::new().await;
    for body in [
        json!({}),
        json!({"question": " "}),
        json!({"question": "x".repeat(2_001)}),
        json!({"question": "a", "tenant": "b"}),
    ] {
        problem(send(&world, &body).await, 400, "invalid-request").await;
    }
    let nowhere = json!({"question": "mttr", "conversation_id": "no id"});
    problem(send(&world, &nowhere).await, 404, "not-found").await;
}
