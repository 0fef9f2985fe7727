//! Worked examples of the metrics, each a few facts through the door and the numbers that must come out
//! (`dora/cases.ndjson`, a case a line: the rule it shows, what is told, what is asked, what is expected).
//!
//! All cases go to one gateway and one worker: names are made different for each, so that none may touch another.

use std::fmt::Write;

use serde_json::{Value, json};
use testkit::database::Database;
use testkit::senders::Sender;
use testkit::servers;

use crate::support::World;

const CASES: &str = include_str!("dora/cases.ndjson");

/// The names of a case with the case's own name before them.
fn named(case: &str, fact: &Value) -> Value {
    let mut fact = fact.clone();
    let own = |value: &mut Value| {
        if let Some(name) = value.as_str() {
            *value = format!("{case}/{name}").into();
        }
    };
    let kind = fact["kind"].as_str().unwrap_or_default().to_owned();
    let ids: &[&str] = match kind.as_str() {
        "deployment" | "incident" => &["id", "service"],
        "link" => &["incident", "deployment"],
        "image" => &["digest", "repo"],
        _ => &["repo"],
    };
    own_fields(&mut fact, ids, own);
    for component in fact.get_mut("components").and_then(Value::as_array_mut).into_iter().flatten() {
        own_fields(component, &["repo", "image_digest"], own);
    }
    for pair in fact.get_mut("contains").and_then(Value::as_array_mut).into_iter().flatten() {
        own(&mut pair[0]);
    }
    fact.get_mut("fixes").and_then(Value::as_array_mut).into_iter().flatten().for_each(own);
    fact
}

fn own_fields(object: &mut Value, fields: &[&str], own: impl Fn(&mut Value)) {
    for field in fields {
        if let Some(value) = object.get_mut(field) {
            own(value);
        }
    }
}

/// The query of a case: its services, a range around everything unless it names one.
fn query(case: &Value) -> String {
    let name = case["name"].as_str().expect("a name");
    let mut text = format!("service={name}/shop&wait=20");
    let asked = case["query"].as_object().expect("a query");
    if !asked.contains_key("from") {
        text.push_str("&from=2026-02-20T00:00:00Z&to=2026-04-20T00:00:00Z");
    }
    for (key, value) in asked {
        write!(text, "&{key}={}", value.as_str().expect("a text")).expect("written");
    }
    text
}

/// Whether a number is what was expected, up to what doubles can hold.
fn fits(expected: &Value, got: &Value) -> bool {
    match (expected.as_f64(), got.as_f64()) {
        (Some(expected), Some(got)) => (expected - got).abs() <= 1e-9 * expected.abs().max(1.0),
        _ => expected == got,
    }
}

/// What does not fit, in words.
async fn differences(sender: &Sender, case: &Value) -> Vec<String> {
    let (name, query) = (case["name"].as_str().expect("a name"), query(case));
    let answer = sender.get(&format!("/v1/metrics/dora?{query}")).await.expect("an answer");
    let mut wrong = Vec::new();
    for (pointer, expected) in case["expect"].as_object().expect("what is expected") {
        let got = answer.pointer(pointer).unwrap_or(&Value::Null);
        if !fits(expected, got) {
            wrong.push(format!("{name}: {pointer} is {got}, not {expected}"));
        }
    }
    let expected = case["deployments"].as_object().expect("deployments");
    for (id, fields) in expected {
        let path = format!("/v1/deployments/generic/{}", format!("{name}/{id}").replace('/', "%2F"));
        let found = sender.get(&path).await.unwrap_or_default();
        for (field, expected) in fields.as_object().expect("fields") {
            if !fits(expected, &found[field]) {
                wrong.push(format!("{name}: {field} of {id} is {}, not {expected}", found[field]));
            }
        }
    }
    wrong
}

#[tokio::test(flavor = "multi_thread")]
async fn worked_examples_come_out_to_the_last_number() {
    let database = Database::fresh();
    let world = World::on(database.url.clone(), servers::nats_url());
    let (_gateway, _worker) = (world.gateway(), world.spawn("worker"));
    let sender = Sender::new(world.base(), "generic");
    let cases: Vec<Value> = CASES.lines().map(|line| serde_json::from_str(line).expect("a case")).collect();
    for case in &cases {
        let name = case["name"].as_str().expect("a name");
        let facts: Vec<Value> = case["facts"].as_array().expect("facts").iter().map(|fact| named(name, fact)).collect();
        let (status, answer) = sender.send("facts", name, &json!(facts)).await.expect("told");
        assert_eq!(status, 200, "{name}: {answer}");
    }
    let mut wrong = Vec::new();
    for case in &cases {
        wrong.extend(differences(&sender, case).await);
    }
    assert!(wrong.is_empty(), "{} of {} cases:\n{}", wrong.len(), cases.len(), wrong.join("\n"));
}
