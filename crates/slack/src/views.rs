//! Views: a modal, and a person's home tab. What is made here fits Slack's limits.
//!
//! A view may hold far more than a message: 100 blocks, and no budget over all of them that we could reach.

use serde::Serialize;

use crate::blocks::{Block, Plain};
use crate::fit;
use crate::text::cut_plain;

/// A window over the conversation. Opened with a `trigger_id`, which lives three seconds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "type", rename = "modal")]
pub struct ModalView {
    callback_id: String,
    /// What comes back with the answer. People can read it: no secrets, and no authority.
    #[serde(skip_serializing_if = "Option::is_none")]
    private_metadata: Option<String>,
    title: Plain,
    #[serde(skip_serializing_if = "Option::is_none")]
    submit: Option<Plain>,
    close: Plain,
    blocks: Vec<Block>,
}

impl ModalView {
    /// A modal that only shows.
    pub fn showing(callback_id: &str, title: &str, blocks: Vec<Block>) -> Self {
        Self {
            callback_id: callback_id.to_owned(),
            private_metadata: None,
            title: Plain(cut_plain(title, fit::VIEW_TITLE)),
            submit: None,
            close: Plain::new("Close"),
            blocks: fit::view_blocks(blocks),
        }
    }

    /// A modal that asks: `submit` stands on its button, `metadata` comes back with what was written.
    pub fn asking(callback_id: &str, title: &str, submit: &str, metadata: String, blocks: Vec<Block>) -> Self {
        Self {
            private_metadata: (crate::text::width(&metadata) <= fit::METADATA).then_some(metadata),
            submit: Some(Plain(cut_plain(submit, fit::VIEW_BUTTON))),
            close: Plain::new("Back"),
            ..Self::showing(callback_id, title, blocks)
        }
    }
}

/// The tab that a person opens by the app's name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "type", rename = "home")]
pub struct HomeView {
    blocks: Vec<Block>,
}

impl HomeView {
    pub fn new(blocks: Vec<Block>) -> Self {
        Self { blocks: fit::view_blocks(blocks) }
    }
}
