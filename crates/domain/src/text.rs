//! Free text from outside: capped, without control characters and secrets, or percent-encoded for an address.
//!
//! [`clean`] reads the text once. Where a secret may begin (a word's first two letters are some of a few) it looks
//! closer; text without anything to take out is copied as it is. It runs on every text of every event: it must be fast.

/// What stands in the place of a secret.
pub const REDACTED: &str = "[redacted]";

/// Takes out control characters (line breaks and tabs become spaces) and secrets, and cuts after `cap` characters,
/// the last of which is then `…`.
pub fn clean(text: &str, cap: usize) -> String {
    let bytes = text.as_bytes();
    let mut out = String::with_capacity(text.len().min(cap.saturating_mul(4)));
    let (mut place, mut copied) = (0, 0);
    while let Some(suspect) = next_suspect(bytes, place) {
        place = suspect;
        let control = control_length(bytes, place);
        if control > 0 {
            out.push_str(&text[copied..place]);
            if matches!(bytes[place], b'\n' | b'\t') {
                out.push(' ');
            }
            place += control;
            copied = place;
        } else if let Some(found) = (!in_word(bytes, place)).then(|| secret(&text[place..])).flatten() {
            out.push_str(&text[copied..place + found.kept]);
            out.push_str(REDACTED);
            place += found.kept + found.hidden;
            copied = place;
        } else {
            place += 1;
        }
    }
    out.push_str(&text[copied..]);
    cut(out, cap)
}

/// Percent-encodes all but letters and digits of ASCII and what is `kept`, byte by byte of UTF-8.
pub fn percent_encoded(text: &str, kept: &[u8]) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || kept.contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}

/// The first line of a message, cleaned.
pub fn head_line(text: &str, cap: usize) -> String {
    clean(text.trim_start().lines().next().unwrap_or_default().trim_end(), cap)
}

fn cut(mut text: String, cap: usize) -> String {
    if text.len() <= cap || text.chars().nth(cap).is_none() {
        return text;
    }
    let end = text.char_indices().nth(cap.saturating_sub(1)).map_or(0, |(place, _)| place);
    text.truncate(end);
    text.push('…');
    text
}

/// How many bytes of a control character stand here: C0, DEL, or a C1 in its two bytes.
fn control_length(bytes: &[u8], place: usize) -> usize {
    match bytes[place] {
        0..=0x1f | 0x7f => 1,
        0xc2 if bytes.get(place + 1).is_some_and(|next| (0x80..=0x9f).contains(next)) => 2,
        _ => 0,
    }
}

/// Where the next control character stands, or a secret may begin.
fn next_suspect(bytes: &[u8], from: usize) -> Option<usize> {
    let rest = bytes.get(from..)?;
    let pair = |pair: &[u8]| FIRST[usize::from(pair[0])] & SECOND[usize::from(pair[1])] != 0;
    let last = || rest.last().is_some_and(|last| FIRST[usize::from(*last)] & CONTROL != 0).then(|| rest.len() - 1);
    rest.windows(2).position(pair).or_else(last).map(|ahead| from + ahead)
}

/// The first two characters of everything that [`secret`] knows, in either case.
const BEGINNINGS: [&[u8; 2]; 20] = [
    b"ac", b"ak", b"ap", b"as", b"ba", b"be", b"ey", b"gh", b"gi", b"gl", b"pa", b"pr", b"pw", b"se", b"to", b"wh",
    b"xa", b"xo", b":/", b"--",
];

/// Of which of the beginnings a byte is the first, and of which the second: a bit for each. What may be a control
/// character has a bit that every second byte has.
static FIRST: [u32; 256] = beginnings(0);
static SECOND: [u32; 256] = beginnings(1);
const CONTROL: u32 = 1 << 31;

const fn beginnings(place: usize) -> [u32; 256] {
    let mut table = [0; 256];
    let mut byte = 0;
    while byte < 256 {
        let lower = (byte as u8).to_ascii_lowercase();
        let mut beginning = 0;
        while beginning < BEGINNINGS.len() {
            if BEGINNINGS[beginning][place] == lower {
                table[byte] |= 1 << beginning;
            }
            beginning += 1;
        }
        if place == 1 || byte < 0x20 || byte == 0x7f || byte == 0xc2 {
            table[byte] |= CONTROL;
        }
        byte += 1;
    }
    table
}

/// Whether the byte goes on with a word: no secret begins there.
fn in_word(bytes: &[u8], place: usize) -> bool {
    place > 0 && bytes[place].is_ascii_alphanumeric() && bytes[place - 1].is_ascii_alphanumeric()
}

/// A secret at the start of a text: what is shown of it, and what is not, in bytes.
struct Found {
    kept: usize,
    hidden: usize,
}

/// What tokens of known makers begin with, and how many characters must follow at least.
const MARKED: &[(&str, usize)] = &[
    ("ghp_", 16),
    ("gho_", 16),
    ("ghu_", 16),
    ("ghs_", 16),
    ("ghr_", 16),
    ("github_pat_", 16),
    ("glpat-", 16),
    ("AKIA", 16),
    ("ASIA", 16),
    ("xoxa-", 8),
    ("xoxb-", 8),
    ("xoxe-", 8),
    ("xoxp-", 8),
    ("xoxr-", 8),
    ("xoxs-", 8),
    ("xapp-", 8),
    ("whsec_", 8),
];

/// Names whose value is a secret: `password=…`.
const NAMES: &[&str] =
    &["password", "passwd", "pwd", "token", "secret", "api_key", "apikey", "api-key", "access_key", "private_key"];

fn secret(text: &str) -> Option<Found> {
    match text.as_bytes().first()? {
        b':' => userinfo(text),
        b'-' => key_block(text),
        _ => marked(text).or_else(|| web_token(text)).or_else(|| bearer(text)).or_else(|| named(text)),
    }
}

fn named(text: &str) -> Option<Found> {
    let (name, rest) = NAMES.iter().find_map(|name| Some((*name, after(text, name)?)))?;
    named_value(name, rest)
}

fn marked(text: &str) -> Option<Found> {
    let hit = |(mark, least): &(&str, usize)| {
        let hidden = run(text.strip_prefix(mark)?, is_token);
        (hidden >= *least).then_some(Found { kept: 0, hidden: mark.len() + hidden })
    };
    MARKED.iter().find_map(hit)
}

fn key_block(text: &str) -> Option<Found> {
    let head = text.strip_prefix("-----BEGIN ")?;
    let (title, rest) = head.split_once("-----")?;
    if !title.ends_with("PRIVATE KEY") {
        return None;
    }
    let hidden = match rest.split_once("-----END ") {
        Some((_, tail)) => text.len() - tail.split_once("-----").map_or(0, |(_, after)| after.len()),
        None => text.len(),
    };
    Some(Found { kept: 0, hidden })
}

/// A JSON web token: `eyJ` and parts with dots between them.
fn web_token(text: &str) -> Option<Found> {
    let body = text.strip_prefix("eyJ")?;
    let hidden = run(body, |c| is_token(c) || c == b'.');
    let dots = body[..hidden].matches('.').count();
    (dots >= 1 && hidden >= 20).then_some(Found { kept: 0, hidden: 3 + hidden })
}

fn bearer(text: &str) -> Option<Found> {
    let value = after(text, "bearer ").or_else(|| after(text, "basic "))?;
    let hidden = run(value, |c| is_token(c) || c == b'.' || c == b'~');
    let likely = hidden >= 6 && value[..hidden].bytes().any(|c| c.is_ascii_digit()) || hidden >= 16;
    likely.then_some(Found { kept: text.len() - value.len(), hidden })
}

/// `=value` always; `: value` only where it does not read like prose.
fn named_value(name: &str, rest: &str) -> Option<Found> {
    let open = rest.trim_start_matches(['"', '\'']);
    let (mark, value) = open.split_at_checked(1)?;
    let value = value.trim_start_matches([' ', '"', '\'']);
    let hidden = value.find([' ', '"', '\'', '&', ',', ';', '\n', '\r', '\t']).unwrap_or(value.len());
    let likely = match mark {
        "=" => hidden > 0,
        ":" => hidden >= 8 && value[..hidden].bytes().any(|c| c.is_ascii_digit()),
        _ => false,
    };
    likely.then_some(Found { kept: name.len() + rest.len() - value.len(), hidden })
}

/// `://user:password@`.
fn userinfo(text: &str) -> Option<Found> {
    let rest = text.strip_prefix("://")?;
    let hidden = rest.find(['@', '/', '?', '#', ' ', '\n', '\t'])?;
    (hidden > 0 && rest[hidden..].starts_with('@')).then_some(Found { kept: 3, hidden })
}

fn after<'a>(text: &'a str, word: &str) -> Option<&'a str> {
    let (head, rest) = text.split_at_checked(word.len())?;
    head.eq_ignore_ascii_case(word).then_some(rest)
}

fn run(text: &str, fits: impl Fn(u8) -> bool) -> usize {
    text.bytes().take_while(|c| fits(*c)).count()
}

fn is_token(c: u8) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, b'_' | b'-' | b'+' | b'/' | b'=')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_masked_wherever_they_stand() {
        for (text, expected) in [
            ("use ghp_0123456789abcdefghijABCDEFGHIJ now", "use [redacted] now"),
            ("x=github_pat_11ABCDEFG0abcdefghijkl", "x=[redacted]"),
            ("key AKIAIOSFODNN7EXAMPLE.", "key [redacted]."),
            ("slack xoxb-1234567890-abc", "slack [redacted]"),
            ("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "[redacted]"),
            ("jwt eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.abc-_def ok", "jwt [redacted] ok"),
            ("Authorization: Bearer abc123def", "Authorization: Bearer [redacted]"),
            ("db_password=hunter2&x=1", "db_password=[redacted]&x=1"),
            ("TOKEN=abc", "TOKEN=[redacted]"),
            (r#"{"password":"hunter2hunter2"}"#, r#"{"password":"[redacted]"}"#),
            ("see https://bob:pw@example.org/x", "see https://[redacted]@example.org/x"),
            ("a -----BEGIN RSA PRIVATE KEY-----\nMII\n-----END RSA PRIVATE KEY----- b", "a [redacted] b"),
            ("-----BEGIN PRIVATE KEY-----\nMIIcut", "[redacted]"),
        ] {
            assert_eq!(clean(text, 500), expected);
        }
    }

    #[test]
    fn every_mark_and_name_is_looked_for_in_either_case_and_only_at_the_start_of_a_word() {
        for (mark, least) in MARKED {
            let token = format!("{mark}{}", "0".repeat(*least));
            assert_eq!(clean(&token, 500), REDACTED);
            assert_eq!(clean(&format!("b{token}"), 500), format!("b{token}"));
        }
        for name in NAMES.iter().flat_map(|name| [(*name).to_owned(), name.to_ascii_uppercase()]) {
            assert_eq!(clean(&format!("my_{name}=x1"), 500), format!("my_{name}=[redacted]"));
        }
        assert_eq!(clean("a BASIC dXNlcjpwYXNz0 b", 500), "a BASIC [redacted] b");
    }

    #[test]
    fn prose_is_left_alone() {
        for text in [
            "Fix token: expiry handling",
            "the bearer of news",
            "password reset flow",
            "https://example.org/a@b",
            "AKIA is short",
            "Überall gültig ✓",
            "say hi@example.org",
        ] {
            assert_eq!(clean(text, 500), text);
        }
    }

    #[test]
    fn control_characters_go_and_breaks_become_spaces() {
        assert_eq!(clean("a\0b\u{1b}[31mc\td\r\ne\u{7f}\u{85}f", 100), "ab[31mc d ef");
        assert_eq!(head_line("\n first \r\nsecond", 100), "first");
    }

    #[test]
    fn long_text_is_cut_by_characters() {
        assert_eq!(clean("äöüß", 4), "äöüß");
        assert_eq!(clean("äöüßx", 4), "äöü…");
        assert_eq!(clean("abc", 0), "…");
    }
}
