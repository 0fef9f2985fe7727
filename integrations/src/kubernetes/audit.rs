//! A batch of the API server's audit events: who changed which workload. Only what was answered counts, and only what was
//! answered well: the other stages tell of the same request again.

use chrono::{DateTime, Utc};
use domain::data::Actor;
use domain::event::Draft;
use domain::rules::Rules;
use domain::time;
use serde::Deserialize;

use super::kubewatch::done;
use super::objects::{Fact, Object, workload};
use crate::drafts::{NAME, text};
use crate::integration::Unreadable;
use crate::json::{Text, list};

#[derive(Deserialize)]
pub(super) struct EventList<'a> {
    #[serde(borrow, default, deserialize_with = "list")]
    items: Vec<Item<'a>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Item<'a> {
    #[serde(borrow)]
    stage: Option<Text<'a>>,
    #[serde(borrow)]
    verb: Option<Text<'a>>,
    #[serde(borrow)]
    user: Option<User<'a>>,
    #[serde(borrow)]
    object_ref: Option<Reference<'a>>,
    response_status: Option<Status>,
    #[serde(default, deserialize_with = "time::lenient")]
    request_received_timestamp: Option<DateTime<Utc>>,
    #[serde(default, deserialize_with = "time::lenient")]
    stage_timestamp: Option<DateTime<Utc>>,
}

#[derive(Deserialize)]
struct User<'a> {
    #[serde(borrow)]
    username: Option<Text<'a>>,
}

#[derive(Deserialize)]
struct Reference<'a> {
    #[serde(borrow)]
    resource: Option<Text<'a>>,
    #[serde(borrow)]
    namespace: Option<Text<'a>>,
    #[serde(borrow)]
    name: Option<Text<'a>>,
    #[serde(borrow)]
    subresource: Option<Text<'a>>,
}

#[derive(Deserialize)]
struct Status {
    code: Option<i64>,
}

pub(super) fn drafts(batch: &EventList<'_>, rules: &Rules) -> Result<Vec<Draft>, Unreadable> {
    let drafts: Vec<Draft> = batch.items.iter().filter_map(|item| item.draft(rules)).collect();
    if drafts.is_empty() {
        return Err(Unreadable::new("none of its requests changed a workload"));
    }
    Ok(drafts)
}

impl Item<'_> {
    fn draft(&self, rules: &Rules) -> Option<Draft> {
        let answered = self.stage.as_deref() == Some("ResponseComplete");
        let well = self.response_status.as_ref().and_then(|status| status.code).is_none_or(|code| code < 300);
        let reference = self.object_ref.as_ref().filter(|_| answered && well)?;
        // Controllers write the status of everything all the time.
        if !matches!(reference.subresource.as_deref(), None | Some("" | "scale")) {
            return None;
        }
        let object = Object {
            namespace: reference.namespace.as_deref(),
            kind: workload(reference.resource.as_deref()?)?,
            name: reference.name.as_deref().filter(|name| !name.is_empty())?,
            ..Object::default()
        };
        let fact = Fact {
            at: self.stage_timestamp.or(self.request_received_timestamp),
            reason: text(self.verb.as_ref(), NAME),
            actor: self.user.as_ref().and_then(|user| user.actor(rules)),
            ..Fact::default()
        };
        Some(object.draft(done(self.verb.as_deref()?)?, fact, rules))
    }
}

impl User<'_> {
    /// Service accounts, nodes and the control plane's own parts are all called `system:…`.
    fn actor(&self, rules: &Rules) -> Option<Actor> {
        let login = text(self.username.as_ref(), NAME)?;
        let bot = rules.is_bot(&login, login.starts_with("system:"));
        Some(Actor { login: Some(login), bot, ..Actor::default() })
    }
}
