//! The parts that many GitLab payloads share, with only the fields that are read. What an event can do without is
//! optional: older instances leave it out.

use chrono::{DateTime, Utc};
use domain::data::{Actor, Common};
use domain::rules::Rules;
use serde::Deserialize;

use crate::drafts::{NAME, labels, text};
use crate::json::{Id, Text};

/// What nearly every payload has.
#[derive(Deserialize)]
pub(super) struct Envelope<'a> {
    #[serde(borrow)]
    project: Option<Project<'a>>,
    /// Of hooks about projects and groups themselves.
    #[serde(borrow)]
    path_with_namespace: Option<Text<'a>>,
    #[serde(borrow)]
    group_path: Option<Text<'a>>,
    #[serde(borrow)]
    action: Option<Text<'a>>,
    #[serde(borrow)]
    object_attributes: Option<Attributes<'a>>,
}

#[derive(Deserialize)]
struct Attributes<'a> {
    #[serde(borrow)]
    action: Option<Text<'a>>,
}

impl Envelope<'_> {
    pub(super) fn scope(&self) -> Option<String> {
        let project = self.project.as_ref().and_then(Project::name);
        project.or_else(|| text(self.path_with_namespace.as_ref().or(self.group_path.as_ref()), NAME))
    }

    pub(super) fn action(&self) -> Option<String> {
        let inner = self.object_attributes.as_ref().and_then(|attributes| attributes.action.as_ref());
        text(self.action.as_ref().or(inner), 60)
    }
}

#[derive(Deserialize, Default)]
pub(super) struct Project<'a> {
    #[serde(borrow)]
    path_with_namespace: Option<Text<'a>>,
    #[serde(borrow)]
    default_branch: Option<Text<'a>>,
}

impl Project<'_> {
    /// `group/name`, or with subgroups between.
    pub(super) fn name(&self) -> Option<String> {
        text(self.path_with_namespace.as_ref(), NAME)
    }

    pub(super) fn default_branch(&self) -> Option<String> {
        text(self.default_branch.as_ref(), NAME)
    }
}

#[derive(Deserialize)]
pub(super) struct User<'a> {
    pub(super) id: Option<Id>,
    #[serde(borrow)]
    pub(super) username: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) email: Option<Text<'a>>,
}

impl User<'_> {
    pub(super) fn actor(&self, rules: &Rules) -> Actor {
        let login = text(self.username.as_ref(), NAME);
        Actor {
            id: self.id.as_ref().map(|id| id.0.clone()),
            bot: login.as_deref().is_some_and(|login| rules.is_bot(login, is_token_user(login))),
            login,
            email: email(self.email.as_ref()),
        }
    }
}

/// The users that GitLab makes for access tokens: `project_42_bot_4ffca233d8298ea1`, `group_7_bot_…`.
fn is_token_user(login: &str) -> bool {
    let Some(rest) = login.strip_prefix("project_").or_else(|| login.strip_prefix("group_")) else { return false };
    let after_number = rest.trim_start_matches(|c: char| c.is_ascii_digit());
    after_number.len() < rest.len() && (after_number == "_bot" || after_number.starts_with("_bot_"))
}

/// Without a public address GitLab writes `[REDACTED]`.
pub(super) fn email(address: Option<&Text<'_>>) -> Option<String> {
    text(address, NAME).filter(|address| address.contains('@'))
}

#[derive(Deserialize)]
pub(super) struct Label<'a> {
    #[serde(borrow)]
    title: Option<Text<'a>>,
}

pub(super) fn label_names(found: &[Label<'_>]) -> Vec<String> {
    labels(found.iter().filter_map(|label| label.title.as_deref()))
}

pub(super) fn marks_incident(labels: &[Label<'_>], rules: &Rules) -> bool {
    labels.iter().filter_map(|label| label.title.as_deref()).any(|title| rules.is_incident_label(title))
}

/// What a field was and what it is now.
#[derive(Deserialize)]
pub(super) struct Changed<T> {
    pub(super) previous: Option<T>,
    pub(super) current: Option<T>,
}

/// The common fields of anything that happened in a project.
pub(super) fn common(
    project: &Project<'_>,
    user: Option<&User<'_>>,
    revision: Option<DateTime<Utc>>,
    rules: &Rules,
) -> Common {
    let actor = user.map(|user| user.actor(rules));
    Common { repo: project.name(), actor, revision, ..Common::default() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn users_of_access_tokens_are_bots() {
        for login in ["project_42_bot_4ffca233d8298ea1", "group_7_bot_ab12", "project_42_bot"] {
            assert!(is_token_user(login), "{login}");
        }
        for login in ["project_bot", "project_x_bot_1", "ada", "group_7_bottle"] {
            assert!(!is_token_user(login), "{login}");
        }
    }
}
