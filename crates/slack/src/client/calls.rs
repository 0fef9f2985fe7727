//! The methods, each with what goes in and what is read of the answer.

use outbound::Answer as Response;
use serde::Serialize;
use serde_json::{Value, json};

use super::{Client, Outcome};
use crate::fit::Message;
use crate::views::{HomeView, ModalView};

/// Where a message stands: what an update needs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Posted {
    pub channel: String,
    pub ts: String,
}

/// Who the token belongs to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Identity {
    pub team_id: String,
    pub team: String,
    /// The app's own user.
    pub user_id: String,
    pub scopes: Vec<String>,
}

/// A person of the workspace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    pub user_id: String,
    pub name: String,
    pub is_bot: bool,
    /// Whether the account was closed.
    pub is_deleted: bool,
}

/// What a person's profile says of who they are.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Profile {
    /// Slack has a new one confirmed by mail.
    pub email: Option<String>,
    /// The workspace that the account belongs to: people of shared channels belong to another one.
    pub team_id: String,
    pub is_bot: bool,
    pub is_deleted: bool,
}

#[derive(Serialize)]
struct Post<'p, M> {
    channel: &'p str,
    #[serde(flatten)]
    message: &'p M,
    #[serde(skip_serializing_if = "Option::is_none")]
    thread_ts: Option<&'p str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reply_broadcast: Option<bool>,
    unfurl_links: bool,
    unfurl_media: bool,
}

impl<'p, M> Post<'p, M> {
    fn new(channel: &'p str, message: &'p M) -> Self {
        Self { channel, message, thread_ts: None, reply_broadcast: None, unfurl_links: false, unfurl_media: false }
    }
}

#[derive(Serialize)]
struct Update<'u> {
    ts: &'u str,
    channel: &'u str,
    #[serde(flatten)]
    message: &'u Message,
    /// Without it, blocks that the new form lacks would stay.
    #[serde(skip_serializing_if = "Option::is_none")]
    blocks: Option<[(); 0]>,
}

#[derive(Serialize)]
struct Private<'p> {
    channel: &'p str,
    user: &'p str,
    #[serde(flatten)]
    message: &'p Message,
}

impl Client {
    /// `chat.postMessage`. After an unknown outcome it may stand there or not.
    pub async fn post(&self, channel: &str, message: &Message) -> Outcome<Posted> {
        posted(self.call("chat.postMessage", &Post::new(channel, message)).await)
    }

    /// The same into a thread; `broadcast` shows it in the channel too.
    pub async fn reply(&self, to: &Posted, message: &Message, broadcast: bool) -> Outcome<Posted> {
        let post = Post {
            thread_ts: Some(&to.ts),
            reply_broadcast: broadcast.then_some(true),
            ..Post::new(&to.channel, message)
        };
        posted(self.call("chat.postMessage", &post).await)
    }

    /// `chat.postMessage` of a message that was made before and kept as JSON; into the thread of `thread_ts` if there is one.
    pub async fn post_kept(&self, channel: &str, thread_ts: Option<&str>, message: &Value) -> Outcome<Posted> {
        let post = Post { thread_ts, ..Post::new(channel, message) };
        posted(self.call("chat.postMessage", &post).await)
    }

    /// `chat.update`: the message as it should be now, whole.
    pub async fn update(&self, at: &Posted, message: &Message) -> Outcome<Posted> {
        let blocks = message.blocks().is_empty().then_some([]);
        let update = Update { ts: &at.ts, channel: &at.channel, message, blocks };
        posted(self.call("chat.update", &update).await)
    }

    /// `chat.postEphemeral`: seen by one person, gone with the next start of their client.
    pub async fn whisper(&self, channel: &str, user_id: &str, message: &Message) -> Outcome<()> {
        self.call("chat.postEphemeral", &Private { channel, user: user_id, message }).await.map(|_| ())
    }

    /// `views.open`, within three seconds of the press that gave the trigger.
    pub async fn open_modal(&self, trigger_id: &str, view: &ModalView) -> Outcome<()> {
        self.call("views.open", &json!({"trigger_id": trigger_id, "view": view})).await.map(|_| ())
    }

    /// `views.publish`: a person's home tab.
    pub async fn publish_home(&self, user_id: &str, view: &HomeView) -> Outcome<()> {
        self.call("views.publish", &json!({"user_id": user_id, "view": view})).await.map(|_| ())
    }

    /// `conversations.open`: the channel of the direct messages with a person.
    pub async fn open_direct(&self, user_id: &str) -> Outcome<String> {
        let opened = self.call("conversations.open", &json!({"users": user_id})).await;
        required(opened, |body| text(body, "/channel/id"))
    }

    /// `users.lookupByEmail`. Nobody: [`super::Refused`] with `users_not_found`.
    pub async fn find_by_email(&self, email: &str) -> Outcome<Found> {
        let found = self.call_form("users.lookupByEmail", &[("email", email)]).await;
        required(found, |body| {
            let flag = |pointer: &str| body.pointer(pointer).and_then(Value::as_bool).unwrap_or_default();
            let name = text(body, "/user/profile/display_name").filter(|name| !name.is_empty());
            Some(Found {
                user_id: text(body, "/user/id")?,
                name: name.or_else(|| text(body, "/user/name")).unwrap_or_default(),
                is_bot: flag("/user/is_bot"),
                is_deleted: flag("/user/deleted"),
            })
        })
    }

    /// `users.info`.
    pub async fn profile(&self, user_id: &str) -> Outcome<Profile> {
        self.call_form("users.info", &[("user", user_id)]).await.map(|(body, _)| {
            let flag = |pointer: &str| body.pointer(pointer).and_then(Value::as_bool).unwrap_or_default();
            Profile {
                email: text(&body, "/user/profile/email").filter(|email| email.contains('@')),
                team_id: text(&body, "/user/team_id").unwrap_or_default(),
                is_bot: flag("/user/is_bot"),
                is_deleted: flag("/user/deleted"),
            }
        })
    }

    /// `auth.test`: whether the token is good, whose it is, and what it may do.
    pub async fn identity(&self) -> Outcome<Identity> {
        self.call_form("auth.test", &[]).await.map(|(body, response)| Identity {
            team_id: text(&body, "/team_id").unwrap_or_default(),
            team: text(&body, "/team").unwrap_or_default(),
            user_id: text(&body, "/user_id").unwrap_or_default(),
            scopes: scopes(&response),
        })
    }
}

fn scopes(response: &Response) -> Vec<String> {
    let told = response.header("x-oauth-scopes").unwrap_or_default();
    told.split(',').map(str::trim).filter(|scope| !scope.is_empty()).map(str::to_owned).collect()
}

fn posted(outcome: Outcome<(Value, Response)>) -> Outcome<Posted> {
    required(outcome, |body| Some(Posted { channel: text(body, "/channel")?, ts: text(body, "/ts")? }))
}

/// What must stand in an answer that says that it worked.
fn required<T>(outcome: Outcome<(Value, Response)>, read: impl FnOnce(&Value) -> Option<T>) -> Outcome<T> {
    outcome.and_then(|(body, _)| match read(&body) {
        Some(value) => Outcome::Ok(value),
        None => Outcome::Unknown { why: "Slack's answer lacks what it should say".to_owned() },
    })
}

fn text(body: &Value, pointer: &str) -> Option<String> {
    body.pointer(pointer)?.as_str().map(str::to_owned)
}
