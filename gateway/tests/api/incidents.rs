//! Incidents across tools: what people say beside what tools tell, one timeline, what was shipped before.

use crate::metrics::facts;
use crate::world::{World, problem, token};
use chrono::{TimeDelta, Utc};
use gateway::access::Role;
use reqwest::{Method, Response};
use serde_json::{Value, json};
use store::{entities, facts as dora};

async fn post(world: &World, path: &str, body: &Value) -> Response {
    world.request_as(Role::Operator, Method::POST, path).json(body).send().await.expect("an answer")
}

async fn said(world: &World, path: &str, body: &Value) -> Value {
    let answer = post(world, path, body).await;
    assert_eq!(answer.status(), 200, "{path} {body}");
    answer.json().await.expect("json")
}

/// A tool tells of an incident; what the worker makes of all events is there then.
async fn told(world: &World, fact: &Value) {
    let sent = world.request(Method::POST, "/webhooks/generic").json(fact).send().await.expect("an answer");
    assert_eq!(sent.status(), 200);
    rebuilt(world);
}

/// Entities and facts from nothing but the events.
fn rebuilt(world: &World) {
    let mut conn = world.database.store(store::Role::App).open(store::Role::Owner).expect("a connection");
    entities::rebuild(&mut conn, Utc::now()).expect("derived");
    let done = dora::settle(&mut conn, TimeDelta::hours(24), Utc::now()).expect("reckoned");
    assert!(done.failed.is_empty(), "{:?}", done.failed);
}

fn types(timeline: &Value) -> Vec<&str> {
    timeline["data"].as_array().expect("rows").iter().filter_map(|entry| entry["type"].as_str()).collect()
}

fn ids(page: &Value) -> Vec<&str> {
    page["data"].as_array().expect("rows").iter().filter_map(|row| row["id"].as_str()).collect()
}

#[tokio::test]
async fn an_incident_that_people_open_is_there_at_once_and_after_a_rebuild_and_counts() {
    let world = World::new().await;
    let began = Utc::now() - TimeDelta::hours(2);
    let new = json!({"title": "Checkout is slow", "severity": "high", "service": "shop", "environment": "production",
                     "started_at": began.to_rfc3339()});
    let opened = said(&world, "/v1/incidents", &new).await;
    let id = opened["id"].as_str().expect("an id").to_owned();
    assert!(id.starts_with("em-agent:"), "{opened}");
    assert_eq!((&opened["status"], &opened["title"]), (&json!("open"), &json!("Checkout is slow")));

    let bare = id.trim_start_matches("em-agent:").to_owned();
    let noted =
        said(&world, &format!("/v1/incidents/{bare}/note"), &json!({"text": "Rolled back", "author": "bob"})).await;
    assert_eq!((&noted["ok"], noted["timeline_id"].is_string()), (&json!(true), true));
    let path = format!("/v1/incidents/{}", id.replace(':', "%3A"));
    let weighed = said(&world, &format!("{path}/severity"), &json!({"severity": "critical"})).await;
    assert_eq!(weighed, json!({"id": id, "severity": "critical"}));
    let closed = said(&world, &format!("{path}/close"), &json!({})).await;
    assert_eq!((&closed["id"], &closed["status"]), (&json!(id), &json!("closed")));
    let again = said(&world, &format!("{path}/close"), &json!({})).await;
    assert_eq!(again, closed, "it is closed once");

    let before = world.get(&path).await;
    assert_eq!((&before["severity"], &before["status"]), (&json!("critical"), &json!("closed")), "{before}");
    assert_eq!((&before["source"], &before["service"]), (&json!("em-agent"), &json!("shop")));
    let timeline = world.get(&format!("{path}/timeline")).await;
    assert_eq!(types(&timeline), ["incident.opened", "incident.updated", "incident.updated", "incident.resolved"]);
    let note = &timeline["data"][1];
    assert_eq!(
        (&note["note"], &note["author"], &note["actor"]),
        (&json!("Rolled back"), &json!("bob"), &json!("the operator"))
    );
    assert_eq!(timeline["data"][2]["severity"], "critical");

    rebuilt(&world);
    let mut after = world.get(&path).await;
    assert_eq!(after["tier"].take(), json!("production"));
    let mut known = before.clone();
    known["tier"].take();
    assert_eq!(after, known);
    let counted = world.get("/v1/metrics/dora/mttr?service=shop").await;
    assert_eq!((&counted["data"][0]["incident_id"], &counted["data"][0]["source"]), (&json!(bare), &json!("em-agent")));
    let hours = counted["data"][0]["mttr_hours"].as_f64().expect("hours");
    assert!((2.0..2.1).contains(&hours), "{hours}");
}

#[tokio::test]
async fn people_speak_of_a_tools_incident_and_the_last_word_counts() {
    let world = World::new().await;
    let hour = |hours: i64| (Utc::now() + TimeDelta::hours(hours)).to_rfc3339();
    let fact = |extra: Value| {
        let mut fact = json!({"kind": "incident", "id": "Q2X", "title": "Errors", "service": "shop", "severity": "low",
                              "opened_at": hour(-3), "updated_at": hour(-3)});
        fact.as_object_mut().expect("members").extend(extra.as_object().cloned().expect("members"));
        fact
    };
    told(&world, &fact(json!({}))).await;
    said(&world, "/v1/incidents/generic:Q2X/severity", &json!({"severity": "critical"})).await;
    said(&world, "/v1/incidents/Q2X/note", &json!({"text": "It is the migration"})).await;
    said(&world, "/v1/incidents/Q2X/close", &json!({})).await;
    rebuilt(&world);
    let listed = world.get("/v1/incidents").await;
    assert_eq!(ids(&listed), ["generic:Q2X"], "no second one came to be");
    let shown = &listed["data"][0];
    assert_eq!(
        (&shown["severity"], &shown["status"], &shown["title"]),
        (&json!("critical"), &json!("closed"), &json!("Errors"))
    );
    let timeline = world.get("/v1/incidents/Q2X/timeline").await;
    let sources: Vec<&Value> =
        timeline["data"].as_array().expect("rows").iter().map(|entry| &entry["source"]).collect();
    assert_eq!(sources, ["generic", "em-agent", "em-agent", "em-agent"]);
    // What the tool says later is later.
    told(&world, &fact(json!({"severity": "medium", "updated_at": hour(1)}))).await;
    assert_eq!(world.get("/v1/incidents/Q2X").await["severity"], "medium");
    let linked = json!({"incident": "Q2X", "deployment": "none"});
    assert_eq!(post(&world, "/v1/incidents/links", &linked).await.status(), 201);
    let timeline = world.get("/v1/incidents/Q2X/timeline").await;
    let said: Vec<&Value> =
        timeline["data"].as_array().expect("rows").iter().filter(|entry| entry["type"] == "link.set").collect();
    assert_eq!((said.len(), &said[0]["deployment"]), (1, &json!("none")));
}

#[tokio::test]
async fn incidents_of_several_tools_have_one_timeline() {
    let world = World::new().await;
    let mut all = Vec::new();
    for title in ["pager", "errors", "status page"] {
        let opened = said(&world, "/v1/incidents", &json!({"title": title})).await;
        all.push(opened["id"].as_str().expect("an id").to_owned());
    }
    let merge = |main: &str, other: &str, removed: bool| {
        (format!("/v1/incidents/{main}/merge"), json!({"incident": other, "removed": removed}))
    };
    let (path, body) = merge(&all[1], &all[2], false);
    assert_eq!(said(&world, &path, &body).await, json!({"id": all[1], "merged": all[2], "removed": false}));
    let (path, body) = merge(&all[0], &all[1], false);
    said(&world, &path, &body).await;
    let shown = world.get(&format!("/v1/incidents/{}", all[0])).await;
    assert_eq!(shown["merged"], json!([all[1], all[2]]), "what was merged into it came along");
    let timeline = world.get(&format!("/v1/incidents/{}/timeline", all[0])).await;
    let titles: Vec<&Value> = timeline["data"]
        .as_array()
        .expect("rows")
        .iter()
        .filter(|e| e["type"] == "incident.opened")
        .map(|e| &e["title"])
        .collect();
    assert_eq!(titles, ["pager", "errors", "status page"]);
    assert_eq!(types(&timeline).iter().filter(|kind| **kind == "incident.merged").count(), 2);
    assert_eq!(world.get(&format!("/v1/incidents/{}", all[2])).await["merged_into"], json!(all[0]));

    let (path, body) = merge(&all[2], &all[0], false);
    problem(post(&world, &path, &body).await, 409, "conflict").await;
    let (path, body) = merge(&all[0], &all[0], false);
    problem(post(&world, &path, &body).await, 409, "conflict").await;
    let (path, body) = merge(&all[0], "sentry:unknown", false);
    problem(post(&world, &path, &body).await, 400, "invalid-request").await;
    let (path, body) = merge(&all[0], &all[2], true);
    assert_eq!(said(&world, &path, &body).await["removed"], true);
    assert_eq!(world.get(&format!("/v1/incidents/{}", all[0])).await["merged"], json!([all[1]]));

    let mut path = format!("/v1/incidents/{}/timeline?limit=1", all[0]);
    let mut walked = Vec::new();
    loop {
        let page = world.get(&path).await;
        walked.extend(page["data"].as_array().expect("rows").clone());
        let Some(cursor) = page["next_cursor"].as_str() else { break };
        path = format!("/v1/incidents/{}/timeline?limit=1&cursor={cursor}", all[0]);
    }
    let whole = world.get(&format!("/v1/incidents/{}/timeline", all[0])).await;
    assert_eq!((json!(walked), walked.len()), (whole["data"].clone(), 3));
}

#[tokio::test]
async fn what_changed_before_an_incident_is_what_its_service_deployed() {
    let world = World::new().await;
    let hour = |hours: i64| (Utc::now() - TimeDelta::hours(hours)).to_rfc3339();
    let shipped = facts::insert(
        "changes",
        &[("tenant_id", "default"), ("repo", "acme/shop"), ("number", "7"), ("registers", "{}")],
        &[("title", "Faster checkout"), ("author", "ada")],
    );
    world.sql(
        &(shipped
            + &facts::deployment("1", &hour(3), &[])
            + &facts::change("7", "1", &hour(3), 3600.0, &[])
            + &facts::deployment("2", &hour(4), &[("service", "billing")])
            + &facts::deployment("3", &hour(5), &[("tier", "staging"), ("environment", "staging")])
            + &facts::deployment("4", &hour(50), &[])
            + &facts::deployment("5", &hour(1), &[])),
    );
    let new = json!({"title": "Slow", "service": "shop", "started_at": hour(2)});
    let opened = said(&world, "/v1/incidents", &new).await;
    let path = format!("/v1/incidents/{}/changes-before", opened["id"].as_str().expect("an id"));
    let deployments = |page: &Value| -> Vec<String> {
        let rows = page["data"].as_array().expect("rows").iter();
        rows.map(|row| row["deployment"].as_str().unwrap_or_default().to_owned()).collect()
    };
    let before = world.get(&path).await;
    assert_eq!(deployments(&before), ["github:1"]);
    let first = &before["data"][0];
    assert_eq!(
        (&first["changes"][0]["title"], &first["changes"][0]["author"]),
        (&json!("Faster checkout"), &json!("ada"))
    );
    let seconds = first["seconds_before"].as_f64().expect("seconds");
    assert!((3_590.0..3_610.0).contains(&seconds), "{seconds}");
    assert_eq!((&before["service"], &before["tier"]), (&json!("shop"), &json!("production")));
    assert_eq!(deployments(&world.get(&format!("{path}?scope=all")).await), ["github:1", "github:2"]);
    assert_eq!(deployments(&world.get(&format!("{path}?hours=72")).await), ["github:1", "github:4"]);
    let page = world.get(&format!("{path}?hours=72&limit=1")).await;
    let cursor = page["next_cursor"].as_str().expect("a cursor");
    let rest = world.get(&format!("{path}?hours=72&limit=1&cursor={cursor}")).await;
    assert_eq!((deployments(&rest), &rest["next_cursor"]), (vec!["github:4".to_owned()], &Value::Null));
    problem(world.answer(&format!("{path}?hours=0")).await, 400, "invalid-request").await;
}

#[tokio::test]
async fn lists_are_narrowed_and_walked_and_nobody_sees_anothers() {
    let world = World::new().await;
    for (title, severity) in [("one", "low"), ("two", "high"), ("three", "high")] {
        said(&world, "/v1/incidents", &json!({"title": title, "severity": severity})).await;
    }
    let all = world.get("/v1/incidents").await;
    let last = ids(&all)[2].to_owned();
    said(&world, &format!("/v1/incidents/{last}/close"), &json!({})).await;
    assert_eq!(ids(&world.get("/v1/incidents?status=closed").await), [last.as_str()]);
    assert_eq!(ids(&world.get("/v1/incidents?status=open&severity=HIGH&source=em-agent").await).len(), 2);
    assert_eq!(world.get("/v1/incidents?service=shop").await["data"], json!([]));
    assert_eq!(world.get("/v1/incidents?to=2020-01-01").await["data"], json!([]));
    let page = world.get("/v1/incidents?limit=2").await;
    let rest =
        world.get(&format!("/v1/incidents?limit=2&cursor={}", page["next_cursor"].as_str().expect("a cursor"))).await;
    assert_eq!([ids(&page), ids(&rest)].concat(), ids(&all));

    let bearer = || token("acme".parse().expect("a tenant"), Role::Admin);
    for (method, rest) in
        [(Method::GET, ""), (Method::GET, "/timeline"), (Method::POST, "/close"), (Method::POST, "/merge")]
    {
        let theirs = world.request(method, &format!("/v1/incidents/{last}{rest}")).bearer_auth(bearer());
        problem(theirs.send().await.expect("an answer"), 404, "not-found").await;
    }
    for unknown in ["pagerduty:nothing", "%00", "em-agent:%2F"] {
        problem(world.answer(&format!("/v1/incidents/{unknown}")).await, 404, "not-found").await;
    }
}

#[tokio::test]
async fn what_does_not_fit_is_named_and_the_same_key_opens_once() {
    let world = World::new().await;
    for unfit in [
        json!({"title": "x".repeat(256)}),
        json!({"severity": "huge"}),
        json!({"started_at": "soon"}),
        json!({"started_at": (Utc::now() + TimeDelta::hours(1)).to_rfc3339()}),
        json!({"colour": "red"}),
    ] {
        problem(post(&world, "/v1/incidents", &unfit).await, 400, "invalid-request").await;
    }
    let opened = said(&world, "/v1/incidents", &json!({})).await;
    assert_eq!(opened["title"], "Untitled Incident");
    let path = format!("/v1/incidents/{}", opened["id"].as_str().expect("an id"));
    for (call, unfit) in [
        ("note", json!({"text": " "})),
        ("note", json!({"text": "x".repeat(5001)})),
        ("note", json!({"text": "x", "author": "a".repeat(256)})),
        ("severity", json!({})),
        ("severity", json!({"severity": "SEV-1"})),
    ] {
        problem(post(&world, &format!("{path}/{call}"), &unfit).await, 400, "invalid-request").await;
    }
    let keyed = || world.request_as(Role::Operator, Method::POST, "/v1/incidents").header("idempotency-key", "k1");
    let first: Value =
        keyed().json(&json!({"title": "a"})).send().await.expect("an answer").json().await.expect("json");
    let again: Value =
        keyed().json(&json!({"title": "a"})).send().await.expect("an answer").json().await.expect("json");
    assert_eq!(first, again);
    assert_eq!(world.get("/v1/incidents").await["data"].as_array().map(Vec::len), Some(2));
}
