//! What names a person or a machine: addresses, numbers of phones, cards and accounts. A pattern finds what may be one,
//! its check digits or its form decide. Ids, versions and times are none.

use std::net::{Ipv4Addr, Ipv6Addr};
use std::sync::LazyLock;

use regex::Regex;

use super::{Label, Span};

/// A kind, what may be one, and whether it is. The judge gets the text around it too.
struct Kind {
    name: &'static str,
    pattern: &'static str,
    is: fn(&Seen<'_>) -> bool,
}

/// What was found, and the text before and after it.
struct Seen<'a> {
    found: &'a str,
    before: &'a str,
    after: &'a str,
}

const KINDS: &[Kind] = &[
    Kind {
        name: "EMAIL",
        pattern: r"(?i)\b[a-z0-9][a-z0-9._%+'-]{0,63}@[a-z0-9](?:[a-z0-9-]{0,62}\.[a-z0-9-]{0,62}){0,8}[a-z0-9-]{0,62}\.[a-z]{2,24}\b",
        is: is_email,
    },
    Kind { name: "IBAN", pattern: r"\b[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,3})?\b", is: is_iban },
    Kind { name: "CARD", pattern: r"\b[3-6]\d{3}[ -]?\d{4,6}[ -]?\d{4,5}(?:[ -]?\d{4})?\b", is: is_card },
    Kind { name: "IP", pattern: r"\b\d{1,3}\.\d{1,3}\.\d{1,3}\.\d{1,3}\b", is: is_ip4 },
    Kind {
        name: "IP",
        pattern: r"[0-9A-Fa-f]{0,4}:[0-9A-Fa-f:]{1,38}(?:\d{1,3}\.\d{1,3}\.\d{1,3}\.\d{1,3})?",
        is: is_ip6,
    },
    Kind { name: "PHONE", pattern: r"\+[1-9](?:[ ().-]{0,2}\d){7,14}\b", is: is_phone_abroad },
    Kind { name: "PHONE", pattern: r"(?:\(\d{3}\) ?|\b\d{3}[-. ])\d{3}[-. ]\d{4}\b", is: is_phone_at_home },
];

static PATTERNS: LazyLock<Vec<Option<Regex>>> =
    LazyLock::new(|| KINDS.iter().map(|kind| Regex::new(kind.pattern).ok()).collect());

/// Whether every pattern can be built, which a test asks.
#[cfg(test)]
pub(super) fn are_built() -> bool {
    PATTERNS.iter().all(Option::is_some)
}

pub(super) fn find(text: &str) -> Vec<Span> {
    let mut spans = Vec::new();
    // Nothing of all this is written without a digit or an `@`.
    if !text.bytes().any(|byte| byte.is_ascii_digit() || byte == b'@' || byte == b':') {
        return spans;
    }
    for (kind, pattern) in KINDS.iter().zip(PATTERNS.iter()) {
        for one in pattern.iter().flat_map(|pattern| pattern.find_iter(text)) {
            let seen = Seen { found: one.as_str(), before: &text[..one.start()], after: &text[one.end()..] };
            if (kind.is)(&seen) {
                spans.push(Span { start: one.start(), end: one.end(), label: Label::Personal(kind.name) });
            }
        }
    }
    spans
}

/// Two ways of writing the same thing have one name.
pub(super) fn usual(kind: &str, text: &str) -> String {
    match kind {
        "EMAIL" => text.to_lowercase(),
        "IP" => text.parse::<Ipv6Addr>().map_or_else(|_| text.to_owned(), |address| address.to_string()),
        _ => text.chars().filter(char::is_ascii_alphanumeric).collect(),
    }
}

impl Seen<'_> {
    /// Whether it stands apart from other letters, digits and these signs.
    fn is_apart(&self, signs: &[char]) -> bool {
        let joins = |one: char| one.is_alphanumeric() || signs.contains(&one);
        let ahead = self.after.chars().next().is_some_and(joins);
        // `10.0.0.1.` ends a sentence, `10.0.0.1.2` is no address.
        let goes_on = ahead
            && (self.after.starts_with(char::is_alphanumeric)
                || self.after.chars().nth(1).is_some_and(char::is_alphanumeric));
        !goes_on && !self.before.chars().next_back().is_some_and(joins)
    }

    fn digits(&self) -> Vec<u32> {
        self.found.chars().filter_map(|one| one.to_digit(10)).collect()
    }
}

/// `git@host` is how repositories are written.
fn is_email(seen: &Seen<'_>) -> bool {
    !seen.found.starts_with("git@")
}

fn is_ip4(seen: &Seen<'_>) -> bool {
    let known = seen.found.parse::<Ipv4Addr>().is_ok_and(|one| !one.is_loopback() && !one.is_unspecified());
    let words = seen.before.trim_end().trim_end_matches(':').to_lowercase();
    let is_version = ["version", "release", "chrome", "build", "ver"].iter().any(|word| words.ends_with(word))
        || seen.before.ends_with(['v', 'V']);
    known && !is_version && seen.is_apart(&['.', '-', '_'])
}

/// `::` stands in paths of code too: an address has a digit.
fn is_ip6(seen: &Seen<'_>) -> bool {
    let known = seen.found.parse::<Ipv6Addr>().is_ok_and(|one| !one.is_loopback() && !one.is_unspecified());
    known && seen.found.bytes().any(|byte| byte.is_ascii_digit()) && seen.is_apart(&[':', '_'])
}

fn is_phone_abroad(seen: &Seen<'_>) -> bool {
    let is_parted = seen.found.contains([' ', '-', '(', '.']);
    (seen.digits().len() >= 10 || is_parted && seen.digits().len() >= 8) && seen.is_apart(&['+'])
}

fn is_phone_at_home(seen: &Seen<'_>) -> bool {
    seen.is_apart(&['-', '.', '+', '/', '_', '#'])
}

fn is_card(seen: &Seen<'_>) -> bool {
    let digits = seen.digits();
    let first = digits.iter().take(4).fold(0, |all, digit| all * 10 + digit);
    let is_made = match digits.len() {
        15 => matches!(first / 100, 34 | 37),
        16 => matches!(first, 2221..=2720 | 3528..=3589 | 4000..=4999 | 5100..=5599 | 6011 | 6440..=6599),
        _ => false,
    };
    is_made && luhn(&digits) && seen.is_apart(&['-', '_', '.', '/', '#'])
}

/// Every second digit from the right is doubled; the digits of all add up to tens.
fn luhn(digits: &[u32]) -> bool {
    let twice = |(place, digit): (usize, &u32)| if place % 2 == 1 { digit * 2 / 10 + digit * 2 % 10 } else { *digit };
    digits.iter().rev().enumerate().map(twice).sum::<u32>().is_multiple_of(10)
}

/// The first four characters go to the end, letters count from 10, and the whole is 1 modulo 97.
fn is_iban(seen: &Seen<'_>) -> bool {
    let compact: String = seen.found.chars().filter(|one| *one != ' ').collect();
    if !(15..=34).contains(&compact.len()) {
        return false;
    }
    let (head, tail) = compact.split_at(4);
    let values = tail.chars().chain(head.chars()).filter_map(|one| one.to_digit(36));
    values.fold(0, |rest, value| (rest * if value > 9 { 100 } else { 10 } + value) % 97) == 1
}
