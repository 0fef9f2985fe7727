//! What was made, and what people think of it.

use gateway::access::Role;
use serde_json::{Value, json};

use super::{made, post, world};
use crate::world::problem;

#[tokio::test]
async fn what_was_made_stays_and_is_found() {
    let world = world().await;
    let first = made(&world, &json!({"kind": "standup"})).await;
    let second = made(&world, &json!({"kind": "release", "subject": "2"})).await;
    let all = world.get("/v1/digests").await;
    let ids = |page: &Value| -> Vec<Value> {
        page["data"].as_array().expect("rows").iter().map(|row| row["id"].clone()).collect()
    };
    assert_eq!(ids(&all), [second["id"].clone(), first["id"].clone()]);
    assert_eq!(ids(&world.get("/v1/digests?kind=standup").await), [first["id"].clone()]);
    assert_eq!(ids(&world.get("/v1/digests?subject=github:2").await), [second["id"].clone()]);
    let page = world.get("/v1/digests?limit=1").await;
    let next = world.get(&format!("/v1/digests?limit=1&cursor={}", page["next_cursor"].as_str().expect("more"))).await;
    assert_eq!((ids(&page), ids(&next)), (vec![second["id"].clone()], vec![first["id"].clone()]));
    let one = world.get(&format!("/v1/digests/{}", second["id"].as_str().expect("an id"))).await;
    assert_eq!(one["digest"], second["digest"]);
    assert!(one["markdown"].as_str().is_some_and(|text| text.starts_with("## Release notes")), "{one}");
    assert!(one["text"].as_str().is_some_and(|text| text.contains("By rule: ")), "{one}");
}

#[tokio::test]
async fn a_word_about_a_digest_is_kept_and_the_last_one_counts() {
    let world = world().await;
    let made = made(&world, &json!({"kind": "standup"})).await;
    let path = format!("/v1/digests/{}/feedback", made["id"].as_str().expect("an id"));
    for verdict in ["up", "down"] {
        let answer = post(&world, Role::Viewer, &path, &json!({"verdict": verdict, "comment": "too long"})).await;
        assert_eq!(answer.status(), 200);
    }
    world.sql("do $$ begin assert (select count(*) = 1 and min(verdict) = 'down' from digest_feedback); end $$");
    for (body, pointer) in [(json!({}), "/verdict"), (json!({"verdict": "meh"}), "/verdict")] {
        let told = problem(post(&world, Role::Viewer, &path, &body).await, 400, "invalid-request").await;
        assert_eq!(told["errors"][0]["pointer"], pointer);
    }
    let nobody = "/v1/digests/019a0000-0000-7000-8000-000000000000/feedback";
    problem(post(&world, Role::Viewer, nobody, &json!({"verdict": "up"})).await, 404, "not-found").await;
}
