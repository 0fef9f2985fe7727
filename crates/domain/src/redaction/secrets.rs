//! The secrets that are known: by their makers' marks, by the names that they stand behind, and by how random they look.

mod table;

use std::sync::LazyLock;

use aho_corasick::AhoCorasick;
use regex::Regex;

use super::{Label, Span};

pub(super) use table::RULES;

/// How a kind of secret is found.
pub(super) struct Rule {
    pub(super) name: &'static str,
    /// One of these stands in any text that has such a secret, in whatever case.
    pub(super) words: &'static [&'static str],
    /// The first group is the secret; without a group, all of it.
    pub(super) pattern: &'static str,
    /// Bits for each character that it has at least; 0: it is known without.
    pub(super) entropy: f64,
}

/// The patterns, and one search for all their words. `whose[i]` is the rule that word `i` belongs to.
struct Known {
    patterns: Vec<Option<Regex>>,
    words: Option<AhoCorasick>,
    whose: Vec<usize>,
}

static KNOWN: LazyLock<Known> = LazyLock::new(|| {
    let patterns = RULES.iter().map(|rule| Regex::new(rule.pattern).ok()).collect();
    let of = |(place, rule): (usize, &Rule)| rule.words.iter().map(move |word| (place, *word)).collect::<Vec<_>>();
    let (whose, words): (Vec<usize>, Vec<&str>) = RULES.iter().enumerate().flat_map(of).unzip();
    let words = AhoCorasick::builder().ascii_case_insensitive(true).build(words).ok();
    Known { patterns, words, whose }
});

/// Whether every pattern can be built, which a test asks.
#[cfg(test)]
pub(super) fn are_built() -> bool {
    KNOWN.words.is_some() && KNOWN.patterns.iter().all(Option::is_some)
}

/// Every secret, rule by rule.
pub(super) fn find(text: &str) -> Vec<Span> {
    let mut asked = vec![false; RULES.len()];
    for word in KNOWN.words.iter().flat_map(|words| words.find_overlapping_iter(text)) {
        asked[KNOWN.whose[word.pattern().as_usize()]] = true;
    }
    let mut spans = Vec::new();
    for ((rule, pattern), _) in RULES.iter().zip(&KNOWN.patterns).zip(&asked).filter(|(_, asked)| **asked) {
        for found in pattern.iter().flat_map(|pattern| pattern.captures_iter(text)) {
            let secret = found.get(1).or_else(|| found.get(0));
            let random = secret.filter(|secret| rule.entropy == 0.0 || entropy(secret.as_str()) >= rule.entropy);
            spans.extend(random.map(|one| Span {
                start: one.start(),
                end: one.end(),
                label: Label::Secret(rule.name),
            }));
        }
    }
    spans
}

/// Bits for each character, by how often each occurs (Shannon).
fn entropy(text: &str) -> f64 {
    let mut counts = [0_u32; 256];
    text.bytes().for_each(|byte| counts[usize::from(byte)] += 1);
    let length = text.len() as f64;
    let bits = |count: &u32| {
        let share = f64::from(*count) / length;
        -share * share.log2()
    };
    counts.iter().filter(|count| **count > 0).map(bits).sum()
}
