//! An Open Policy Agent in the place of the policy's document.

use std::time::Duration;

use super::addresses;
use super::reader::Reader;

/// What EM Agent 1 asked for, where an address has no path of its own.
const USUAL_PATH: &str = "/v1/data/em_agent/decision";

/// What counts when nobody has decided.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Unanswered {
    /// One approver is asked.
    #[default]
    Approval,
    /// The policy's document decides.
    Document,
    Allow,
}

impl Unanswered {
    const ALL: [Self; 3] = [Self::Approval, Self::Document, Self::Allow];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Approval => "approval",
            Self::Document => "document",
            Self::Allow => "allow",
        }
    }
}

/// Whom to ask for decisions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OpaSettings {
    /// The whole address of the decision.
    pub url: String,
    pub timeout: Duration,
    pub unanswered: Unanswered,
}

impl OpaSettings {
    /// None: nobody is asked.
    pub(super) fn read(reader: &mut Reader<'_>) -> Option<Self> {
        let timeout = Duration::from_millis(reader.number("OPA_TIMEOUT_MS", 50..=30_000, 2000));
        let word = |text: &str| Unanswered::ALL.into_iter().find(|one| one.as_str() == text);
        let unanswered = reader.parsed("OPA_UNANSWERED", "approval, document or allow", word).unwrap_or_default();
        let url = reader.parsed("OPA_URL", "http://… or https://…", addresses::http_url)?;
        Some(Self { url: whole(url), timeout, unanswered })
    }
}

fn whole(url: String) -> String {
    let has_path = url.split_once("://").is_some_and(|(_, rest)| rest.contains('/'));
    if has_path { url } else { url + USUAL_PATH }
}
