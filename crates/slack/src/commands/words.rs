//! The words of a command, one after the other. `"two words"` are one; what is left can be taken as it stands.

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
        Some(word.to_owned())
    }

    /// The next word without taking it.
    pub(super) fn peek(&self) -> Option<&'t str> {
        self.split().map(|(word, _)| word)
    }

    /// All that is left, on one line, without quotation marks around it; `None` when that is nothing.
    pub(super) fn rest(&mut self) -> Option<String> {
        let rest = std::mem::take(&mut self.rest);
        let inner = quoted(rest).filter(|(_, after)| after.is_empty()).map_or(rest, |(inner, _)| inner);
        let line = inner.split_whitespace().collect::<Vec<_>>().join(" ");
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
            ("a", None),
        ] {
            let mut words = Words::new(text);
            words.next();
            assert_eq!(words.rest().as_deref(), expected, "{text}");
        }
    }
}
