//! Which things some events spoke of, each with the event: whose facts may have to be reckoned anew, and what caused it.

use std::collections::BTreeSet;

use super::artifacts::ArtifactKey;
use super::branches::Push;
use super::changes::ChangeKey;
use super::commits::CommitKey;
use super::deployments::DeploymentKey;
use super::incidents::IncidentKey;
use super::links::LinkKey;
use crate::ids::EventId;

/// What some events spoke of.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Touched {
    pub deployments: BTreeSet<(DeploymentKey, EventId)>,
    /// Commits that were listed, and those that got a parent.
    pub commits: BTreeSet<(CommitKey, EventId)>,
    pub pushes: BTreeSet<(Push, EventId)>,
    pub changes: BTreeSet<(ChangeKey, EventId)>,
    pub incidents: BTreeSet<(IncidentKey, EventId)>,
    pub links: BTreeSet<(LinkKey, EventId)>,
    pub artifacts: BTreeSet<(ArtifactKey, EventId)>,
}

impl Touched {
    /// Whose rows these are.
    pub fn tenants(&self) -> BTreeSet<&str> {
        let mut tenants: BTreeSet<&str> = self.deployments.iter().map(|(key, _)| key.tenant.as_str()).collect();
        tenants.extend(self.commits.iter().map(|(key, _)| key.tenant.as_str()));
        tenants.extend(self.pushes.iter().map(|(push, _)| push.tenant.as_str()));
        tenants.extend(self.changes.iter().map(|(key, _)| key.tenant.as_str()));
        tenants.extend(self.incidents.iter().map(|(key, _)| key.tenant.as_str()));
        tenants.extend(self.links.iter().map(|(key, _)| key.tenant.as_str()));
        tenants.extend(self.artifacts.iter().map(|(key, _)| key.tenant.as_str()));
        tenants
    }
}
