//! The parts that many payloads of Azure DevOps share, with only the fields that are read.

use chrono::{DateTime, Utc};
use domain::data::Actor;
use domain::rules::Rules;
use domain::time;
use serde::Deserialize;

use crate::drafts::{NAME, URL, plain, text};
use crate::json::{Id, Text};

/// What every delivery is wrapped in.
#[derive(Deserialize)]
#[serde(bound(deserialize = "R: Deserialize<'de>"))]
pub(super) struct Envelope<R> {
    /// Absent where the hook sends none.
    pub(super) resource: Option<R>,
    /// When the event was made: the only time that every update has.
    #[serde(rename = "createdDate", default, deserialize_with = "time::lenient")]
    pub(super) created: Option<DateTime<Utc>>,
}

/// Of any resource, what says where it is.
#[derive(Deserialize)]
pub(super) struct Outline<'a> {
    #[serde(borrow)]
    project: Option<Named<'a>>,
    #[serde(borrow)]
    repository: Option<Repository<'a>>,
}

impl Outline<'_> {
    pub(super) fn scope(&self) -> Option<String> {
        let repository = self.repository.as_ref().and_then(Repository::name);
        repository.or_else(|| text(self.project.as_ref()?.name.as_ref(), NAME))
    }
}

#[derive(Deserialize)]
pub(super) struct Named<'a> {
    #[serde(borrow)]
    pub(super) name: Option<Text<'a>>,
}

#[derive(Deserialize)]
pub(super) struct Repository<'a> {
    id: Option<Id>,
    #[serde(borrow)]
    name: Option<Text<'a>>,
    #[serde(borrow)]
    project: Option<Named<'a>>,
    /// Of a build: where the repository is kept.
    #[serde(borrow, rename = "type")]
    kind: Option<Text<'a>>,
    #[serde(borrow, rename = "defaultBranch")]
    default_branch: Option<Text<'a>>,
}

impl Repository<'_> {
    /// `project/name`: names are the project's own.
    pub(super) fn name(&self) -> Option<String> {
        self.name_in(None)
    }

    /// As [`Self::name`], in the project around it where it does not say its own. What is kept on GitHub has the whole
    /// name as its id.
    pub(super) fn name_in(&self, project: Option<&Text<'_>>) -> Option<String> {
        if self.kind.as_deref().is_some_and(|kind| kind.starts_with("GitHub")) {
            return self.id.as_ref().map(|id| id.0.clone());
        }
        let project = self.project.as_ref().and_then(|project| project.name.as_ref()).or(project);
        let name = text(self.name.as_ref(), NAME)?;
        Some(match text(project, NAME) {
            Some(project) => format!("{project}/{name}"),
            None => name,
        })
    }

    pub(super) fn default_branch(&self) -> Option<String> {
        plain(self.default_branch.as_deref().map(short), NAME)
    }
}

/// A branch's or tag's name without what every such name begins with.
pub(super) fn short(name: &str) -> &str {
    name.strip_prefix("refs/heads/").or_else(|| name.strip_prefix("refs/tags/")).unwrap_or(name)
}

/// The branch and the tag that a whole name says: one of them at most.
pub(super) fn branch_and_tag(name: Option<&str>) -> (Option<String>, Option<String>) {
    let tag = name.and_then(|name| name.strip_prefix("refs/tags/"));
    let branch = name.filter(|name| tag.is_none() && !name.starts_with("refs/pull/"));
    (plain(branch.map(short), NAME), plain(tag, NAME))
}

#[derive(Deserialize)]
pub(super) struct Identity<'a> {
    id: Option<Id>,
    #[serde(borrow, rename = "uniqueName")]
    unique_name: Option<Text<'a>>,
    #[serde(borrow)]
    descriptor: Option<Text<'a>>,
}

impl Identity<'_> {
    pub(super) fn actor(&self, rules: &Rules) -> Actor {
        let login = self.unique_name.as_deref().unwrap_or_default();
        // Accounts of services, such as the one that builds run as.
        let service = self.descriptor.as_deref().is_some_and(|descriptor| descriptor.starts_with("svc."))
            || login.starts_with("Build\\");
        Actor {
            id: self.id.as_ref().map(|id| id.0.clone()),
            login: text(self.unique_name.as_ref(), NAME),
            email: plain(Some(login).filter(|login| login.contains('@')), NAME),
            bot: rules.is_bot(login, service),
        }
    }
}

/// Pages of a thing for people; the other links are of the API.
#[derive(Deserialize)]
pub(super) struct Links<'a> {
    #[serde(borrow)]
    web: Option<Link<'a>>,
    #[serde(borrow)]
    html: Option<Link<'a>>,
}

#[derive(Deserialize)]
struct Link<'a> {
    #[serde(borrow)]
    href: Option<Text<'a>>,
}

impl Links<'_> {
    pub(super) fn page(&self) -> Option<String> {
        text(self.web.as_ref().or(self.html.as_ref())?.href.as_ref(), URL)
    }
}

/// Our word for a result. Azure DevOps goes on after a success with issues, so it counts as one.
pub(super) fn outcome(result: &str) -> Option<&'static str> {
    Some(match result {
        "succeeded" | "succeededWithIssues" | "partiallySucceeded" => "success",
        "failed" | "rejected" => "failure",
        "canceled" | "cancelled" | "stopped" => "cancelled",
        "skipped" => "skipped",
        "abandoned" => "error",
        _ => return None,
    })
}
