//! The app's home tab: an inbox for one person. "Waiting for you (2)", "You asked for (1)". The same as an answer.

use chrono::{DateTime, Utc};

use crate::approvals::DETAILS;
use crate::blocks::{Block, Button, Mrkdwn};
use crate::fit::Message;
use crate::text::{link, moment, outside};
use crate::views::HomeView;

/// What waits for a person, and what they wait for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Inbox {
    pub waiting: Vec<Line>,
    pub asked: Vec<Line>,
    /// Whether we know who this Slack user is outside Slack.
    pub is_known: bool,
    /// The console.
    pub page: Option<String>,
}

/// One approval of the inbox.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    pub id: String,
    pub what: String,
    pub since: DateTime<Utc>,
    pub expires_at: Option<DateTime<Utc>>,
    /// "1 of 2 approvals".
    pub standing: String,
}

/// Lines shown of each list; the console shows all.
const SHOWN: usize = 20;

pub fn view(inbox: &Inbox) -> HomeView {
    let mut blocks = Vec::new();
    if !inbox.is_known {
        blocks.push(Block::section(
            "👋 I do not know yet who you are outside Slack, so I cannot tell what waits for you. `/em link email` with \
             your own address may do; else ask an administrator to map you.",
        ));
    }
    blocks.extend(list("Waiting for you", "Nothing waits for you.", &inbox.waiting));
    blocks.push(Block::Divider);
    blocks.extend(list("You asked for", "You have asked for nothing that is still open.", &inbox.asked));
    let page = inbox.page.as_deref().map(|page| format!(" · {}", link(page, "Open the console")));
    blocks.push(Block::context(format!("`/em help` shows what I can do{}", page.unwrap_or_default())));
    HomeView::new(blocks)
}

/// The answer to `/em approvals`: the same lists in a message.
pub fn message(inbox: &Inbox) -> Message {
    let mut blocks = list("Waiting for you", "Nothing waits for you.", &inbox.waiting);
    if !inbox.asked.is_empty() {
        blocks.extend(list("You asked for", "", &inbox.asked));
    }
    blocks.extend(inbox.page.as_deref().map(|page| Block::context(link(page, "Open in console"))));
    Message::new(&format!("Waiting for you ({})", inbox.waiting.len()), blocks, inbox.page.as_deref())
}

/// The answer to `/em approvals all`: everything that waits for anybody.
pub fn everything(waiting: &[Line], page: Option<&str>) -> Message {
    let mut blocks = list("Waiting", "Nothing waits for anybody.", waiting);
    blocks.extend(page.map(|page| Block::context(link(page, "Open in console"))));
    Message::new(&format!("Waiting ({})", waiting.len()), blocks, page)
}

fn list(title: &str, empty: &str, lines: &[Line]) -> Vec<Block> {
    let mut blocks = vec![Block::header(format!("{title} ({})", lines.len()))];
    if lines.is_empty() {
        blocks.push(Block::section(empty));
    }
    blocks.extend(lines.iter().take(SHOWN).map(line));
    if lines.len() > SHOWN {
        blocks.push(Block::context(format!("and {} more", lines.len() - SHOWN)));
    }
    blocks
}

fn line(line: &Line) -> Block {
    let end = line.expires_at.map(|end| format!(" · expires {}", moment(end))).unwrap_or_default();
    let text =
        format!("*{}*\nsince {} · {}{end}", outside(&line.what, 300), moment(line.since), outside(&line.standing, 100));
    let button = Button::new(DETAILS, "Details", &line.id);
    Block::Section { text: Some(Mrkdwn(text)), fields: Vec::new(), accessory: Some(button) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one(number: usize) -> Line {
        let since = DateTime::from_timestamp(1_795_200_000, 0).unwrap_or_default();
        Line {
            id: format!("a{number}"),
            what: "deploy <shop>".to_owned(),
            since,
            expires_at: None,
            standing: "0 of 1".to_owned(),
        }
    }

    #[test]
    fn lists_are_counted_and_long_ones_end() {
        let inbox = Inbox { waiting: (0..60).map(one).collect(), asked: vec![one(1)], is_known: true, page: None };
        let json = serde_json::to_value(view(&inbox)).expect("JSON");
        let blocks = json["blocks"].as_array().expect("blocks");
        assert_eq!(blocks[0]["text"]["text"], "Waiting for you (60)");
        assert_eq!(blocks[1]["accessory"]["value"], "a0");
        assert_eq!(blocks[SHOWN + 1]["elements"][0]["text"], "and 40 more");
        assert!(json.to_string().contains("You asked for (1)") && !json.to_string().contains("deploy <shop>"));
        assert!(blocks.len() <= crate::fit::VIEW_BLOCKS);
    }

    #[test]
    fn an_empty_inbox_says_so_and_a_stranger_is_told_how_to_become_known() {
        let json = serde_json::to_string(&view(&Inbox::default())).expect("JSON");
        assert!(
            json.contains("Waiting for you (0)")
                && json.contains("Nothing waits for you.")
                && json.contains("/em link")
        );
    }
}
