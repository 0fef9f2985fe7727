//! What is read of a delivery about an issue. Fields are those that every site has; of those that sites add themselves,
//! only their changes are told by name. Cloud knows people by account, Data Center by login.

use chrono::{DateTime, Utc};
use domain::data::Actor;
use domain::rules::Rules;
use domain::time;
use serde::Deserialize;

use crate::drafts::{NAME, URL, plain, text};
use crate::json::{self, Id, Text};

#[derive(Deserialize)]
pub(super) struct IssueEvent<'a> {
    #[serde(default, deserialize_with = "time::lenient")]
    pub(super) timestamp: Option<DateTime<Utc>>,
    #[serde(borrow)]
    pub(super) user: Option<User<'a>>,
    #[serde(borrow)]
    pub(super) issue: Issue<'a>,
    #[serde(borrow)]
    pub(super) changelog: Option<Changelog<'a>>,
    #[serde(borrow)]
    pub(super) comment: Option<Comment<'a>>,
}

#[derive(Deserialize)]
pub(super) struct Issue<'a> {
    pub(super) key: Id,
    #[serde(borrow, rename = "self")]
    pub(super) address: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) fields: Option<Fields<'a>>,
}

#[derive(Default, Deserialize)]
pub(super) struct Fields<'a> {
    #[serde(borrow)]
    pub(super) summary: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) issuetype: Option<Named<'a>>,
    #[serde(borrow)]
    pub(super) project: Option<Keyed<'a>>,
    #[serde(borrow)]
    pub(super) parent: Option<Keyed<'a>>,
    #[serde(borrow)]
    pub(super) priority: Option<Named<'a>>,
    #[serde(borrow)]
    pub(super) status: Option<Status<'a>>,
    #[serde(borrow)]
    pub(super) assignee: Option<User<'a>>,
    #[serde(borrow, default, deserialize_with = "json::list")]
    pub(super) labels: Vec<Text<'a>>,
    #[serde(borrow, default, deserialize_with = "json::list")]
    pub(super) components: Vec<Named<'a>>,
    #[serde(default, deserialize_with = "time::lenient")]
    pub(super) created: Option<DateTime<Utc>>,
    #[serde(default, deserialize_with = "time::lenient")]
    pub(super) updated: Option<DateTime<Utc>>,
    #[serde(default, deserialize_with = "time::lenient")]
    pub(super) resolutiondate: Option<DateTime<Utc>>,
}

#[derive(Deserialize)]
pub(super) struct Named<'a> {
    #[serde(borrow)]
    pub(super) name: Option<Text<'a>>,
}

#[derive(Deserialize)]
pub(super) struct Keyed<'a> {
    #[serde(borrow)]
    pub(super) key: Option<Text<'a>>,
}

#[derive(Deserialize)]
pub(super) struct Status<'a> {
    #[serde(borrow)]
    pub(super) name: Option<Text<'a>>,
    #[serde(borrow, rename = "statusCategory")]
    pub(super) category: Option<Keyed<'a>>,
}

#[derive(Deserialize)]
pub(super) struct User<'a> {
    #[serde(borrow, rename = "accountId")]
    pub(super) account_id: Option<Text<'a>>,
    /// The login; Data Center only.
    #[serde(borrow)]
    pub(super) name: Option<Text<'a>>,
    #[serde(borrow, rename = "displayName")]
    pub(super) display_name: Option<Text<'a>>,
    #[serde(borrow, rename = "emailAddress")]
    pub(super) email: Option<Text<'a>>,
    #[serde(borrow, rename = "accountType")]
    pub(super) account_type: Option<Text<'a>>,
}

#[derive(Deserialize)]
pub(super) struct Comment<'a> {
    #[serde(borrow)]
    pub(super) author: Option<User<'a>>,
    #[serde(borrow, rename = "updateAuthor")]
    pub(super) update_author: Option<User<'a>>,
}

#[derive(Deserialize)]
pub(super) struct Changelog<'a> {
    #[serde(borrow, default, deserialize_with = "json::list")]
    pub(super) items: Vec<Item<'a>>,
}

/// One field that changed, with its values as people see them.
#[derive(Deserialize)]
pub(super) struct Item<'a> {
    #[serde(borrow)]
    pub(super) field: Option<Text<'a>>,
    #[serde(borrow, rename = "fromString")]
    pub(super) from: Option<Text<'a>>,
    #[serde(borrow, rename = "toString")]
    pub(super) to: Option<Text<'a>>,
}

impl Issue<'_> {
    /// The page of the issue, at the site whose API it is told by.
    pub(super) fn page(&self) -> Option<String> {
        let (site, _) = self.address.as_deref()?.split_once("/rest/")?;
        plain(Some(&format!("{site}/browse/{}", self.key.0)), URL)
    }
}

impl User<'_> {
    pub(super) fn actor(&self, rules: &Rules) -> Actor {
        let login = self.name.as_ref().or(self.display_name.as_ref());
        let is_app = self.account_type.as_deref() == Some("app");
        Actor {
            id: text(self.account_id.as_ref(), NAME),
            login: text(login, NAME),
            email: text(self.email.as_ref(), NAME),
            bot: rules.is_bot(login.map_or("", |login| login), is_app),
        }
    }
}

/// Whether a value is there and not empty.
pub(super) fn is_given(value: Option<&Text<'_>>) -> bool {
    value.is_some_and(|value| !value.is_empty())
}
