//! What environments are for. Only production counts in the metrics, unless asked otherwise.

use serde::{Deserialize, Serialize};

/// What an environment is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Tier {
    Production,
    Staging,
    Testing,
    Development,
    Other,
}

impl Tier {
    /// Every tier with the word it is written as.
    pub const ALL: [(Tier, &'static str); 5] = [
        (Tier::Production, "production"),
        (Tier::Staging, "staging"),
        (Tier::Testing, "testing"),
        (Tier::Development, "development"),
        (Tier::Other, "other"),
    ];

    pub fn as_str(self) -> &'static str {
        Self::ALL.iter().find(|(tier, _)| *tier == self).map_or("other", |(_, word)| word)
    }

    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.iter().find(|(_, known)| *known == word).map(|(tier, _)| *tier)
    }
}
