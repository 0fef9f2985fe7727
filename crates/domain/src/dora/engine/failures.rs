//! Which deployment an incident comes from, which deployments failed, and how they recovered (rules I1 to I6).

use std::collections::BTreeSet;

use chrono::{DateTime, TimeDelta, Utc};

use super::leads;
use crate::data::Tier;
use crate::dora::facts::{Attribution, FailureFact, LinkFact, Outside, Remediation};

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
///
/// What has nothing to do with changes, or does not count, comes from none. Who says of one deployment that it was not
/// that one takes the incident out of the rules' hands.
pub fn attribute(incident: &Incident, window: TimeDelta, candidates: &[Candidate]) -> Vec<LinkFact> {
    if incident.change_related == Some(false) || !incident.qualifies {
        return Vec::new();
    }
    let link = |deployment: &Outside, method| LinkFact {
        incident: incident.incident.clone(),
        deployment: deployment.clone(),
        method,
    };
    let said: BTreeSet<&Outside> = incident.explicit.iter().collect();
    if !said.is_empty() || incident.unlinked {
        return said.into_iter().map(|deployment| link(deployment, Attribution::Explicit)).collect();
    }
    if let Some(deployment) = &incident.caused_by {
        return vec![link(deployment, Attribution::CausedBy)];
    }
    let latest = latest(incident, window, candidates).map(|one| link(&one.deployment, Attribution::Window));
    latest.into_iter().collect()
}

/// Rules I2 and I3. Of several environments the one of the incident's name counts, else those of its tier, else
/// production; only among the deployments of that time, so that no other deployment ever changes the answer.
fn latest<'c>(incident: &Incident, window: TimeDelta, candidates: &'c [Candidate]) -> Option<&'c Candidate> {
    if incident.service.is_none() || window <= TimeDelta::zero() {
        return None;
    }
    let was_there = |one: &&Candidate| {
        let began = one.started_at.map_or(one.finished_at, |started| started.min(one.finished_at));
        began <= incident.start_at && incident.start_at <= one.finished_at + window
    };
    let eligible: Vec<&Candidate> = candidates.iter().filter(was_there).collect();
    let named = incident.environment.as_deref();
    let is_named = eligible.iter().any(|one| Some(one.environment.as_str()) == named);
    let tier = incident.tier.unwrap_or(Tier::Production);
    let fits = |one: &&Candidate| if is_named { Some(one.environment.as_str()) == named } else { one.tier == tier };
    eligible
        .into_iter()
        .filter(fits)
        .max_by_key(|one| (one.finished_at, &one.deployment.id, &one.deployment.integration))
}

/// Whether it failed, and how it recovered; none: it did not fail (rules I5, I6).
pub fn judge(suspect: &Suspect) -> Option<FailureFact> {
    if suspect.is_rollback || suspect.links.is_empty() && suspect.remediations.is_empty() {
        return None;
    }
    let impact_at = suspect.links.iter().map(|linked| linked.start_at).min();
    let recovered_at = recovered(suspect);
    let since = |from: DateTime<Utc>| recovered_at.map(|at| leads::seconds(from, at).max(0.0));
    let by_link = suspect.links.iter().map(|linked| linked.link.method.as_str());
    let methods: BTreeSet<&str> = by_link.chain(suspect.remediations.iter().map(|one| one.method.as_str())).collect();
    Some(FailureFact {
        deployment: suspect.deployment.clone(),
        service: suspect.service.clone(),
        team: suspect.team.clone(),
        environment: suspect.environment.clone(),
        tier: suspect.tier,
        failed_at: suspect.finished_at,
        impact_at,
        recovered_at,
        rt_s: since(suspect.finished_at),
        rt_impact_s: impact_at.and_then(since),
        methods: methods.into_iter().map(str::to_owned).collect(),
    })
}

/// When all its incidents had ended; else when its first remedy had finished.
fn recovered(suspect: &Suspect) -> Option<DateTime<Utc>> {
    let ends: Option<Vec<DateTime<Utc>>> =
        suspect.links.iter().map(|linked| linked.resolved_at.filter(|end| *end >= linked.start_at)).collect();
    let ended = ends.and_then(|ends| ends.into_iter().max());
    ended.or_else(|| suspect.remediations.iter().map(|one| one.at).min())
}
