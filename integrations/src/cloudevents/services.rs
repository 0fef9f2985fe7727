//! Services that were deployed, environments, and artifacts.
//!
//! CDEvents tell of a deployment when it is done, and give it no id: the event's own is taken, with its source.

use domain::data::{Artifact, Body, Common, Component, Deployment, Workload};
use domain::event::Draft;
use domain::rules::Rules;

use super::NAME as SOURCE;
use super::cdevents::CdEvent;
use super::package::Package;
use crate::drafts::{NAME, draft, text};

pub(super) fn drafts(predicate: &str, event: &CdEvent<'_>, rules: &Rules) -> Option<Vec<Draft>> {
    let explicit_kind = match predicate {
        "deployed" | "upgraded" => None,
        "rolledback" => Some("rollback".to_owned()),
        "removed" => return Some(vec![workload("workload.deleted", "service", predicate, event, rules)]),
        "published" => return Some(vec![workload("workload.updated", "service", predicate, event, rules)]),
        _ => return None,
    };
    let package = event.content.artifact_id.as_deref().and_then(Package::read);
    let component = package.map(|package| Component {
        repo: package.repo,
        sha: package.sha,
        r#ref: package.version,
        image_digest: package.digest,
        ..Component::default()
    });
    let shipped = component.clone().unwrap_or_default();
    let common = Common {
        repo: shipped.repo,
        commit_sha: shipped.sha,
        service: Some(event.subject.clone()),
        ..event.common(rules)
    };
    // Ids of events are unique within their source only.
    let id = format!("{}/{}", event.scope, event.id);
    let fact = Deployment {
        deployment_id: Some(id.clone()),
        state: Some(predicate.to_owned()),
        outcome: Some("success".to_owned()),
        at: event.at,
        finished_at: event.at,
        components: component.into_iter().filter(|component| *component != Component::default()).collect(),
        explicit_kind,
        ..Deployment::default()
    };
    let environment = common.environment.as_deref().unwrap_or_default();
    let subject = format!("{}/{environment}:{id}", event.subject);
    Some(vec![draft("deployment.finished", &event.scope, subject, event.at, common, Body::Deployment(fact))])
}

pub(super) fn environment_drafts(predicate: &str, event: &CdEvent<'_>, rules: &Rules) -> Option<Vec<Draft>> {
    let kind = match predicate {
        "created" => "workload.created",
        "modified" => "workload.updated",
        "deleted" => "workload.deleted",
        _ => return None,
    };
    let mut draft = workload(kind, "environment", predicate, event, rules);
    draft.data.common.environment = Some(event.subject.clone());
    draft.data.common.environment_tier = Some(rules.tier(&event.subject, None));
    Some(vec![draft])
}

/// A service or an environment as a thing that is there.
fn workload(kind: &'static str, noun: &str, predicate: &str, event: &CdEvent<'_>, rules: &Rules) -> Draft {
    let fact = Workload {
        kind: Some(noun.to_owned()),
        name: text(event.content.name.as_ref(), NAME).or_else(|| Some(event.subject.clone())),
        reason: Some(predicate.to_owned()),
        ..Workload::default()
    };
    let service = Some(event.subject.clone()).filter(|_| noun == "service");
    let common = Common { service, ..event.common(rules) };
    // The same service in two environments are two things.
    let place = common.environment.as_deref().map(|name| format!("@{name}")).unwrap_or_default();
    let subject = format!("{SOURCE}:{}{place}", event.qualified());
    draft(kind, &event.scope, subject, event.at, common, Body::Workload(fact))
}

/// A published artifact is of use where its digest is known: it is what deployments name.
pub(super) fn artifact_drafts(predicate: &str, event: &CdEvent<'_>, rules: &Rules) -> Option<Vec<Draft>> {
    let package = Some(predicate).filter(|word| *word == "published").and_then(|_| Package::read(&event.subject))?;
    let digest = package.digest?;
    let common = Common { repo: package.repo, ..event.common(rules) };
    let subject = format!("{SOURCE}:{digest}");
    let fact = Artifact { digest: Some(digest), sha: None };
    Some(vec![draft("artifact.published", &event.scope, subject, event.at, common, Body::Artifact(fact))])
}
