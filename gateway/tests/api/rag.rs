//! Documents over HTTP, by EM Agent's paths and fields.

use gateway::access::Role;
use reqwest::{Method, Response};
use serde_json::{Value, json};

use crate::world::{World, problem, token};

async fn post(world: &World, role: Role, path: &str, body: &Value) -> Response {
    world.request_as(role, Method::POST, path).json(body).send().await.expect("an answer")
}

async fn done(world: &World, path: &str, body: &Value) -> Value {
    let answer = post(world, Role::Operator, path, body).await;
    let status = answer.status();
    let said: Value = answer.json().await.expect("json");
    assert_eq!(status, 200, "{path} {body}: {said}");
    said
}

#[tokio::test]
async fn what_was_indexed_is_found_shown_and_forgotten() {
    let world = World::new().await;
    let content = "# Rolling back\n\nRun `kubectl rollout undo` and tell the channel.";
    let meta = json!({"source": "wiki", "url": "https://wiki.example.com/rollback", "team": "basket"});
    let new = json!({"id": "wiki/rollback", "content": content, "meta": meta});
    let kept = done(&world, "/v1/rag/index", &new).await;
    assert_eq!(kept["results"], json!([{"id": "wiki/rollback", "result": "new", "chunks": 1}]));
    assert_eq!(done(&world, "/v1/rag/index", &new).await["results"][0]["result"], "same");

    let found = done(&world, "/v1/rag/search", &json!({"q": "how to roll back", "include_meta": true})).await;
    let hit = &found["results"][0];
    assert_eq!((&hit["id"], &hit["parent_id"]), (&json!("wiki/rollback#0"), &json!("wiki/rollback")));
    assert_eq!(hit["provenance"], json!({"source": "wiki", "url": "https://wiki.example.com/rollback"}));
    assert_eq!((&hit["meta"], &hit["title"]), (&meta, &json!("Rolling back")));
    assert!(hit["score"].as_f64().is_some_and(|score| score > 0.0) && hit["snippet"].is_string(), "{hit}");
    let bare = done(&world, "/v1/rag/search", &json!({"q": "roll back", "top_k": 1})).await;
    assert!(bare["results"][0].get("meta").is_none(), "{bare}");

    let listed = world.get("/v1/rag/documents?source=wiki").await;
    assert_eq!(
        (&listed["data"][0]["id"], &listed["data"][0]["language"]),
        (&json!("wiki/rollback"), &json!("english"))
    );
    let shown = world.get("/v1/rag/documents/wiki%2Frollback").await;
    assert_eq!((&shown["parts"][0]["text"], &shown["chunks"]), (&json!(content), &json!(1)));
    let status = world.get("/v1/rag/status").await;
    assert_eq!((&status["documents"], &status["search"]), (&json!(1), &json!("words")));
    assert!(status["why"].is_string());

    let own = "/v1/rag/documents/wiki%2Frollback";
    let acme = world.request(Method::DELETE, own).bearer_auth(token("acme".parse().expect("a tenant"), Role::Admin));
    problem(acme.send().await.expect("an answer"), 404, "not-found").await;
    let gone = world.request_as(Role::Operator, Method::DELETE, own).send().await.expect("an answer");
    assert_eq!(gone.status(), 204);
    problem(world.answer(own).await, 404, "not-found").await;
    problem(world.answer("/v1/rag/documents/wiki%2Frollback?collection=%01").await, 404, "not-found").await;
    assert_eq!(done(&world, "/v1/rag/search", &json!({"q": "roll back"})).await["results"], json!([]));
}

#[tokio::test]
async fn several_are_kept_with_chunks_of_a_size_or_none_at_all() {
    let world = World::new().await;
    let long = "A sentence of some words. ".repeat(40);
    let docs = json!([{"id": "a", "content": long}, {"id": "b", "content": "short", "collection": "runbooks"}]);
    let kept = done(&world, "/v1/rag/index/bulk", &json!({"docs": docs, "chunk_size": 200, "overlap": 20})).await;
    assert_eq!((&kept["indexed"], &kept["results"][1]["chunks"]), (&json!(2), &json!(1)));
    assert!(kept["results"][0]["chunks"].as_u64().is_some_and(|chunks| chunks > 5), "{kept}");
    assert_eq!(world.get("/v1/rag/documents?collection=runbooks").await["data"][0]["id"], "b");
    let page = world.get("/v1/rag/documents?limit=1").await;
    let rest =
        world.get(&format!("/v1/rag/documents?limit=1&cursor={}", page["next_cursor"].as_str().expect("more"))).await;
    assert_ne!(page["data"], rest["data"]);

    let half = json!({"docs": [{"id": "c", "content": "good"}, {"id": "d", "content": " "}]});
    let refused =
        problem(post(&world, Role::Operator, "/v1/rag/index/bulk", &half).await, 400, "invalid-request").await;
    assert_eq!(refused["errors"][0]["pointer"], "/docs/1/content");
    problem(world.answer("/v1/rag/documents/c").await, 404, "not-found").await;
}

#[tokio::test]
async fn what_does_not_fit_is_named_and_roles_are_asked_for() {
    let world = World::new().await;
    for (path, body, pointer) in [
        ("/v1/rag/search", json!({}), "/q"),
        ("/v1/rag/search", json!({"q": " "}), "/q"),
        ("/v1/rag/search", json!({"q": "x".repeat(1001)}), "/q"),
        ("/v1/rag/search", json!({"q": "x", "top_k": 0}), "/top_k"),
        ("/v1/rag/search", json!({"q": "x", "top_k": 51}), "/top_k"),
        ("/v1/rag/index", json!({"id": "a"}), "/content"),
        ("/v1/rag/index", json!({"content": "a"}), "/id"),
        ("/v1/rag/index", json!({"id": "a", "content": "a", "meta": 1}), "/meta"),
        ("/v1/rag/index", json!({"id": "a", "content": "a", "language": "klingon"}), "/language"),
        ("/v1/rag/index", json!({"id": "a", "content": "a", "collection": ""}), "/collection"),
        ("/v1/rag/index/bulk", json!({}), "/docs"),
        ("/v1/rag/index/bulk", json!({"docs": [{"id": "a", "content": "a"}], "chunk_size": 5}), "/docs/0/chunk_size"),
    ] {
        let refused = problem(post(&world, Role::Operator, path, &body).await, 400, "invalid-request").await;
        assert_eq!(refused["errors"][0]["pointer"], pointer, "{refused}");
    }
    let document = json!({"id": "a", "content": "a"});
    problem(post(&world, Role::Viewer, "/v1/rag/index", &document).await, 403, "forbidden").await;
    let large = json!({"id": "a", "content": "x".repeat(1 << 20 | 1)});
    problem(post(&world, Role::Operator, "/v1/rag/index", &large).await, 400, "invalid-request").await;
}

#[tokio::test]
async fn the_searches_of_a_day_are_counted_for_each_tenant() {
    let world = World::with(&[("MAX_DAILY_RAG_SEARCHES", "2")]).await;
    let asked = json!({"q": "anything"});
    problem(post(&world, Role::Viewer, "/v1/rag/search", &json!({})).await, 400, "invalid-request").await;
    for _ in 0..2 {
        assert_eq!(post(&world, Role::Viewer, "/v1/rag/search", &asked).await.status(), 200);
    }
    let over = post(&world, Role::Viewer, "/v1/rag/search", &asked).await;
    let seconds: u64 = over.headers()["retry-after"].to_str().expect("a header").parse().expect("seconds");
    assert!((1..=86_400).contains(&seconds));
    problem(over, 429, "daily-limit").await;
    let acme = world
        .request(Method::POST, "/v1/rag/search")
        .bearer_auth(token("acme".parse().expect("a tenant"), Role::Viewer));
    assert_eq!(acme.json(&asked).send().await.expect("an answer").status(), 200);
}
