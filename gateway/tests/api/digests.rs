//! Digests over HTTP: every kind, of facts and events as the worker would leave them.

mod feedback;
mod kinds;
mod outside;
mod schedules;

use std::sync::LazyLock;

use chrono::{DateTime, TimeDelta, Utc};
use gateway::access::Role;
use reqwest::{Method, Response};
use serde_json::{Value, json};

use crate::metrics::facts;
use crate::world::{World, problem};

pub(crate) async fn post(world: &World, role: Role, path: &str, body: &Value) -> Response {
    world.request_as(role, Method::POST, path).json(body).send().await.expect("an answer")
}

pub(crate) async fn made(world: &World, body: &Value) -> Value {
    let answer = post(world, Role::Viewer, "/v1/digests", body).await;
    assert_eq!(answer.status(), 200, "{body}");
    answer.json().await.expect("json")
}

/// So long before one and the same moment: what lies two hours apart does.
pub(crate) fn ago(hours: i64) -> String {
    static NOW: LazyLock<DateTime<Utc>> = LazyLock::new(Utc::now);
    (*NOW - TimeDelta::hours(hours)).to_rfc3339()
}

/// An event with an id that carries its number.
pub(crate) fn event(number: u32, kind: &str, subject: &str, at: &str, data: &Value) -> String {
    let id = format!("019a0000-0000-7000-8000-{number:012}");
    let delivery = format!("019a0000-0000-7000-9000-{number:012}");
    let integration = if kind.starts_with("incident") { "pagerduty" } else { "github" };
    let usual =
        [("tenant_id", "default"), ("id", id.as_str()), ("delivery_id", &delivery), ("integration", integration)];
    let data = data.to_string();
    let told =
        [("source", "/x"), ("type", kind), ("subject", subject), ("time", at), ("repo", "acme/shop"), ("data", &data)];
    facts::insert("events", &usual, &told)
}

pub(crate) fn id(number: u32) -> Value {
    json!(format!("019a0000-0000-7000-8000-{number:012}"))
}

/// A day of `shop`: a deployment that shipped two changes and broke something, one that mended it, an incident, a change
/// that nobody reviews.
pub(crate) fn a_day() -> String {
    deployed("1", 30, &[])
        + &deployed("2", 5, &[("changes", "2"), ("failed", "true"), ("predecessor", "github:1")])
        + &deployed("3", 3, &[("kind", "rollback"), ("target", "github:1"), ("predecessor", "github:2")])
        + &facts::failure("2", &ago(5), Some(&ago(3)), &[])
        + &changes()
        + &an_incident()
}

fn deployed(id: &str, hours: i64, fact: &[(&str, &str)]) -> String {
    let (subject, number) = (format!("deployment {id}"), id.parse::<u32>().expect("a number"));
    let usual = [("tenant_id", "default"), ("integration", "github"), ("deployment_id", id), ("tier", "production")];
    let told = [("registers", "{}"), ("counted_service", "shop"), ("repo", "acme/shop"), ("subject", &subject)];
    facts::insert("deployments", &usual, &told)
        + &event(number + 100, "deployment.finished", &subject, &ago(hours), &json!({"deployment_id": id}))
        + &facts::deployment(id, &ago(hours), fact)
}

fn change(number: &str, title: &str, extra: &[(&str, &str)]) -> String {
    let subject = format!("acme/shop#{number}");
    let url = format!("https://github.example/acme/shop/pull/{number}");
    let usual = [("tenant_id", "default"), ("repo", "acme/shop"), ("number", number), ("registers", "{}")];
    let told = [("title", title), ("author", "ada"), ("url", &url), ("subject", &subject)];
    facts::insert("changes", &usual, &[&told[..], extra].concat())
}

fn changes() -> String {
    let (opened, merged) = (ago(20), ago(6));
    let size = [("head_sha", "abc"), ("additions", "10"), ("deletions", "2"), ("files_changed", "1")];
    let faster = [&[("opened_at", opened.as_str()), ("merged_at", &merged)][..], &size].concat();
    let build = json!({"name": "tests", "outcome": "failure", "head_sha": "abc"});
    change("11", "Faster checkout", &faster)
        + &change("12", "No events of its own", &[("opened_at", &ago(20)), ("merged_at", &ago(7))])
        + &change("13", "Waits for a review", &[("opened_at", &ago(60))])
        + &facts::change("11", "2", &ago(5), 3600.0, &[("merged_at", &merged)])
        + &facts::change("12", "2", &ago(5), 7200.0, &[("merged_at", &ago(7))])
        + &event(11, "change.opened", "acme/shop#11", &ago(20), &json!({}))
        + &event(12, "change.merged", "acme/shop#11", &merged, &json!({}))
        + &event(13, "change.opened", "acme/shop#13", &ago(60), &json!({}))
        + &event(14, "build.finished", "build 1", &ago(7), &build)
}

fn an_incident() -> String {
    let (began, resolved, mended) = (ago(4), ago(2), ago(3));
    let incident = [("tenant_id", "default"), ("integration", "pagerduty"), ("incident_id", "Q1")];
    let of_it = [("registers", "{}"), ("title", "Checkout is down"), ("counted_service", "shop"), ("severity", "high")];
    let times =
        [("started_at", began.as_str()), ("acked_at", &began), ("resolved_at", &resolved), ("subject", "incident Q1")];
    let link = [("deployment_integration", "github"), ("deployment_id", "2"), ("method", "window")];
    let remedy = [("tenant_id", "default"), ("service", "shop"), ("integration", "github"), ("deployment_id", "3")];
    let culprit = [("culprit_integration", "github"), ("culprit_id", "2"), ("method", "rollback"), ("at", &mended)];
    let note = json!({"em-agent": {"note": "Follow-up: add an alert", "author": "ada"}});
    facts::insert("incidents", &incident, &[&of_it[..], &times].concat())
        + &facts::incident("Q1", &began, Some(&resolved), &[])
        + &event(21, "incident.opened", "incident Q1", &began, &json!({"title": "Checkout is down"}))
        + &event(22, "incident.updated", "incident Q1", &mended, &note)
        + &event(23, "incident.resolved", "incident Q1", &resolved, &json!({}))
        + &facts::insert("dora_links", &incident, &link)
        + &facts::insert("dora_remediations", &remedy, &culprit)
}

/// Every item has events, and each of them is in the database.
pub(crate) fn proved(made: &Value) {
    let sections = made["digest"]["sections"].as_array().expect("sections");
    assert!(!sections.is_empty(), "{made}");
    for item in sections.iter().flat_map(|section| section["items"].as_array().expect("items")) {
        let events = item["event_ids"].as_array().expect("events");
        assert!(!events.is_empty(), "{item}");
        assert!(events.iter().all(|id| id.as_str().is_some_and(|id| id.starts_with("019a0000"))), "{item}");
    }
}

/// All that it says.
pub(crate) fn said(made: &Value) -> String {
    let items = |section: &Value| section["items"].as_array().cloned().unwrap_or_default();
    let texts = made["digest"]["sections"].as_array().expect("sections").iter().flat_map(items);
    texts.map(|item| item["text"].as_str().unwrap_or_default().to_owned()).collect::<Vec<_>>().join("\n")
}

pub(crate) fn number(made: &Value, name: &str) -> Option<f64> {
    let numbers = made["digest"]["numbers"].as_array()?;
    numbers.iter().find(|number| number["name"] == name)?["value"].as_f64()
}

pub(crate) async fn world() -> World {
    let world = World::new().await;
    world.sql(&a_day());
    world
}

#[tokio::test]
async fn what_does_not_fit_is_refused_field_by_field() {
    let world = world().await;
    let tomorrow = (Utc::now() + TimeDelta::days(1)).to_rfc3339();
    for (body, pointer) in [
        (json!({}), "/kind"),
        (json!({"kind": "monthly"}), "/kind"),
        (json!({"kind": "release"}), "/subject"),
        (json!({"kind": "weekly", "from": "yesterday"}), "/from"),
        (json!({"kind": "weekly", "from": "2026-01-02", "to": "2026-01-01"}), "/from"),
        (json!({"kind": "weekly", "from": "2020-01-02", "to": "2026-01-01"}), "/from"),
        (json!({"kind": "weekly", "to": tomorrow}), "/to"),
        (json!({"kind": "weekly", "deliver": {"webhook": "ops"}}), "/deliver/webhook"),
        (json!({"kind": "weekly", "deliver": {"slack": ""}}), "/deliver/slack"),
        (json!({"kind": "weekly", "deliver": {"mail": "a@b"}}), ""),
    ] {
        for path in ["/v1/digests", "/v1/digests/preview"] {
            let told = problem(post(&world, Role::Operator, path, &body).await, 400, "invalid-request").await;
            assert_eq!(told["errors"][0]["pointer"], pointer, "{body}: {told}");
        }
    }
    for (kind, subject) in [
        ("standup", "nothing"),
        ("release", "github:99"),
        ("release", "nothing"),
        ("incident", "pagerduty:Q9"),
        ("postmortem", "Q9"),
        ("pull_request", "acme/shop#99"),
        ("pull_request", "acme/shop"),
    ] {
        let answer = post(&world, Role::Viewer, "/v1/digests", &json!({"kind": kind, "subject": subject})).await;
        problem(answer, 404, "not-found").await;
    }
}

#[tokio::test]
async fn delivery_takes_a_role_and_what_is_needed_for_it() {
    let slack = json!({"kind": "weekly", "deliver": {"slack": "#ops"}});
    let webhook = json!({"kind": "weekly", "deliver": {"webhook": "https://hooks.example/x"}});
    let bare = world().await;
    problem(post(&bare, Role::Viewer, "/v1/digests", &slack).await, 403, "forbidden").await;
    problem(post(&bare, Role::Operator, "/v1/digests", &slack).await, 409, "conflict").await;
    problem(post(&bare, Role::Operator, "/v1/digests", &webhook).await, 409, "conflict").await;
    let set = [
        ("SLACK_BOT_TOKEN", "xoxb-000000000000-notreal"),
        ("OUTGOING_WEBHOOK_SECRETS", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"),
    ];
    let world = World::with(&set).await;
    world.sql(&a_day());
    let both = json!({"kind": "weekly", "deliver": {"slack": "#C0123456789", "webhook": "https://hooks.example/x"}});
    let ask = async || {
        let request = world.request_as(Role::Operator, Method::POST, "/v1/digests").header("Idempotency-Key", "monday");
        request.json(&both).send().await.expect("an answer").json::<Value>().await.expect("json")
    };
    let (one, again) = (ask().await, ask().await);
    assert_eq!(one, again, "the same key is one digest and one delivery");
    assert_eq!(one["delivered"]["slack"], "C0123456789");
    let job = world.get(&format!("/v1/jobs/{}", one["delivered"]["webhook_job"].as_str().expect("a job"))).await;
    assert_eq!((&job["kind"], &job["params"]["action"]), (&json!("workflow"), &json!("webhook")), "{job}");
    assert_eq!(job["params"]["payload"]["data"]["id"], one["id"]);
    let key = format!("digest {} 1", one["id"].as_str().expect("an id").replace('-', ""));
    let store = world.database.store(store::Role::App);
    let look = move |conn: &mut store::Connection| {
        store::slack_messages::said(conn, &domain::ids::TenantId::default(), &key, "C0123456789")
    };
    assert_eq!(store.call("test", look).await.expect("read").expect("it is queued").state, "waiting");
}

#[tokio::test]
async fn a_time_is_honoured_to_the_microsecond() {
    let world = World::new().await;
    let merged: DateTime<Utc> = "2026-11-10T12:00:00Z".parse().expect("a time");
    let usual =
        [("tenant_id", "default"), ("repo", "acme/shop"), ("registers", "{}"), ("opened_at", "2026-11-01T00:00:00Z")];
    let change = |number: &str, at: DateTime<Utc>| {
        let subject = format!("acme/shop#{number}");
        facts::insert(
            "changes",
            &usual,
            &[("number", number), ("title", number), ("subject", &subject), ("merged_at", &at.to_rfc3339())],
        ) + &event(number.parse().expect("a number"), "change.opened", &subject, "2026-11-01T00:00:00Z", &json!({}))
    };
    let late = merged + TimeDelta::hours(1);
    world.sql(&(change("1", merged) + &change("2", late) + &change("3", merged - TimeDelta::microseconds(1))));
    let made = made(&world, &json!({"kind": "weekly", "from": merged, "to": late})).await;
    assert_eq!((number(&made, "changes_merged"), number(&made, "changes_open")), (Some(1.0), Some(1.0)), "{made}");
    let said = said(&made);
    assert!(said.contains("Merged: 1") && !said.contains("Merged: 2") && !said.contains("Merged: 3"), "{said}");
    assert!(said.contains("2: nobody moved it for 9 d"), "it was open then: {said}");
}
