//! The catalog over HTTP: documents in and out, versions, what they come to, and what people say of incidents.

use crate::world::{World, problem, token};
use gateway::access::Role;
use reqwest::{Method, RequestBuilder, Response};
use serde_json::{Value, json};

const YAML: &str = "
services:
  checkout: {repos: [acme/shop], incident_window: 12h}
teams:
  payments: {owns: [checkout, {service: billing, to: 2020-01-01}], members: [ada]}
";

const DEPLOYMENTS: &str = "
insert into deployments (tenant_id, integration, deployment_id, service, repo, environment, tier, outcome, finished_at, counted_service, counted_tier, registers)
select 'default', 'github', n::text, null, 'acme/shop', 'prod', 'production', 'success', '2026-11-20T10:00:00Z', 'acme/shop', 'production', '{}'
from generate_series(1, 3) n;
insert into deployments (tenant_id, integration, deployment_id, tier, registers) values ('default', 'gitlab', '3', 'other', '{}');
insert into incidents (tenant_id, integration, incident_id, registers) values ('default', 'pagerduty', 'Q2X', '{}')";

fn put(world: &World, query: &str, body: impl Into<reqwest::Body>) -> RequestBuilder {
    world.request_as(Role::Operator, Method::PUT, &format!("/v1/catalog{query}")).body(body)
}

async fn sent(request: RequestBuilder) -> Response {
    request.send().await.expect("an answer")
}

async fn done(request: RequestBuilder) -> Value {
    let answer = sent(request).await;
    assert_eq!(answer.status(), 200);
    answer.json().await.expect("json")
}

#[tokio::test]
async fn a_document_is_applied_whole_told_before_and_read_back() {
    let world = World::new().await;
    world.sql(DEPLOYMENTS);
    let none = world.get("/v1/catalog").await;
    assert_eq!(none, json!({"version": 0, "applied_at": null, "applied_by": null, "document": {"version": 1}}));

    let told = done(put(&world, "?dry_run=true", YAML)).await;
    assert_eq!(
        (&told["dry_run"], &told["changed"], &told["version"]),
        (&json!(true), &json!(true), &json!(0)),
        "{told}"
    );
    assert_eq!(
        (&told["services"]["added"], &told["moves"]["deployments"]),
        (&json!(["checkout"]), &json!(3)),
        "{told}"
    );
    assert_eq!(world.get("/v1/catalog").await["version"], 0);

    let applied = done(put(&world, "", YAML).header("content-type", "application/yaml")).await;
    assert_eq!((&applied["version"], &applied["changed"]), (&json!(1), &json!(true)), "{applied}");
    let shown = world.answer("/v1/catalog").await;
    assert_eq!(shown.headers()["etag"], "\"1\"");
    let shown: Value = shown.json().await.expect("json");
    assert_eq!(
        (&shown["applied_by"], &shown["document"]["services"]["checkout"]["incident_window"]),
        (&json!("the operator"), &json!("12h"))
    );
    let again = done(put(&world, "", shown["document"].to_string()).header("content-type", "application/json")).await;
    assert_eq!((&again["version"], &again["changed"]), (&json!(1), &json!(false)), "{again}");
    assert_eq!(world.get_of("other", "/v1/catalog").await["version"], 0);
}

#[tokio::test]
async fn nobody_writes_over_a_version_that_they_have_not_seen() {
    let world = World::new().await;
    assert_eq!(sent(put(&world, "", YAML).header("if-match", "\"0\"")).await.status(), 200);
    problem(sent(put(&world, "", "{}").header("if-match", "\"0\"")).await, 412, "not-current").await;
    problem(sent(put(&world, "?dry_run=true", "{}").header("if-match", "\"7\"")).await, 412, "not-current").await;
    problem(sent(put(&world, "", "{}").header("if-match", "1")).await, 400, "invalid-request").await;
    assert_eq!(sent(put(&world, "", "{}").header("if-match", "\"1\"")).await.status(), 200);
    assert_eq!(
        world.get("/v1/catalog?version=1").await["document"]["services"]["checkout"]["repos"],
        json!(["acme/shop"])
    );
    problem(world.answer("/v1/catalog?version=9").await, 404, "not-found").await;
    let page = world.get("/v1/catalog/history?limit=1").await;
    assert_eq!((&page["data"][0]["version"], &page["next_cursor"]), (&json!(2), &json!("2")), "{page}");
    let rest = world.get("/v1/catalog/history?limit=1&cursor=2").await;
    assert_eq!((&rest["data"][0]["version"], &rest["next_cursor"]), (&json!(1), &Value::Null), "{rest}");
    problem(world.answer("/v1/catalog/history?cursor=x").await, 400, "invalid-cursor").await;
}

#[tokio::test]
async fn all_that_is_wrong_is_told_and_nothing_is_applied() {
    let world = World::new().await;
    let wrong = r#"{"services": {"a": {"repo": ["x"]}, "b": {"incident_window": "soon"}}}"#;
    let told = problem(sent(put(&world, "", wrong)).await, 400, "invalid-request").await;
    let pointers: Vec<&str> =
        told["errors"].as_array().expect("errors").iter().filter_map(|error| error["pointer"].as_str()).collect();
    assert_eq!(pointers, ["/services/a/repo", "/services/b/incident_window"]);
    for unfit in ["", "services: [", "a: 1\na: 2", "!x y"] {
        problem(sent(put(&world, "", unfit)).await, 400, "invalid-request").await;
    }
    problem(sent(put(&world, "", vec![0xff, 0xfe])).await, 400, "invalid-request").await;
    problem(sent(put(&world, "", vec![b' '; 2 << 20])).await, 413, "too-large").await;
    problem(sent(put(&world, "?dry_run=maybe", "{}")).await, 400, "invalid-request").await;
    assert_eq!(world.get("/v1/catalog").await["version"], 0);
}

#[tokio::test]
async fn services_and_teams_show_what_the_catalog_comes_to() {
    let world = World::new().await;
    world.sql(DEPLOYMENTS);
    done(put(&world, "", YAML)).await;
    world.sql("update deployments set counted_service = 'checkout' where deployment_id = '2'; update deployments set counted_service = 'acme/shop' where deployment_id <> '2' and integration = 'github'");
    let page = world.get("/v1/services?limit=1").await;
    assert_eq!(page["data"][0]["name"], "acme/shop");
    let cursor = page["next_cursor"].as_str().expect("a cursor");
    let rest = world.get(&format!("/v1/services?limit=1&cursor={cursor}")).await;
    let expected = json!({
        "name": "checkout", "configured": true, "team": "payments", "repos": ["acme/shop"],
        "environments": [{"name": "prod", "tier": "production"}], "deployments": 1, "incidents": 0,
        "last_deployment": {"id": "github:2", "environment": "prod", "outcome": "success", "finished_at": "2026-11-20T10:00:00Z"},
    });
    assert_eq!((&rest["data"][0], &rest["next_cursor"]), (&expected, &Value::Null));
    let teams = world.get("/v1/teams").await;
    let owns = json!([
        {"service": "billing", "from": null, "until": "2020-01-02T00:00:00Z", "current": false},
        {"service": "checkout", "from": null, "until": null, "current": true},
    ]);
    assert_eq!(teams["data"], json!([{"name": "payments", "members": ["ada"], "owns": owns}]));
    problem(world.answer("/v1/services?cursor=%ff").await, 400, "invalid-cursor").await;
}

fn say(world: &World, said: &Value) -> RequestBuilder {
    world.request_as(Role::Operator, Method::POST, "/v1/incidents/links").json(said)
}

#[tokio::test]
async fn what_people_say_of_an_incident_is_an_event_that_is_kept() {
    let world = World::new().await;
    world.sql(DEPLOYMENTS);
    let said = json!({"incident": "Q2X", "deployment": "2", "note": "the migration"});
    let answer = sent(say(&world, &said).header("idempotency-key", "k1")).await;
    assert_eq!(answer.status(), 201);
    let linked: Value = answer.json().await.expect("json");
    assert_eq!((&linked["incident"], &linked["deployment"]), (&json!("pagerduty:Q2X"), &json!("github:2")), "{linked}");
    assert_eq!(linked["known"], json!({"incident": true, "deployment": true}));

    let again = sent(say(&world, &said).header("idempotency-key", "k1")).await;
    assert_eq!(
        (again.status().as_u16(), &again.headers()["idempotency-replayed"]),
        (201, &"true".parse().expect("a value"))
    );
    assert_eq!(again.json::<Value>().await.expect("json"), linked);
    let other = json!({"incident": "Q2X", "deployment": "none"});
    problem(sent(say(&world, &other).header("idempotency-key", "k1")).await, 422, "key-reused").await;
    let none: Value = sent(say(&world, &other)).await.json().await.expect("json");
    assert_eq!((&none["deployment"], &none["known"]["deployment"]), (&json!("none"), &json!(true)), "{none}");
    let removed = json!({"incident": "later:1", "deployment": "nobody:1", "removed": true});
    let removed: Value = sent(say(&world, &removed)).await.json().await.expect("json");
    assert_eq!(removed["known"], json!({"incident": false, "deployment": false}));

    let events = world.get("/v1/events?type=link&source=em-agent").await;
    let kinds: Vec<&str> =
        events["data"].as_array().expect("rows").iter().filter_map(|event| event["type"].as_str()).collect();
    assert_eq!(kinds, ["link.removed", "link.set", "link.set"]);
    let event = world.get(&format!("/v1/events/{}", linked["event_id"].as_str().expect("an id"))).await;
    assert_eq!(
        (&event["data"]["incident_id"], &event["data"]["deployment_id"]),
        (&json!("pagerduty:Q2X"), &json!("github:2"))
    );
    assert_eq!(
        (&event["data"]["actor"]["login"], &event["data"]["em-agent"]["note"]),
        (&json!("the operator"), &json!("the migration"))
    );
    let delivery = world.get(&format!("/v1/deliveries/{}", event["delivery"].as_str().expect("an id"))).await;
    assert_eq!(delivery["source"], "em-agent");
    let bearer = token("acme".parse().expect("a tenant"), Role::Operator);
    let theirs = world.request(Method::POST, "/v1/incidents/links").bearer_auth(bearer).json(&said);
    let theirs: Value = sent(theirs).await.json().await.expect("json");
    assert_eq!(theirs["known"], json!({"incident": false, "deployment": false}), "another tenant's are not there");
}

#[tokio::test]
async fn what_is_meant_has_to_be_clear() {
    let world = World::new().await;
    world.sql(DEPLOYMENTS);
    let unclear =
        problem(sent(say(&world, &json!({"incident": "Q2X", "deployment": "3"}))).await, 400, "invalid-request").await;
    assert!(unclear["detail"].as_str().is_some_and(|text| text.contains("github:3, gitlab:3")), "{unclear}");
    for unfit in [
        json!({}),
        json!({"incident": " ", "deployment": "1"}),
        json!({"incident": "a", "deployment": "1", "because": "x"}),
    ] {
        problem(sent(say(&world, &unfit)).await, 400, "invalid-request").await;
    }
    let viewer = world
        .request_as(Role::Viewer, Method::POST, "/v1/incidents/links")
        .json(&json!({"incident": "a", "deployment": "b"}));
    problem(sent(viewer).await, 403, "forbidden").await;
}
