//! What a browser is shown: the page of the API, and where the bare address leads.

use std::collections::BTreeSet;

use reqwest::Method;
use serde_json::Value;

use crate::world::World;

#[tokio::test]
async fn the_bare_address_leads_to_a_page_that_loads_from_this_gateway_alone() {
    let world = World::new().await;
    let page = world.request(Method::GET, "/").header("accept", "text/html,*/*").send().await.expect("an answer");
    assert_eq!((page.status().as_u16(), page.url().path()), (200, "/docs"));
    let policy = page.headers()["content-security-policy"].to_str().expect("text").to_owned();
    assert!(policy.starts_with("default-src 'none';") && policy.contains("frame-ancestors 'none'"), "{policy}");
    let text = page.text().await.expect("a page");
    assert!(text.contains("<html lang=\"en\">") && text.contains("<title>EM Agent: API</title>"), "{text}");
    let named = text
        .split(['"', '\''])
        .filter(|part| part.ends_with(".js") || part.ends_with(".css") || part.ends_with(".png"));
    let files: BTreeSet<&str> = named.map(|name| name.trim_start_matches("./")).collect();
    assert!(files.contains("swagger-initializer.js"), "{files:?}");
    for file in files {
        assert!(!file.contains('/'), "{file} comes from elsewhere");
        let answer = world.request(Method::GET, &format!("/docs/{file}")).send().await.expect("an answer");
        assert_eq!(answer.status(), 200, "{file}");
    }
}

#[tokio::test]
async fn every_call_stands_in_a_chapter_that_says_what_it_is_about_and_says_itself_what_it_does() {
    let world = World::new().await;
    let document: Value =
        world.request(Method::GET, "/openapi.json").send().await.expect("an answer").json().await.expect("json");
    let named = |tag: &Value| tag["description"].is_string().then(|| tag["name"].as_str().expect("a name").to_owned());
    let chapters: BTreeSet<String> = document["tags"].as_array().expect("tags").iter().filter_map(named).collect();
    let mut used = BTreeSet::new();
    for (path, item) in document["paths"].as_object().expect("paths") {
        for (method, call) in item.as_object().expect("calls") {
            let summary = call["summary"].as_str().unwrap_or_default();
            assert!(!summary.is_empty() && !summary.contains("[`"), "{method} {path}: {summary:?}");
            used.extend(
                call["tags"].as_array().expect("tags").iter().map(|tag| tag.as_str().expect("a name").to_owned()),
            );
        }
    }
    assert_eq!(used, chapters, "gateway/src/openapi/tags.rs lists the chapters");
}
