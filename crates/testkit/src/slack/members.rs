//! Members of the workspace: what they type, press and send reaches a gateway as Slack would send it, really signed.

use std::sync::atomic::{AtomicUsize, Ordering};

use chrono::{DateTime, Utc};
use integrations::Shipment;
use serde_json::{Value, json};

use super::{Message, Slack, methods};

/// `SLACK_SIGNING_SECRET`.
pub const SECRET: &str = "8f742231b10e8888abcd99yyyzzz85a5";

/// Every form gets a trigger and a hook of its own.
static FORMS: AtomicUsize = AtomicUsize::new(1);

/// Somebody in the workspace, in front of one gateway.
#[derive(Clone)]
pub struct Member {
    http: reqwest::Client,
    gateway: String,
    slack: String,
    pub user_id: String,
}

/// What a form was answered, and where later answers go.
#[derive(Clone, Debug)]
pub struct Reply {
    pub status: u16,
    /// `null`: the answer was empty.
    pub body: Value,
    pub response_url: String,
}

impl Slack {
    /// A member of the workspace; `gateway` is its address, `http://127.0.0.1:8000`.
    pub fn member(&self, gateway: &str, user_id: &str) -> Member {
        let slack = self.listening.url();
        Member { http: reqwest::Client::new(), gateway: gateway.to_owned(), slack, user_id: user_id.to_owned() }
    }
}

impl Member {
    fn number(&self) -> (usize, String) {
        let number = FORMS.fetch_add(1, Ordering::Relaxed);
        (number, format!("{}/hooks/{number}", self.slack))
    }

    /// Types `/em <text>` in a channel.
    pub async fn types(&self, text: &str) -> Reply {
        let (number, response_url) = self.number();
        let form = self.command(text, &response_url, number);
        self.sent("/v1/slack/commands", &form, response_url).await
    }

    /// The form of a command.
    pub fn command(&self, text: &str, response_url: &str, number: usize) -> Vec<u8> {
        let trigger = format!("{number}.1.x");
        form_urlencoded::Serializer::new(String::new())
            .append_pair("team_id", methods::TEAM)
            .append_pair("channel_id", "C0DEPLOYS01")
            .append_pair("user_id", &self.user_id)
            .append_pair("command", "/em")
            .append_pair("text", text)
            .append_pair("response_url", response_url)
            .append_pair("trigger_id", &trigger)
            .finish()
            .into_bytes()
    }

    /// Presses a button of a message.
    ///
    /// # Panics
    /// When the message has no such button.
    pub async fn presses(&self, message: &Message, action_id: &str) -> Reply {
        let (number, response_url) = self.number();
        let payload = self.press(message, action_id, (number, &response_url));
        self.sent("/v1/slack/interactions", &form(&payload), response_url).await
    }

    fn press(&self, message: &Message, action_id: &str, (number, response_url): (usize, &str)) -> Value {
        let blocks = message.body["blocks"].as_array().expect("blocks");
        let buttons = blocks.iter().flat_map(|block| {
            let elements = block["elements"].as_array().cloned().unwrap_or_default();
            elements.into_iter().map(move |button| (block["block_id"].clone(), button))
        });
        let mut pressed = buttons.filter(|(_, button)| button["action_id"] == action_id);
        let (block_id, button) = pressed.next().expect("a button");
        json!({"type": "block_actions", "user": {"id": self.user_id}, "team": {"id": methods::TEAM},
            "container": {"type": "message", "channel_id": message.channel, "message_ts": message.ts},
            "trigger_id": format!("{number}.1.x"), "response_url": response_url,
            "actions": [{"type": "button", "action_id": action_id, "block_id": block_id, "value": button["value"]}]})
    }

    /// Writes a reason into a modal, as `views.open` was given it, and sends it.
    pub async fn submits(&self, opened: &Value, reason: Option<&str>) -> Reply {
        let mut view = opened["view"].clone();
        view["state"] = json!({"values": {"reason": {"reason": {"type": "plain_text_input", "value": reason}}}});
        let payload = json!({"type": "view_submission", "user": {"id": self.user_id}, "team": {"id": methods::TEAM},
            "view": view});
        self.sent("/v1/slack/interactions", &form(&payload), String::new()).await
    }

    async fn sent(&self, path: &str, body: &[u8], response_url: String) -> Reply {
        let (status, body) = self.posts(path, body, (SECRET, Utc::now())).await;
        Reply { status, body, response_url }
    }

    /// Posts a form signed with this secret at this time.
    ///
    /// # Panics
    /// When the gateway does not answer.
    pub async fn posts(&self, path: &str, body: &[u8], (secret, at): (&str, DateTime<Utc>)) -> (u16, Value) {
        let slack = integrations::find("slack").expect("an integration");
        let headers = integrations::sign(slack, &Shipment::of("form", "k", body, secret.as_bytes(), at));
        let mut request = self.http.post(format!("{}{path}", self.gateway)).body(body.to_vec());
        for (name, value) in headers.iter().filter(|(name, _)| *name != "content-type") {
            request = request.header(*name, value);
        }
        let request = request.header("content-type", "application/x-www-form-urlencoded");
        let answer = request.send().await.expect("an answer");
        (answer.status().as_u16(), answer.json().await.unwrap_or(Value::Null))
    }
}

fn form(payload: &Value) -> Vec<u8> {
    form_urlencoded::Serializer::new(String::new()).append_pair("payload", &payload.to_string()).finish().into_bytes()
}
