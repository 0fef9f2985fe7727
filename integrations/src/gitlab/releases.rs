//! `release`: a version was published, or its release was deleted. Edits are no facts.

use chrono::{DateTime, Utc};
use domain::data::{Body, Common, Release};
use domain::event::Draft;
use domain::time;
use serde::Deserialize;

use super::payloads::Project;
use crate::drafts::{NAME, TITLE, URL, draft, sha, text};
use crate::json::Text;

#[derive(Deserialize)]
pub(super) struct ReleaseEvent<'a> {
    #[serde(borrow)]
    action: Option<Text<'a>>,
    #[serde(borrow)]
    tag: Text<'a>,
    #[serde(borrow)]
    name: Option<Text<'a>>,
    #[serde(borrow)]
    url: Option<Text<'a>>,
    #[serde(default, deserialize_with = "time::lenient")]
    created_at: Option<DateTime<Utc>>,
    #[serde(default, deserialize_with = "time::lenient")]
    released_at: Option<DateTime<Utc>>,
    #[serde(borrow)]
    commit: Option<Commit<'a>>,
    #[serde(borrow)]
    project: Option<Project<'a>>,
}

#[derive(Deserialize)]
struct Commit<'a> {
    #[serde(borrow)]
    id: Option<Text<'a>>,
}

pub(super) fn drafts(event: ReleaseEvent<'_>) -> Vec<Draft> {
    let published = event.released_at.or(event.created_at);
    let (kind, at) = match event.action.as_deref() {
        Some("create") => ("release.published", published),
        // When it was deleted is not told: the received time stands in.
        Some("delete") => ("release.deleted", None),
        _ => return Vec::new(),
    };
    let tag = event.tag.clean(NAME);
    let base = Common {
        repo: event.project.as_ref().and_then(Project::name),
        commit_sha: event.commit.as_ref().and_then(|commit| sha(commit.id.as_deref())),
        url: text(event.url.as_ref(), URL),
        revision: at,
        ..Common::default()
    };
    let scope = base.repo.clone().unwrap_or_default();
    let subject = format!("gitlab:{scope}@{tag}");
    let name = text(event.name.as_ref(), TITLE);
    let fact = Release { tag: Some(tag), name, published_at: published, ..Release::default() };
    vec![draft(kind, &scope, subject, at, base, Body::Release(fact))]
}
