//! What each deployment ships, what it was, and what it mends (rules L1 to L7, kind, I4, I7).

use std::collections::BTreeSet;

use super::Stretch;
use crate::dora::facts::{ChangeFact, CommitFact, DeploymentFact, Remediation};

/// The facts of a stretch, each list in the order of its key.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Reckoned {
    pub deployments: Vec<DeploymentFact>,
    pub commits: Vec<CommitFact>,
    pub changes: Vec<ChangeFact>,
    pub remediations: Vec<Remediation>,
}

/// Whose ancestry has to be known beside the graph: (repository, may be the ancestor, of this commit). Only pairs of
/// consecutive deployments whose commits were live before.
pub fn pairs(stretch: &Stretch) -> BTreeSet<(String, String, String)> {
    let _ = stretch;
    BTreeSet::new()
}

/// Reckons a stretch. `before.ancestors` answers every one of [`pairs`].
pub fn reckon(stretch: &Stretch) -> Reckoned {
    let _ = stretch;
    Reckoned::default()
}
