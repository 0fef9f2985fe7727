//! `issue`: a group of alike errors appears, is resolved, comes back or is put aside. `error`: one more of them.
//!
//! Ids of issues are unique in an installation of Sentry. Being assigned changes nothing about an error and has no
//! mapping.

use chrono::{DateTime, Utc};
use domain::data::{Body, Common, ErrorFact};
use domain::event::Draft;
use domain::rules::Rules;
use domain::time;
use serde::Deserialize;

use super::{Envelope, Occurrence, release_sha};
use crate::drafts::{NAME, TITLE, URL, draft, sha, text};
use crate::integration::Unreadable;
use crate::json::{Id, Text};

#[derive(Deserialize)]
pub(super) struct IssueData<'a> {
    #[serde(borrow)]
    issue: Issue<'a>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Issue<'a> {
    id: Id,
    #[serde(borrow)]
    title: Option<Text<'a>>,
    #[serde(borrow)]
    culprit: Option<Text<'a>>,
    #[serde(borrow)]
    level: Option<Text<'a>>,
    #[serde(borrow)]
    substatus: Option<Text<'a>>,
    #[serde(borrow)]
    status_details: Option<StatusDetails<'a>>,
    #[serde(borrow)]
    project: Option<Project<'a>>,
    count: Option<Id>,
    #[serde(borrow, rename = "web_url")]
    web_url: Option<Text<'a>>,
    #[serde(borrow)]
    permalink: Option<Text<'a>>,
    #[serde(default, deserialize_with = "time::lenient")]
    first_seen: Option<DateTime<Utc>>,
    #[serde(default, deserialize_with = "time::lenient")]
    last_seen: Option<DateTime<Utc>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct StatusDetails<'a> {
    #[serde(borrow)]
    in_release: Option<Text<'a>>,
    #[serde(borrow)]
    in_commit: Option<InCommit<'a>>,
}

#[derive(Deserialize)]
struct InCommit<'a> {
    #[serde(borrow)]
    repository: Option<Text<'a>>,
    #[serde(borrow)]
    commit: Option<Text<'a>>,
}

#[derive(Deserialize)]
struct Project<'a> {
    #[serde(borrow)]
    slug: Option<Text<'a>>,
}

#[derive(Deserialize)]
pub(super) struct ErrorData<'a> {
    #[serde(borrow)]
    error: Occurrence<'a>,
}

pub(super) fn drafts(event: Envelope<'_, IssueData<'_>>, rules: &Rules) -> Result<Vec<Draft>, Unreadable> {
    let issue = &event.data.issue;
    let project = issue.project.as_ref().and_then(|project| text(project.slug.as_ref(), NAME));
    let regressed = issue.substatus.as_deref() == Some("regressed");
    let (kind, at) = match event.action() {
        "created" => ("error.detected", issue.first_seen),
        "resolved" => ("error.resolved", None),
        // Until 2023 archiving was called ignoring.
        "archived" | "ignored" => ("error.ignored", None),
        "unresolved" if regressed => ("error.regressed", issue.last_seen),
        // Opened again by hand, or because it grew: it is there, but it did not come back by itself.
        "unresolved" => ("error.detected", None),
        _ => return Err(event.no_mapping(project)),
    };
    let details = issue.status_details.as_ref().filter(|_| kind == "error.resolved");
    let release = details.and_then(|details| text(details.in_release.as_ref(), NAME));
    let commit = details.and_then(|details| details.in_commit.as_ref());
    let common = Common {
        repo: commit.and_then(|commit| text(commit.repository.as_ref(), NAME)),
        service: project.clone(),
        actor: event.actor.as_ref().and_then(|actor| actor.actor(rules)),
        commit_sha: commit.and_then(|commit| sha(commit.commit.as_deref())),
        url: text(issue.web_url.as_ref().or(issue.permalink.as_ref()), URL),
        revision: at,
        ..Common::default()
    };
    let fact = ErrorFact {
        error_id: Some(issue.id.0.clone()),
        title: text(issue.title.as_ref(), TITLE),
        level: text(issue.level.as_ref(), NAME),
        culprit: text(issue.culprit.as_ref(), TITLE),
        release,
        first_seen: issue.first_seen,
        count: issue.count.as_ref().and_then(|count| count.0.parse().ok()),
    };
    let subject = format!("sentry:{}", issue.id.0);
    Ok(vec![draft(kind, project.as_deref().unwrap_or_default(), subject, at, common, Body::Error(fact))])
}

pub(super) fn error_drafts(event: Envelope<'_, ErrorData<'_>>, rules: &Rules) -> Result<Vec<Draft>, Unreadable> {
    let error = &event.data.error;
    let project = error.project();
    if event.action() != "created" {
        return Err(event.no_mapping(project));
    }
    let Some(id) = &error.issue_id else {
        return Err(Unreadable { scope: project, ..Unreadable::new("the error belongs to no issue") });
    };
    let environment = error.tag("environment");
    let release = text(error.release.as_ref(), NAME);
    let common = Common {
        service: project.clone(),
        environment_tier: environment.as_deref().map(|name| rules.tier(name, None)),
        environment,
        commit_sha: release_sha(release.as_deref()),
        url: text(error.web_url.as_ref(), URL),
        revision: error.datetime,
        ..Common::default()
    };
    let fact = ErrorFact {
        error_id: Some(id.0.clone()),
        title: text(error.title.as_ref(), TITLE),
        level: text(error.level.as_ref(), NAME),
        culprit: text(error.culprit.as_ref(), TITLE),
        release,
        ..ErrorFact::default()
    };
    let subject = format!("sentry:{}", id.0);
    let scope = project.as_deref().unwrap_or_default();
    Ok(vec![draft("error.detected", scope, subject, error.datetime, common, Body::Error(fact))])
}
