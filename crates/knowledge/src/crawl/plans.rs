//! What a crawl may say of itself: which parts of which system. Names only, never an address or a proof.

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::fetch::{CrawlError, Fetch};
use super::{Known, Step, confluence, github, linear, pagerduty, shortcut};

/// What does not fit, for people.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Unfit(pub String);

/// A crawl's definition, read.
#[derive(Clone, Debug, PartialEq)]
pub enum Plan {
    GitHub(GitHub),
    Confluence(Confluence),
    Linear(Linear),
    Shortcut(Shortcut),
    PagerDuty(PagerDuty),
}

/// Files of a repository.
#[derive(Clone, Debug, Deserialize, PartialEq)]
#[serde(deny_unknown_fields)]
pub struct GitHub {
    pub owner: String,
    pub repo: String,
    /// A branch or tag.
    #[serde(default = "main")]
    pub r#ref: String,
    /// Beginnings of paths; none: all.
    #[serde(default)]
    pub include_paths: Vec<String>,
    /// Ends of names.
    #[serde(default = "texts")]
    pub exts: Vec<String>,
}

fn main() -> String {
    "main".to_owned()
}

fn texts() -> Vec<String> {
    [".md", ".mdx", ".rst", ".txt", ".adoc"].map(str::to_owned).to_vec()
}

/// Pages: those that are named, or all of a space.
#[derive(Clone, Debug, Deserialize, PartialEq)]
#[serde(deny_unknown_fields)]
pub struct Confluence {
    #[serde(default)]
    pub page_ids: Vec<String>,
    #[serde(default)]
    pub space: Option<String>,
}

/// Issues, of one team or all, in some states or all.
#[derive(Clone, Debug, Deserialize, PartialEq)]
#[serde(deny_unknown_fields)]
pub struct Linear {
    #[serde(default)]
    pub team_id: Option<String>,
    #[serde(default)]
    pub state_ids: Vec<String>,
}

/// Stories, of one iteration or all, in some states or all.
#[derive(Clone, Debug, Deserialize, PartialEq)]
#[serde(deny_unknown_fields)]
pub struct Shortcut {
    #[serde(default)]
    pub state_ids: Vec<i64>,
    #[serde(default)]
    pub iteration_id: Option<i64>,
}

/// Incidents of the last days with their notes.
#[derive(Clone, Debug, Deserialize, PartialEq)]
#[serde(deny_unknown_fields)]
pub struct PagerDuty {
    #[serde(default = "resolved")]
    pub statuses: Vec<String>,
    #[serde(default = "month")]
    pub days: u32,
}

fn resolved() -> Vec<String> {
    vec!["resolved".to_owned()]
}

fn month() -> u32 {
    30
}

impl Plan {
    pub const KINDS: [&str; 5] = ["github", "confluence", "linear", "shortcut", "pagerduty"];

    /// Reads a definition.
    pub fn read(kind: &str, params: &Value) -> Result<Self, Unfit> {
        let plan = match kind {
            "github" => Self::GitHub(of(params)?),
            "confluence" => Self::Confluence(of(params)?),
            "linear" => Self::Linear(of(params)?),
            "shortcut" => Self::Shortcut(of(params)?),
            "pagerduty" => Self::PagerDuty(of(params)?),
            _ => return Err(Unfit(format!("`kind` is one of {}", Self::KINDS.join(", ")))),
        };
        plan.fits().map_or(Ok(plan), |why| Err(Unfit(why.to_owned())))
    }

    /// Why it cannot be; what stands in an address is nothing but a name.
    fn fits(&self) -> Option<&'static str> {
        match self {
            Self::GitHub(plan) if !is_name(&plan.owner) || !is_name(&plan.repo) => Some("`owner` and `repo` are names"),
            Self::GitHub(plan) if plan.r#ref.is_empty() || plan.r#ref.len() > 200 => Some("`ref` is a branch or a tag"),
            Self::GitHub(plan) if plan.include_paths.len() > 100 || plan.exts.len() > 50 => {
                Some("`include_paths` has at most 100 entries, `exts` 50")
            }
            Self::Confluence(plan) if plan.page_ids.is_empty() == plan.space.is_none() => {
                Some("give `page_ids` or `space`")
            }
            Self::Confluence(plan) if plan.page_ids.len() > 1000 || !plan.page_ids.iter().all(|id| is_number(id)) => {
                Some("`page_ids` are at most 1000 numbers, as texts")
            }
            Self::PagerDuty(plan) if plan.statuses.is_empty() || !plan.statuses.iter().all(|word| is_status(word)) => {
                Some("`statuses` are some of triggered, acknowledged, resolved")
            }
            Self::PagerDuty(plan) if !(1..=180).contains(&plan.days) => Some("`days` is a number from 1 to 180"),
            _ => None,
        }
    }

    pub(super) async fn step(&self, fetch: &mut Fetch, state: &mut Value, known: &Known) -> Result<Step, CrawlError> {
        match self {
            Self::GitHub(plan) => github::step(plan, fetch, state, known).await,
            Self::Confluence(plan) => confluence::step(plan, fetch, state, known).await,
            Self::Linear(plan) => linear::step(plan, fetch, state).await,
            Self::Shortcut(plan) => shortcut::step(plan, fetch, state).await,
            Self::PagerDuty(plan) => pagerduty::step(plan, fetch, state, known).await,
        }
    }
}

fn of<T: DeserializeOwned>(params: &Value) -> Result<T, Unfit> {
    serde_json::from_value(params.clone()).map_err(|error| Unfit(format!("`params` do not fit: {error}")))
}

fn is_name(text: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    (1..=100).contains(&text.len()) && text.chars().all(plain) && !text.starts_with('.')
}

fn is_number(text: &str) -> bool {
    (1..=30).contains(&text.len()) && text.chars().all(|c| c.is_ascii_digit())
}

fn is_status(text: &str) -> bool {
    ["triggered", "acknowledged", "resolved"].contains(&text)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_definition_holds_names_and_nothing_else() {
        for (kind, params) in [
            ("github", json!({"owner": "acme", "repo": "shop"})),
            ("confluence", json!({"space": "ENG"})),
            ("confluence", json!({"page_ids": ["123"]})),
            ("linear", json!({})),
            ("shortcut", json!({"state_ids": [500_001]})),
            ("pagerduty", json!({"statuses": ["resolved"], "days": 7})),
        ] {
            assert!(Plan::read(kind, &params).is_ok(), "{kind} {params}");
        }
        for (kind, params) in [
            ("jira", json!({})),
            ("github", json!({"owner": "acme"})),
            ("github", json!({"owner": "..", "repo": "shop"})),
            ("github", json!({"owner": "acme/x", "repo": "shop"})),
            ("confluence", json!({})),
            ("confluence", json!({"page_ids": ["1"], "space": "ENG"})),
            ("confluence", json!({"page_ids": ["../1"]})),
            ("confluence", json!({"space": "ENG", "base_url": "https://evil.example.com"})),
            ("pagerduty", json!({"statuses": ["open"]})),
            ("pagerduty", json!({"days": 1000})),
        ] {
            assert!(Plan::read(kind, &params).is_err(), "{kind} {params}");
        }
    }
}
