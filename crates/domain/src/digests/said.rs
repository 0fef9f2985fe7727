//! Text of outside as it may stand in a digest: inert, and without anything that a sink could read as markup.
//!
//! Who shows a digest escapes it for its sink all the same. This makes that a second wall, and it is the measure that
//! a model's words are held to ([`markup`]): the words of rules pass it by being made here.

use std::sync::LazyLock;

use regex::Regex;

use super::patterns::built;
use crate::inert::inert;

const LINK: &str = "[link]";

/// Addresses with a scheme, or with what a reader's program makes a link of.
static ADDRESS: LazyLock<Option<Regex>> =
    LazyLock::new(|| built(r"(?i)(?:[a-z][a-z0-9+.-]{0,20}://|\b(?:www\.|mailto:|javascript:|data:[a-z]+/))[^\s]*"));
/// What calls people: Slack's own words, and those of other places.
static CALL: LazyLock<Option<Regex>> = LazyLock::new(|| built(r"(?i)@(?:here|channel|everyone|group|all)\b"));
/// Names that stand for what a prompt may not hold: they look like markup and are none.
static PSEUDONYM: LazyLock<Option<Regex>> = LazyLock::new(|| built(r"<(?:[A-Z]+_\d+|SECRET:[a-z0-9-]+)>"));

/// The text, harmless, at most `cap` characters.
pub fn said(text: &str, cap: usize) -> String {
    let text = inert(text, cap.saturating_mul(4).max(1_000));
    let text = replaced(&ADDRESS, &text, LINK);
    let text = text.replace("](", "] (").replace("![", "! [");
    // Cut before: what is cut could be the rest of a longer word, or half of a pseudonym.
    without_brackets(&without_calls(&inert(&text, cap)))
}

/// What a sink could read as something else than words, where there is such a thing: `a link`, `a mention`, …
pub fn markup(text: &str) -> Option<&'static str> {
    let bare = replaced(&PSEUDONYM, text, " ");
    let found = |pattern: &LazyLock<Option<Regex>>| pattern.as_ref().is_none_or(|known| known.is_match(&bare));
    if found(&ADDRESS) || text.contains("](") {
        Some("a link")
    } else if found(&CALL) {
        Some("a mention")
    } else if bare.contains(['<', '>', '`']) || bare.contains("![") {
        Some("markup")
    } else {
        None
    }
}

fn replaced(pattern: &LazyLock<Option<Regex>>, text: &str, with: &str) -> String {
    pattern.as_ref().map_or_else(String::new, |known| known.replace_all(text, with).into_owned())
}

/// `@here` without its sign; what is left may be such a word again.
fn without_calls(text: &str) -> String {
    let Some(call) = CALL.as_ref() else { return String::new() };
    let mut text = text.to_owned();
    while call.is_match(&text) {
        text = call.replace_all(&text, |found: &regex::Captures<'_>| found[0].replace('@', "")).into_owned();
    }
    text
}

/// Angle brackets become quotes of the same look, and so do back ticks; pseudonyms stay.
fn without_brackets(text: &str) -> String {
    let Some(pseudonym) = PSEUDONYM.as_ref() else { return String::new() };
    let plain = |part: &str| part.replace('<', "‹").replace('>', "›").replace('`', "'");
    let (mut out, mut end) = (String::with_capacity(text.len()), 0);
    for kept in pseudonym.find_iter(text) {
        out.push_str(&plain(&text[end..kept.start()]));
        out.push_str(kept.as_str());
        end = kept.end();
    }
    out.push_str(&plain(&text[end..]));
    out
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn markup_becomes_words() {
        for (text, expected) in [
            ("Fix <!channel> now", "Fix ‹!channel› now"),
            ("ping @here and @hereafter", "ping here and @hereafter"),
            ("ping @@here", "ping here"),
            ("see https://evil.example/x?y now", "see [link] now"),
            ("![a](https://evil.example)", "! [a] ([link]"),
            ("mail <EMAIL_1> of <SECRET:github-pat>", "mail <EMAIL_1> of <SECRET:github-pat>"),
            ("mail <EMAIL_1>0https://evil.example now", "mail <EMAIL_1>0[link] now"),
            ("`rm -rf`", "'rm -rf'"),
            ("a <b onclick=x>c</b>", "a ‹b onclick=x›c‹/b›"),
        ] {
            assert_eq!(said(text, 240), expected, "{text}");
        }
    }

    proptest! {
        #[test]
        fn what_is_said_holds_no_markup(text in "(.|<|>|@here|@channel|https://a.b|\\]\\(|!\\[|`|<EMAIL_1>|\u{200b}){0,30}", cap in 1usize..240) {
            let words = said(&text, cap);
            prop_assert_eq!(markup(&words), None, "{}", words);
            prop_assert!(words.chars().count() <= cap);
        }
    }
}
