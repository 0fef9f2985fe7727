//! Images and packages: which commit they were made of.

use super::registers::{known, registers};
use super::{Entities, stamp};
use crate::data::{Artifact, Common};
use crate::event::Event;

/// Which artifact.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ArtifactKey {
    pub tenant: String,
    pub digest: String,
}

registers! {
    /// What an artifact was made of: a repository and its commit together, as one event says them.
    ArtifactFacts {
        latest { made_of: (Option<String>, Option<String>) }
        earliest {}
    }
}

impl Entities {
    /// An artifact that was published. One without a digest could not be found in a deployment.
    pub(super) fn add_artifact(&mut self, event: &Event, common: Common, said: Artifact) {
        let Some(digest) = said.digest else { return };
        let stamp = stamp(event, &common, &[]);
        let key = ArtifactKey { tenant: event.tenant.to_string(), digest };
        self.touched.artifacts.insert((key.clone(), event.id));
        let made_of = (common.repo, said.sha.or(common.commit_sha));
        let facts = ArtifactFacts { made_of: known(stamp, Some(made_of).filter(|(_, sha)| sha.is_some())) };
        self.artifacts.entry(key).or_default().merge(facts);
    }
}
