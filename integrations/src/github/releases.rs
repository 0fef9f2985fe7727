//! `release`: a version was published, or its release was deleted or made a draft again. Drafts and edits are no facts.

use chrono::{DateTime, Utc};
use domain::data::{Body, Release};
use domain::event::Draft;
use domain::rules::Rules;
use domain::time;
use serde::Deserialize;

use super::payloads::{NAME, Repository, TITLE, URL, User, after, common, draft, text};
use crate::json::Text;

#[derive(Deserialize)]
pub(super) struct ReleaseEvent<'a> {
    #[serde(borrow)]
    action: Option<Text<'a>>,
    #[serde(borrow)]
    release: Released<'a>,
    #[serde(borrow)]
    repository: Repository<'a>,
    #[serde(borrow)]
    sender: Option<User<'a>>,
}

#[derive(Deserialize)]
struct Released<'a> {
    #[serde(borrow)]
    tag_name: Text<'a>,
    #[serde(borrow)]
    name: Option<Text<'a>>,
    prerelease: Option<bool>,
    #[serde(borrow)]
    target_commitish: Option<Text<'a>>,
    #[serde(borrow)]
    html_url: Option<Text<'a>>,
    #[serde(default, deserialize_with = "time::lenient")]
    published_at: Option<DateTime<Utc>>,
    #[serde(default, deserialize_with = "time::lenient")]
    updated_at: Option<DateTime<Utc>>,
}

pub(super) fn drafts(event: ReleaseEvent<'_>, rules: &Rules) -> Vec<Draft> {
    let release = &event.release;
    let (kind, at) = match event.action.as_deref() {
        Some("published") => ("release.published", release.published_at),
        // When is not told: the received time stands in.
        Some("deleted" | "unpublished") => ("release.deleted", None),
        _ => return Vec::new(),
    };
    let tag = release.tag_name.clean(NAME);
    let mut base = common(&event.repository, event.sender.as_ref(), rules);
    base.url = text(release.html_url.as_ref(), URL);
    let revision = release.updated_at.or(release.published_at);
    base.revision = if kind == "release.deleted" { after(revision) } else { revision };
    let fact = Release {
        name: text(release.name.as_ref(), TITLE),
        prerelease: release.prerelease,
        published_at: release.published_at,
        target: text(release.target_commitish.as_ref(), NAME),
        tag: Some(tag.clone()),
    };
    let subject = format!("github:{}@{tag}", event.repository.name());
    vec![draft(kind, subject, at, base, Body::Release(fact))]
}
