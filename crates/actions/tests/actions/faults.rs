//! What GitHub's refusals, limits and silences come to.

use std::time::Duration;

use actions::effects::{Clients, Performed};
use actions::github::GitHub;
use actions::outcome::Outcome;
use outbound::Outbound;
use secrecy::SecretString;
use serde_json::json;

use crate::{action, after, again, done, first, noon, with_pat};
use testkit::github::{Fault, PAT, Playing};
use testkit::listening::Reply;

const LIMIT: &str = r#"{"message":"API rate limit exceeded for user ID 1."}"#;
const SECONDARY: &str = r#"{"message":"You have exceeded a secondary rate limit. Please wait a few minutes."}"#;

/// What a comment comes to when GitHub answers so.
async fn outcome(status: u16, headers: &[(&str, String)], body: &str) -> Outcome<Performed> {
    let github = Playing::start().await;
    github.fault("POST", Fault::Instead(Reply::with(status, headers, body)));
    let outcome = first(&action("comment", &json!({"text": "Here."})), &with_pat(&github)).await;
    assert_eq!(github.state().comments.len(), 0);
    outcome
}

#[tokio::test]
async fn a_limit_says_until_when() {
    let reset = |seconds: i64| ("x-ratelimit-reset", (noon().timestamp() + seconds).to_string());
    let none_left = ("x-ratelimit-remaining", "0".to_owned());
    let wait = |seconds: i64| Outcome::Wait { until: after(seconds) };
    assert_eq!(outcome(403, &[none_left.clone(), reset(1_799)], LIMIT).await, wait(1_800));
    assert_eq!(outcome(429, &[none_left.clone(), reset(-30)], LIMIT).await, wait(1), "its clock is behind");
    assert_eq!(outcome(429, &[none_left, reset(i64::from(u32::MAX))], LIMIT).await, wait(21_600), "not for ever");
    // Secondary limits: `retry-after`, or a minute at least.
    let left = ("x-ratelimit-remaining", "4999".to_owned());
    assert_eq!(outcome(429, &[left.clone(), ("retry-after", "30".to_owned())], SECONDARY).await, wait(30));
    assert_eq!(outcome(403, &[left.clone(), reset(3_000)], SECONDARY).await, wait(60));
    assert_eq!(outcome(429, &[left], "").await, wait(60));
}

async fn refused(status: u16, body: &str) -> String {
    match outcome(status, &[], body).await {
        Outcome::Refused(refused) => refused.to_string(),
        other => panic!("not refused: {other:?}"),
    }
}

#[tokio::test]
async fn what_is_refused_says_why_and_what_to_do() {
    let invalid = r#"{"message":"Validation Failed","errors":[{"resource":"IssueComment","code":"missing_field","field":"body"}]}"#;
    assert_eq!(refused(422, invalid).await, "GitHub refused: Validation Failed: body missing_field (422)");
    let texts = r#"{"message":"Validation Failed","errors":["Could not resolve to a node","x"]}"#;
    assert_eq!(refused(422, texts).await, "GitHub refused: Validation Failed: Could not resolve to a node: x (422)");
    let named = r#"{"message":"Resource not accessible by integration"}"#;
    assert!(refused(403, named).await.contains("give the token or app the permission"));
    assert!(refused(404, r#"{"message":"Not Found"}"#).await.contains("may not see it"));
    assert!(refused(410, r#"{"message":"Issues are disabled for this repo"}"#).await.contains("switched off"));
    assert!(refused(401, r#"{"message":"Bad credentials"}"#).await.contains("GITHUB_TOKEN"));
    assert!(refused(301, r#"{"message":"Moved Permanently"}"#).await.contains("use its new name"));
    assert_eq!(refused(400, "<html>").await, "GitHub refused: no reason given (400)");
}

#[tokio::test]
async fn a_failure_may_have_done_it_unless_it_only_read() {
    for status in [500, 502, 503, 504, 408] {
        assert!(matches!(outcome(status, &[], "").await, Outcome::Unknown { .. }), "{status}");
    }
    let github = Playing::start().await;
    github.fault("GET", Fault::Instead(Reply::with(502, &[], "")));
    let assign = action("assign_reviewer", &json!({"reviewers": "grace"}));
    let outcome = first(&assign, &with_pat(&github)).await;
    assert!(matches!(outcome, Outcome::Unreachable { .. }), "{outcome:?}");
}

#[tokio::test]
async fn silence_after_it_was_done_is_made_up_for() {
    let github = Playing::start().await;
    let impatient = Outbound::new(Duration::from_millis(300), 1 << 20).expect("a client");
    let impatient = GitHub::with_token(impatient, &github.url(), SecretString::from(PAT.to_owned()));
    let impatient = Clients { github: Some(impatient), ..Clients::default() };
    github.fault("POST", Fault::Done(Reply::Silence));
    let comment = action("comment", &json!({"text": "Here."}));
    assert!(matches!(first(&comment, &impatient).await, Outcome::Unknown { .. }));
    assert!(done(again(&comment, &with_pat(&github)).await).was_found);
    assert_eq!(github.state().comments.len(), 1);
}

#[tokio::test]
async fn what_was_never_sent_is_safe_to_repeat() {
    let nobody = {
        let github = Playing::start().await;
        with_pat(&github)
    };
    // The listener is gone when its task has ended.
    let comment = action("comment", &json!({"text": "Here."}));
    let deadline = std::time::Instant::now() + Duration::from_secs(20);
    loop {
        match first(&comment, &nobody).await {
            Outcome::Unreachable { why } => break assert_eq!(why, "no connection"),
            _ => assert!(std::time::Instant::now() < deadline, "still listening"),
        }
    }
}

#[tokio::test]
async fn what_cannot_be_looked_up_is_not_repeated() {
    let github = Playing::start().await;
    github.fault("GET", Fault::Instead(Reply::with(502, &[], "")));
    let outcome = again(&action("comment", &json!({"text": "Here."})), &with_pat(&github)).await;
    assert!(matches!(outcome, Outcome::Unreachable { .. }), "{outcome:?}");
    assert_eq!(github.state().comments.len(), 0);
}

#[tokio::test]
async fn who_is_not_set_up_is_named() {
    let nobody = Clients::default();
    let payload = |text: &str| serde_json::from_str(text).expect("JSON");
    for (kind, text, says) in [
        ("comment", r#"{"text":"x"}"#, "GITHUB_TOKEN"),
        ("nudge", r##"{"channel":"#dev","text":"x"}"##, "SLACK_BOT_TOKEN"),
        ("page", r#"{"summary":"x"}"#, "PAGERDUTY_ROUTING_KEY"),
        ("webhook", r#"{"url":"https://example.com","type":"a.b"}"#, "OUTGOING_WEBHOOK_SECRETS"),
    ] {
        let Outcome::Refused(refused) = first(&action(kind, &payload(text)), &nobody).await else { panic!("{kind}") };
        assert!(refused.message.contains(says), "{kind}: {refused}");
    }
}
