//! What reports are made of, as the caller has read it.

use chrono::{DateTime, Utc};

use super::Of;
use crate::signals::{FailedDeployment, OpenChange};

/// What was known at one moment of a time that ended with it. Lists are newest first unless they say otherwise.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Facts {
    pub from: DateTime<Utc>,
    /// The moment.
    pub now: DateTime<Utc>,
    /// That ended in the time, in production.
    pub deployments: Vec<Deployed>,
    pub merged: Vec<Merged>,
    /// The oldest first.
    pub open: Vec<OpenChange>,
    /// That nothing has put right yet, the oldest first.
    pub failures: Vec<FailedDeployment>,
    /// That are open, or were resolved in the time.
    pub incidents: Vec<Incident>,
    /// Approvals that wait for people, the first to expire first.
    pub approvals: Vec<Waiting>,
}

/// A deployment that ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Deployed {
    pub integration: String,
    pub deployment_id: String,
    pub service: String,
    pub environment: String,
    /// `success`, `failure`, `error`, `cancelled` or `skipped`.
    pub outcome: String,
    /// `forward`, `redeploy`, `rollback` or `hotfix`, of a success.
    pub kind: Option<String>,
    /// How many changes it ships.
    pub changes: i32,
    /// It is known to have broken something.
    pub failed: bool,
    pub at: DateTime<Utc>,
    pub url: Option<String>,
}

impl Deployed {
    pub fn of(&self) -> Of {
        Of::Deployment { integration: self.integration.clone(), id: self.deployment_id.clone() }
    }

    pub fn is_success(&self) -> bool {
        self.outcome == "success"
    }
}

/// A change that was merged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Merged {
    pub repo: String,
    pub number: String,
    pub title: Option<String>,
    pub author: Option<String>,
    pub url: Option<String>,
    pub merged_at: DateTime<Utc>,
}

/// An incident.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Incident {
    pub integration: String,
    pub incident_id: String,
    pub title: Option<String>,
    pub service: Option<String>,
    pub severity: Option<String>,
    pub began_at: DateTime<Utc>,
    pub resolved_at: Option<DateTime<Utc>>,
    pub url: Option<String>,
}

impl Incident {
    pub fn of(&self) -> Of {
        Of::Incident { integration: self.integration.clone(), id: self.incident_id.clone() }
    }
}

/// An approval that waits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Waiting {
    pub id: String,
    pub subject: String,
    pub action: String,
    pub asked_at: DateTime<Utc>,
    pub expires_at: DateTime<Utc>,
}

impl Facts {
    /// Changes that people work on: no drafts and none of bots.
    pub fn in_progress(&self) -> impl Iterator<Item = &OpenChange> {
        self.open.iter().filter(|change| !change.draft && !change.is_bot)
    }
}
