//! Words of a text, their stems, and the lists of those that prove nothing and those that claim something.

mod lists;

use std::collections::{HashMap, HashSet};
use std::sync::LazyLock;

pub(super) use lists::NUMBERS;

/// A word as it stands in a text, without the punctuation around it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Token<'a> {
    pub(super) text: &'a str,
    /// The first of a sentence: a capital says nothing there.
    pub(super) is_first: bool,
}

pub(super) fn tokens(text: &str) -> Vec<Token<'_>> {
    let mut is_first = true;
    let mut all = Vec::new();
    for word in text.split(|one: char| one.is_whitespace() || matches!(one, '—' | '–' | '→' | '·')) {
        let bare = bare(word);
        if !bare.is_empty() {
            all.push(Token { text: bare, is_first });
            is_first = false;
        }
        is_first |= word.ends_with(['.', '!', '?', ':', ';']);
    }
    all
}

fn bare(word: &str) -> &str {
    let around = |one: char| ".,;:!?()[]{}\"'“”‘’„…«»*~=|‹›".contains(one);
    let word = word.trim_matches(around);
    word.strip_suffix("'s").or_else(|| word.strip_suffix("’s")).unwrap_or(word)
}

const ENDINGS: [&str; 20] = [
    "fully", "edly", "ments", "ment", "ings", "ing", "ures", "ure", "ions", "ion", "ful", "als", "al", "ied", "ies",
    "es", "ed", "ly", "s", "e",
];

/// What is left of a word without its ending: `deployments` and `deployed` have one stem.
pub(super) fn stem(word: &str) -> String {
    let mut stem = word.to_lowercase();
    while let Some(ending) =
        ENDINGS.iter().find(|ending| stem.strip_suffix(**ending).is_some_and(|rest| rest.chars().count() >= 3))
    {
        let keeps_vowel = ending.starts_with("ie");
        stem.truncate(stem.len() - ending.len());
        if keeps_vowel {
            stem.push('y');
            break;
        }
    }
    let mut last = stem.chars().rev();
    if let (Some(one), Some(other)) = (last.next(), last.next())
        && one == other
        && stem.chars().count() > 3
        && !"aeious".contains(one)
    {
        stem.pop();
    }
    stem
}

/// Stems of all words, and of the parts of names: `deployment_frequency` has two.
pub(super) fn stems(text: &str) -> impl Iterator<Item = String> + '_ {
    text.split(|one: char| !one.is_alphanumeric() && !matches!(one, '\'' | '’'))
        .filter(|part| !part.is_empty())
        .map(stem)
}

static LINKING: LazyLock<HashSet<String>> =
    LazyLock::new(|| lists::LINKING.split_whitespace().map(str::to_owned).collect());
static CLAIMS: LazyLock<HashMap<String, usize>> = LazyLock::new(|| {
    let of = |(group, words): (usize, &&str)| {
        words.split_whitespace().map(move |word| (stem(word), group)).collect::<Vec<_>>()
    };
    lists::CLAIMS.iter().enumerate().flat_map(of).collect()
});

/// Whether a word holds sentences together and says nothing by itself.
pub(super) fn is_linking(word: &str) -> bool {
    LINKING.contains(&word.to_lowercase())
}

/// Which claim a word makes: words of one group claim the same. What is claimed must be proved.
pub(super) fn claim(stem: &str) -> Option<usize> {
    CLAIMS.get(stem).copied()
}

pub(super) fn is_negation(word: &str) -> bool {
    let word = word.to_lowercase();
    lists::NEGATIONS.contains(&word.as_str()) || word.ends_with("n't") || word.ends_with("n’t")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms_of_a_word_have_one_stem() {
        for words in [
            "deploy deploys deployed deploying deployment deployments",
            "fail fails failed failing failure failures",
            "release releases released releasing",
            "merge merged merging merges",
            "retry retries retried",
            "approve approved approval approvals",
            "success successful successfully",
            "stop stopped stopping",
            "incident incidents",
        ] {
            let stems: HashSet<String> = words.split(' ').map(stem).collect();
            assert_eq!(stems.len(), 1, "{words}: {stems:?}");
        }
    }

    #[test]
    fn claims_of_one_kind_are_one() {
        assert_eq!(claim(&stem("shipped")), claim(&stem("deployments")));
        assert_ne!(claim(&stem("failed")), claim(&stem("succeeded")));
        assert_eq!(claim(&stem("payments")), None);
        assert!(is_negation("didn't") && is_linking("The") && !is_linking("shop"));
    }
}
