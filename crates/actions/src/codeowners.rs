//! Whose code it is, as GitHub reads a CODEOWNERS file: the last line whose pattern matches a path decides, and it may
//! name nobody. Lines that GitHub leaves out (a negation, a range of characters, an owner that is none) are left out.
//!
//! https://docs.github.com/en/repositories/managing-your-repositorys-settings-and-features/customizing-your-repository/about-code-owners

mod pattern;

use std::collections::BTreeMap;

use pattern::Pattern;

/// Where GitHub looks, in order: the first that exists counts.
pub const PLACES: [&str; 3] = [".github/CODEOWNERS", "CODEOWNERS", "docs/CODEOWNERS"];

/// Who owns a path.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Owner {
    /// A login, without the `@`.
    User(String),
    Team {
        org: String,
        team: String,
    },
    Email(String),
}

impl Owner {
    /// `@login`, `@org/team`, or an e-mail address.
    pub fn parse(word: &str) -> Option<Self> {
        let plain = |part: &str| {
            !part.is_empty()
                && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.'))
        };
        let Some(name) = word.strip_prefix('@') else {
            let (local, domain) = word.split_once('@')?;
            let is_address = !local.is_empty() && domain.contains('.') && plain(domain);
            return is_address.then(|| Self::Email(word.to_owned()));
        };
        match name.split_once('/') {
            None => plain(name).then(|| Self::User(name.to_owned())),
            Some((org, team)) if plain(org) && plain(team) => {
                Some(Self::Team { org: org.to_owned(), team: team.to_owned() })
            }
            Some(_) => None,
        }
    }
}

/// A file that was read.
#[derive(Clone, Debug, Default)]
pub struct CodeOwners {
    rules: Vec<(Pattern, Vec<Owner>)>,
}

impl CodeOwners {
    /// Reads a file. A line that GitHub would leave out is left out.
    pub fn parse(text: &str) -> Self {
        Self { rules: text.trim_start_matches('\u{feff}').lines().filter_map(rule).collect() }
    }

    /// Who owns a path, given from the root without a leading `/`. Nobody: an empty list.
    pub fn owners(&self, path: &str) -> &[Owner] {
        let found = self.rules.iter().rev().find(|(pattern, _)| pattern.matches(path));
        found.map_or(&[], |(_, owners)| owners)
    }

    /// Who owns any of the paths, those with the most paths first, and how many each has.
    pub fn ranked<'a>(&self, paths: impl IntoIterator<Item = &'a str>) -> Vec<(Owner, usize)> {
        let mut counts: BTreeMap<&Owner, usize> = BTreeMap::new();
        for path in paths {
            for owner in self.owners(path) {
                *counts.entry(owner).or_default() += 1;
            }
        }
        let mut ranked: Vec<_> = counts.into_iter().map(|(owner, count)| (owner.clone(), count)).collect();
        ranked.sort_by(|one, other| other.1.cmp(&one.1).then_with(|| one.0.cmp(&other.0)));
        ranked
    }
}

fn rule(line: &str) -> Option<(Pattern, Vec<Owner>)> {
    let mut words = words(line).into_iter();
    let pattern = Pattern::parse(&words.next()?)?;
    let owners = words.map(|word| Owner::parse(&word)).collect::<Option<Vec<_>>>()?;
    Some((pattern, owners))
}

/// The words of a line up to a comment. A backslash keeps the next character in the word, itself included.
fn words(line: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word = String::new();
    let mut characters = line.chars();
    while let Some(character) = characters.next() {
        match character {
            '#' if word.is_empty() => break,
            '\\' => {
                word.push(character);
                word.extend(characters.next());
            }
            character if character.is_whitespace() => {
                if !word.is_empty() {
                    words.push(std::mem::take(&mut word));
                }
            }
            character => word.push(character),
        }
    }
    if !word.is_empty() {
        words.push(word);
    }
    words
}

#[cfg(test)]
mod tests;
