//! Which deployment an incident comes from, which deployments failed, and how they recovered (rules I1 to I6).

use chrono::{DateTime, TimeDelta, Utc};

use super::super::facts::{FailureFact, LinkFact, Outside, Remediation};
use crate::data::Tier;

/// An incident of a service, or one that names a deployment of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Incident {
    pub incident: Outside,
    pub service: Option<String>,
    pub environment: Option<String>,
    pub tier: Option<Tier>,
    pub start_at: DateTime<Utc>,
    pub change_related: Option<bool>,
    /// By the service's severities (rule I1).
    pub qualifies: bool,
    /// Deployments that people linked it to, and did not unlink again.
    pub explicit: Vec<Outside>,
    /// Somebody said of at least one deployment that it was not that one.
    pub unlinked: bool,
    /// The deployment that its `caused_by` names, or that shipped the commit or change that it names.
    pub caused_by: Option<Outside>,
}

/// A success of the incident's service that may have caused it.
#[derive(Clone, Debug, PartialEq)]
pub struct Candidate {
    pub deployment: Outside,
    pub environment: String,
    pub tier: Tier,
    pub started_at: Option<DateTime<Utc>>,
    pub finished_at: DateTime<Utc>,
}

/// A success with all that speaks against it.
#[derive(Clone, Debug, PartialEq)]
pub struct Suspect {
    pub deployment: Outside,
    pub service: String,
    pub team: Option<String>,
    pub environment: String,
    pub tier: Tier,
    pub finished_at: DateTime<Utc>,
    pub is_rollback: bool,
    /// With the incident's start and end.
    pub links: Vec<Linked>,
    /// Of which it is the culprit.
    pub remediations: Vec<Remediation>,
}

/// An incident that is linked to a suspect.
#[derive(Clone, Debug, PartialEq)]
pub struct Linked {
    pub link: LinkFact,
    pub start_at: DateTime<Utc>,
    /// None: open, or said to have ended before it began.
    pub resolved_at: Option<DateTime<Utc>>,
}

/// The deployments that an incident comes from: those that people say, else the one its `caused_by` leads to, else the
/// latest that was rolling out or had finished no longer than `window` before.
pub fn attribute(incident: &Incident, window: TimeDelta, candidates: &[Candidate]) -> Vec<LinkFact> {
    let _ = (incident, window, candidates);
    Vec::new()
}

/// Whether it failed, and how it recovered; none: it did not fail.
pub fn judge(suspect: &Suspect) -> Option<FailureFact> {
    let _ = suspect;
    None
}
