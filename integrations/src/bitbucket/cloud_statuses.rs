//! `repo:commit_status_created` and `…_updated` of the Cloud: what a pipeline or another builder says of a commit.
//!
//! It is all that the Cloud tells of builds. A status is known by its commit and its key: built again, it goes back to
//! being in progress, as a newer fact of the same run.

use chrono::{DateTime, Utc};
use domain::event::Draft;
use domain::rules::Rules;
use domain::time;
use serde::Deserialize;

use super::payloads::{Account, Link, Pointer, Repository};
use crate::builds::{Phase, Run};
use crate::drafts::{NAME, URL, sha, text};
use crate::json::Text;

#[derive(Deserialize)]
pub(super) struct StatusEvent<'a> {
    #[serde(borrow)]
    commit_status: Status<'a>,
    #[serde(borrow)]
    repository: Repository<'a>,
    #[serde(borrow)]
    actor: Option<Account<'a>>,
}

#[derive(Deserialize)]
struct Status<'a> {
    #[serde(borrow)]
    key: Text<'a>,
    #[serde(borrow)]
    name: Option<Text<'a>>,
    #[serde(borrow)]
    state: Text<'a>,
    /// The branch; only some builders say it.
    #[serde(borrow)]
    refname: Option<Text<'a>>,
    #[serde(borrow)]
    url: Option<Text<'a>>,
    #[serde(borrow)]
    commit: Option<Pointer<'a>>,
    #[serde(borrow)]
    links: Option<StatusLinks<'a>>,
    #[serde(default, deserialize_with = "time::lenient")]
    updated_on: Option<DateTime<Utc>>,
}

#[derive(Deserialize)]
struct StatusLinks<'a> {
    #[serde(borrow)]
    commit: Option<Link<'a>>,
}

pub(super) fn drafts(event: StatusEvent<'_>, rules: &Rules) -> Vec<Draft> {
    let status = &event.commit_status;
    let (phase, outcome) = match &*status.state {
        "INPROGRESS" => (Phase::Started, None),
        "SUCCESSFUL" => (Phase::Finished, Some("success")),
        "FAILED" => (Phase::Finished, Some("failure")),
        "STOPPED" => (Phase::Finished, Some("cancelled")),
        _ => return Vec::new(),
    };
    let sha = status.sha();
    let key = status.key.clean(NAME);
    let repo = event.repository.name();
    // A fork has the same commits.
    let place = repo.as_ref().map(|repo| format!("{repo}/{key}")).unwrap_or_else(|| key.clone());
    let run = Run {
        source: "bitbucket",
        tells_deployments: false,
        run_id: sha.as_ref().map_or_else(|| place.clone(), |sha| format!("{place}@{sha}")),
        repo,
        name: text(status.name.as_ref(), NAME).unwrap_or(key),
        phase,
        outcome,
        state: status.state.clean(NAME),
        started_at: status.updated_on.filter(|_| phase == Phase::Started),
        finished_at: status.updated_on.filter(|_| phase == Phase::Finished),
        at: status.updated_on,
        sha,
        branch: text(status.refname.as_ref(), NAME),
        url: text(status.url.as_ref(), URL),
        actor: event.actor.as_ref().map(|actor| actor.actor(rules)),
        ..Run::default()
    };
    run.drafts(rules)
}

impl Status<'_> {
    /// Older payloads have the commit only at the end of its link.
    fn sha(&self) -> Option<String> {
        let linked = || self.links.as_ref()?.commit.as_ref()?.href.as_deref()?.rsplit('/').next();
        self.commit.as_ref().and_then(Pointer::sha).or_else(|| sha(linked()))
    }
}
