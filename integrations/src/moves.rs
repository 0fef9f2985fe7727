//! A branch or tag that moved, came or went, in whatever source: the ref's own event, and the commits that a branch got.

use chrono::{DateTime, Utc};
use domain::data::{Body, Commit, Commits, Common, RefFact};
use domain::event::Draft;

use crate::drafts::draft;

/// One move of one ref. All texts are cleaned already.
#[derive(Clone, Debug, Default)]
pub(crate) struct Moved {
    /// Whole: `refs/heads/main`.
    pub(crate) reference: String,
    /// What it pointed to; `None`: there was no such ref.
    pub(crate) before: Option<String>,
    /// What it points to; `None`: it is gone.
    pub(crate) after: Option<String>,
    /// Whether there was no such ref before, and whether there is none now, where the source says so by itself.
    pub(crate) created: Option<bool>,
    pub(crate) deleted: Option<bool>,
    /// The commit that an annotated tag stands for, where the source says it: the tag is an object of its own.
    pub(crate) tagged: Option<String>,
    pub(crate) commits: Vec<Commit>,
    /// The source lists fewer commits than were pushed.
    pub(crate) truncated: bool,
    pub(crate) forced: Option<bool>,
    pub(crate) pushed_at: Option<DateTime<Utc>>,
    pub(crate) default_branch: Option<String>,
    /// Repository, actor and url. The rest is set here.
    pub(crate) common: Common,
}

impl Moved {
    /// Nothing for a ref that is neither branch nor tag, and for one that neither was nor is.
    pub(crate) fn drafts(self) -> Vec<Draft> {
        let branch = self.reference.strip_prefix("refs/heads/").map(str::to_owned);
        let is_tag = self.reference.starts_with("refs/tags/");
        let is_gone = self.deleted.unwrap_or(self.after.is_none());
        let kind = match (branch.is_some(), self.created.unwrap_or(self.before.is_none()), is_gone) {
            (_, true, true) => return Vec::new(),
            (true, _, true) => Some("branch.deleted"),
            (true, true, _) => Some("branch.created"),
            (true, ..) => None,
            (false, _, true) if is_tag => Some("tag.deleted"),
            // A tag that was moved is a tag made anew.
            (false, ..) if is_tag => Some("tag.created"),
            _ => return Vec::new(),
        };
        let tip = self.tagged.clone().or_else(|| self.after.clone());
        let common =
            Common { branch: branch.clone(), commit_sha: tip.clone(), revision: self.pushed_at, ..self.common.clone() };
        let scope = common.repo.clone().unwrap_or_default();
        let subject = format!("{scope}@{}", self.reference);
        let mut drafts = Vec::with_capacity(2);
        if let Some(kind) = kind {
            let fact = RefFact { r#ref: Some(self.reference.clone()), sha: tip.or_else(|| self.before.clone()) };
            drafts.push(draft(kind, &scope, subject.clone(), self.pushed_at, common.clone(), Body::Ref(fact)));
        }
        if branch.is_some() && !is_gone {
            drafts.push(draft("commits.pushed", &scope, subject, self.pushed_at, common, self.pushed()));
        }
        drafts
    }

    fn pushed(self) -> Body {
        Body::Commits(Commits {
            r#ref: Some(self.reference),
            before: self.before,
            after: self.after,
            forced: self.forced,
            commits: self.commits,
            truncated: self.truncated.then_some(true),
            pushed_at: self.pushed_at,
            default_branch: self.default_branch,
        })
    }
}
