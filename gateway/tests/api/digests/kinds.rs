//! What each kind says.

use serde_json::{Value, json};

use super::{id, made, number, post, proved, said, world};
use gateway::access::Role;

/// The texts of one section.
fn section<'m>(made: &'m Value, kind: &str) -> Vec<&'m str> {
    let sections = made["digest"]["sections"].as_array().expect("sections");
    let found = sections.iter().find(|section| section["kind"] == kind);
    let items = found.and_then(|section| section["items"].as_array()).map(Vec::as_slice).unwrap_or_default();
    items.iter().filter_map(|item| item["text"].as_str()).collect()
}

#[tokio::test]
async fn times_say_what_was_shipped_what_broke_and_what_waits() {
    let world = world().await;
    for kind in ["standup", "sprint_health", "weekly"] {
        let made = made(&world, &json!({"kind": kind})).await;
        proved(&made);
        assert_eq!(
            (&made["kind"], &made["generated_by"], &made["subject"]),
            (&json!(kind), &json!("rules"), &Value::Null)
        );
        assert!(made["why"].as_str().is_some_and(|why| !why.is_empty()), "{made}");
        let said = said(&made);
        assert!(said.contains("shop to production") && said.contains("Checkout is down (shop), high"), "{said}");
        assert!(said.contains("Waits for a review (by ada): no review for 2 d"), "{said}");
        assert!(!said.contains("No events of its own"), "what nothing proves is not said: {said}");
        assert_eq!(number(&made, "changes_merged"), Some(2.0), "but it is counted");
        assert!(made["links"][id(11).as_str().expect("an id")] == "https://github.example/acme/shop/pull/11", "{made}");
    }
    let shop = made(&world, &json!({"kind": "weekly", "subject": "shop"})).await;
    assert_eq!((number(&shop, "deployments"), &shop["subject"]), (Some(3.0), &json!("shop")));
}

#[tokio::test]
async fn its_numbers_are_those_of_the_metrics() {
    let world = world().await;
    let made = made(&world, &json!({"kind": "weekly"})).await;
    let range = |name: &str| made[name].as_str().expect("a time").replace('+', "%2B");
    let five = world.get(&format!("/v1/metrics/dora?from={}&to={}", range("from"), range("to"))).await;
    for name in ["deployment_frequency", "lead_time", "change_failure_rate", "recovery_time", "rework_rate"] {
        let known = five[name]["value"].as_f64();
        let mine = number(&made, name);
        assert!(known.zip(mine).is_some_and(|(one, other)| (one - other).abs() < 1e-9), "{name}: {known:?} {mine:?}");
    }
}

#[tokio::test]
async fn release_notes_say_what_is_in_it_and_what_came_of_it() {
    let world = world().await;
    let by_name = made(&world, &json!({"kind": "release", "subject": "github:2"})).await;
    proved(&by_name);
    assert_eq!(by_name["subject"], "github:2");
    let said = said(&by_name);
    for part in [
        "shop was deployed to production: 2 changes",
        "Faster checkout (by ada)",
        "No events of its own (by ada)",
        "The deployment before it was github:1",
        "It broke something in production: was put right after 2 h",
        "Checkout is down",
        "github:2 was mended by github:3 (rollback)",
    ] {
        assert!(said.contains(part), "{part}: {said}");
    }
    assert_eq!((number(&by_name, "changes_shipped"), number(&by_name, "lead_time")), (Some(2.0), Some(5400.0)));
    for (subject, name) in [("2", "github:2"), ("shop", "github:3"), (id(102).as_str().expect("an id"), "github:2")] {
        let made = made(&world, &json!({"kind": "release", "subject": subject})).await;
        assert_eq!(made["subject"], name, "{subject}");
    }
}

#[tokio::test]
async fn an_incident_has_its_timeline_what_was_before_it_and_what_is_left() {
    let world = world().await;
    for (kind, subject) in [("incident", "pagerduty:Q1"), ("postmortem", "Q1")] {
        let made = made(&world, &json!({"kind": kind, "subject": subject})).await;
        proved(&made);
        assert_eq!(made["subject"], "pagerduty:Q1");
        assert!(section(&made, "incident")[0].contains("resolved after 2 h"), "{made}");
        assert!(section(&made, "timeline").iter().any(|text| text.starts_with("Opened")), "{made}");
        let causes = section(&made, "cause").join("\n");
        assert!(
            causes.contains(
                "shop to production (github:2, success) with 2 changes, 1 h before it began; the incident is put to it"
            ),
            "{causes}"
        );
        assert!(causes.contains("Faster checkout (by ada): shipped 1 h before it began"), "{causes}");
        assert_eq!(section(&made, "follow_up"), ["ada noted: Follow-up: add an alert"]);
        assert!(number(&made, "time_to_resolve").is_some_and(|seconds| (seconds - 7200.0).abs() < 5.0), "{made}");
    }
}

#[tokio::test]
async fn a_change_is_told_from_its_first_day_to_production() {
    let world = world().await;
    for subject in ["acme/shop#11", "https://github.com/acme/shop/pull/11"] {
        let made = made(&world, &json!({"kind": "pull_request", "subject": subject})).await;
        proved(&made);
        assert_eq!(made["subject"], "acme/shop#11");
        let said = said(&made);
        for part in [
            "Faster checkout (by ada): merged after 14 h",
            "1 file, 10 lines added and 2 removed, names no ticket",
            "acme/shop#11 was opened",
            "Check tests ended with failure",
            "Deployed to production of shop with github:2",
            "Checkout is down",
        ] {
            assert!(said.contains(part), "{part}: {said}");
        }
        assert_eq!((number(&made, "additions"), number(&made, "deployments")), (Some(10.0), Some(1.0)));
    }
}

#[tokio::test]
async fn a_preview_shows_what_a_model_would_see_and_keeps_nothing() {
    let world = world().await;
    world.sql("update changes set title = 'ask ada@example.org about it' where number = '11'");
    let answer = post(&world, Role::Viewer, "/v1/digests/preview", &json!({"kind": "release", "subject": "2"})).await;
    assert_eq!(answer.status(), 200);
    let shown: Value = answer.json().await.expect("json");
    let text = shown["material"].to_string();
    assert!(
        text.contains("EMAIL_1") && !text.contains("ada@example.org") && !text.contains("github.example"),
        "{text}"
    );
    assert!(shown["digest"]["headline"].is_string() && shown["generated_by"] == "rules", "{shown}");
    assert_eq!(shown["material"]["groups"][0]["units"][0]["event_ids"], json!([id(102)]));
    assert_eq!(world.get("/v1/digests").await["data"], json!([]));
}
