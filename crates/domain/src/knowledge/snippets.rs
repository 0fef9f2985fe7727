//! The part of a chunk that shows why it was found: at most 200 characters, where most of the words stand.

use std::collections::BTreeSet;

/// Characters of a snippet, its dots among them.
pub const SNIPPET: usize = 200;
/// Words that begin with as many equal letters are taken for one: `deploy`, `deployment`.
const STEM: usize = 5;
const DOTS: &str = "…";

/// The stretch of `text` with most different words of `query`, in one line.
pub fn snippet(text: &str, query: &str) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let chars: Vec<char> = line.chars().collect();
    if chars.len() <= SNIPPET {
        return line;
    }
    let room = SNIPPET - 2 * DOTS.chars().count();
    let wanted: BTreeSet<String> = words(query).map(|(_, word)| stem(&word)).collect();
    let found: Vec<(usize, String)> =
        words(&line).map(|(at, word)| (at, stem(&word))).filter(|(_, stem)| wanted.contains(stem)).collect();
    let start = best(&found, room).unwrap_or(0);
    // A little of what stands before is shown as well.
    let start = start.saturating_sub(room / 5).min(chars.len() - room);
    let start = (start..chars.len().min(start + 30)).find(|at| *at == 0 || chars[at - 1] == ' ').unwrap_or(start);
    let mut end = (start + room).min(chars.len());
    if end < chars.len() {
        end = (start + room / 2..end).rev().find(|at| chars[*at] == ' ').unwrap_or(end);
    }
    let middle: String = chars[start..end].iter().collect();
    let before = if start > 0 { DOTS } else { "" };
    let after = if end < chars.len() { DOTS } else { "" };
    format!("{before}{}{after}", middle.trim())
}

/// The first word of the stretch that holds most different ones.
fn best(found: &[(usize, String)], room: usize) -> Option<usize> {
    let count = |from: usize| {
        let within = found[from..].iter().take_while(|(at, _)| at + STEM < found[from].0 + room * 4 / 5);
        within.map(|(_, stem)| stem).collect::<BTreeSet<_>>().len()
    };
    let best = (0..found.len().min(200)).max_by_key(|from| (count(*from), std::cmp::Reverse(*from)))?;
    Some(found[best].0)
}

/// Words in lower case, with the place of their first character.
fn words(text: &str) -> impl Iterator<Item = (usize, String)> {
    let (mut words, mut word, mut begin) = (Vec::new(), String::new(), 0);
    for (at, c) in text.chars().chain([' ']).enumerate() {
        if c.is_alphanumeric() {
            if word.is_empty() {
                begin = at;
            }
            word.extend(c.to_lowercase());
        } else if !word.is_empty() {
            words.push((begin, std::mem::take(&mut word)));
        }
    }
    words.into_iter()
}

fn stem(word: &str) -> String {
    word.chars().take(STEM).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn it_shows_the_words_and_not_the_beginning() {
        let text =
            format!("{} Roll back a deployment with kubectl. {}", "Lorem ipsum dolor. ".repeat(30), "x ".repeat(300));
        let shown = snippet(&text, "how to roll back deploys");
        assert!(shown.contains("Roll back a deployment with kubectl."), "{shown}");
        assert!(shown.starts_with(DOTS) && shown.ends_with(DOTS));
        assert_eq!(snippet("short\n text", "any"), "short text");
    }

    proptest! {
        #[test]
        fn it_is_never_longer(text in "(\\PC|[ \n]){0,600}", query in "\\PC{0,40}") {
            prop_assert!(snippet(&text, &query).chars().count() <= SNIPPET);
        }
    }
}
