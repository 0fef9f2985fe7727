//! A text made short by taking those of its sentences that carry most of its words. Pure: nothing is said that does not stand
//! there.

pub(crate) mod worded;

use std::collections::{HashMap, HashSet};

use serde_json::{Value, json};

/// Sentences that are taken, and how much of a text is read.
pub(crate) const USUAL: usize = 3;
const MOST_SENTENCES: usize = 2_000;
/// Shorter words tell nothing.
const SHORTEST: usize = 4;

/// JSON Schema of the arguments.
pub(crate) fn arguments() -> Value {
    json!({"type": "object", "additionalProperties": false, "properties": {
        "text": {"type": "string", "minLength": 1, "maxLength": 100_000, "description": "The text; or `url`"},
        "url": {"type": "string", "minLength": 1, "maxLength": 2000, "description": "Fetched, and made short; or `text`"},
        "sentences": {"type": "integer", "minimum": 1, "maximum": 10, "description": "How many sentences; 3 unless given"}}})
}

/// The sentences that carry most, in their order.
pub(crate) fn extract(text: &str, most: Option<usize>) -> Vec<&str> {
    let sentences: Vec<&str> = sentences(text).take(MOST_SENTENCES).collect();
    let mut counts: HashMap<String, usize> = HashMap::new();
    for sentence in &sentences {
        for word in words(sentence) {
            *counts.entry(word).or_default() += 1;
        }
    }
    // By the mean of what its words weigh, or the longest would always win; what comes first weighs a little more.
    let weight = |(place, sentence): (usize, &&str)| {
        let words: HashSet<String> = words(sentence).collect();
        let sum: usize = words.iter().filter_map(|word| counts.get(word)).sum();
        let mean = sum as f64 / (words.len() as f64).sqrt().max(1.0);
        (place, if place == 0 { mean * 1.5 } else { mean })
    };
    let mut ranked: Vec<(usize, f64)> = sentences.iter().enumerate().map(weight).collect();
    ranked.sort_by(|(one, first), (other, second)| second.total_cmp(first).then(one.cmp(other)));
    let mut places: Vec<usize> = ranked.into_iter().take(most.unwrap_or(USUAL)).map(|(place, _)| place).collect();
    places.sort_unstable();
    places.into_iter().map(|place| sentences[place]).collect()
}

fn words(sentence: &str) -> impl Iterator<Item = String> + '_ {
    let pieces = sentence.split(|one: char| !one.is_alphanumeric());
    pieces.filter(|word| word.chars().count() >= SHORTEST).map(str::to_lowercase)
}

/// Text up to the end of each sentence.
fn sentences(text: &str) -> impl Iterator<Item = &str> {
    let ends = |text: &str| {
        let mut letters = text.char_indices().peekable();
        while let Some((place, letter)) = letters.next() {
            let next = letters.peek().map(|(_, next)| *next);
            if letter == '\n' || matches!(letter, '.' | '!' | '?') && next.is_none_or(char::is_whitespace) {
                return place + letter.len_utf8();
            }
        }
        text.len()
    };
    let mut rest = text;
    let next = std::iter::from_fn(move || {
        let (one, after) = rest.split_at(ends(rest));
        rest = after;
        (!one.is_empty()).then_some(one)
    });
    next.map(str::trim).filter(|one| !one.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sentences_that_carry_most_are_taken_in_their_order() {
        let text = "The checkout was slow. We had lunch. The checkout database was full, version 1.2 of it. It rained.\n\
                    The checkout was slow because the database was full!";
        let expected = ["The checkout was slow.", "The checkout was slow because the database was full!"];
        assert_eq!(extract(text, Some(2)), expected);
        assert_eq!(extract(text, Some(9)).len(), 5);
        assert_eq!(extract(text, None).len(), 3);
        assert!(extract("  ", None).is_empty());
    }

    #[test]
    fn every_sentence_stands_in_the_text() {
        let text = "One. Two three? \u{1F680} four five six seven... eight v1.2.3 nine";
        for sentence in extract(text, Some(10)) {
            assert!(text.contains(sentence), "{sentence}");
        }
    }
}
