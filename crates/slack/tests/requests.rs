//! Every request that the client makes, as a file: `oracles/slack_emulator.mjs` sends them to somebody else's Slack.
//! Written anew with `INSTA_UPDATE=always cargo test -p slack --test requests`.

mod examples;
mod playing;

use std::fs;
use std::path::Path;

use examples::{ID, frozen, half, waiting};
use playing::Playing;
use serde_json::{Value, json};
use slack::approvals::modals::{Carried, details, reason};
use slack::approvals::{Decision, Ending, conclusion, message};
use slack::client::Posted;
use slack::home::{Inbox, view};

const CHANNEL: &str = "C0SHOP0001";
const PERSON: &str = "U0ADA00001";

/// The last request, and what the client must find in the answer.
fn asked(slack: &Playing, must_have: &[&str]) -> Value {
    let head = slack.head();
    let said = |name: &str| head.lines().find_map(|line| line.strip_prefix(name)).unwrap_or_default().to_owned();
    let content_type = said("content-type: ");
    let body = if content_type.contains("json") { slack.json() } else { Value::String(slack.body()) };
    let path = slack.path();
    json!({ "path": path, "content_type": content_type, "body": body, "must_have": must_have })
}

/// A life of an approval, and what else is ever asked.
async fn all() -> Vec<Value> {
    let slack = Playing::start(200, "", r#"{"ok":true}"#).await;
    let client = slack.client();
    let at = Posted { channel: CHANNEL.to_owned(), ts: "1795200247.000100".to_owned() };
    let done = examples::decided(Ending::Approved);
    let carried = Carried {
        approval: ID.to_owned(),
        decision: Decision::Reject,
        seen: None,
        channel: Some(at.channel.clone()),
        ts: None,
    };
    let posted = ["/channel", "/ts"];
    let mut all = Vec::new();
    let _ = client.identity().await;
    all.push(asked(&slack, &["/team_id", "/team", "/user_id"]));
    let _ = client.find_by_email("ada@acme.example").await;
    all.push(asked(&slack, &["/user/id", "/user/name", "/user/profile"]));
    let _ = client.open_direct(PERSON).await;
    all.push(asked(&slack, &["/channel/id"]));
    let _ = client.post(CHANNEL, &message(&waiting())).await;
    all.push(asked(&slack, &posted));
    let _ = client.update(&at, &message(&half())).await;
    all.push(asked(&slack, &posted));
    let _ = client.update(&at, &message(&done)).await;
    all.push(asked(&slack, &posted));
    let _ = client.reply(&at, &conclusion(&done).expect("decided"), true).await;
    all.push(asked(&slack, &posted));
    let _ = client.whisper(CHANNEL, PERSON, &message(&half())).await;
    all.push(asked(&slack, &[]));
    let _ = client.open_modal("1.2.trigger", &details(&half())).await;
    all.push(asked(&slack, &[]));
    let _ = client.open_modal("1.2.trigger", &reason(&frozen(), &carried)).await;
    all.push(asked(&slack, &[]));
    let _ = client.publish_home(PERSON, &view(&Inbox::default())).await;
    all.push(asked(&slack, &[]));
    all
}

#[tokio::test]
async fn the_requests_are_those_that_are_tried_elsewhere() {
    let made = Value::Array(all().await);
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/requests.json");
    if option_env!("INSTA_UPDATE") == Some("always") {
        fs::write(&path, format!("{made:#}\n")).expect("written");
    }
    let found: Value = serde_json::from_str(&fs::read_to_string(&path).unwrap_or_default()).unwrap_or_default();
    assert!(
        found == made,
        "requests.json is not what the client asks: INSTA_UPDATE=always cargo test -p slack --test requests"
    );
}
