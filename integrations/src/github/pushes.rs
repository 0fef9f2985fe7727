//! `push`: a branch moved (commits were pushed), or a branch or tag came or went.

use domain::data::Common;
use domain::event::Draft;
use domain::rules::Rules;
use serde::Deserialize;

use super::payloads::{NAME, Repository, URL, User, common, text};
use crate::commits::PushedCommit;
use crate::drafts::sha;
use crate::json::{self, Text};
use crate::moves::Moved;

/// A push lists no more commits than this; a full list may be cut.
const MOST_COMMITS: usize = 2048;

#[derive(Deserialize)]
pub(super) struct Push<'a> {
    #[serde(borrow)]
    r#ref: Text<'a>,
    #[serde(borrow)]
    before: Option<Text<'a>>,
    #[serde(borrow)]
    after: Option<Text<'a>>,
    created: Option<bool>,
    deleted: Option<bool>,
    forced: Option<bool>,
    #[serde(borrow)]
    compare: Option<Text<'a>>,
    #[serde(borrow, default, deserialize_with = "json::list")]
    commits: Vec<PushedCommit<'a>>,
    /// The commit that the ref points to. For an annotated tag, `after` is the tag's own object.
    #[serde(borrow)]
    head_commit: Option<Tip<'a>>,
    #[serde(borrow)]
    repository: Repository<'a>,
    #[serde(borrow)]
    sender: Option<User<'a>>,
}

#[derive(Deserialize)]
struct Tip<'a> {
    #[serde(borrow)]
    id: Option<Text<'a>>,
}

pub(super) fn drafts(push: Push<'_>, rules: &Rules) -> Vec<Draft> {
    let common = common(&push.repository, push.sender.as_ref(), rules);
    let moved = Moved {
        reference: push.r#ref.clean(NAME),
        before: sha(push.before.as_deref()),
        after: sha(push.after.as_deref()),
        created: Some(push.created.unwrap_or(is_zero(push.before.as_ref()))),
        deleted: Some(push.deleted.unwrap_or(is_zero(push.after.as_ref()))),
        tagged: push.head_commit.and_then(|commit| sha(commit.id.as_deref())),
        truncated: push.commits.len() >= MOST_COMMITS,
        commits: push.commits.into_iter().filter_map(|commit| commit.fact(rules)).collect(),
        forced: push.forced,
        pushed_at: push.repository.pushed_at,
        default_branch: text(push.repository.default_branch.as_ref(), NAME),
        common: Common { url: text(push.compare.as_ref(), URL), ..common },
    };
    moved.drafts()
}

fn is_zero(sha: Option<&Text<'_>>) -> bool {
    sha.is_some_and(|sha| sha.bytes().all(|c| c == b'0'))
}
