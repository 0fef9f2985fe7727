//! Looks over the text of a condition before anything parses it: how long and how deep it is, and where its parts
//! between `&&` begin and end. Nothing recursive happens here, so that no text is too deep for it.

use std::ops::Range;

/// The longest condition, in bytes and in words and signs.
const LONGEST: usize = 2000;
const MOST_TOKENS: usize = 400;
/// How deep brackets may be nested.
const DEEPEST: usize = 24;

/// Why a text is no condition, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Unfit {
    pub(super) at: usize,
    pub(super) what: String,
}

/// The parts that must all hold: what stands between `&&` outside of brackets; the whole where `||` or `?:` binds them.
pub(super) fn operands(text: &str) -> Result<Vec<Range<usize>>, Unfit> {
    if text.len() > LONGEST {
        let what = format!("a condition has at most {LONGEST} bytes: make two rules of it");
        return Err(Unfit { at: LONGEST, what });
    }
    let mut scan = Scan { bytes: text.as_bytes(), at: 0, depth: 0, tokens: 0, cuts: Vec::new(), bound: false };
    while scan.at < scan.bytes.len() {
        scan.token()?;
    }
    if scan.bound || scan.cuts.is_empty() {
        return Ok(std::iter::once(0..text.len()).collect());
    }
    let starts = std::iter::once(0).chain(scan.cuts.iter().map(|cut| cut + 2));
    Ok(starts.zip(scan.cuts.iter().copied().chain([text.len()])).map(|(from, to)| from..to).collect())
}

struct Scan<'t> {
    bytes: &'t [u8],
    at: usize,
    depth: usize,
    tokens: usize,
    /// Where `&&` stands outside of brackets.
    cuts: Vec<usize>,
    /// Something outside of brackets binds weaker than `&&`.
    bound: bool,
}

impl Scan<'_> {
    /// Steps over one word, text or sign.
    fn token(&mut self) -> Result<(), Unfit> {
        let (at, byte) = (self.at, self.bytes[self.at]);
        if byte.is_ascii_whitespace() {
            self.at += 1;
            return Ok(());
        }
        self.tokens += 1;
        if self.tokens > MOST_TOKENS {
            let what = format!("a condition has at most {MOST_TOKENS} words and signs: make two rules of it");
            return Err(Unfit { at, what });
        }
        match byte {
            b'\'' | b'"' => self.quoted(false),
            b'/' if self.follows(b"//") => self.at += self.until(|byte| byte == b'\n'),
            b'a'..=b'z' | b'A'..=b'Z' | b'_' | b'0'..=b'9' => self.word(),
            _ => self.sign(byte)?,
        }
        Ok(())
    }

    /// A name or number; what follows a prefix like `r` or `b` is a text.
    fn word(&mut self) {
        let length = self.until(|byte| !byte.is_ascii_alphanumeric() && byte != b'_');
        let word = &self.bytes[self.at..self.at + length];
        let prefix = word.len() <= 2 && word.iter().all(|byte| b"rRbB".contains(byte));
        let raw = word.iter().any(|byte| b"rR".contains(byte));
        self.at += length;
        if prefix && self.bytes.get(self.at).is_some_and(|next| matches!(next, b'\'' | b'"')) {
            self.quoted(raw);
        }
    }

    fn quoted(&mut self, raw: bool) {
        let quote = self.bytes[self.at];
        let end: &[u8] = if self.follows(&[quote; 3]) { &[quote; 3] } else { &[quote] };
        self.at += end.len();
        while self.at < self.bytes.len() && !self.follows(end) {
            self.at += if self.bytes[self.at] == b'\\' && !raw { 2 } else { 1 };
        }
        self.at = (self.at + end.len()).min(self.bytes.len());
    }

    fn sign(&mut self, byte: u8) -> Result<(), Unfit> {
        match byte {
            b'(' | b'[' | b'{' => self.depth += 1,
            b')' | b']' | b'}' => self.depth = self.depth.saturating_sub(1),
            _ => {}
        }
        if self.depth > DEEPEST {
            return Err(Unfit { at: self.at, what: format!("brackets are nested more than {DEEPEST} deep") });
        }
        let outside = self.depth == 0;
        let pair = self.follows(b"&&") || self.follows(b"||");
        if outside && self.follows(b"&&") {
            self.cuts.push(self.at);
        }
        // `a.?b` asks for a field that may be missing: it binds nothing.
        let chooses = byte == b'?' && (self.at == 0 || self.bytes[self.at - 1] != b'.');
        self.bound |= outside && (self.follows(b"||") || chooses);
        self.at += if pair { 2 } else { 1 };
        Ok(())
    }

    fn follows(&self, expected: &[u8]) -> bool {
        self.bytes[self.at..].starts_with(expected)
    }

    fn until(&self, ends: impl Fn(u8) -> bool) -> usize {
        let rest = &self.bytes[self.at..];
        rest.iter().position(|byte| ends(*byte)).unwrap_or(rest.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(text: &str) -> Vec<&str> {
        operands(text).expect("a condition").into_iter().map(|range| text[range].trim()).collect()
    }

    #[test]
    fn a_condition_falls_apart_between_its_ands() {
        for (text, expected) in [
            ("a", vec!["a"]),
            ("a && b&&c", vec!["a", "b", "c"]),
            ("a && (b && c)", vec!["a", "(b && c)"]),
            ("a && b || c", vec!["a && b || c"]),
            ("a && b ? c : d", vec!["a && b ? c : d"]),
            ("a.?b.orValue(1) > 2 && c", vec!["a.?b.orValue(1) > 2", "c"]),
            ("a == ' && ' && b == \"(\\\"&&\"", vec!["a == ' && '", "b == \"(\\\"&&\""]),
            ("a == r'\\' && b", vec!["a == r'\\'", "b"]),
            ("a == '''x' && ''' && b", vec!["a == '''x' && '''", "b"]),
            ("a // && x\n&& b", vec!["a // && x", "b"]),
            ("a == 'ä' && b", vec!["a == 'ä'", "b"]),
        ] {
            assert_eq!(parts(text), expected, "{text}");
        }
    }

    #[test]
    fn what_is_too_long_or_too_deep_is_told_with_its_place() {
        let deep = format!("{}1{}", "(".repeat(25), ")".repeat(25));
        assert_eq!(operands(&deep).expect_err("too deep").at, 24);
        assert!(operands(&"a+".repeat(201)).expect_err("too many").what.contains("400 words"));
        assert!(operands(&"a".repeat(2001)).expect_err("too long").what.contains("2000 bytes"));
        for strange in ["'", "\"\"\"", "r'", ")))", "'\\", "é'", "&", "|", "?", ""] {
            assert!(operands(strange).is_ok(), "{strange}");
        }
    }
}
