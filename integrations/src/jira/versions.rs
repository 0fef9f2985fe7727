//! Versions of a project: a release when one is released, and none any more when that is taken back or a released one
//! is deleted. The date that people give a version has no time and may be any: the time of the delivery counts.

use chrono::{DateTime, Utc};
use domain::data::{Body, Common, Release};
use domain::event::Draft;
use domain::time;
use serde::Deserialize;

use crate::drafts::{TITLE, draft, text};
use crate::integration::Unreadable;
use crate::json::{Id, Text};

#[derive(Deserialize)]
pub(super) struct VersionEvent<'a> {
    #[serde(default, deserialize_with = "time::lenient")]
    timestamp: Option<DateTime<Utc>>,
    #[serde(borrow)]
    version: Version<'a>,
}

#[derive(Deserialize)]
struct Version<'a> {
    id: Id,
    #[serde(borrow)]
    name: Option<Text<'a>>,
    #[serde(rename = "projectId")]
    project_id: Option<Id>,
    released: Option<bool>,
}

pub(super) fn drafts(kind: &str, event: VersionEvent<'_>) -> Result<Vec<Draft>, Unreadable> {
    let version = &event.version;
    let scope = version.project_id.as_ref().map(|id| id.0.clone());
    let kind = match kind {
        "jira:version_released" => "release.published",
        "jira:version_deleted" if version.released != Some(true) => {
            return Err(Unreadable { scope, ..Unreadable::new("a version that was never released has no mapping") });
        }
        _ => "release.deleted",
    };
    let fact = Release {
        name: text(version.name.as_ref(), TITLE),
        published_at: event.timestamp.filter(|_| kind == "release.published"),
        ..Release::default()
    };
    let scope = scope.unwrap_or_default();
    // By id: a version may be renamed.
    let subject = format!("jira:version/{}", version.id.0);
    let common = Common { revision: event.timestamp, ..Common::default() };
    Ok(vec![draft(kind, &scope, subject, event.timestamp, common, Body::Release(fact))])
}
