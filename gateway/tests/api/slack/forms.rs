//! Whose forms are read: Slack's, signed now with a secret that is live; nobody else's.

use chrono::{TimeDelta, Utc};
use reqwest::Method;
use serde_json::Value;
use testkit::slack::SECRET;

use super::{ADA, Office, text};
use crate::world::{World, problem};

const COMMANDS: &str = "/v1/slack/commands";
const DOORS: [&str; 2] = [COMMANDS, "/v1/slack/interactions"];

#[tokio::test]
async fn a_form_is_read_only_with_slacks_signature_of_now() {
    let office = Office::with(&[("SLACK_SIGNING_SECRET", "the next secret,8f742231b10e8888abcd99yyyzzz85a5")]).await;
    let ada = office.member(ADA);
    let form = ada.command("help", "https://hooks.slack.com/commands/1", 1);
    let now = Utc::now();
    for door in DOORS {
        for (secret, at) in [
            ("another secret", now),
            ("", now),
            (SECRET, now - TimeDelta::seconds(301)),
            (SECRET, now + TimeDelta::seconds(310)),
        ] {
            let (status, body) = ada.posts(door, &form, (secret, at)).await;
            assert_eq!((status, &body["type"]), (401, &"urn:em-agent:problem:not-verified".into()), "{body}");
            // Nothing says which part was wrong.
            assert_eq!(body["detail"], "the signature or token does not prove the sender");
        }
    }
    for (secret, at) in [
        (SECRET, now),
        ("the next secret", now),
        (SECRET, now - TimeDelta::seconds(290)),
        (SECRET, now + TimeDelta::seconds(290)),
    ] {
        let (status, body) = ada.posts(COMMANDS, &form, (secret, at)).await;
        assert_eq!((status, &body["response_type"]), (200, &"ephemeral".into()), "{secret} {body}");
    }
    let request = office.world.request(Method::POST, COMMANDS).body("text=help");
    problem(request.send().await.expect("an answer"), 401, "not-verified").await;
    let metrics = office.world.request(Method::GET, "/metrics").send().await.expect("an answer").text().await;
    let metrics = metrics.expect("text");
    let refused = metrics.lines().find_map(|line| {
        line.strip_prefix("webhook_deliveries_total{source=\"slack\",result=\"rejected_signature\"} ")
    });
    assert!(refused.and_then(|count| count.parse::<u64>().ok()).is_some_and(|count| count >= 9), "{refused:?}");
}

#[tokio::test]
async fn without_a_secret_nothing_is_read_also_where_deliveries_come_unsigned() {
    let world = World::with(&[("WEBHOOKS_ALLOW_UNSIGNED", "*")]).await;
    for door in DOORS {
        let answer =
            world.request(Method::POST, door).body("text=help&command=/em&user_id=U1&team_id=T1&channel_id=C1");
        let told = problem(answer.send().await.expect("an answer"), 503, "unconfigured").await;
        assert!(text(&told).contains("SLACK_SIGNING_SECRET"), "{told}");
    }
}

#[tokio::test]
async fn a_look_at_the_address_is_answered_and_nothing_that_only_looks_like_it() {
    let office = Office::new().await;
    for (body, status) in [("token=x&ssl_check=1", 200), ("ssl_check=11", 401), ("ssl_check=true", 401)] {
        for door in DOORS {
            let answer = office.world.request(Method::POST, door).body(body).send().await.expect("an answer");
            assert_eq!(answer.status(), status, "{body}");
        }
    }
}

#[tokio::test]
async fn what_is_signed_and_no_form_of_a_command_is_refused() {
    let office = Office::new().await;
    let ada = office.member(ADA);
    for door in DOORS {
        let (status, body) = ada.posts(door, b"nothing=1", (SECRET, Utc::now())).await;
        assert_eq!((status, &body["type"]), (400, &"urn:em-agent:problem:invalid-request".into()), "{body}");
    }
    let unknown = b"payload=%7B%22type%22%3A%22block_suggestion%22%7D";
    let (status, body) = ada.posts(DOORS[1], unknown, (SECRET, Utc::now())).await;
    assert_eq!((status, body), (200, Value::Null));
}
