//! The parts that many GitHub payloads share, with only the fields that are read, and the caps of their texts.
//! What an event can do without is optional: older servers, apps and people leave it out or send `null`.
//! Times are lenient: one that cannot be read is absent, and the delivery counts without it.

use chrono::{DateTime, TimeDelta, Utc};
use domain::data::{Actor, Body, Common};
use domain::event::Draft;
use domain::rules::Rules;
use domain::time;
use serde::Deserialize;

use crate::json::{Id, Text};

use crate::drafts;
pub(super) use crate::drafts::{NAME, TITLE, URL, text};

/// What nearly every payload has.
#[derive(Deserialize)]
pub(super) struct Envelope<'a> {
    #[serde(borrow)]
    pub(super) action: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) repository: Option<Repository<'a>>,
    #[serde(borrow)]
    pub(super) organization: Option<Organization<'a>>,
}

#[derive(Deserialize)]
pub(super) struct Organization<'a> {
    #[serde(borrow)]
    pub(super) login: Option<Text<'a>>,
}

#[derive(Deserialize)]
pub(super) struct Repository<'a> {
    #[serde(borrow)]
    full_name: Text<'a>,
    #[serde(borrow)]
    pub(super) default_branch: Option<Text<'a>>,
    /// Seconds in `push`, RFC 3339 elsewhere.
    #[serde(default, deserialize_with = "time::lenient")]
    pub(super) pushed_at: Option<DateTime<Utc>>,
}

impl Repository<'_> {
    /// `owner/name`.
    pub(super) fn name(&self) -> String {
        self.full_name.clean(NAME)
    }
}

#[derive(Deserialize)]
pub(super) struct User<'a> {
    #[serde(borrow)]
    login: Option<Text<'a>>,
    id: Option<Id>,
    #[serde(borrow, rename = "type")]
    kind: Option<Text<'a>>,
}

impl User<'_> {
    pub(super) fn actor(&self, rules: &Rules) -> Actor {
        let marked = self.kind.as_deref() == Some("Bot");
        Actor {
            id: self.id.as_ref().map(|id| id.0.clone()),
            login: text(self.login.as_ref(), NAME),
            email: None,
            bot: rules.is_bot(self.login.as_deref().unwrap_or_default(), marked),
        }
    }
}

#[derive(Deserialize)]
pub(super) struct Label<'a> {
    #[serde(borrow)]
    pub(super) name: Option<Text<'a>>,
}

impl Label<'_> {
    pub(super) fn marks_incident(&self, rules: &Rules) -> bool {
        self.name.as_deref().is_some_and(|name| rules.is_incident_label(name))
    }
}

pub(super) fn label_names(labels: &[Label<'_>]) -> Vec<String> {
    labels.iter().filter_map(|label| text(label.name.as_ref(), 100)).take(100).collect()
}

/// The common fields of anything that happened in a repository.
pub(super) fn common(repository: &Repository<'_>, sender: Option<&User<'_>>, rules: &Rules) -> Common {
    Common { repo: Some(repository.name()), actor: sender.map(|user| user.actor(rules)), ..Common::default() }
}

/// An event in a repository, whose name is the scope.
pub(super) fn draft(
    kind: &'static str,
    subject: String,
    time: Option<DateTime<Utc>>,
    common: Common,
    body: Body,
) -> Draft {
    let scope = common.repo.clone().unwrap_or_default();
    drafts::draft(kind, &scope, subject, time, common, body)
}

/// A revision right after that one: what is deleted keeps the time of its last update, and nothing comes after it.
pub(super) fn after(revision: Option<DateTime<Utc>>) -> Option<DateTime<Utc>> {
    revision?.checked_add_signed(TimeDelta::milliseconds(1))
}
