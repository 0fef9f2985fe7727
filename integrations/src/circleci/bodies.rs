//! What CircleCI sends, with only the fields that are read. Where the code is stands in one of two places, by the way that
//! the project is connected.

use chrono::{DateTime, Utc};
use domain::text::clean;
use domain::time;
use serde::Deserialize;

use crate::drafts::{NAME, text};
use crate::json::{Id, Text};

#[derive(Deserialize)]
pub(super) struct Event<'a> {
    #[serde(default, deserialize_with = "time::lenient")]
    pub(super) happened_at: Option<DateTime<Utc>>,
    #[serde(borrow)]
    pub(super) workflow: Option<Workflow<'a>>,
    #[serde(borrow)]
    pub(super) job: Option<Job<'a>>,
    #[serde(borrow)]
    pub(super) pipeline: Option<Pipeline<'a>>,
    #[serde(borrow)]
    pub(super) project: Option<Project<'a>>,
}

#[derive(Deserialize)]
pub(super) struct Workflow<'a> {
    pub(super) id: Option<Id>,
    #[serde(borrow)]
    pub(super) name: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) status: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) url: Option<Text<'a>>,
    #[serde(default, deserialize_with = "time::lenient")]
    pub(super) created_at: Option<DateTime<Utc>>,
    #[serde(default, deserialize_with = "time::lenient")]
    pub(super) stopped_at: Option<DateTime<Utc>>,
}

#[derive(Deserialize)]
pub(super) struct Job<'a> {
    pub(super) id: Option<Id>,
    #[serde(borrow)]
    pub(super) name: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) status: Option<Text<'a>>,
    pub(super) number: Option<i64>,
    #[serde(default, deserialize_with = "time::lenient")]
    pub(super) started_at: Option<DateTime<Utc>>,
    #[serde(default, deserialize_with = "time::lenient")]
    pub(super) stopped_at: Option<DateTime<Utc>>,
}

#[derive(Default, Deserialize)]
pub(super) struct Pipeline<'a> {
    pub(super) number: Option<i64>,
    #[serde(borrow)]
    pub(super) trigger: Option<Trigger<'a>>,
    #[serde(borrow)]
    pub(super) vcs: Option<Vcs<'a>>,
    #[serde(borrow)]
    pub(super) trigger_parameters: Option<Parameters<'a>>,
}

#[derive(Deserialize)]
pub(super) struct Trigger<'a> {
    #[serde(borrow, rename = "type")]
    pub(super) kind: Option<Text<'a>>,
}

/// Where the code is: in projects of GitHub OAuth and Bitbucket Cloud here, in all others in [`Git`].
#[derive(Default, Deserialize)]
pub(super) struct Vcs<'a> {
    #[serde(borrow)]
    pub(super) revision: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) branch: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) tag: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) target_repository_url: Option<Text<'a>>,
}

#[derive(Default, Deserialize)]
pub(super) struct Parameters<'a> {
    #[serde(borrow)]
    pub(super) git: Option<Git<'a>>,
    #[serde(borrow)]
    pub(super) gitlab: Option<Person<'a>>,
    #[serde(borrow)]
    pub(super) github_app: Option<Person<'a>>,
}

#[derive(Default, Deserialize)]
pub(super) struct Git<'a> {
    #[serde(borrow)]
    pub(super) checkout_sha: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) branch: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) tag: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) checkout_url: Option<Text<'a>>,
}

#[derive(Deserialize)]
pub(super) struct Person<'a> {
    #[serde(borrow)]
    pub(super) user_username: Option<Text<'a>>,
}

#[derive(Deserialize)]
pub(super) struct Project<'a> {
    #[serde(borrow)]
    pub(super) slug: Option<Text<'a>>,
}

impl Project<'_> {
    pub(super) fn slug(&self) -> Option<String> {
        text(self.slug.as_ref(), NAME)
    }

    /// The slug names the repository for the providers that do so; elsewhere it is made of ids: `circleci/<id>/<id>`.
    pub(super) fn repository(&self) -> Option<String> {
        let (provider, name) = self.slug.as_deref()?.split_once('/')?;
        let named = matches!(provider, "gh" | "github" | "bb" | "bitbucket") && name.contains('/');
        named.then(|| clean(name, NAME))
    }
}
