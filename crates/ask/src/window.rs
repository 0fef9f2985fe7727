//! How much of a conversation a prompt holds: the newest whole turns first, as far as they fit. Pure.

use store::conversations::Message;

/// The newest turns that fit into `budget`, oldest first. A turn is a question with its answer: never the one without the other.
pub(crate) fn newest(messages: &[Message], budget: i64, tokens: impl Fn(&str) -> i64) -> Vec<&Message> {
    let mut left = budget;
    let mut kept: Vec<&[Message]> = Vec::new();
    // What stands alone at the beginning has lost its question.
    let first = messages.iter().position(|message| message.said_by == "user").unwrap_or(messages.len());
    for turn in messages[first..].chunks(2).rev() {
        let size = turn.iter().map(|message| tokens(&message.text)).fold(0, i64::saturating_add);
        if size > left {
            break;
        }
        left -= size;
        kept.push(turn);
    }
    kept.into_iter().rev().flatten().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(position: i32, text: &str) -> Message {
        let said_by = if position % 2 == 0 { "user" } else { "assistant" };
        let at = chrono::DateTime::UNIX_EPOCH;
        Message { position, said_by: said_by.to_owned(), text: text.to_owned(), detail: None, at }
    }

    #[test]
    fn the_newest_whole_turns_are_kept() {
        let all: Vec<Message> =
            ["aaaa", "bbbb", "cc", "dd", "e", "f"].iter().zip(0..).map(|(t, p)| message(p, t)).collect();
        let kept = |messages: &[Message], budget| {
            let letters = |text: &str| i64::try_from(text.len()).unwrap_or(i64::MAX);
            newest(messages, budget, letters).iter().map(|message| message.text.clone()).collect::<String>()
        };
        assert_eq!(kept(&all, 100), "aaaabbbbccddef");
        assert_eq!(kept(&all, 13), "ccddef");
        assert_eq!(kept(&all, 6), "ccddef");
        assert_eq!(kept(&all, 5), "ef");
        assert_eq!(kept(&all, 1), "");
        assert_eq!(kept(&all[1..], 100), "ccddef", "an answer without its question is left out");
        assert_eq!(kept(&[], 100), "");
    }
}
