//! A hundred at the same moment, some in Slack and some over HTTP: one wins, and everybody is told the truth.

use futures::future::join_all;
use gateway::access::Role;
use serde_json::{Value, json};

use super::Office;
use crate::people::decision;

const DECIDERS: usize = 100;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_a_hundred_who_press_and_post_at_once_one_wins_and_all_hear_how_it_stands() {
    let office = Office::new().await;
    let members = join_all(
        (0..DECIDERS)
            .map(async |number| office.approver(&format!("U0MEMBER{number:02}"), &format!("person-{number}")).await),
    )
    .await;
    let id = office.merge().await;
    let message = office.posted(&id).await;
    let one = async |number: usize| {
        if number.is_multiple_of(2) {
            return office.pressed(&members[number], &message, "approval.approve").await;
        }
        let body = json!({"decision": "reject"});
        let somebody = format!("person-{number}");
        let answer = decision(&office.world, (&somebody, Role::Approver), &id, &body).send().await.expect("an answer");
        let status = answer.status().as_u16();
        format!("{status} {}", answer.json::<Value>().await.expect("json"))
    };
    let told = join_all((0..DECIDERS).map(one)).await;
    let shown = office.shown(&id).await;
    let by = shown["decided_by"].as_str().expect("somebody");
    let number: usize = by.trim_start_matches("person-").parse().expect("a number");
    let approved = shown["status"] == "approved";
    assert_eq!(approved, number.is_multiple_of(2), "{shown}");
    assert_eq!(shown["votes"].as_array().map(Vec::len), Some(1), "{shown}");
    for (place, said) in told.iter().enumerate() {
        let expected = match (place.is_multiple_of(2), approved) {
            (true, true) if place == number => "Done: it is approved.".to_owned(),
            (true, true) => format!("Nothing changed: it is already approved by <@U0MEMBER{number:02}>."),
            (true, false) => format!("Nothing changed: it is already rejected by <@U0MEMBER{number:02}>."),
            (false, true) => "409 ".to_owned(),
            (false, false) => "200 ".to_owned(),
        };
        assert!(said.starts_with(&expected), "{place}: {said}");
    }
}
