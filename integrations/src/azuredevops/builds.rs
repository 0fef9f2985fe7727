//! `build.complete`: a build that ended, in the form of version 1.0 of the resource and of 2.0.

use chrono::{DateTime, Utc};
use domain::event::Draft;
use domain::rules::Rules;
use domain::time;
use serde::Deserialize;

use super::payloads::{Envelope, Identity, Links, Named, Repository, branch_and_tag, outcome};
use crate::builds::{Phase, Run};
use crate::drafts::{NAME, sha, text};
use crate::json::{self, Id, Text};

#[derive(Deserialize)]
pub(super) struct Build<'a> {
    id: Option<Id>,
    /// In 1.0 how it ended, in 2.0 always `completed`.
    #[serde(borrow)]
    status: Option<Text<'a>>,
    #[serde(borrow)]
    result: Option<Text<'a>>,
    #[serde(rename = "queueTime", default, deserialize_with = "time::lenient")]
    queued: Option<DateTime<Utc>>,
    #[serde(rename = "startTime", default, deserialize_with = "time::lenient")]
    started: Option<DateTime<Utc>>,
    #[serde(rename = "finishTime", default, deserialize_with = "time::lenient")]
    finished: Option<DateTime<Utc>>,
    #[serde(borrow)]
    reason: Option<Text<'a>>,
    #[serde(borrow)]
    definition: Option<Named<'a>>,
    #[serde(borrow)]
    project: Option<Named<'a>>,
    #[serde(borrow)]
    repository: Option<Repository<'a>>,
    #[serde(borrow, rename = "sourceBranch")]
    branch: Option<Text<'a>>,
    #[serde(borrow, rename = "sourceVersion")]
    version: Option<Text<'a>>,
    /// Of 1.0: `LG:refs/heads/main:<sha>`.
    #[serde(borrow, rename = "sourceGetVersion")]
    get_version: Option<Text<'a>>,
    #[serde(borrow, rename = "requestedFor")]
    requested_for: Option<Identity<'a>>,
    #[serde(borrow, default, deserialize_with = "json::list")]
    requests: Vec<BuildRequest<'a>>,
    #[serde(borrow, rename = "_links")]
    links: Option<Links<'a>>,
}

#[derive(Deserialize)]
struct BuildRequest<'a> {
    #[serde(borrow, rename = "requestedFor")]
    requested_for: Option<Identity<'a>>,
}

pub(super) fn drafts(event: Envelope<Build<'_>>, rules: &Rules) -> Vec<Draft> {
    let Some(build) = event.resource else { return Vec::new() };
    let (Some(id), Some(result)) = (&build.id, build.result.as_ref().or(build.status.as_ref())) else {
        return Vec::new();
    };
    let (source, version) = build.source();
    let (branch, tag) = branch_and_tag(source);
    let project = build.project.as_ref().and_then(|project| project.name.as_ref());
    let name = build.definition.as_ref().and_then(|definition| text(definition.name.as_ref(), NAME));
    let who = build.requested_for.as_ref().or_else(|| build.requests.first()?.requested_for.as_ref());
    let run = Run {
        source: "azuredevops",
        // Stages of pipelines and deployments of releases tell of deployments; a build around them would be another.
        tells_deployments: true,
        repo: build.repository.as_ref().and_then(|repository| repository.name_in(project)),
        // Version 1.0 tells no project.
        project: text(project, NAME).or_else(|| name.clone()),
        name: name.unwrap_or_default(),
        run_id: id.0.clone(),
        event: text(build.reason.as_ref(), NAME),
        phase: Phase::Finished,
        outcome: outcome(result),
        state: result.clean(NAME),
        queued_at: build.queued,
        started_at: build.started,
        finished_at: build.finished,
        at: build.finished.or(event.created),
        sha: sha(version),
        branch,
        tag,
        default_branch: build.repository.as_ref().and_then(Repository::default_branch),
        url: build.links.as_ref().and_then(Links::page),
        actor: who.map(|who| who.actor(rules)),
        ..Run::default()
    };
    run.drafts(rules)
}

impl Build<'_> {
    /// The ref and the commit, as either version says them.
    fn source(&self) -> (Option<&str>, Option<&str>) {
        let old = self.get_version.as_deref().and_then(|text| text.strip_prefix("LG:")?.rsplit_once(':'));
        let (branch, version) = old.unzip();
        (self.branch.as_deref().or(branch), self.version.as_deref().or(version))
    }
}
