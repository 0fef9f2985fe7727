//! What the three plugins send, with only the fields that are read. One shape holds them all: their members differ.

use chrono::{DateTime, Utc};
use domain::time;
use serde::Deserialize;
use serde::de::IgnoredAny;

use crate::json::{Id, Text, list};

/// As much as says what it is, and which.
#[derive(Deserialize)]
pub(super) struct Shape<'a> {
    #[serde(borrow)]
    pub(super) build: Option<Phased<'a>>,
    pub(super) id: Option<Id>,
    #[serde(borrow, rename = "type")]
    pub(super) kind: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) event: Option<Text<'a>>,
    #[serde(borrow, rename = "buildUrl")]
    pub(super) build_url: Option<Text<'a>>,
}

#[derive(Deserialize)]
pub(super) struct Phased<'a> {
    #[serde(borrow)]
    pub(super) full_url: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) phase: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) status: Option<Text<'a>>,
    #[serde(default, deserialize_with = "after_1970")]
    pub(super) timestamp: Option<DateTime<Utc>>,
}

#[derive(Deserialize)]
pub(super) struct Message<'a> {
    /// Notification: the build at one of its phases, and where its job is: `job/shop/job/deploy/`.
    #[serde(borrow)]
    pub(super) build: Option<Build<'a>>,
    #[serde(borrow)]
    pub(super) url: Option<Text<'a>>,
    /// Generic Event.
    #[serde(borrow, rename = "type")]
    pub(super) kind: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) source: Option<Text<'a>>,
    #[serde(default, deserialize_with = "time::lenient")]
    pub(super) time: Option<DateTime<Utc>>,
    #[serde(borrow)]
    pub(super) data: Option<RunData<'a>>,
    /// Outbound WebHook.
    #[serde(borrow)]
    pub(super) event: Option<Text<'a>>,
    #[serde(borrow, rename = "buildUrl")]
    pub(super) build_url: Option<Text<'a>>,
}

#[derive(Deserialize)]
pub(super) struct Build<'a> {
    #[serde(borrow)]
    pub(super) full_url: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) url: Option<Text<'a>>,
    pub(super) number: Option<i64>,
    #[serde(borrow)]
    pub(super) phase: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) status: Option<Text<'a>>,
    /// When it came to this phase; 0 where the plugin does not know, as of a pipeline that was queued.
    #[serde(default, deserialize_with = "after_1970")]
    pub(super) timestamp: Option<DateTime<Utc>>,
    /// Milliseconds.
    pub(super) duration: Option<i64>,
    #[serde(borrow)]
    pub(super) scm: Option<Scm<'a>>,
    #[serde(borrow, default)]
    pub(super) parameters: Parameters<'a>,
}

fn after_1970<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<DateTime<Utc>>, D::Error> {
    Ok(time::lenient(deserializer)?.filter(|time| *time > DateTime::UNIX_EPOCH))
}

#[derive(Default, Deserialize)]
pub(super) struct Scm<'a> {
    #[serde(borrow)]
    pub(super) url: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) branch: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) commit: Option<Text<'a>>,
}

#[derive(Deserialize)]
pub(super) struct RunData<'a> {
    pub(super) number: Option<i64>,
    #[serde(borrow)]
    pub(super) result: Option<Text<'a>>,
    /// When it began, in milliseconds.
    #[serde(default, deserialize_with = "time::lenient")]
    pub(super) timestamp: Option<DateTime<Utc>>,
    pub(super) duration: Option<i64>,
    #[serde(rename = "_multiBranch")]
    pub(super) multi_branch: Option<bool>,
    #[serde(borrow, default, deserialize_with = "list")]
    pub(super) actions: Vec<Action<'a>>,
}

/// What hangs on a run: its parameters, what started it, or what git has checked out.
#[derive(Deserialize)]
pub(super) struct Action<'a> {
    #[serde(borrow, default)]
    pub(super) parameters: Parameters<'a>,
    #[serde(borrow, default, deserialize_with = "list")]
    pub(super) causes: Vec<Cause<'a>>,
    #[serde(borrow, rename = "lastBuiltRevision")]
    pub(super) revision: Option<Revision<'a>>,
    #[serde(borrow, default, rename = "remoteUrls", deserialize_with = "list")]
    pub(super) remotes: Vec<Text<'a>>,
}

#[derive(Deserialize)]
pub(super) struct Cause<'a> {
    #[serde(borrow, rename = "userId")]
    pub(super) user: Option<Text<'a>>,
}

#[derive(Deserialize)]
pub(super) struct Revision<'a> {
    #[serde(borrow, rename = "SHA1")]
    pub(super) sha: Option<Text<'a>>,
    #[serde(borrow, default, deserialize_with = "list")]
    pub(super) branch: Vec<Branch<'a>>,
}

#[derive(Deserialize)]
pub(super) struct Branch<'a> {
    #[serde(borrow)]
    pub(super) name: Option<Text<'a>>,
}

/// The environment that a run's parameters name. Nothing else of them is read: they may hold anything.
#[derive(Clone, Debug, Default)]
pub(super) struct Parameters<'a>(pub(super) Option<Text<'a>>);

/// What a parameter that names the environment is usually called.
const ENVIRONMENTS: [&str; 6] =
    ["environment", "env", "deploy_env", "deploy_environment", "target_env", "target_environment"];

/// A text, or what is none.
#[derive(Deserialize)]
#[serde(untagged)]
enum Loose<'a> {
    Text(#[serde(borrow)] Text<'a>),
    Other(IgnoredAny),
}

#[derive(Deserialize)]
struct Named<'a> {
    #[serde(borrow)]
    name: Option<Text<'a>>,
    #[serde(borrow)]
    value: Option<Loose<'a>>,
}

impl<'a> Parameters<'a> {
    fn take(&mut self, name: &str, value: Option<Loose<'a>>) {
        let known = ENVIRONMENTS.iter().any(|known| known.eq_ignore_ascii_case(name));
        if let (true, Some(Loose::Text(value))) = (known && self.0.is_none(), value) {
            self.0 = Some(value);
        }
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Parameters<'a> {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct All;

        impl<'de> serde::de::Visitor<'de> for All {
            type Value = Parameters<'de>;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("parameters")
            }

            fn visit_unit<E: serde::de::Error>(self) -> Result<Self::Value, E> {
                Ok(Parameters::default())
            }

            /// Notification: by name.
            fn visit_map<A: serde::de::MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut parameters = Parameters::default();
                while let Some((name, value)) = map.next_entry::<Text<'de>, Option<Loose<'de>>>()? {
                    parameters.take(&name, value);
                }
                Ok(parameters)
            }

            /// Generic Event: a list of names and values.
            fn visit_seq<A: serde::de::SeqAccess<'de>>(self, mut list: A) -> Result<Self::Value, A::Error> {
                let mut parameters = Parameters::default();
                while let Some(named) = list.next_element::<Option<Named<'de>>>()? {
                    if let Some(Named { name: Some(name), value }) = named {
                        parameters.take(&name, value);
                    }
                }
                Ok(parameters)
            }
        }

        deserializer.deserialize_any(All)
    }
}
