//! What Slack posts to us: commands, presses, modals and events, with the fields that are read and no others.
//!
//! Read after the signature was proved. What we do not know is [`Interaction::Unknown`] or [`Callback::Unknown`]: it is
//! answered with success and nothing is done. The `token` in a payload is an older proof and is not looked at.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

/// What was posted cannot be read. Slack is told 400; it says nothing of the content.
#[derive(Debug, thiserror::Error)]
pub enum Unreadable {
    #[error("this is no form of a Slack command: it has no field '{0}'")]
    NoField(&'static str),
    #[error("the payload is no JSON of Slack's")]
    Json(#[source] serde_json::Error),
}

/// Whether Slack only looks whether the address answers. It is not signed: answer with success and do nothing.
pub fn is_ssl_check(form: &[u8]) -> bool {
    form_urlencoded::parse(form).any(|(name, value)| name == "ssl_check" && value == "1")
}

/// A slash command.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Slash {
    pub team_id: String,
    pub channel_id: String,
    pub user_id: String,
    /// With its slash.
    pub command: String,
    pub text: String,
    /// Takes five answers in half an hour. It lets whoever has it write in Slack: never logged, never shown.
    pub response_url: String,
    /// Opens one modal within three seconds.
    pub trigger_id: String,
}

impl Slash {
    pub fn read(form: &[u8]) -> Result<Self, Unreadable> {
        let mut fields: BTreeMap<String, String> = BTreeMap::new();
        for (name, value) in form_urlencoded::parse(form) {
            fields.entry(name.into_owned()).or_insert_with(|| value.into_owned());
        }
        let mut needed = |name: &'static str| fields.remove(name).ok_or(Unreadable::NoField(name));
        Ok(Self {
            team_id: needed("team_id")?,
            channel_id: needed("channel_id")?,
            user_id: needed("user_id")?,
            command: needed("command")?,
            text: needed("text").unwrap_or_default(),
            response_url: needed("response_url").unwrap_or_default(),
            trigger_id: needed("trigger_id").unwrap_or_default(),
        })
    }
}

/// Somebody did something with what we posted.
#[derive(Clone, Debug, PartialEq)]
pub enum Interaction {
    Pressed(Pressed),
    Submitted(Submitted),
    Closed(Submitted),
    Shortcut(Shortcut),
    /// Of this type; nothing is done.
    Unknown(String),
}

impl Interaction {
    /// The `payload` field of a form.
    pub fn read(form: &[u8]) -> Result<Self, Unreadable> {
        let payload = form_urlencoded::parse(form).find(|(name, _)| name == "payload");
        let (_, payload) = payload.ok_or(Unreadable::NoField("payload"))?;
        Self::of(serde_json::from_str(&payload).map_err(Unreadable::Json)?)
    }

    fn of(payload: Value) -> Result<Self, Unreadable> {
        fn fits<T: serde::de::DeserializeOwned>(payload: Value) -> Result<T, Unreadable> {
            serde_json::from_value(payload).map_err(Unreadable::Json)
        }
        let kind = payload["type"].as_str().unwrap_or_default().to_owned();
        Ok(match kind.as_str() {
            "block_actions" => Self::Pressed(fits(payload)?),
            "view_submission" => Self::Submitted(fits::<ViewPayload>(payload)?.into()),
            "view_closed" => Self::Closed(fits::<ViewPayload>(payload)?.into()),
            "shortcut" | "message_action" => Self::Shortcut(fits(payload)?),
            _ => Self::Unknown(kind),
        })
    }
}

/// Something that has an id.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
pub struct Named {
    pub id: String,
}

/// Buttons that were pressed: in practice one.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct Pressed {
    pub user: Named,
    /// Absent in organizations with many workspaces.
    #[serde(default)]
    pub team: Option<Named>,
    #[serde(default)]
    pub container: Container,
    #[serde(default)]
    pub trigger_id: String,
    /// As of [`Slash`]. Absent for a press in a view.
    #[serde(default)]
    pub response_url: Option<String>,
    pub actions: Vec<Action>,
}

/// Where the button stands.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
pub struct Container {
    #[serde(default)]
    pub channel_id: Option<String>,
    #[serde(default)]
    pub message_ts: Option<String>,
    #[serde(default)]
    pub is_ephemeral: bool,
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Action {
    pub action_id: String,
    #[serde(default)]
    pub block_id: String,
    #[serde(default)]
    pub value: Option<String>,
}

/// A modal that was sent, or closed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Submitted {
    pub user_id: String,
    pub team_id: Option<String>,
    pub callback_id: String,
    pub private_metadata: String,
    /// Block id → action id → what was written.
    pub values: BTreeMap<String, BTreeMap<String, Option<String>>>,
}

impl Submitted {
    pub fn value(&self, block_id: &str, action_id: &str) -> Option<&str> {
        self.values.get(block_id)?.get(action_id)?.as_deref()
    }
}

#[derive(Deserialize)]
struct ViewPayload {
    user: Named,
    #[serde(default)]
    team: Option<Named>,
    view: View,
}

#[derive(Deserialize)]
struct View {
    #[serde(default)]
    callback_id: String,
    #[serde(default)]
    private_metadata: String,
    #[serde(default)]
    state: State,
}

#[derive(Default, Deserialize)]
struct State {
    #[serde(default)]
    values: BTreeMap<String, BTreeMap<String, Written>>,
}

#[derive(Deserialize)]
struct Written {
    #[serde(default)]
    value: Option<String>,
}

impl From<ViewPayload> for Submitted {
    fn from(payload: ViewPayload) -> Self {
        let ViewPayload { user, team, view } = payload;
        let written = |(block, fields): (String, BTreeMap<String, Written>)| {
            (block, fields.into_iter().map(|(action, field)| (action, field.value)).collect())
        };
        Self {
            user_id: user.id,
            team_id: team.map(|team| team.id),
            callback_id: view.callback_id,
            private_metadata: view.private_metadata,
            values: view.state.values.into_iter().map(written).collect(),
        }
    }
}

/// A shortcut of the app, global or of a message.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Shortcut {
    pub callback_id: String,
    pub user: Named,
    #[serde(default)]
    pub trigger_id: String,
}

/// What comes to the Events API's URL, as far as it is for the app itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Callback {
    /// Asks for its challenge back when the URL is set.
    UrlVerification { challenge: String },
    /// Somebody opened the app's home.
    HomeOpened { user_id: String, team_id: Option<String> },
    /// The app was removed from the workspace, or its tokens were.
    Removed { team_id: Option<String> },
    /// Of this type; nothing is done.
    Unknown(String),
}

#[derive(Deserialize)]
struct Envelope {
    #[serde(rename = "type", default)]
    kind: String,
    #[serde(default)]
    challenge: String,
    #[serde(default)]
    team_id: Option<String>,
    #[serde(default)]
    event: Event,
}

#[derive(Default, Deserialize)]
struct Event {
    #[serde(rename = "type", default)]
    kind: String,
    #[serde(default)]
    tab: String,
    /// A person's id; in some events a whole person.
    #[serde(default)]
    user: Value,
}

impl Callback {
    pub fn read(body: &[u8]) -> Result<Self, Unreadable> {
        let Envelope { kind, challenge, team_id, event } = serde_json::from_slice(body).map_err(Unreadable::Json)?;
        let user_id = event.user.as_str().unwrap_or_default().to_owned();
        Ok(match (kind.as_str(), event.kind.as_str()) {
            ("url_verification", _) => Self::UrlVerification { challenge },
            ("event_callback", "app_home_opened") if event.tab == "home" && !user_id.is_empty() => {
                Self::HomeOpened { user_id, team_id }
            }
            ("event_callback", "app_uninstalled" | "tokens_revoked") => Self::Removed { team_id },
            ("event_callback", other) => Self::Unknown(other.to_owned()),
            (other, _) => Self::Unknown(other.to_owned()),
        })
    }
}

#[cfg(test)]
mod tests;
