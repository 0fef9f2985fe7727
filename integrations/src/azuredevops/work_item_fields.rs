//! The fields of work items that are read, under the names that Azure DevOps gives them.

use chrono::{DateTime, Utc};
use domain::data::Actor;
use domain::rules::Rules;
use domain::time;
use serde::Deserialize;

use super::payloads::Identity;
use crate::drafts::actor;
use crate::json::{Id, Text};

#[derive(Deserialize)]
pub(super) struct Changes<'a> {
    #[serde(borrow, rename = "System.State")]
    pub(super) state: Option<Changed<'a>>,
    #[serde(borrow, rename = "System.Tags")]
    pub(super) tags: Option<Changed<'a>>,
}

#[derive(Deserialize)]
pub(super) struct Changed<'a> {
    #[serde(borrow, rename = "oldValue")]
    pub(super) old: Option<Text<'a>>,
    #[serde(borrow, rename = "newValue")]
    pub(super) new: Option<Text<'a>>,
}

#[derive(Deserialize, Default)]
pub(super) struct Fields<'a> {
    #[serde(borrow, rename = "System.TeamProject")]
    pub(super) project: Option<Text<'a>>,
    #[serde(borrow, rename = "System.WorkItemType")]
    pub(super) kind: Option<Text<'a>>,
    #[serde(borrow, rename = "System.Title")]
    pub(super) title: Option<Text<'a>>,
    #[serde(borrow, rename = "System.State")]
    pub(super) state: Option<Text<'a>>,
    #[serde(borrow, rename = "System.Tags")]
    pub(super) tags: Option<Text<'a>>,
    #[serde(borrow, rename = "System.IterationPath")]
    pub(super) iteration: Option<Text<'a>>,
    #[serde(rename = "System.Parent")]
    pub(super) parent: Option<Id>,
    #[serde(borrow, rename = "System.AssignedTo")]
    pub(super) assigned_to: Option<Who<'a>>,
    #[serde(borrow, rename = "System.ChangedBy")]
    pub(super) changed_by: Option<Who<'a>>,
    #[serde(rename = "System.CreatedDate", default, deserialize_with = "time::lenient")]
    pub(super) created: Option<DateTime<Utc>>,
    #[serde(rename = "System.ChangedDate", default, deserialize_with = "time::lenient")]
    pub(super) changed: Option<DateTime<Utc>>,
    #[serde(rename = "Microsoft.VSTS.Common.ClosedDate", default, deserialize_with = "time::lenient")]
    pub(super) closed: Option<DateTime<Utc>>,
    #[serde(borrow, rename = "Microsoft.VSTS.Common.Severity")]
    pub(super) severity: Option<Text<'a>>,
    #[serde(rename = "Microsoft.VSTS.Scheduling.StoryPoints")]
    pub(super) points: Option<f64>,
}

/// Version 1.0 writes `Ada <ada@acme.example>`, later ones say who it is.
#[derive(Deserialize)]
#[serde(untagged)]
pub(super) enum Who<'a> {
    Known(#[serde(borrow)] Identity<'a>),
    Written(#[serde(borrow)] Text<'a>),
}

impl Who<'_> {
    pub(super) fn actor(&self, rules: &Rules) -> Option<Actor> {
        match self {
            Self::Known(identity) => Some(identity.actor(rules)),
            Self::Written(text) => {
                let address = text.rsplit_once('<').and_then(|(_, rest)| rest.strip_suffix('>'));
                let known = actor(Some(address.unwrap_or(text)), rules)?;
                let email = known.login.clone().filter(|login| login.contains('@'));
                Some(Actor { email, ..known })
            }
        }
    }
}

pub(super) fn tags(list: &str) -> impl Iterator<Item = &str> {
    list.split(';').map(str::trim)
}

pub(super) fn is_done(state: &str) -> bool {
    matches!(state, "Closed" | "Done" | "Completed" | "Removed")
}
