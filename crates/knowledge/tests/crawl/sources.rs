//! What each system gives, what is read of it the second time, and what is gone.

use serde_json::{Value, json};
use testkit::shelf::Shelf;

use crate::world::World;

fn paths(shelf: &Shelf) -> Vec<String> {
    shelf.asked().into_iter().map(|asked| asked.path).collect()
}

#[tokio::test]
async fn of_a_repository_only_what_changed_is_read_and_what_is_gone_is_forgotten() {
    let world = World::new("github", json!({"owner": "acme", "repo": "shop"})).await;
    world.repository(&[
        ("docs/a.md", "# Ovens\n\nAn oven is hot when it is on."),
        ("b.md", "Fridges are cold."),
        ("main.rs", "fn main() {}"),
    ]);
    assert_eq!(world.ran().await, (2, 0));
    assert!(world.shelf.asked().iter().all(|asked| asked.header("authorization") == "Bearer the-token"));
    assert_eq!(world.ran().await, (0, 0));
    assert_eq!(paths(&world.shelf), ["/repos/acme/shop/git/trees/main"]);
    let hit = &world.found("oven").await[0];
    assert_eq!((hit.parent_id.as_str(), hit.source.as_str()), ("github:acme/shop:docs/a.md", "github"));
    assert_eq!(hit.url.as_deref(), Some("https://github.com/acme/shop/blob/main/docs/a.md"));

    world.repository(&[("docs/a.md", "# Ovens\n\nWarm.")]);
    assert_eq!(world.ran().await, (1, 1));
    assert_eq!((world.documents().await, world.found("warm").await.len()), (1, 1));
    // A tree that is cut off does not say what is gone.
    world.shelf.put("/repos/acme/shop/git/trees/main", json!({"sha": "x", "tree": [], "truncated": true}));
    assert_eq!(world.ran().await, (0, 0));
    assert_eq!(world.documents().await, 1);
}

#[tokio::test]
async fn of_confluence_pages_are_read_when_their_version_changes() {
    let world = World::new("confluence", json!({"space": "ENG"})).await;
    let put = |id: &str, version: u32, body: &str| {
        let whole = json!({"id": id, "title": format!("Page {id}"), "version": {"number": version},
            "body": {"storage": {"value": body}}, "_links": {"webui": format!("/spaces/ENG/pages/{id}")}});
        world.shelf.put(&format!("/rest/api/content/{id}"), whole);
    };
    let list = |at: usize, ids: &[(&str, u32)], more: bool| {
        let results: Vec<Value> =
            ids.iter().map(|(id, version)| json!({"id": id, "version": {"number": version}})).collect();
        let links = if more { json!({"next": "/more"}) } else { json!({}) };
        world.shelf.put(&format!("/rest/api/content?start={at}"), json!({"results": results, "_links": links}));
    };
    put("1", 1, "<h1>Ovens</h1><p>They are <b>hot</b>.</p><script>x</script>");
    put("2", 4, "<p>Fridges are cold.</p>");
    list(0, &[("1", 1)], true);
    list(50, &[("2", 4)], false);
    assert_eq!(world.ran().await, (2, 0));
    assert!(world.shelf.asked().iter().all(|asked| asked.header("authorization").starts_with("Basic ")));
    assert_eq!(world.found("oven").await[0].text, "# Ovens\n\nThey are hot.");
    assert_eq!(world.ran().await, (0, 0));
    put("1", 2, "<p>Ovens are warm.</p>");
    list(0, &[("1", 2)], false);
    assert_eq!(world.ran().await, (1, 1));
    assert_eq!(world.documents().await, 1);
}

#[tokio::test]
async fn of_linear_what_is_asked_goes_as_variables_and_only_what_changed_since() {
    let team = "x\"}) { secrets }";
    let world = World::new("linear", json!({"team_id": team})).await;
    let issue = |id: &str, title: &str, updated: &str, archived: Value| json!({"id": id, "identifier": format!("SHOP-{id}"), "title": title, "description": "Words.", "updatedAt": updated, "archivedAt": archived});
    let page = |nodes: Value, more: bool| json!({"data": {"issues": {"nodes": nodes, "pageInfo": {"hasNextPage": more, "endCursor": "c1"}}}});
    world.shelf.put("/graphql", page(json!([issue("1", "Ovens", "2026-11-01T00:00:00Z", Value::Null)]), false));
    assert_eq!(world.ran().await, (1, 0));
    let asked = world.shelf.asked()[0].clone();
    assert_eq!(asked.header("authorization"), "the-token");
    let body = asked.json();
    assert_eq!(body["variables"]["filter"]["team"]["id"]["eq"], team);
    assert!(!body["query"].as_str().expect("a query").contains("secrets"));
    world.shelf.put(
        "/graphql",
        page(json!([issue("1", "Ovens", "2026-11-02T00:00:00Z", json!("2026-11-02T00:00:00Z"))]), false),
    );
    assert_eq!(world.ran().await, (0, 1));
    assert_eq!(world.shelf.asked()[0].json()["variables"]["filter"]["updatedAt"]["gte"], "2026-11-01T00:00:00Z");
    assert_eq!(world.documents().await, 0);
}

#[tokio::test]
async fn of_shortcut_stories_are_read_since_the_last_change() {
    let world = World::new("shortcut", json!({"iteration_id": 7})).await;
    let story = |archived: bool, at: &str| json!({"id": 5, "name": "Bake", "description": "In the oven.", "updated_at": at, "archived": archived, "app_url": "https://app.shortcut.com/acme/story/5"});
    world.shelf.put("/stories/search", json!([story(false, "2026-11-01T00:00:00Z")]));
    assert_eq!(world.ran().await, (1, 0));
    let asked = world.shelf.asked()[0].clone();
    assert_eq!((asked.header("shortcut-token"), &asked.json()["iteration_ids"]), ("the-token", &json!([7])));
    assert_eq!(world.found("oven").await[0].title, "Bake");
    world.shelf.put("/stories/search", json!([story(true, "2026-11-02T00:00:00Z")]));
    assert_eq!(world.ran().await, (0, 1));
    assert_eq!(world.shelf.asked()[0].json()["updated_at_start"], "2026-11-01T00:00:00Z");
}

#[tokio::test]
async fn of_pagerduty_incidents_are_read_with_what_people_noted() {
    let world = World::new("pagerduty", json!({"statuses": ["resolved"], "days": 30})).await;
    let incident = |id: &str, created: &str| {
        json!({"id": id, "title": "Checkout is slow", "created_at": created, "last_status_change_at": created,
            "status": "resolved", "service": {"summary": "checkout"}, "html_url": format!("https://acme.pagerduty.com/incidents/{id}")})
    };
    let incidents = json!([incident("P1", "2026-11-19T00:00:00Z"), incident("P0", "2026-01-01T00:00:00Z")]);
    world.shelf.put("/incidents", json!({"incidents": incidents, "more": true}));
    world.shelf.put("/incidents/P1/notes", json!({"notes": [{"content": "The cache was cold after the flush."}]}));
    assert_eq!(world.ran().await, (1, 0));
    assert!(world.shelf.asked().iter().all(|asked| asked.header("authorization") == "Token token=the-token"));
    let hit = &world.found("cold cache").await[0];
    assert_eq!(hit.parent_id, "pagerduty:P1");
    assert!(hit.text.contains("Service: checkout"), "{}", hit.text);
    assert_eq!(world.ran().await, (0, 0));
    assert_eq!(paths(&world.shelf), ["/incidents"]);
}
