//! What Slack is answered: to a command or a press, in the response itself or later through its `response_url`.
//!
//! An answer is for the person who asked unless it says otherwise. A `response_url` takes five posts in half an hour.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::blocks::Block;
use crate::fit::{self, Message};
use crate::text::{link, moment, outside};

/// Posts that a `response_url` takes, and for how long.
pub const RESPONSES: usize = 5;
pub const RESPONSE_SECONDS: i64 = 30 * 60;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
enum Audience {
    Ephemeral,
    InChannel,
}

/// An answer in Slack's own form.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Answer {
    response_type: Audience,
    /// Whether the message whose button was pressed gives way to this one.
    replace_original: bool,
    #[serde(flatten)]
    message: Message,
}

impl Answer {
    /// Words for the person who asked. They are markup: what comes from outside is already harmless.
    pub fn private(words: &str) -> Self {
        Self::privately(Message::words(words))
    }

    /// A message for the person who asked.
    pub fn privately(message: Message) -> Self {
        Self { response_type: Audience::Ephemeral, replace_original: false, message }
    }

    /// A message for everybody in the conversation.
    pub fn openly(message: Message) -> Self {
        Self { response_type: Audience::InChannel, replace_original: false, message }
    }

    /// A new form of the message whose button was pressed. The only way to change one that only one person sees.
    pub fn instead(message: Message) -> Self {
        Self { response_type: Audience::Ephemeral, replace_original: true, message }
    }

    /// Said at once while the real answer is made.
    pub fn working() -> Self {
        Self::private("Working on it…")
    }

    pub fn message(&self) -> &Message {
        &self.message
    }
}

/// What an answer rests on. Every answer ends with it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Basis {
    /// "last 30 days".
    pub window: Option<String>,
    /// How many events, deployments or rows were counted: "61 deployments".
    pub counted: Option<String>,
    pub as_of: Option<chrono::DateTime<chrono::Utc>>,
    /// The same in the console.
    pub page: Option<String>,
}

impl Basis {
    fn line(&self) -> Option<String> {
        let mut parts: Vec<String> =
            [&self.window, &self.counted].into_iter().flatten().map(|one| outside(one, 100)).collect();
        parts.extend(self.as_of.map(|at| format!("as of {}", moment(at))));
        parts.extend(self.page.as_deref().map(|page| link(page, "Open in console")));
        (!parts.is_empty()).then(|| parts.join(" · "))
    }
}

/// A report: a title, sections of markup, and what it rests on. More than one message where one cannot hold it.
pub fn report(title: &str, sections: &[String], basis: &Basis) -> Vec<Message> {
    Message::series(&outside(title, fit::HEADER), blocks(title, sections, basis), basis.page.as_deref())
}

/// The same in one message: what it cannot hold is left out, and that is said.
pub fn brief(title: &str, sections: &[String], basis: &Basis) -> Message {
    Message::new(&outside(title, fit::HEADER), blocks(title, sections, basis), basis.page.as_deref())
}

fn blocks(title: &str, sections: &[String], basis: &Basis) -> Vec<Block> {
    let mut blocks = vec![Block::header(crate::text::plain(title, fit::HEADER))];
    blocks.extend(sections.iter().map(Block::section));
    blocks.extend(basis.line().map(Block::context));
    blocks
}

/// The answer to a modal whose fields do not fit: block id → what to write instead.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ModalErrors {
    response_action: &'static str,
    errors: BTreeMap<String, String>,
}

impl ModalErrors {
    pub fn one(block_id: &str, what: &str) -> Self {
        Self { response_action: "errors", errors: BTreeMap::from([(block_id.to_owned(), what.to_owned())]) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_have_slacks_form() {
        let json = |answer: &Answer| serde_json::to_string(answer).expect("JSON");
        assert_eq!(
            json(&Answer::private("hello")),
            r#"{"response_type":"ephemeral","replace_original":false,"text":"hello"}"#
        );
        let open = json(&Answer::openly(Message::new("t", vec![Block::Divider], None)));
        assert_eq!(
            open,
            r#"{"response_type":"in_channel","replace_original":false,"text":"t","blocks":[{"type":"divider"}]}"#
        );
        let errors = serde_json::to_string(&ModalErrors::one("reason", "Say why.")).expect("JSON");
        assert_eq!(errors, r#"{"response_action":"errors","errors":{"reason":"Say why."}}"#);
    }

    #[test]
    fn a_report_ends_with_what_it_rests_on() {
        let page = Some("https://em.example/dora".to_owned());
        let basis = Basis { window: Some("last 30 days".to_owned()), page, ..Basis::default() };
        let made = report("DORA <shop>", &["*23* deployments".to_owned()], &basis);
        let json = serde_json::to_value(&made[0]).expect("JSON");
        assert_eq!(json["text"], "DORA &lt;shop&gt;");
        assert_eq!(json["blocks"][0]["text"]["text"], "DORA <shop>");
        assert_eq!(
            json["blocks"][2]["elements"][0]["text"],
            "last 30 days · <https://em.example/dora|Open in console>"
        );
    }
}
