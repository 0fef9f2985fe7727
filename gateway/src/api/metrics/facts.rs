//! What rows of facts have in common: where each stands in its list, and whose events it came from. Wherever they are listed.

use store::events::After;
use store::metrics::rows::changes::{ChangeRow, CommitRow};
use store::metrics::rows::deployments::DeploymentRow;
use store::metrics::rows::failures::FailureRow;
use store::metrics::rows::incidents::IncidentRow;

/// A row of facts.
pub(super) trait Fact {
    fn place(&self) -> After;
    fn subjects(&self) -> impl Iterator<Item = &String>;
}

impl Fact for DeploymentRow {
    fn place(&self) -> After {
        After { time: self.at, id: self.tie }
    }

    fn subjects(&self) -> impl Iterator<Item = &String> {
        self.subject.iter()
    }
}

impl Fact for ChangeRow {
    fn place(&self) -> After {
        After { time: self.at, id: self.tie }
    }

    fn subjects(&self) -> impl Iterator<Item = &String> {
        self.subject.iter().chain(&self.deployment_subject)
    }
}

impl Fact for CommitRow {
    fn place(&self) -> After {
        After { time: self.at, id: self.tie }
    }

    fn subjects(&self) -> impl Iterator<Item = &String> {
        self.deployment_subject.iter()
    }
}

impl Fact for FailureRow {
    fn place(&self) -> After {
        After { time: self.recovered_at.unwrap_or(self.failed_at), id: self.tie }
    }

    fn subjects(&self) -> impl Iterator<Item = &String> {
        self.subjects.iter()
    }
}

impl Fact for IncidentRow {
    fn place(&self) -> After {
        After { time: self.resolved_at.unwrap_or(self.start_at), id: self.tie }
    }

    fn subjects(&self) -> impl Iterator<Item = &String> {
        self.subject.iter()
    }
}
