//! What an action is about: a repository, an issue or pull request in it. Only names that may stand in a path.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// `owner/name`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Repository {
    owner: String,
    name: String,
}

/// The text names no repository.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("a repository is owner/name, of letters, digits, '.', '-' and '_'")]
pub struct NotARepository;

impl Repository {
    pub fn owner(&self) -> &str {
        &self.owner
    }

    pub fn name(&self) -> &str {
        &self.name
    }
}

impl FromStr for Repository {
    type Err = NotARepository;

    fn from_str(text: &str) -> Result<Self, NotARepository> {
        let (owner, name) = text.split_once('/').ok_or(NotARepository)?;
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_');
        let fits = |part: &str| {
            (1..=100).contains(&part.len()) && part.bytes().all(plain) && part.bytes().any(|byte| byte != b'.')
        };
        if fits(owner) && fits(name) {
            Ok(Self { owner: owner.to_owned(), name: name.to_owned() })
        } else {
            Err(NotARepository)
        }
    }
}

impl fmt::Display for Repository {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.owner, self.name)
    }
}

impl TryFrom<String> for Repository {
    type Error = NotARepository;

    fn try_from(text: String) -> Result<Self, NotARepository> {
        text.parse()
    }
}

impl From<Repository> for String {
    fn from(repository: Repository) -> Self {
        repository.to_string()
    }
}

/// An issue or a pull request: `owner/name#number`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Numbered {
    pub repo: Repository,
    pub number: u64,
}

impl FromStr for Numbered {
    type Err = NotARepository;

    fn from_str(text: &str) -> Result<Self, NotARepository> {
        let (repo, number) = text.split_once('#').ok_or(NotARepository)?;
        let number = number.parse().ok().filter(|number| *number > 0).ok_or(NotARepository)?;
        Ok(Self { repo: repo.parse()?, number })
    }
}

impl fmt::Display for Numbered {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}#{}", self.repo, self.number)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_could_leave_their_place_in_a_path_are_none() {
        for bad in ["", "a", "a/", "/b", "a/b/c", "../b", "a/..", "a/.", "a/b?x", "a/b#1", "a b/c", "a/b%2f", "ä/b"] {
            assert!(bad.parse::<Repository>().is_err(), "{bad}");
        }
        assert_eq!(
            "acme/my.shop-2_x".parse::<Repository>().map(|repo| repo.to_string()),
            Ok("acme/my.shop-2_x".to_owned())
        );
        let numbered: Numbered = "acme/shop#12".parse().expect("a pull request");
        assert_eq!((numbered.repo.name(), numbered.number), ("shop", 12));
        for bad in ["acme/shop", "acme/shop#", "acme/shop#0", "acme/shop#-1", "acme/shop#1#2"] {
            assert!(bad.parse::<Numbered>().is_err(), "{bad}");
        }
    }
}
