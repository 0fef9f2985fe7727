//! The nouns that a mapping can make, each with its fields, its words for an outcome, the time that its verb tells, and
//! the subject that its events have unless the mapping says otherwise.

use domain::data::{
    Alert, Artifact, Body, Build, Change, Commits, Common, Coverage, Deployment, ErrorFact, Incident, Link, Message,
    QualityGate, RefFact, Release, Ticket, Workload,
};
use domain::event::TYPES;
use domain::rules::Rules;

use super::misfit::Misfit;
use super::shape::{Members, fields, read};

pub(super) struct Noun {
    pub(super) name: &'static str,
    pub(super) fields: fn() -> &'static [&'static str],
    pub(super) read: fn(&Members, &Rules) -> Result<Body, Misfit>,
}

macro_rules! noun {
    ($name:literal, $kind:ty, $body:expr) => {
        Noun { name: $name, fields: fields::<$kind>, read: |members, rules| read::<$kind>(members, rules).map($body) }
    };
}

static NOUNS: &[Noun] = &[
    noun!("alert", Alert, Body::Alert),
    noun!("artifact", Artifact, Body::Artifact),
    noun!("branch", RefFact, Body::Ref),
    noun!("build", Build, Body::Build),
    noun!("change", Change, |change| Body::Change(Box::new(change))),
    noun!("commits", Commits, Body::Commits),
    noun!("coverage", Coverage, Body::Coverage),
    noun!("deployment", Deployment, Body::Deployment),
    noun!("error", ErrorFact, Body::Error),
    noun!("incident", Incident, Body::Incident),
    noun!("link", Link, Body::Link),
    noun!("message", Message, Body::Message),
    noun!("quality_gate", QualityGate, Body::QualityGate),
    noun!("release", Release, Body::Release),
    noun!("tag", RefFact, Body::Ref),
    noun!("ticket", Ticket, Body::Ticket),
    noun!("workload", Workload, Body::Workload),
];

/// Every noun with its own fields, for the documentation.
pub fn noun_fields() -> impl Iterator<Item = (&'static str, &'static [&'static str])> {
    NOUNS.iter().map(|noun| (noun.name, (noun.fields)()))
}

/// The noun of a type that there is.
pub(super) fn find(kind: &str) -> Option<&'static Noun> {
    let (noun, verb) = kind.split_once('.')?;
    let known = TYPES.iter().any(|(name, verbs)| *name == noun && verbs.contains(&verb));
    NOUNS.iter().find(|found| known && found.name == noun)
}

/// The fields that an event's time fills, unless the mapping does.
pub(super) const TOLD_BY_TIME: &[(&str, &[&str])] = &[
    ("alert.fired", &["fired_at"]),
    ("alert.resolved", &["resolved_at"]),
    ("build.finished", &["finished_at"]),
    ("build.started", &["started_at"]),
    ("change.approved", &["approved_at"]),
    ("change.closed", &["closed_at"]),
    ("change.merged", &["merged_at"]),
    ("change.opened", &["opened_at"]),
    ("change.ready", &["ready_at"]),
    ("commits.pushed", &["pushed_at"]),
    ("deployment.finished", &["at", "finished_at"]),
    ("deployment.started", &["at", "started_at"]),
    ("deployment.updated", &["at"]),
    ("incident.acknowledged", &["acked_at"]),
    ("incident.opened", &["opened_at"]),
    ("incident.resolved", &["resolved_at"]),
    ("release.published", &["published_at"]),
    ("ticket.closed", &["closed_at"]),
    ("ticket.created", &["created_at"]),
];

/// Checks what the type of a field does not say.
pub(super) fn check(kind: &str, body: &Body) -> Result<(), Misfit> {
    let (outcome, words): (&Option<String>, &[&str]) = match body {
        Body::Build(build) => (&build.outcome, &["success", "failure", "cancelled", "skipped", "error"]),
        Body::Deployment(deployment) => (&deployment.outcome, &["success", "failure", "cancelled", "error"]),
        _ => return Ok(()),
    };
    match outcome {
        Some(_) if !kind.ends_with(".finished") => {
            Err(Misfit::new("outcome", format!("is for what is finished, not for {kind}")))
        }
        Some(word) if !words.contains(&word.as_str()) => {
            Err(Misfit::new("outcome", format!("takes one of {}", words.join(", "))))
        }
        None if kind == "deployment.finished" => Err(Misfit::new("outcome", "is missing")),
        _ => Ok(()),
    }
}

/// What the event is about, the same for all events of that thing.
pub(super) fn subject(source: &str, common: &Common, body: &Body) -> Result<String, Misfit> {
    let repo = || needed("repo", &common.repo);
    let own = |name: &str, id: &Option<String>| needed(name, id).map(|id| format!("{source}:{id}"));
    Ok(match body {
        Body::Change(change) => {
            let number = change.number.map(|number| number.to_string());
            format!("{}#{}", repo()?, needed("number", &number.or_else(|| change.id.clone()))?)
        }
        Body::Commits(commits) => format!("{}@{}", repo()?, needed("ref", &commits.r#ref)?),
        Body::Ref(fact) => format!("{}@{}", repo()?, needed("ref", &fact.r#ref)?),
        Body::Build(build) => {
            let at = needed("repo", &common.repo.clone().or_else(|| common.service.clone()))?;
            format!("{at}!{}/{}", build.name.as_deref().unwrap_or_default(), needed("run_id", &build.run_id)?)
        }
        Body::Deployment(deployment) => {
            let service = needed("service", &common.service.clone().or_else(|| common.repo.clone()))?;
            let environment = common.environment.as_deref().unwrap_or_default();
            format!("{service}/{environment}:{}", needed("deployment_id", &deployment.deployment_id)?)
        }
        Body::Release(release) => format!("{source}:{}@{}", repo()?, needed("tag", &release.tag)?),
        Body::Incident(incident) => own("incident_id", &incident.incident_id)?,
        Body::Ticket(ticket) => own("key", &ticket.key)?,
        Body::Link(link) => {
            let deployment = needed("deployment_id", &link.deployment_id)?;
            format!("{}/{deployment}", own("incident_id", &link.incident_id)?)
        }
        Body::Artifact(artifact) => own("digest", &artifact.digest)?,
        Body::Alert(alert) => own("alert_id", &alert.alert_id)?,
        Body::Error(error) => own("error_id", &error.error_id)?,
        Body::Coverage(_) => format!("{source}:{}@{}", repo()?, needed("commit_sha", &common.commit_sha)?),
        Body::QualityGate(gate) => own("project", &gate.project)?,
        Body::Workload(workload) => {
            let namespace = workload.namespace.as_ref().map(|namespace| format!("{namespace}/")).unwrap_or_default();
            format!("{source}:{namespace}{}", needed("name", &workload.name)?)
        }
        Body::Message(message) => {
            format!("{}/{}", own("channel", &message.channel)?, needed("thread", &message.thread)?)
        }
        // Nobody else may ask us for an answer.
        Body::Approval(_) | Body::Unmapped(_) => own("subject", &None)?,
    })
}

fn needed(name: &str, value: &Option<String>) -> Result<String, Misfit> {
    value.clone().ok_or_else(|| Misfit::new(name, "is missing: the event's subject needs it"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_noun_of_events_can_be_made_but_those_that_only_we_make() {
        for (noun, verbs) in TYPES {
            for verb in *verbs {
                let kind = format!("{noun}.{verb}");
                assert_eq!(find(&kind).is_some(), *noun != "approval", "{kind}");
            }
        }
        assert!(find("build.exploded").is_none() && find("build").is_none() && find("x.y").is_none());
    }

    #[test]
    fn what_time_fills_is_a_field_of_that_noun() {
        for (kind, filled) in TOLD_BY_TIME {
            let known = (find(kind).expect(kind).fields)();
            assert!(filled.iter().all(|field| known.contains(field)), "{kind}");
        }
    }
}
