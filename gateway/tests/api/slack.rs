//! Slack's door: people type, press and send, as Slack would send it, and a fake Slack hears the answers.

mod commands;
mod forms;
mod home;
mod links;
mod notify;
mod presses;
mod race;
mod thoughts;

use std::time::Duration;

use domain::ids::TenantId;
use gateway::access::Role;
use outbound::Outbound;
use serde_json::{Value, json};
use slack::client::{Client, Outcome};
use store::Connection;
use testkit::slack::{Member, Message, SECRET, Slack};
use testkit::world::until;

use crate::people::{added, proposed};
use crate::world::World;

const TOKEN: &str = "xoxb-000000000000-notreal";
const ADA: &str = "U0ADA00001";
const GRACE: &str = "U0GRACE001";
const MALLORY: &str = "U0MALLORY1";

/// A gateway and the workspace beside it.
struct Office {
    world: World,
    slack: Slack,
}

impl Office {
    async fn new() -> Self {
        Self::with(&[]).await
    }

    async fn with(settings: &[(&str, &str)]) -> Self {
        let slack = Slack::start(TOKEN).await;
        let url = slack.url();
        let mut all = vec![
            ("SLACK_SIGNING_SECRET", SECRET),
            ("SLACK_BOT_TOKEN", TOKEN),
            ("SLACK_API_URL", &url),
            ("SLACK_DEFAULT_CHANNEL", "#deploys"),
        ];
        all.extend(settings);
        Self { world: World::with(&all).await, slack }
    }

    fn member(&self, user_id: &str) -> Member {
        self.slack.member(&format!("http://{}", self.world.running.address), user_id)
    }

    /// A member who is known as somebody who may approve.
    async fn approver(&self, user_id: &str, name: &str) -> Member {
        let identity =
            json!({"external_type": "slack", "external_id": user_id, "user_id": name, "roles": ["approver"]});
        added(&self.world, &identity).await;
        self.member(user_id)
    }

    async fn merge(&self) -> String {
        proposed(&self.world, &json!({"subject": "acme/shop#12", "action": "merge", "payload": {"sha": "c3d4"}})).await
    }

    /// Posts an approval as the worker does.
    async fn posted(&self, id: &str) -> Message {
        let id = id.parse().expect("an id");
        let load = move |conn: &mut Connection| show::approvals::load(conn, &TenantId::default(), id);
        let loaded = self.world.database.store(store::Role::App).call("test_load", load).await.expect("loaded");
        let (_, shown) = loaded.expect("an approval");
        let outbound = Outbound::new(Duration::from_secs(5), 1_000_000).expect("a client");
        let client = Client::new(outbound, &self.slack.url(), TOKEN.into());
        let posted = client.post("#deploys", &slack::approvals::message(&shown)).await;
        assert!(matches!(posted, Outcome::Ok(_)), "{posted:?}");
        self.slack.messages().pop().expect("a message")
    }

    async fn shown(&self, id: &str) -> Value {
        self.world.get(&format!("/v1/approvals/{id}")).await
    }

    /// What was told to who pressed: the first answer through the press's own address.
    async fn heard(&self, url: &str) -> String {
        until("an answer through the response_url", async || !self.slack.responses(url).is_empty()).await;
        let answer = self.slack.responses(url).remove(0);
        assert_eq!((&answer["response_type"], &answer["replace_original"]), (&json!("ephemeral"), &json!(false)));
        answer["text"].as_str().expect("a text").to_owned()
    }

    /// Presses, and hears what came of it.
    async fn pressed(&self, member: &Member, message: &Message, button: &str) -> String {
        let reply = member.presses(message, button).await;
        assert_eq!((reply.status, &reply.body), (200, &Value::Null));
        self.heard(&reply.response_url).await
    }

    /// The window that the last press opened.
    async fn window(&self, member: &Member, message: &Message, button: &str) -> Value {
        let before = self.slack.views().len();
        assert_eq!(member.presses(message, button).await.status, 200);
        until("a window", async || self.slack.views().len() > before).await;
        self.slack.views().pop().expect("a view")
    }

    /// What was whispered in a channel.
    async fn whispered(&self, count: usize) -> Value {
        until("a whisper", async || self.slack.whispers().len() >= count).await;
        self.slack.whispers().pop().expect("a whisper")
    }

    async fn audit(&self, path: &str) -> Value {
        let request = self.world.request_as(Role::Admin, reqwest::Method::GET, path);
        request.send().await.expect("an answer").json().await.expect("json")
    }
}

/// All that an answer says, to search in.
fn text(answer: &Value) -> String {
    answer.to_string()
}
