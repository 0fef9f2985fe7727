//! The words of a command, one after the other. `"two words"` are one; what is left can be taken as it stands.
//!
//! Slack escapes what people type and writes what they mean as `<…>`: a channel, a person, an address. Single words keep
//! that form; in running text it becomes what the person saw.

use crate::text::unescape;

/// Reads from the left.
pub(super) struct Words<'t> {
    rest: &'t str,
}

/// Marks that begin a quotation, and those that may end it.
const QUOTES: &[(char, &[char])] = &[('"', &['"']), ('“', &['”', '“']), ('„', &['“', '”']), ('«', &['»'])];

impl<'t> Words<'t> {
    pub(super) fn new(text: &'t str) -> Self {
        Self { rest: text.trim() }
    }

    /// The next word, without its quotation marks.
    pub(super) fn next(&mut self) -> Option<String> {
        let (word, rest) = self.split()?;
        self.rest = rest;
        Some(unescape(word))
    }

    /// The next word without taking it, as Slack wrote it.
    pub(super) fn peek(&self) -> Option<&'t str> {
        self.split().map(|(word, _)| word)
    }

    /// All that is left, on one line, without quotation marks around it; `None` when that is nothing.
    pub(super) fn rest(&mut self) -> Option<String> {
        let rest = std::mem::take(&mut self.rest);
        let inner = quoted(rest).filter(|(_, after)| after.is_empty()).map_or(rest, |(inner, _)| inner);
        let seen = unescape(&seen(inner));
        let line = seen.split_whitespace().collect::<Vec<_>>().join(" ");
        (!line.is_empty()).then_some(line)
    }

    fn split(&self) -> Option<(&'t str, &'t str)> {
        let (word, rest) = match quoted(self.rest) {
            Some(found) => found,
            None => self.rest.split_once(char::is_whitespace).unwrap_or((self.rest, "")),
        };
        (!word.is_empty()).then(|| (word, rest.trim_start()))
    }
}

/// Running text as the person saw it.
fn seen(text: &str) -> String {
    let mut seen = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, (inner, after))) =
        rest.split_once('<').and_then(|(before, from)| Some((before, from.split_once('>')?)))
    {
        seen.push_str(before);
        let (target, label) = inner.split_once('|').unwrap_or((inner, ""));
        let (mark, name) = match target.chars().next() {
            Some(mark @ ('@' | '#')) => (mark.to_string(), &target[1..]),
            Some('!') => ("@".to_owned(), &target[1..]),
            _ => (String::new(), target.trim_start_matches("mailto:")),
        };
        let shown = if label.is_empty() || mark.is_empty() { name } else { label.trim_start_matches(&mark) };
        seen.push_str(&mark);
        seen.push_str(shown);
        rest = after;
    }
    seen + rest
}

/// A quotation at the start, and what follows it.
fn quoted(text: &str) -> Option<(&str, &str)> {
    let open = text.chars().next()?;
    let (_, closing) = QUOTES.iter().find(|(mark, _)| *mark == open)?;
    let inner = &text[open.len_utf8()..];
    let end = inner.find(|mark| closing.contains(&mark))?;
    let after = inner[end..].chars().next().map_or(0, char::len_utf8);
    let word = inner[..end].trim();
    (!word.is_empty()).then(|| (word, inner[end + after..].trim()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_come_one_by_one_and_quotations_whole() {
        let mut words = Words::new("  a  \"b c\" “d e”f  \"open ");
        let all: Vec<String> = std::iter::from_fn(|| words.next()).collect();
        assert_eq!(all, ["a", "b c", "d e", "f", "\"open"]);
        assert_eq!(Words::new("\"\" x").next().as_deref(), Some("\"\""));
    }

    #[test]
    fn the_rest_is_one_line_without_its_marks() {
        for (text, expected) in [
            ("a \"because  of\n the freeze\"", Some("because of the freeze")),
            ("a don't \"do\" it", Some("don't \"do\" it")),
            ("a \"b\" and \"c\"", Some("\"b\" and \"c\"")),
            (
                "a <https://a.example/x?b=1&amp;c=2|a.example> is down, <@U1|ada>",
                Some("https://a.example/x?b=1&c=2 is down, @ada"),
            ),
            ("a in <#C1|shop> by <@U1> of <!subteam^S1|@sre>", Some("in #shop by @U1 of @sre")),
            ("a mail <mailto:a@b.example|a@b.example> &lt;soon&gt; < x", Some("mail a@b.example <soon> < x")),
            ("a", None),
        ] {
            let mut words = Words::new(text);
            words.next();
            assert_eq!(words.rest().as_deref(), expected, "{text}");
        }
    }
}
