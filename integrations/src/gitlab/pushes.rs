//! `push` and `tag_push`: a branch moved, or a branch or tag came or went.
//!
//! A push has no time of its own: its commits may be days old, so the received time stands in. It lists the newest
//! twenty commits and says how many there are.

use domain::event::Draft;
use domain::rules::Rules;
use serde::Deserialize;

use super::payloads::{Project, User, common};
use crate::commits::PushedCommit;
use crate::drafts::{NAME, sha};
use crate::history::Known;
use crate::json::{self, Id, Text};
use crate::moves::Moved;

#[derive(Deserialize)]
pub(super) struct Push<'a> {
    #[serde(borrow)]
    r#ref: Text<'a>,
    #[serde(borrow)]
    before: Option<Text<'a>>,
    #[serde(borrow)]
    after: Option<Text<'a>>,
    /// The commit; of an annotated tag, `after` is the tag's own object.
    #[serde(borrow)]
    checkout_sha: Option<Text<'a>>,
    user_id: Option<Id>,
    #[serde(borrow)]
    user_username: Option<Text<'a>>,
    #[serde(borrow)]
    user_email: Option<Text<'a>>,
    #[serde(borrow)]
    project: Option<Project<'a>>,
    #[serde(borrow, default, deserialize_with = "json::list")]
    commits: Vec<PushedCommit<'a>>,
    total_commits_count: Option<u64>,
    em_agent: Option<Known>,
}

pub(super) fn drafts(push: Push<'_>, rules: &Rules) -> Vec<Draft> {
    let project = push.project.unwrap_or_default();
    let user = User { id: push.user_id, username: push.user_username, email: push.user_email };
    let (before, after) = (sha(push.before.as_deref()), sha(push.after.as_deref()));
    let listed = push.commits.len() as u64;
    let moved = Moved {
        reference: push.r#ref.clean(NAME),
        tagged: sha(push.checkout_sha.as_deref()).filter(|_| after.is_some()),
        before,
        after,
        // History knows commits, and not what the ref was before them.
        created: push.em_agent.is_some().then_some(false),
        deleted: push.em_agent.is_some().then_some(false),
        pushed_at: push.em_agent.and_then(|known| known.happened_at),
        truncated: push.total_commits_count.is_some_and(|total| total > listed),
        commits: push.commits.into_iter().filter_map(|commit| commit.fact(rules)).collect(),
        default_branch: project.default_branch(),
        common: common(&project, Some(&user), None, rules),
        ..Moved::default()
    };
    moved.drafts()
}
