//! What may be looked at to answer a question: tools that only read, each a row of [`TOOLS`].
//!
//! A tool is asked with JSON that fits its schema and answers with [`Line`]s: short sentences in our words, each with the
//! events or documents that prove it. People and models get the same lines. The tenant is always the caller's. Text from
//! outside is made harmless before it stands in a line.

mod changed;
mod dora;
mod events;
mod evidence;
mod explain;
mod incidents;
mod knowledge;
mod signals;

use ::knowledge::Knowledge;
use chrono::{DateTime, TimeDelta, Utc};
use domain::ids::TenantId;
use domain::inert::inert;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use store::{Connection, Store, StoreError};
use uuid::Uuid;

use crate::schema;

/// Events that one line names at most.
const MOST_EVENTS: usize = 10;

/// A sentence and what proves it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Line {
    pub text: String,
    pub events: Vec<Uuid>,
    /// Documents of the knowledge base.
    pub documents: Vec<Document>,
}

/// Where a passage stands.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, Deserialize)]
pub struct Document {
    pub id: String,
    pub title: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
}

impl Line {
    pub(crate) fn new(text: impl Into<String>, events: impl IntoIterator<Item = Uuid>) -> Self {
        let mut kept: Vec<Uuid> = Vec::new();
        for event in events {
            if !kept.contains(&event) && kept.len() < MOST_EVENTS {
                kept.push(event);
            }
        }
        Self { text: text.into(), events: kept, documents: Vec::new() }
    }
}

/// What a tool found.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Found {
    /// The first says what was looked for and how much there is.
    pub lines: Vec<Line>,
    /// How many things; lines that only lead are not counted.
    pub count: usize,
}

/// Why a tool found nothing.
#[derive(Debug, thiserror::Error)]
pub enum ToolError {
    #[error("{0}")]
    Arguments(String),
    #[error("there is no tool `{0}`; there are {1}")]
    Unknown(String, String),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("the knowledge base cannot be searched now")]
    Knowledge(#[source] ::knowledge::KnowledgeError),
}

/// What tools reach.
#[derive(Clone)]
pub(crate) struct Reach {
    pub(crate) store: Store,
    pub(crate) knowledge: Knowledge,
}

/// Who asks, and when.
#[derive(Clone, Debug)]
pub(crate) struct Scope {
    pub(crate) tenant: TenantId,
    /// Names of all integrations.
    pub(crate) sources: Vec<String>,
    pub(crate) now: DateTime<Utc>,
}

type Look = fn(&mut Connection, &Scope, Value) -> Result<Found, ToolError>;

/// How a tool does its work.
#[derive(Clone, Copy)]
enum Run {
    /// It looks into the database, with one connection.
    Look(Look),
    /// It searches the knowledge base, which may ask for the meaning of words.
    Search,
}

/// A tool.
pub struct Tool {
    pub name: &'static str,
    pub description: &'static str,
    /// JSON Schema of its arguments.
    pub arguments: fn() -> Value,
    run: Run,
}

/// All of them.
pub static TOOLS: &[Tool] = &[
    Tool {
        name: "dora",
        description: "Delivery metrics of production over a time, each beside the time before: how often is deployed, lead time, failures, recovery, rework, restoring.",
        arguments: dora::arguments,
        run: Run::Look(dora::run),
    },
    Tool {
        name: "explain",
        description: "What one delivery metric is made of: the changes, deployments or incidents behind it.",
        arguments: explain::arguments,
        run: Run::Look(explain::run),
    },
    Tool {
        name: "what_changed",
        description: "Deployments that ended and changes that were merged in a time.",
        arguments: changed::arguments,
        run: Run::Look(changed::run),
    },
    Tool {
        name: "search_events",
        description: "Events by words, subject, kind, service or source, the newest first.",
        arguments: events::arguments,
        run: Run::Look(events::run),
    },
    Tool {
        name: "incidents",
        description: "Incidents, open or over, the latest first.",
        arguments: incidents::list_arguments,
        run: Run::Look(incidents::list),
    },
    Tool {
        name: "incident_timeline",
        description: "What happened in one incident, by time; without an id in the latest that is open, else the latest.",
        arguments: incidents::timeline_arguments,
        run: Run::Look(incidents::timeline),
    },
    Tool {
        name: "signals",
        description: "Signals that are open: work that is stuck, failing or at risk.",
        arguments: signals::arguments,
        run: Run::Look(signals::run),
    },
    Tool {
        name: "search_knowledge",
        description: "Documents that people and crawlers brought: how things are done, runbooks, pages.",
        arguments: knowledge::arguments,
        run: Run::Search,
    },
];

impl Tool {
    /// The tool of this name.
    pub fn named(name: &str) -> Result<&'static Tool, ToolError> {
        let unknown = || {
            let names: Vec<&str> = TOOLS.iter().map(|tool| tool.name).collect();
            ToolError::Unknown(name.chars().take(64).collect(), names.join(", "))
        };
        TOOLS.iter().find(|tool| tool.name == name).ok_or_else(unknown)
    }

    /// Looks. Arguments that do not fit the schema are refused with the reason.
    pub(crate) async fn run(&'static self, reach: &Reach, scope: &Scope, arguments: Value) -> Result<Found, ToolError> {
        schema::check(&(self.arguments)(), &arguments).map_err(ToolError::Arguments)?;
        let scope = scope.clone();
        match self.run {
            Run::Search => knowledge::run(&reach.knowledge, &scope, arguments).await,
            Run::Look(look) => {
                let look = move |conn: &mut Connection| match look(conn, &scope, arguments) {
                    Err(ToolError::Store(error)) => Err(error),
                    other => Ok(other),
                };
                reach.store.look("ask_tool", look).await?
            }
        }
    }
}

/// Arguments that fit their schema, as their type.
fn read<T: DeserializeOwned>(arguments: Value) -> Result<T, ToolError> {
    serde_json::from_value(arguments).map_err(|error| ToolError::Arguments(error.to_string()))
}

/// An object with these members, none of them needed but `required`, and no other.
fn object(members: &[(&str, Value)], required: &[&str]) -> Value {
    let properties: serde_json::Map<String, Value> =
        members.iter().map(|(name, schema)| ((*name).to_owned(), schema.clone())).collect();
    json!({"type": "object", "properties": properties, "required": required, "additionalProperties": false})
}

fn text(description: &str) -> Value {
    json!({"type": "string", "minLength": 1, "maxLength": 255, "description": description})
}

/// `from` and `to`, as all tools have them.
fn with_window(members: &[(&'static str, Value)], usual: &str) -> Vec<(&'static str, Value)> {
    let time = |description: String| json!({"type": "string", "format": "date-time", "description": description});
    let mut all = members.to_vec();
    all.push(("from", time(format!("At or after this time; {usual} unless given"))));
    all.push(("to", time("Before this time; now unless given".to_owned())));
    all
}

/// The time that is asked for, `usual` long where nothing is said.
fn window(
    (from, to): (Option<DateTime<Utc>>, Option<DateTime<Utc>>),
    usual: TimeDelta,
    now: DateTime<Utc>,
) -> Result<(DateTime<Utc>, DateTime<Utc>), ToolError> {
    let to = to.unwrap_or(now);
    let from = from.unwrap_or(to - usual);
    if from >= to {
        return Err(ToolError::Arguments("`from` must be before `to`".to_owned()));
    }
    Ok((from, to))
}

/// Text from outside, made harmless and short.
fn told(text: &str, cap: usize) -> String {
    inert(text, cap)
}

/// ` of shop`; nothing where all are meant.
fn of(service: Option<&String>, team: Option<&String>) -> String {
    match (service, team) {
        (Some(service), _) => format!(" of {}", told(service, 100)),
        (None, Some(team)) => format!(" of team {}", told(team, 100)),
        (None, None) => String::new(),
    }
}
