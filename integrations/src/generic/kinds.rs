//! The six kinds of facts, as their senders write them. Ids are numbers or texts, times RFC 3339 or seconds; a time
//! that is neither makes the fact unmapped: its sender should hear of it.

use chrono::{DateTime, Utc};
use domain::time::strict;
use serde::Deserialize;

use crate::json::Id;

type Time = Option<DateTime<Utc>>;

#[derive(Deserialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
pub(super) enum Fact {
    Commit(Commit),
    Change(Change),
    Deployment(Deployment),
    Incident(Incident),
    Link(Link),
    Image(Image),
}

#[derive(Deserialize)]
pub(super) struct Commit {
    pub(super) repo: Id,
    pub(super) sha: Id,
    #[serde(default)]
    pub(super) parents: Option<Vec<String>>,
    #[serde(default, deserialize_with = "strict")]
    pub(super) committed_at: Time,
    #[serde(default, deserialize_with = "strict")]
    pub(super) authored_at: Time,
    #[serde(default)]
    pub(super) msg: Option<String>,
    #[serde(default)]
    pub(super) files: Option<Vec<String>>,
    #[serde(default)]
    pub(super) author: Option<Author>,
    #[serde(default)]
    pub(super) bot: Option<bool>,
}

#[derive(Deserialize)]
#[serde(untagged)]
pub(super) enum Author {
    Login(String),
    Person {
        #[serde(default)]
        login: Option<String>,
        #[serde(default)]
        email: Option<String>,
    },
}

#[derive(Deserialize)]
pub(super) struct Change {
    pub(super) repo: Id,
    pub(super) id: Id,
    #[serde(default)]
    pub(super) title: Option<String>,
    #[serde(default)]
    pub(super) author: Option<Author>,
    #[serde(default)]
    pub(super) bot: Option<bool>,
    #[serde(default)]
    pub(super) labels: Option<Vec<String>>,
    #[serde(default)]
    pub(super) base: Option<String>,
    #[serde(default)]
    pub(super) head: Option<String>,
    #[serde(default, deserialize_with = "strict")]
    pub(super) opened_at: Time,
    #[serde(default, deserialize_with = "strict")]
    pub(super) first_commit_at: Time,
    #[serde(default, deserialize_with = "strict")]
    pub(super) first_review_at: Time,
    #[serde(default, deserialize_with = "strict")]
    pub(super) approved_at: Time,
    #[serde(default, deserialize_with = "strict")]
    pub(super) merged_at: Time,
    #[serde(default, deserialize_with = "strict")]
    pub(super) closed_at: Time,
    #[serde(default, deserialize_with = "strict")]
    pub(super) updated_at: Time,
    #[serde(default)]
    pub(super) head_sha: Option<String>,
    #[serde(default)]
    pub(super) landed_sha: Option<String>,
    #[serde(default)]
    pub(super) reverts: Option<Id>,
}

#[derive(Deserialize)]
pub(super) struct Deployment {
    pub(super) id: Id,
    pub(super) service: Id,
    #[serde(alias = "environment")]
    pub(super) env: Id,
    #[serde(default)]
    pub(super) tier: Option<String>,
    pub(super) status: String,
    #[serde(default, deserialize_with = "strict")]
    pub(super) started_at: Time,
    #[serde(default, deserialize_with = "strict")]
    pub(super) finished_at: Time,
    #[serde(default, deserialize_with = "strict")]
    pub(super) at: Time,
    #[serde(default, deserialize_with = "strict")]
    pub(super) updated_at: Time,
    #[serde(default)]
    pub(super) components: Option<Vec<Component>>,
    #[serde(default)]
    pub(super) contains: Option<Vec<(String, String)>>,
    #[serde(default)]
    pub(super) explicit_kind: Option<String>,
    #[serde(default)]
    pub(super) fixes: Option<Vec<Id>>,
    #[serde(default)]
    pub(super) unplanned: Option<bool>,
    #[serde(default)]
    pub(super) url: Option<String>,
}

#[derive(Deserialize)]
pub(super) struct Component {
    #[serde(default)]
    pub(super) repo: Option<String>,
    #[serde(default)]
    pub(super) sha: Option<String>,
    #[serde(default, rename = "ref")]
    pub(super) name: Option<String>,
    #[serde(default)]
    pub(super) image_digest: Option<String>,
    #[serde(default, deserialize_with = "strict")]
    pub(super) finished_at: Time,
}

#[derive(Deserialize)]
pub(super) struct Incident {
    pub(super) id: Id,
    #[serde(default)]
    pub(super) service: Option<Id>,
    #[serde(default, alias = "environment")]
    pub(super) env: Option<Id>,
    #[serde(default)]
    pub(super) title: Option<String>,
    #[serde(default)]
    pub(super) severity: Option<Id>,
    #[serde(deserialize_with = "strict")]
    pub(super) opened_at: Time,
    #[serde(default, deserialize_with = "strict")]
    pub(super) started_at: Time,
    #[serde(default, deserialize_with = "strict")]
    pub(super) resolved_at: Time,
    #[serde(default, deserialize_with = "strict")]
    pub(super) updated_at: Time,
    #[serde(default)]
    pub(super) change_related: Option<bool>,
    #[serde(default)]
    pub(super) caused_by: Option<Cause>,
    #[serde(default)]
    pub(super) deleted: Option<bool>,
    #[serde(default)]
    pub(super) url: Option<String>,
}

#[derive(Deserialize)]
pub(super) struct Cause {
    #[serde(default)]
    pub(super) deployment: Option<Id>,
    #[serde(default)]
    pub(super) sha: Option<String>,
}

#[derive(Deserialize)]
pub(super) struct Link {
    pub(super) incident: Id,
    pub(super) deployment: Id,
    #[serde(default)]
    pub(super) removed: Option<bool>,
    #[serde(default, deserialize_with = "strict")]
    pub(super) updated_at: Time,
}

#[derive(Deserialize)]
pub(super) struct Image {
    pub(super) digest: Id,
    pub(super) repo: Id,
    pub(super) sha: Id,
}
