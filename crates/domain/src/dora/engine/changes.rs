//! The changes of a stretch, findable by all that names them.

use std::collections::{BTreeSet, HashMap};

use chrono::{DateTime, Utc};

use super::history::{History, Node};
use super::{Change, Commit, Stretch};

/// In the order of their merging.
type Merged = BTreeSet<(DateTime<Utc>, usize)>;

type Titled<'a> = BTreeSet<(DateTime<Utc>, &'a str, usize)>;

/// Changes are known by their place in the list that was given.
pub(super) struct Changes<'a> {
    pub(super) all: &'a [Change],
    landed: HashMap<Node, Vec<usize>>,
    pub(super) numbers: HashMap<(&'a str, &'a str), usize>,
    titled: HashMap<(&'a str, &'a str), Titled<'a>>,
    based: HashMap<(&'a str, &'a str), Merged>,
    hotfix_words: &'a [String],
}

impl<'a> Changes<'a> {
    pub(super) fn of(stretch: &'a Stretch, history: &History<'a>) -> Self {
        let mut index = Self {
            all: &stretch.changes,
            landed: HashMap::new(),
            numbers: HashMap::new(),
            titled: HashMap::new(),
            based: HashMap::new(),
            hotfix_words: &stretch.rules.hotfix_words,
        };
        for (place, change) in stretch.changes.iter().enumerate() {
            let repo = change.repo.as_str();
            index.numbers.insert((repo, &change.number), place);
            if let Some(node) = change.landed_sha.as_ref().and_then(|sha| history.find(repo, sha)) {
                index.landed.entry(node).or_default().push(place);
            }
            let Some(merged_at) = change.merged_at else { continue };
            if let Some(title) = &change.title {
                index.titled.entry((repo, title)).or_default().insert((merged_at, &change.number, place));
            }
            if let Some(base) = &change.base {
                index.based.entry((repo, base)).or_default().insert((merged_at, place));
            }
        }
        index
    }

    pub(super) fn landed_at(&self, node: Node) -> &[usize] {
        self.landed.get(&node).map_or(&[], Vec::as_slice)
    }

    /// Changes that were merged into the branch after the first time and up to the second, in that order.
    pub(super) fn merged(
        &self,
        repo: &str,
        base: &str,
        (after, until): (DateTime<Utc>, DateTime<Utc>),
    ) -> Vec<(DateTime<Utc>, usize)> {
        match self.based.get(&(repo, base)) {
            Some(all) if after < until => all.range((after, usize::MAX)..=(until, usize::MAX)).copied().collect(),
            _ => Vec::new(),
        }
    }

    /// The latest change of that title that was merged before.
    pub(super) fn titled_before(&self, repo: &str, title: &str, before: DateTime<Utc>) -> Option<usize> {
        let mut earlier = self.titled.get(&(repo, title))?.range(..(before, "", 0));
        earlier.next_back().map(|(_, _, place)| *place)
    }

    /// By a label, the first word of its title, or the first part of its branch.
    pub(super) fn is_hotfix(&self, change: &Change) -> bool {
        let words = self.hotfix_words;
        let is_word = |text: &str| words.iter().any(|word| text.eq_ignore_ascii_case(word));
        let begins = |text: &Option<String>| {
            text.as_deref().is_some_and(|text| words.iter().any(|word| begins_with(text.trim_start(), word)))
        };
        change.labels.iter().any(|label| is_word(label.trim())) || begins(&change.title) || begins(&change.head)
    }

    pub(super) fn is_revert(&self, change: &Change, landed: Option<&Commit>) -> bool {
        change.reverts.is_some()
            || change.title.as_deref().and_then(taken_back).is_some()
            || landed.is_some_and(|commit| commit.reverts.is_some())
    }
}

/// Whether the text begins with the word, and not with a longer one.
fn begins_with(text: &str, word: &str) -> bool {
    let begins = text.get(..word.len()).is_some_and(|start| start.eq_ignore_ascii_case(word));
    begins && !word.is_empty() && !text[word.len()..].starts_with(char::is_alphanumeric)
}

/// The title of the change that `Revert "…"` takes back; hosts add the revert's own number behind it.
pub(super) fn taken_back(title: &str) -> Option<&str> {
    let rest = title.trim().strip_prefix("Revert \"")?;
    let quoted = match rest.rsplit_once(" (#") {
        Some((quoted, number)) if number.trim_end_matches(')').bytes().all(|one| one.is_ascii_digit()) => quoted,
        _ => rest,
    };
    quoted.strip_suffix('"').or_else(|| rest.strip_suffix('"'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_revert_quotes_what_it_takes_back() {
        assert_eq!(taken_back("Revert \"Add X\""), Some("Add X"));
        assert_eq!(taken_back("Revert \"Add X (#7)\" (#8)"), Some("Add X (#7)"));
        assert_eq!(taken_back("Revert \"Add X (#7)\""), Some("Add X (#7)"));
        assert_eq!(taken_back("Revert \"Revert \"Add X\"\""), Some("Revert \"Add X\""));
        assert_eq!(taken_back("Reverting the trend"), None);
        assert_eq!(taken_back("Revert \"half"), None);
    }

    #[test]
    fn a_hotfix_begins_with_the_word_and_not_with_a_longer_one() {
        for text in ["hotfix: crash", "HOTFIX/login", "Hotfix", "hotfix-12"] {
            assert!(begins_with(text, "hotfix"), "{text}");
        }
        for text in ["hotfixes for all", "a hotfix", "hot", ""] {
            assert!(!begins_with(text, "hotfix"), "{text}");
        }
    }
}
