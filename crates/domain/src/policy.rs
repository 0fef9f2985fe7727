//! Policy: what may happen by itself, what asks people first, and whom.
//!
//! One document ([docs/POLICY.md]) of rules with conditions; the first that matches decides. [`effects`] says what a rule
//! may ask for, [`conditions`] when it matches, [`read`] makes the document of JSON and tells all that is wrong with it,
//! [`decide`] decides and explains, [`terms`] are what an approval then takes,
//! [`told`] takes a decision that something else made, [`trials`] runs the document's own tests. Nothing that cannot be evaluated passes:
//! a missing fact, a wrong type or too much work ask for approval. Who has approved is not known here.
//!
//! [docs/POLICY.md]: ../../../docs/POLICY.md

mod conditions;
mod decide;
mod effects;
mod inputs;
mod read;
mod terms;
#[cfg(test)]
mod tests;
mod told;
mod trials;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::sync::{Arc, LazyLock};

use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::canonical::to_canonical;
pub use crate::documents::Fault;
use crate::patterns::{Pattern, lowered};
use conditions::{Condition, Patterns};
pub use decide::{Decision, Explained};
pub use effects::{Effect, Escalation};
pub use inputs::Input;
use trials::Trial;
pub use trials::{TestReport, TestResult};

/// The policy of those who have written none.
const SHIPPED: &str = include_str!("policy/default.json");

static DEFAULT: LazyLock<Option<Policy>> = LazyLock::new(|| {
    let document: Value = serde_json::from_str(SHIPPED).ok()?;
    Policy::read(&document).ok()
});

/// A document that holds together.
#[derive(Clone, Debug)]
pub struct Policy {
    name: String,
    /// SHA-256 of the canonical document, in hexadecimal.
    version: String,
    document: Value,
    rules: Vec<Rule>,
    /// Where no rule matches. None: one vote of an approver.
    default: Option<Effect>,
    groups: BTreeMap<String, BTreeSet<String>>,
    trials: Vec<Trial>,
    patterns: Arc<Patterns>,
}

/// One rule.
#[derive(Clone, Debug)]
struct Rule {
    name: String,
    /// The kinds that it is about; none: all.
    kinds: BTreeSet<Pattern>,
    when: Option<Condition>,
    then: Effect,
}

impl Rule {
    fn is_about(&self, kind: &str) -> bool {
        let kind = lowered(kind);
        self.kinds.is_empty() || self.kinds.iter().any(|pattern| pattern.matches(&kind))
    }
}

impl Policy {
    /// Reads a document and says everything that is wrong with it, in the order of the pointers.
    pub fn read(document: &Value) -> Result<Self, Vec<Fault>> {
        read::policy(document)
    }

    /// The policy that is shipped: EM Agent's four kinds and deployments to production.
    pub fn shipped() -> Self {
        DEFAULT.clone().unwrap_or_else(Self::none)
    }

    /// Without rules: everything asks for one vote of an approver.
    fn none() -> Self {
        Self {
            name: "none".to_owned(),
            version: hash(&Value::Null),
            document: Value::Null,
            rules: Vec::new(),
            default: None,
            groups: BTreeMap::new(),
            trials: Vec::new(),
            patterns: Arc::default(),
        }
    }

    /// What the document calls itself, with the first letters of its version: for people.
    pub fn label(&self) -> String {
        format!("{}@{}", self.name, self.version.get(..12).unwrap_or_default())
    }

    /// SHA-256 of the document, whatever the order of its members, in hexadecimal.
    pub fn version(&self) -> &str {
        &self.version
    }

    pub fn name(&self) -> &str {
        &self.name
    }

    /// The document as it was read.
    pub fn document(&self) -> &Value {
        &self.document
    }

    /// Who belongs to which group: names of users, or of identities.
    pub fn groups(&self) -> &BTreeMap<String, BTreeSet<String>> {
        &self.groups
    }

    /// The names of the rules, in their order.
    pub fn rules(&self) -> impl Iterator<Item = &str> {
        self.rules.iter().map(|rule| rule.name.as_str())
    }
}

/// SHA-256 of canonical JSON, in hexadecimal.
fn hash(document: &Value) -> String {
    Sha256::digest(to_canonical(document).as_bytes()).iter().fold(String::new(), |mut text, byte| {
        // Writing to a text cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}
