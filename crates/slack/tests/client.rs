//! The client against a server that plays Slack, well and badly.

mod playing;

use std::time::Duration;

use outbound::Outbound;
use playing::{Playing, TOKEN};
use secrecy::SecretString;
use serde_json::{Value, json};
use slack::answers::Answer;
use slack::blocks::Block;
use slack::client::{Client, Outcome, Posted};
use slack::fit::Message;
use slack::home::{Inbox, view};
use tokio::net::TcpListener;

async fn playing(body: Value) -> Playing {
    Playing::start(200, "", &body.to_string()).await
}

fn hello() -> Message {
    Message::new("hello", vec![Block::section("*hello*")], None)
}

fn place() -> Posted {
    Posted { channel: "C1".to_owned(), ts: "1.2".to_owned() }
}

#[tokio::test]
async fn a_message_is_posted_answered_in_its_thread_and_updated() {
    let slack = playing(json!({"ok": true, "channel": "C1", "ts": "1.2"})).await;
    assert_eq!(slack.client().post("C1", &hello()).await, Outcome::Ok(place()));
    let head = slack.head();
    assert_eq!(slack.path(), "/api/chat.postMessage");
    assert!(
        head.contains(&format!("authorization: bearer {TOKEN}"))
            && head.contains("content-type: application/json; charset=utf-8")
    );
    let section = json!([{"type": "section", "text": {"type": "mrkdwn", "text": "*hello*", "verbatim": true}}]);
    let sent =
        json!({"channel": "C1", "text": "hello", "blocks": section, "unfurl_links": false, "unfurl_media": false});
    assert_eq!(slack.json(), sent);
    assert_eq!(slack.client().reply(&place(), &hello(), true).await, Outcome::Ok(place()));
    assert_eq!((&slack.json()["thread_ts"], &slack.json()["reply_broadcast"]), (&json!("1.2"), &json!(true)));
    assert_eq!(slack.client().update(&place(), &Message::words("gone")).await, Outcome::Ok(place()));
    assert_eq!(slack.json(), json!({"channel": "C1", "ts": "1.2", "text": "gone", "blocks": []}));
    assert_eq!(slack.path(), "/api/chat.update");
}

#[tokio::test]
async fn every_other_method_sends_what_slack_reads() {
    let answer = json!({"ok": true, "channel": {"id": "D1"}, "user": {"id": "U1", "name": "ada", "profile": {"display_name": ""}},
        "team_id": "T1", "team": "Acme", "user_id": "U9"});
    let slack = Playing::start(200, "X-OAuth-Scopes: commands, chat:write\r\n", &answer.to_string()).await;
    let client = slack.client();
    assert_eq!(client.whisper("C1", "U1", &hello()).await, Outcome::Ok(()));
    assert_eq!(slack.json()["user"], "U1");
    assert_eq!(client.publish_home("U1", &view(&Inbox::default())).await, Outcome::Ok(()));
    assert_eq!(slack.json()["view"]["type"], "home");
    assert_eq!(client.open_direct("U1").await, Outcome::Ok("D1".to_owned()));
    assert_eq!(slack.json(), json!({"users": "U1"}));
    let Outcome::Ok(found) = client.find_by_email("ada+x@acme.example").await else { panic!("found") };
    assert_eq!((found.user_id.as_str(), found.name.as_str(), found.is_bot), ("U1", "ada", false));
    assert_eq!(slack.body(), "email=ada%2Bx%40acme.example", "this method reads no JSON");
    let Outcome::Ok(identity) = client.identity().await else { panic!("known") };
    assert_eq!(
        (identity.team.as_str(), identity.scopes.as_slice()),
        ("Acme", &["commands".to_owned(), "chat:write".to_owned()][..])
    );
}

/// What a post comes to when Slack answers so.
async fn outcome(status: u16, headers: &str, body: &str) -> Outcome<Posted> {
    Playing::start(status, headers, body).await.client().post("C1", &hello()).await
}

#[tokio::test]
async fn a_limit_says_how_long_to_rest() {
    let rest = |seconds| Outcome::RateLimited { retry_after: Duration::from_secs(seconds) };
    assert_eq!(outcome(429, "Retry-After: 7\r\n", "").await, rest(7));
    assert_eq!(outcome(429, "", "").await, rest(30));
    assert_eq!(outcome(429, "Retry-After: 999999\r\n", "").await, rest(3_600));
    assert_eq!(outcome(429, "Retry-After: 0\r\n", "").await, rest(1));
    assert_eq!(outcome(200, "", r#"{"ok":false,"error":"ratelimited"}"#).await, rest(30));
}

#[tokio::test]
async fn a_refusal_says_what_to_do() {
    let Outcome::Refused(refused) =
        outcome(200, "", r#"{"ok":false,"error":"missing_scope","needed":"im:write"}"#).await
    else {
        panic!("refused")
    };
    assert!(refused.to_string().starts_with("Slack refused: missing_scope (im:write); take the manifest"), "{refused}");
    let Outcome::Refused(refused) = outcome(200, "", r#"{"ok":false,"error":"message_not_found"}"#).await else {
        panic!("refused")
    };
    assert!(refused.is_gone());
    let Outcome::Refused(refused) = outcome(200, "", r#"{"ok":false,"error":"<b>\u0000"}"#).await else {
        panic!("refused")
    };
    assert_eq!(refused.code, "unknown_error", "what is no code is not repeated");
}

#[tokio::test]
async fn an_outcome_that_nobody_knows_is_told_from_one_that_did_not_happen() {
    for (status, body) in [
        (500, ""),
        (503, ""),
        (302, ""),
        (200, "<html>"),
        (200, r#"{"ok":false,"error":"fatal_error"}"#),
        (200, r#"{"ok":true}"#),
    ] {
        let unknown = outcome(status, "", body).await;
        assert!(matches!(unknown, Outcome::Unknown { .. }), "{status} {body}: {unknown:?}");
    }
    let silent = outcome(0, "", "").await;
    assert_eq!(silent, Outcome::Unknown { why: "no answer in time".to_owned() });
    let nobody = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = nobody.local_addr().expect("an address").to_string();
    drop(nobody);
    let gone = Playing { address, last: Default::default() };
    let unreachable = gone.client().post("C1", &hello()).await;
    assert_eq!(unreachable, Outcome::Unreachable { why: "no connection".to_owned() });
}

#[tokio::test]
async fn answers_go_only_to_slacks_own_hooks() {
    let slack = Playing::start(200, "", "ok").await;
    let client = slack.client();
    let url = format!("http://{}/commands/T1/2/notreal", slack.address);
    assert_eq!(client.respond(&url, &Answer::working()).await, Outcome::Ok(()));
    assert_eq!(slack.json()["response_type"], "ephemeral");
    assert!(!slack.head().contains("authorization"), "the token is not for hooks");
    assert_eq!(client.post_to_webhook(&url, &hello()).await, Outcome::Ok(()));
    let real = Client::new(
        Outbound::new(Duration::from_secs(1), 1_000).expect("a client"),
        slack::client::API_URL,
        SecretString::from(TOKEN),
    );
    for other in [
        url.as_str(),
        "https://hooks.slack.com.evil.example/x",
        "http://hooks.slack.com/x",
        "https://hooks.slack.com@evil.example/",
        "",
    ] {
        let Outcome::Refused(refused) = real.respond(other, &Answer::working()).await else {
            panic!("{other} was asked")
        };
        assert_eq!(refused.code, "not_a_hook", "{other}");
    }
    let closed = Playing::start(404, "", "used_url").await;
    let Outcome::Refused(refused) =
        closed.client().respond(&format!("http://{}/x", closed.address), &Answer::working()).await
    else {
        panic!("refused")
    };
    assert!(refused.to_string().contains("ask again"), "{refused}");
}

#[tokio::test]
async fn the_token_is_nowhere_to_be_read() {
    let slack = playing(json!({"ok": false, "error": TOKEN})).await;
    assert!(!format!("{:?}", slack.client()).contains("notreal"));
    let odd = Client::new(
        Outbound::new(Duration::from_secs(1), 10).expect("a client"),
        "http://127.0.0.1:1/api",
        SecretString::from("a\nnotreal"),
    );
    let outcome = odd.post("C1", &hello()).await;
    assert_eq!(outcome, Outcome::Unreachable { why: "a header is none".to_owned() });
}
