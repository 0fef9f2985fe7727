//! The modals of an approval: one that asks for a reason, and one that shows everything.

use serde::{Deserialize, Serialize};

use super::{Decision, Shown, Vote, effect, fields, footer, quoted, standing, what};
use crate::blocks::{Block, Plain, TextInput};
use crate::fit;
use crate::payloads::Submitted;
use crate::text::{moment, preformatted};
use crate::views::ModalView;

/// `callback_id` of the modal that asks for a reason.
pub const DECIDE: &str = "approval.decide";
/// Block and action of the field in it: where an error is shown.
pub const REASON: &str = "reason";
const SHOWING: &str = "approval.shown";
/// Sections of what is approved: 15,000 characters.
const PARTS: usize = 5;
const LONGEST_REASON: usize = 1_000;

/// What a modal carries to its answer: which approval, and the message whose button opened it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Carried {
    pub approval: String,
    pub decision: Decision,
    /// The hash of the content that the message showed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seen: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub channel: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ts: Option<String>,
}

/// Asks why. The reason may be left empty where the policy lets it.
pub fn reason(shown: &Shown, carried: &Carried) -> ModalView {
    let (title, submit, is_needed) = match carried.decision {
        Decision::Approve => ("Approve", "Approve", shown.reasons.approve),
        Decision::Reject => ("Reject", "Reject", shown.reasons.reject),
    };
    let follows = match carried.decision {
        Decision::Approve => effect(shown),
        Decision::Reject => "It will not be done. Who asked for it reads your reason.".to_owned(),
    };
    let element = TextInput {
        action_id: REASON.to_owned(),
        multiline: true,
        initial_value: None,
        placeholder: Some(Plain::new("What should the others know?")),
        min_length: is_needed.then_some(1),
        max_length: Some(LONGEST_REASON),
    };
    let blocks = vec![
        Block::section(format!("*{}*\n{follows}", what(shown))),
        Block::Input {
            block_id: REASON.to_owned(),
            label: Plain::new("Reason"),
            element,
            hint: Some(Plain::new("Everybody who can see the approval can read it.")),
            optional: !is_needed,
        },
    ];
    let metadata = serde_json::to_string(carried).unwrap_or_default();
    ModalView::asking(DECIDE, title, submit, metadata, blocks)
}

/// What was decided in the modal, and why. `None` when it is another modal.
pub fn decided(submitted: &Submitted) -> Option<(Carried, Option<String>)> {
    if submitted.callback_id != DECIDE {
        return None;
    }
    let carried = serde_json::from_str(&submitted.private_metadata).ok()?;
    let reason = submitted.value(REASON, REASON).map(|text| text.trim().to_owned()).filter(|text| !text.is_empty());
    Some((carried, reason))
}

/// Everything about an approval: facts, votes with their reasons, and exactly what is approved.
pub fn details(shown: &Shown) -> ModalView {
    let mut blocks = vec![Block::section(format!("*{}*", what(shown))), Block::fields(fields(shown))];
    blocks.extend(shown.reason.as_deref().map(|reason| Block::section(quoted(reason))));
    blocks.push(Block::section(format!("*If approved*\n{}", effect(shown))));
    blocks.push(Block::section(format!("*Where it stands*\n{}", standing(shown))));
    blocks.extend(shown.votes.iter().take(20).map(vote));
    if let Some(payload) = &shown.payload {
        let exact = serde_json::to_string_pretty(payload).unwrap_or_default();
        blocks.push(Block::Divider);
        blocks.push(Block::section("*Exactly this is approved*"));
        let parts = preformatted(&exact, fit::SECTION, PARTS);
        let is_all = !parts.last().is_some_and(|last| last.ends_with("…\n```"));
        blocks.extend(parts.into_iter().map(Block::section));
        if !is_all {
            blocks.push(Block::section(
                "⚠️ *This is not all of it.* The rest is in the console: read it there before you decide.",
            ));
        }
    }
    blocks.push(Block::context(footer(shown)));
    ModalView::showing(SHOWING, "Approval", blocks)
}

fn vote(vote: &Vote) -> Block {
    let word = match vote.decision {
        Decision::Approve => "approved",
        Decision::Reject => "rejected",
    };
    let reason = vote.reason.as_deref().map(|reason| format!("\n{}", quoted(reason))).unwrap_or_default();
    Block::section(format!("{} {word} {}{reason}", vote.who.shown(), moment(vote.at)))
}
