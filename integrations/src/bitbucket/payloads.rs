//! The parts that Bitbucket's payloads share, of the Cloud and of Data Center, with only the fields that are read.

use domain::data::Actor;
use domain::rules::Rules;
use serde::Deserialize;

use crate::drafts::{NAME, URL, plain, sha, text};
use crate::json::{self, Id, Text};

/// What nearly every payload has.
#[derive(Deserialize)]
pub(super) struct Envelope<'a> {
    #[serde(borrow)]
    repository: Option<Repository<'a>>,
    /// Of pull requests of Data Center.
    #[serde(borrow, rename = "pullRequest")]
    pull_request: Option<Target<'a>>,
}

#[derive(Deserialize)]
struct Target<'a> {
    #[serde(borrow, rename = "toRef")]
    to: Option<TargetRef<'a>>,
}

#[derive(Deserialize)]
struct TargetRef<'a> {
    #[serde(borrow)]
    repository: Option<Repository<'a>>,
}

impl Envelope<'_> {
    pub(super) fn scope(&self) -> Option<String> {
        let target = || self.pull_request.as_ref()?.to.as_ref()?.repository.as_ref();
        self.repository.as_ref().or_else(target)?.name()
    }
}

#[derive(Deserialize, Default)]
pub(super) struct Repository<'a> {
    /// The Cloud's `workspace/name`.
    #[serde(borrow)]
    full_name: Option<Text<'a>>,
    /// Data Center's name, within a project or a person's own (`~ada`).
    #[serde(borrow)]
    slug: Option<Text<'a>>,
    #[serde(borrow)]
    project: Option<Project<'a>>,
}

#[derive(Deserialize)]
struct Project<'a> {
    #[serde(borrow)]
    key: Option<Text<'a>>,
}

impl Repository<'_> {
    pub(super) fn name(&self) -> Option<String> {
        let of_server = || {
            let (project, slug) = (self.project.as_ref()?.key.as_ref()?, self.slug.as_ref()?);
            // A project's key has capitals here and none in the URLs that builders clone from.
            plain(Some(&format!("{}/{}", project.to_lowercase(), &**slug)), NAME)
        };
        text(self.full_name.as_ref(), NAME).or_else(of_server)
    }
}

/// Somebody in the Cloud. Nicknames are chosen freely; ids are not.
#[derive(Deserialize)]
pub(super) struct Account<'a> {
    account_id: Option<Id>,
    uuid: Option<Id>,
    #[serde(borrow)]
    nickname: Option<Text<'a>>,
    #[serde(borrow, rename = "type")]
    kind: Option<Text<'a>>,
}

impl Account<'_> {
    pub(super) fn actor(&self, rules: &Rules) -> Actor {
        // Access tokens and apps.
        let marked = self.kind.as_deref().is_some_and(|kind| kind.eq_ignore_ascii_case("app_user"));
        let id = self.account_id.as_ref().or(self.uuid.as_ref());
        Actor {
            id: id.map(|id| id.0.clone()),
            login: text(self.nickname.as_ref(), NAME),
            email: None,
            bot: rules.is_bot(self.nickname.as_deref().unwrap_or_default(), marked),
        }
    }
}

/// Somebody in Data Center.
#[derive(Deserialize)]
pub(super) struct User<'a> {
    id: Option<Id>,
    #[serde(borrow)]
    name: Option<Text<'a>>,
    #[serde(borrow, rename = "emailAddress")]
    email: Option<Text<'a>>,
    #[serde(borrow, rename = "type")]
    kind: Option<Text<'a>>,
}

impl User<'_> {
    pub(super) fn actor(&self, rules: &Rules) -> Actor {
        Actor {
            id: self.id.as_ref().map(|id| id.0.clone()),
            login: text(self.name.as_ref(), NAME),
            email: text(self.email.as_ref(), NAME),
            bot: rules.is_bot(self.name.as_deref().unwrap_or_default(), self.kind.as_deref() == Some("SERVICE")),
        }
    }
}

/// The page of a thing: one in the Cloud, a list in Data Center.
#[derive(Deserialize)]
pub(super) struct Links<'a> {
    #[serde(borrow)]
    html: Option<Link<'a>>,
}

#[derive(Deserialize)]
pub(super) struct ServerLinks<'a> {
    #[serde(borrow, rename = "self", default, deserialize_with = "json::list")]
    own: Vec<Link<'a>>,
}

#[derive(Deserialize)]
pub(super) struct Link<'a> {
    #[serde(borrow)]
    pub(super) href: Option<Text<'a>>,
}

impl Links<'_> {
    pub(super) fn page(&self) -> Option<String> {
        text(self.html.as_ref()?.href.as_ref(), URL)
    }
}

impl ServerLinks<'_> {
    pub(super) fn page(&self) -> Option<String> {
        text(self.own.first()?.href.as_ref(), URL)
    }
}

/// A commit as other things point to it; in pull requests of the Cloud only its first 12 digits.
#[derive(Deserialize)]
pub(super) struct Pointer<'a> {
    #[serde(borrow)]
    hash: Option<Text<'a>>,
    /// Its name in Data Center.
    #[serde(borrow)]
    id: Option<Text<'a>>,
}

impl Pointer<'_> {
    pub(super) fn sha(&self) -> Option<String> {
        sha(self.hash.as_deref().or(self.id.as_deref()))
    }
}
