//! Slack's limits, and how what we say is brought within them: Slack refuses a whole message for one text too long.
//!
//! A [`Message`] exists only within the limits. A text that is too long is cut where nothing breaks and ends in `…`;
//! what is more than one message may hold goes on in its thread; what is left out is said, with the link to the
//! console, where all of it is.

use serde::Serialize;

use crate::blocks::{Block, Button, Mrkdwn, Plain};
use crate::text::{cut, cut_plain, link, width};

// https://docs.slack.dev/reference/block-kit, and @slack/types.
pub const BLOCKS: usize = 50;
pub const VIEW_BLOCKS: usize = 100;
pub const HEADER: usize = 150;
pub const SECTION: usize = 3_000;
pub const FIELDS: usize = 10;
pub const FIELD: usize = 2_000;
pub const CONTEXT_ELEMENTS: usize = 10;
pub const CONTEXT_TEXT: usize = 2_000;
pub const ACTIONS: usize = 25;
pub const BUTTON_TEXT: usize = 75;
pub const VALUE: usize = 2_000;
/// Of `action_id` and `block_id`.
pub const ID: usize = 255;
pub const URL: usize = 3_000;
pub const CONFIRM_TITLE: usize = 100;
pub const CONFIRM_TEXT: usize = 300;
pub const CONFIRM_BUTTON: usize = 30;
pub const VIEW_TITLE: usize = 24;
pub const VIEW_BUTTON: usize = 24;
pub const METADATA: usize = 3_000;
pub const LABEL: usize = 2_000;
pub const PLACEHOLDER: usize = 150;
pub const INPUT: usize = 3_000;
/// The text beside the blocks: what a notification shows, and a screen reader reads.
pub const TEXT: usize = 3_000;
/// Of all blocks of a message together. Slack documents none, and refuses with `msg_blocks_too_long` from about 13,200
/// on, in some cases with 11,400 characters of text (slackapi/bolt-js#2509, #2867). So it is counted over the JSON.
pub const TOTAL: usize = 12_000;
/// Messages that one text becomes at most, the first and those in its thread.
pub const SERIES: usize = 10;

/// Kept free for the line that says that something was left out.
const NOTICE: usize = 700;

/// A message that Slack takes: its text for notifications, and its blocks.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Message {
    text: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    blocks: Vec<Block>,
}

impl Message {
    /// One message. What does not fit is left out; then `more`, an address of the console, is linked at the end.
    pub fn new(text: &str, blocks: Vec<Block>, more: Option<&str>) -> Self {
        let (blocks, was_cut) = fitted(blocks);
        let mut parts = split(blocks);
        let left_out = was_cut || parts.len() > 1;
        let mut first = if parts.is_empty() { Vec::new() } else { parts.swap_remove(0) };
        if left_out {
            first.push(notice(more));
        }
        Self::of(text, first)
    }

    /// The first message and, where it is not enough, those that go into its thread. Never empty.
    pub fn series(text: &str, blocks: Vec<Block>, more: Option<&str>) -> Vec<Self> {
        let (blocks, was_cut) = fitted(blocks);
        let mut parts = split(blocks);
        let left_out = was_cut || parts.len() > SERIES;
        parts.truncate(SERIES);
        if parts.is_empty() {
            parts.push(Vec::new());
        }
        if let (true, Some(last)) = (left_out, parts.last_mut()) {
            last.push(notice(more));
        }
        parts.into_iter().map(|part| Self::of(text, part)).collect()
    }

    /// Words without blocks.
    pub fn words(text: &str) -> Self {
        Self::of(text, Vec::new())
    }

    fn of(text: &str, blocks: Vec<Block>) -> Self {
        let text = if text.trim().is_empty() { EMPTY.to_owned() } else { cut(text, TEXT) };
        Self { text, blocks }
    }

    pub fn text(&self) -> &str {
        &self.text
    }

    pub fn blocks(&self) -> &[Block] {
        &self.blocks
    }

    /// All that it says, line by line, for who sees no blocks.
    pub fn written(&self) -> String {
        let lines: Vec<&str> = self.blocks.iter().flat_map(Block::texts).collect();
        if lines.is_empty() { self.text.clone() } else { lines.join("\n") }
    }
}

/// Blocks of a view, within the limits of views.
pub(crate) fn view_blocks(blocks: Vec<Block>) -> Vec<Block> {
    let (mut blocks, _) = fitted(blocks);
    if blocks.len() > VIEW_BLOCKS {
        blocks.truncate(VIEW_BLOCKS - 1);
        blocks.push(notice(None));
    }
    blocks
}

/// What stands where a text is empty: Slack refuses empty ones.
const EMPTY: &str = "–";

fn notice(more: Option<&str>) -> Block {
    let link = more.map(|url| format!(" · {}", link(url, "Open in console")));
    Block::context(cut(&format!("_Shortened_{}", link.unwrap_or_default()), NOTICE - 100))
}

/// Greedy: as many blocks as a message may hold, then the next message.
fn split(blocks: Vec<Block>) -> Vec<Vec<Block>> {
    let mut parts: Vec<Vec<Block>> = Vec::new();
    let mut held = 0;
    for block in blocks {
        let more = json_width(&block) + 1;
        match parts.last_mut() {
            Some(part) if part.len() < BLOCKS - 1 && held + more <= TOTAL - NOTICE => {
                held += more;
                part.push(block);
            }
            _ => {
                held = more;
                parts.push(vec![block]);
            }
        }
    }
    parts
}

fn json_width(block: &Block) -> usize {
    serde_json::to_string(block).map_or(TOTAL, |json| width(&json))
}

/// Every block within its own limits; whether anything was lost.
fn fitted(blocks: Vec<Block>) -> (Vec<Block>, bool) {
    let mut was_cut = false;
    let mut fit = Vec::with_capacity(blocks.len());
    for block in blocks {
        let (block, lost) = fit_alone(&block);
        was_cut |= lost;
        fit.extend(block);
    }
    (fit, was_cut)
}

/// A block that a message can hold: ten fields may be long, but not all of them at once.
fn fit_alone(block: &Block) -> (Option<Block>, bool) {
    for share in [1, 2, 4, 8, 16] {
        let (fit, was_cut) = fit_block(block.clone(), share);
        if fit.as_ref().is_none_or(|fit| json_width(fit) < TOTAL - NOTICE) {
            return (fit, was_cut);
        }
    }
    (None, true)
}

/// A block within its limits, the long ones divided by `share`; `None` when nothing is left to show.
fn fit_block(block: Block, share: usize) -> (Option<Block>, bool) {
    let mut cutter = Cutter { share, was_cut: false };
    let fit = match block {
        Block::Header { text } => Some(Block::Header { text: cutter.plain(text, HEADER) }),
        Block::Section { text, fields, accessory } => cutter.section(text, fields, accessory),
        Block::Context { elements } => {
            let elements = cutter.all(elements, CONTEXT_ELEMENTS, CONTEXT_TEXT);
            (!elements.is_empty()).then_some(Block::Context { elements })
        }
        Block::Actions { block_id, elements } => {
            let most = ACTIONS.div_ceil(share);
            cutter.was_cut |= elements.len() > most;
            let elements: Vec<Button> = elements.into_iter().take(most).filter_map(|one| cutter.button(one)).collect();
            let block_id = block_id.filter(|id| width(id) <= ID);
            (!elements.is_empty()).then_some(Block::Actions { block_id, elements })
        }
        Block::Divider => Some(Block::Divider),
        Block::Input { block_id, label, mut element, hint, optional } => {
            element.placeholder = element.placeholder.map(|text| cutter.plain(text, PLACEHOLDER));
            element.initial_value = element.initial_value.map(|text| cut_plain(&text, INPUT));
            element.max_length = element.max_length.map(|most| most.min(INPUT));
            let (label, hint) = (cutter.plain(label, LABEL), hint.map(|text| cutter.plain(text, LABEL)));
            Some(Block::Input { block_id, label, element, hint, optional })
        }
    };
    (fit, cutter.was_cut)
}

/// Cuts texts and remembers whether it had to.
struct Cutter {
    share: usize,
    was_cut: bool,
}

impl Cutter {
    fn section(&mut self, text: Option<Mrkdwn>, fields: Vec<Mrkdwn>, accessory: Option<Button>) -> Option<Block> {
        let text = text.map(|text| self.mrkdwn(text, SECTION));
        let fields = self.all(fields, FIELDS, FIELD);
        let accessory = accessory.and_then(|button| self.button(button));
        (text.is_some() || !fields.is_empty()).then_some(Block::Section { text, fields, accessory })
    }

    fn all(&mut self, texts: Vec<Mrkdwn>, most: usize, limit: usize) -> Vec<Mrkdwn> {
        self.was_cut |= texts.len() > most;
        texts.into_iter().take(most).map(|text| self.mrkdwn(text, limit)).collect()
    }

    fn mrkdwn(&mut self, text: Mrkdwn, limit: usize) -> Mrkdwn {
        Mrkdwn(self.cut(&text.0, limit / self.share, cut))
    }

    fn plain(&mut self, text: Plain, limit: usize) -> Plain {
        Plain(self.cut(&text.0, limit, cut_plain))
    }

    fn cut(&mut self, text: &str, limit: usize, cut: fn(&str, usize) -> String) -> String {
        self.was_cut |= width(text) > limit;
        if text.trim().is_empty() { EMPTY.to_owned() } else { cut(text, limit) }
    }

    /// A value, an id or an address that was cut would mean something else: the button is left out instead.
    fn button(&mut self, button: Button) -> Option<Button> {
        let within = |text: &Option<String>, limit: usize| text.as_deref().is_none_or(|text| width(text) <= limit);
        if width(&button.action_id) > ID || !within(&button.value, VALUE) || !within(&button.url, URL) {
            self.was_cut = true;
            return None;
        }
        let text = Plain(cut_plain(&button.text.0, BUTTON_TEXT));
        let confirm = button.confirm.map(|mut confirm| {
            confirm.title = Plain(cut_plain(&confirm.title.0, CONFIRM_TITLE));
            confirm.text = Mrkdwn(cut(&confirm.text.0, CONFIRM_TEXT));
            confirm.confirm = Plain(cut_plain(&confirm.confirm.0, CONFIRM_BUTTON));
            confirm.deny = Plain(cut_plain(&confirm.deny.0, CONFIRM_BUTTON));
            confirm
        });
        Some(Button { text, confirm, ..button })
    }
}
