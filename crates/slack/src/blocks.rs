//! Block Kit as far as we use it: the blocks of messages and views, in the shapes that Slack documents.
//!
//! Serialized, never read back. Limits are kept by [`crate::fit`], harmless text is made by [`crate::text`].
//! <https://docs.slack.dev/reference/block-kit>

use serde::ser::SerializeStruct;
use serde::{Serialize, Serializer};

/// Text in which Slack reads nothing but `:emoji:`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plain(pub String);

/// Text with Slack's markup. Nothing is made into a link or a mention that is not written as one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mrkdwn(pub String);

impl Plain {
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }
}

impl Mrkdwn {
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }
}

impl Serialize for Plain {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut text = serializer.serialize_struct("Plain", 3)?;
        text.serialize_field("type", "plain_text")?;
        text.serialize_field("text", &self.0)?;
        text.serialize_field("emoji", &true)?;
        text.end()
    }
}

impl Serialize for Mrkdwn {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut text = serializer.serialize_struct("Mrkdwn", 3)?;
        text.serialize_field("type", "mrkdwn")?;
        text.serialize_field("text", &self.0)?;
        // Else Slack makes "@channel" and "#general" of plain words.
        text.serialize_field("verbatim", &true)?;
        text.end()
    }
}

/// One block.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Block {
    Header {
        text: Plain,
    },
    Section {
        #[serde(skip_serializing_if = "Option::is_none")]
        text: Option<Mrkdwn>,
        #[serde(skip_serializing_if = "Vec::is_empty")]
        fields: Vec<Mrkdwn>,
        #[serde(skip_serializing_if = "Option::is_none")]
        accessory: Option<Button>,
    },
    Context {
        elements: Vec<Mrkdwn>,
    },
    Actions {
        #[serde(skip_serializing_if = "Option::is_none")]
        block_id: Option<String>,
        elements: Vec<Button>,
    },
    Divider,
    /// Only in modals.
    Input {
        block_id: String,
        label: Plain,
        element: TextInput,
        #[serde(skip_serializing_if = "Option::is_none")]
        hint: Option<Plain>,
        optional: bool,
    },
}

impl Block {
    pub fn header(text: impl Into<String>) -> Self {
        Self::Header { text: Plain::new(text) }
    }

    pub fn section(text: impl Into<String>) -> Self {
        Self::Section { text: Some(Mrkdwn::new(text)), fields: Vec::new(), accessory: None }
    }

    /// Short texts in two columns.
    pub fn fields(texts: Vec<String>) -> Self {
        Self::Section { text: None, fields: texts.into_iter().map(Mrkdwn).collect(), accessory: None }
    }

    pub fn context(text: impl Into<String>) -> Self {
        Self::Context { elements: vec![Mrkdwn::new(text)] }
    }

    /// What stands in it to be read, without its buttons.
    pub(crate) fn texts(&self) -> Vec<&str> {
        match self {
            Self::Header { text } => vec![&text.0],
            Self::Section { text, fields, .. } => text.iter().chain(fields).map(|one| one.0.as_str()).collect(),
            Self::Context { elements } => elements.iter().map(|one| one.0.as_str()).collect(),
            Self::Actions { .. } | Self::Divider | Self::Input { .. } => Vec::new(),
        }
    }

    /// Buttons in a row. The id must differ from the one that it had before the message was updated.
    pub fn actions(block_id: impl Into<String>, elements: Vec<Button>) -> Self {
        Self::Actions { block_id: Some(block_id.into()), elements }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Style {
    Primary,
    Danger,
}

/// A button. What it does is looked up by `value` when it is pressed: it carries no authority.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "type", rename = "button")]
pub struct Button {
    pub action_id: String,
    pub text: Plain,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub value: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub style: Option<Style>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub confirm: Option<Confirm>,
}

impl Button {
    pub fn new(action_id: impl Into<String>, text: impl Into<String>, value: impl Into<String>) -> Self {
        let value = Some(value.into());
        Self { action_id: action_id.into(), text: Plain::new(text), value, url: None, style: None, confirm: None }
    }

    /// A button that opens a page. Slack tells us of the press as well; it only has to be answered.
    pub fn link(action_id: impl Into<String>, text: impl Into<String>, url: impl Into<String>) -> Self {
        let url = Some(url.into());
        Self { action_id: action_id.into(), text: Plain::new(text), value: None, url, style: None, confirm: None }
    }

    #[must_use]
    pub fn styled(mut self, style: Style) -> Self {
        self.style = Some(style);
        self
    }

    #[must_use]
    pub fn confirmed(mut self, confirm: Confirm) -> Self {
        self.confirm = Some(confirm);
        self
    }
}

/// What is asked before a press counts: the effect, not "are you sure?".
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Confirm {
    pub title: Plain,
    pub text: Mrkdwn,
    pub confirm: Plain,
    pub deny: Plain,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub style: Option<Style>,
}

/// A field to write in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "type", rename = "plain_text_input")]
pub struct TextInput {
    pub action_id: String,
    pub multiline: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub initial_value: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub placeholder: Option<Plain>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub min_length: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_length: Option<usize>,
}
