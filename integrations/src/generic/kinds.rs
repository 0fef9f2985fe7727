//! The six kinds of facts, as their senders write them. Ids are numbers or texts, times RFC 3339 or seconds; a time
//! that is neither makes the fact unmapped: its sender should hear of it.

use chrono::{DateTime, Utc};
use domain::time::strict;
use serde::Deserialize;

use crate::json::Id;

type Time = Option<DateTime<Utc>>;

pub(super) enum Fact {
    Commit(Commit),
    Change(Change),
    Deployment(Deployment),
    Incident(Incident),
    Link(Link),
    Image(Image),
}

#[derive(Deserialize)]
struct Kind {
    kind: Word,
}

#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum Word {
    Commit,
    Change,
    Deployment,
    Incident,
    Link,
    Image,
}

impl Fact {
    /// Reads the kind, then the fields: quicker than an enum with a tag, which keeps every field until it knows.
    pub(super) fn read(text: &str) -> Result<Self, serde_json::Error> {
        let Kind { kind } = serde_json::from_str(text)?;
        match kind {
            Word::Commit => serde_json::from_str(text).map(Self::Commit),
            Word::Change => serde_json::from_str(text).map(Self::Change),
            Word::Deployment => serde_json::from_str(text).map(Self::Deployment),
            Word::Incident => serde_json::from_str(text).map(Self::Incident),
            Word::Link => serde_json::from_str(text).map(Self::Link),
            Word::Image => serde_json::from_str(text).map(Self::Image),
        }
    }
}

#[derive(Deserialize)]
pub(super) struct Commit {
    pub(super) repo: Id,
    pub(super) sha: Id,
    pub(super) parents: Option<Vec<String>>,
    #[serde(default, deserialize_with = "strict")]
    pub(super) committed_at: Time,
    #[serde(default, deserialize_with = "strict")]
    pub(super) authored_at: Time,
    pub(super) msg: Option<String>,
    pub(super) files: Option<Vec<String>>,
    pub(super) author: Option<Author>,
    pub(super) bot: Option<bool>,
}

#[derive(Deserialize)]
#[serde(untagged)]
pub(super) enum Author {
    Login(String),
    Person { login: Option<String>, email: Option<String> },
}

#[derive(Deserialize)]
pub(super) struct Change {
    pub(super) repo: Id,
    pub(super) id: Id,
    pub(super) title: Option<String>,
    pub(super) author: Option<Author>,
    pub(super) bot: Option<bool>,
    pub(super) labels: Option<Vec<String>>,
    pub(super) base: Option<String>,
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
    pub(super) head_sha: Option<String>,
    pub(super) landed_sha: Option<String>,
    pub(super) reverts: Option<Id>,
}

#[derive(Deserialize)]
pub(super) struct Deployment {
    pub(super) id: Id,
    pub(super) service: Id,
    #[serde(alias = "environment")]
    pub(super) env: Id,
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
    pub(super) components: Option<Vec<Component>>,
    pub(super) contains: Option<Vec<(String, String)>>,
    pub(super) explicit_kind: Option<String>,
    pub(super) fixes: Option<Vec<Id>>,
    pub(super) unplanned: Option<bool>,
    pub(super) url: Option<String>,
}

#[derive(Deserialize)]
pub(super) struct Component {
    pub(super) repo: Option<String>,
    pub(super) sha: Option<String>,
    #[serde(rename = "ref")]
    pub(super) name: Option<String>,
    pub(super) image_digest: Option<String>,
    #[serde(default, deserialize_with = "strict")]
    pub(super) finished_at: Time,
}

#[derive(Deserialize)]
pub(super) struct Incident {
    pub(super) id: Id,
    pub(super) service: Option<Id>,
    #[serde(alias = "environment")]
    pub(super) env: Option<Id>,
    pub(super) title: Option<String>,
    pub(super) severity: Option<Id>,
    #[serde(default, deserialize_with = "strict")]
    pub(super) opened_at: Time,
    #[serde(default, deserialize_with = "strict")]
    pub(super) started_at: Time,
    #[serde(default, deserialize_with = "strict")]
    pub(super) resolved_at: Time,
    #[serde(default, deserialize_with = "strict")]
    pub(super) updated_at: Time,
    pub(super) change_related: Option<bool>,
    pub(super) caused_by: Option<Cause>,
    pub(super) deleted: Option<bool>,
    pub(super) url: Option<String>,
}

#[derive(Deserialize)]
pub(super) struct Cause {
    pub(super) deployment: Option<Id>,
    pub(super) sha: Option<String>,
}

#[derive(Deserialize)]
pub(super) struct Link {
    pub(super) incident: Id,
    pub(super) deployment: Id,
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
