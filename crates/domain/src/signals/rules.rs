//! Rules with their types. A bound that a kind has no parameter for is never looked at.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use chrono::TimeDelta;
use regex::Regex;
use serde_json::Value;

use super::kinds::{Kind, Needs};
use super::{Fault, read};
use crate::patterns::{Pattern, lowered};

/// The rules of those who have written none.
const SHIPPED: &str = include_str!("default.json");

static DEFAULT: LazyLock<Option<Rules>> = LazyLock::new(|| {
    let document: Value = serde_json::from_str(SHIPPED).ok()?;
    Rules::read(&document).ok()
});

/// A document that holds together.
#[derive(Clone, Debug, Default)]
pub struct Rules {
    pub rules: Vec<Rule>,
}

/// One rule.
#[derive(Clone, Debug)]
pub struct Rule {
    /// Its own, in the document; the kind's where it has none.
    pub name: String,
    pub kind: &'static Kind,
    /// The same subject fires at most once in so long.
    pub cooldown: TimeDelta,
    /// While it stays open it fires again after so long; none: it fires once.
    pub repeat: Option<TimeDelta>,
    pub(super) teams: BTreeSet<Pattern>,
    pub(super) repos: BTreeSet<Pattern>,
    pub(super) services: BTreeSet<Pattern>,
    pub(super) sources: BTreeSet<Pattern>,
    pub(super) tiers: BTreeSet<String>,
    pub(super) older_than: TimeDelta,
    pub(super) within: TimeDelta,
    pub(super) limit: usize,
    pub(super) per: Per,
    pub(super) pattern: Option<Regex>,
    pub(super) drafts: bool,
    pub(super) bots: bool,
}

/// For whom work in progress is counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Per {
    #[default]
    All,
    Team,
    Repo,
    Author,
}

impl Per {
    pub(super) const ALL: [(Self, &'static str); 4] =
        [(Self::All, "all"), (Self::Team, "team"), (Self::Repo, "repo"), (Self::Author, "author")];
}

impl Rules {
    /// Reads a document, `{"rules": […]}`, and says everything that is wrong with it, in the order of the pointers.
    pub fn read(document: &Value) -> Result<Self, Vec<Fault>> {
        read::rules(document)
    }

    /// The rules that are shipped.
    pub fn shipped() -> Self {
        DEFAULT.clone().unwrap_or_default()
    }

    /// What the rules look at.
    pub fn needs(&self) -> BTreeSet<Needs> {
        self.rules.iter().map(|rule| rule.kind.needs).collect()
    }

    /// How far back any rule looks at these; none: no rule does.
    pub fn look_back(&self, needs: Needs) -> Option<TimeDelta> {
        self.rules.iter().filter(|rule| rule.kind.needs == needs).map(|rule| rule.within).max()
    }
}

/// Whether one of the names is meant. No patterns mean all, also what has no name.
pub(super) fn meant<'n>(patterns: &BTreeSet<Pattern>, names: impl IntoIterator<Item = &'n str>) -> bool {
    let one = |name: &str| patterns.iter().any(|pattern| pattern.matches(&lowered(name)));
    patterns.is_empty() || names.into_iter().any(one)
}
