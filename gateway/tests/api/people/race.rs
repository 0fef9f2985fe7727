//! Many who decide at the same moment: one wins, and everybody is told the truth.

use futures::future::join_all;
use gateway::access::Role;
use serde_json::{Value, json};

use super::{audited, decision, usual};
use crate::world::World;

const DECIDERS: usize = 20;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_twenty_who_decide_at_once_one_wins_and_all_are_told_the_truth() {
    let world = World::new().await;
    let id = usual(&world).await;
    let one = async |number: usize| {
        let word = if number.is_multiple_of(2) { "approve" } else { "reject" };
        let somebody = format!("approver-{number}");
        let answer = decision(&world, (&somebody, Role::Approver), &id, &json!({"decision": word})).send().await;
        let answer = answer.expect("an answer");
        let status = answer.status().as_u16();
        (word, status, answer.json::<Value>().await.expect("json"))
    };
    let answers = join_all((0..DECIDERS).map(one)).await;
    let shown = world.get(&format!("/v1/approvals/{id}")).await;
    let (won, jobs) = match shown["status"].as_str() {
        Some("approved") => ("approve", 1),
        Some("rejected") => ("reject", 0),
        other => panic!("{other:?}"),
    };
    for (word, status, body) in &answers {
        if *word == won {
            assert_eq!((*status, &body["status"]), (200, &shown["status"]), "{body}");
        } else {
            assert_eq!((*status, &body["type"]), (409, &json!("urn:em-agent:problem:decided-otherwise")), "{body}");
        }
    }
    assert_eq!(shown["votes"].as_array().map(Vec::len), Some(1), "{shown}");
    assert_eq!(world.get("/v1/jobs").await["data"].as_array().map(Vec::len), Some(jobs));
    let ends = audited(&world, &id).await;
    let ends =
        ends.iter().filter(|line| line.starts_with("approval.approved") || line.starts_with("approval.rejected"));
    assert_eq!(ends.count(), 1);
}
