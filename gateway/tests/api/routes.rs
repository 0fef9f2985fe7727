//! Every URL: who may call it, that it is documented, and that failures are problems.

use std::collections::BTreeSet;

use crate::world::{World, problem};
use gateway::access::Role;
use gateway::routes::{Entry, ROUTES};
use reqwest::Method;
use serde_json::{Value, json};

fn filled(path: &str) -> String {
    let id = "01938f5e-3f0a-7c11-9d4e-2f0a6b1c7e55";
    path.replace("{id}", id).replace("{job_id}", id).replace("{source}", "github").replace("{tenant}", "default")
}

fn method(method: &actix_web::http::Method) -> Method {
    Method::from_bytes(method.as_str().as_bytes()).expect("a method")
}

#[tokio::test]
async fn each_route_refuses_who_is_unknown_or_has_not_its_role() {
    let world = World::new().await;
    for route in ROUTES {
        let Entry::Role(needed) = route.entry else { continue };
        let path = filled(route.path);
        let refused = world.request(method(&route.method), &path).send().await.expect("an answer");
        assert!(refused.headers().contains_key("www-authenticate"), "{path}");
        problem(refused, 401, "not-authenticated").await;
        for role in Role::ALL {
            // A stream that is let in does not end: a wrong resume point is refused after the role was looked at.
            let request = world.request_as(role, method(&route.method), &path).header("last-event-id", "x");
            let answer = request.send().await.expect("an answer");
            if role.includes(needed) {
                assert!(![401, 403].contains(&answer.status().as_u16()), "{} may call {path}", role.as_str());
                continue;
            }
            let body = problem(answer, 403, "forbidden").await;
            assert!(body["detail"].as_str().is_some_and(|detail| detail.contains(needed.as_str())), "{body}");
        }
    }
}

#[tokio::test]
async fn open_routes_ask_nobody_who_they_are() {
    let world = World::new().await;
    for route in ROUTES.iter().filter(|route| route.entry == Entry::Open) {
        let path = route.path.replace("{file}", "swagger-ui.css");
        let answer = world.request(method(&route.method), &path).send().await.expect("an answer");
        assert_eq!(answer.status(), 200, "{path}");
    }
}

#[tokio::test]
async fn with_open_access_nobody_is_asked_and_health_says_so() {
    let world = World::with(&[("AUTH_ENABLED", "false")]).await;
    let listed = world.request(Method::GET, "/v1/events").send().await.expect("an answer");
    assert_eq!(listed.status(), 200);
    let health: Value =
        world.request(Method::GET, "/health").send().await.expect("an answer").json().await.expect("json");
    assert_eq!((&health["access"], &health["db"]["ok"]), (&"open".into(), &true.into()), "{health}");
}

#[tokio::test]
async fn the_openapi_document_describes_the_routes_and_no_others() {
    let world = World::new().await;
    let document: Value =
        world.request(Method::GET, "/openapi.json").send().await.expect("an answer").json().await.expect("json");
    assert!(document["openapi"].as_str().is_some_and(|version| version.starts_with("3.1")), "{}", document["openapi"]);
    let mut described = BTreeSet::new();
    for (path, item) in document["paths"].as_object().expect("paths") {
        for (method, operation) in item.as_object().expect("operations") {
            described.insert((method.to_uppercase(), path.clone(), operation.get("security").is_some()));
        }
    }
    let needs_role = |entry: Entry| matches!(entry, Entry::Role(_));
    let routes: BTreeSet<_> =
        ROUTES.iter().map(|r| (r.method.to_string(), r.path.to_owned(), needs_role(r.entry))).collect();
    assert_eq!(described, routes);
}

#[tokio::test]
async fn unknown_paths_and_methods_are_problems_with_the_callers_own_request_id() {
    let world = World::new().await;
    let lost = world.request(Method::GET, "/nowhere").header("x-request-id", "mine-1").send().await.expect("an answer");
    assert_eq!(lost.headers()["x-request-id"], "mine-1");
    problem(lost, 404, "not-found").await;
    let delete = world.request(Method::DELETE, "/webhooks/github").send().await.expect("an answer");
    assert_eq!(delete.headers()["allow"], "POST, PUT, OPTIONS");
    problem(delete, 405, "method-not-allowed").await;
    let unknown = world.request(Method::POST, "/webhooks/nobody").send().await.expect("an answer");
    problem(unknown, 404, "not-found").await;
}

#[tokio::test]
async fn what_answers_get_answers_head_without_a_body() {
    let world = World::new().await;
    let head = world.request(Method::HEAD, "/health").send().await.expect("an answer");
    assert_eq!(
        (head.status().as_u16(), &head.headers()["x-content-type-options"]),
        (200, &"nosniff".parse().expect("a value"))
    );
    assert_eq!(head.text().await.expect("no body"), "");
}

#[tokio::test]
async fn a_delivery_is_counted_and_found_again_as_delivery_and_event() {
    let world = World::new().await;
    let fact = json!({"kind": "deployment", "id": "d1", "service": "shop", "env": "production", "status": "success",
                      "finished_at": "2026-11-20T10:00:00Z", "components": [{"repo": "acme/shop", "sha": "c3d4"}]});
    let sent = world.request(Method::POST, "/webhooks/generic").json(&fact).send().await.expect("an answer");
    assert_eq!(sent.status(), 200);
    let taken: Value = sent.json().await.expect("json");
    let id = taken["id"].as_str().expect("an id");
    let delivery = world.get(&format!("/v1/deliveries/{id}")).await;
    assert_eq!(delivery["source"], "generic");
    assert_eq!(delivery["verification"], json!({"scheme": "none", "secret": "none", "ok": false}));
    let event = world.get(&format!("/v1/events/{}", delivery["events"][0].as_str().expect("an event"))).await;
    assert_eq!((&event["type"], &event["delivery"]), (&"deployment.finished".into(), &taken["id"]), "{event}");
    let metrics = world.request(Method::GET, "/metrics").send().await.expect("an answer").text().await.expect("text");
    assert!(
        metrics.contains("http_requests_total{method=\"POST\",route=\"/webhooks/{source}\",status=\"200\"}"),
        "{metrics}"
    );
    // What nothing has happened to yet is there as well, and what is owed shows without a worker.
    for shown in [
        "webhook_deliveries_total{source=\"github\",result=\"rejected_limit\"} 0",
        "bus_published_total ",
        "outbox_rows ",
        "outbox_oldest_seconds ",
    ] {
        assert!(metrics.contains(shown), "{shown}: {metrics}");
    }
    world.running.drain().await.expect("a clean end");
}

#[tokio::test]
async fn a_draining_gateway_is_not_ready() {
    let world = World::new().await;
    let ready: Value =
        world.request(Method::GET, "/ready").send().await.expect("an answer").json().await.expect("json");
    assert!(ready["ready"] == true && ready["db_roundtrip_ms"].is_number(), "{ready}");
    world.stop.cancel();
    let answer = world.request(Method::GET, "/ready").send().await.expect("an answer");
    assert_eq!(answer.status(), 503);
    world.running.drain().await.expect("a clean end");
}

#[tokio::test]
async fn a_caller_over_its_share_is_told_when_to_come_again() {
    let world = World::with(&[("RATE_LIMIT_PER_MIN", "2")]).await;
    let first = world.answer("/v1/sources").await;
    assert_eq!(
        (first.status().as_u16(), &first.headers()["x-ratelimit-remaining"]),
        (200, &"1".parse().expect("a value"))
    );
    assert_eq!(first.headers()["ratelimit-policy"], "\"api\";q=2;w=60");
    world.answer("/v1/sources").await;
    let refused = world.answer("/v1/sources").await;
    assert!(refused.headers().contains_key("retry-after") && refused.headers().contains_key("ratelimit"));
    problem(refused, 429, "rate-limited").await;
    let another = world.request_as(Role::Operator, Method::GET, "/v1/sources").send().await.expect("an answer");
    assert_eq!(another.status(), 200);
}
