//! What people think of a digest, by its buttons.

use std::time::Duration;

use gateway::access::Role;
use outbound::Outbound;
use serde_json::{Value, json};
use show::digests::{NOT_USEFUL, USEFUL};
use slack::client::{Client, Outcome};
use store::Connection;
use uuid::Uuid;

use super::{ADA, MALLORY, Office, TOKEN};
use crate::digests::{a_day, post};

#[tokio::test]
async fn a_press_is_kept_as_a_word_of_who_pressed() {
    let office = Office::new().await;
    office.world.sql(&a_day());
    let made = post(&office.world, Role::Viewer, "/v1/digests", &json!({"kind": "release", "subject": "2"})).await;
    let made: Value = made.json().await.expect("json");
    let id: Uuid = made["id"].as_str().and_then(|id| id.parse().ok()).expect("an id");
    let load = move |conn: &mut Connection| store::digests::kept::one(conn, &domain::ids::TenantId::default(), id);
    let loaded = office.world.database.store(store::Role::App).call("test_load", load).await.expect("loaded");
    let outbound = Outbound::new(Duration::from_secs(5), 1_000_000).expect("a client");
    let client = Client::new(outbound, &office.slack.url(), TOKEN.into());
    let posted = client.post("#deploys", &show::digests::brief(&loaded.expect("a digest"))).await;
    assert!(matches!(posted, Outcome::Ok(_)), "Slack takes it: {posted:?}");
    let mut message = office.slack.messages().pop().expect("a message");
    let ada = office.approver(ADA, "ada").await;
    for button in [USEFUL, NOT_USEFUL] {
        assert_eq!(office.pressed(&ada, &message, button).await, "Thank you, that is noted.");
    }
    assert_eq!(office.pressed(&office.member(MALLORY), &message, USEFUL).await, "Thank you, that is noted.");
    office.world.sql(
        "do $$ begin assert (select string_agg(said_by || ' ' || verdict, ', ' order by said_by) = 'ada down, slack:U0MALLORY1 up'
           from digest_feedback); end $$",
    );
    let gone = message.body.to_string().replace(&id.to_string(), "01938f5e-3f0a-7c11-9d4e-2f0a6b1c7e55");
    message.body = serde_json::from_str(&gone).expect("JSON");
    assert_eq!(office.pressed(&ada, &message, USEFUL).await, "That digest is not known any more.");
}
