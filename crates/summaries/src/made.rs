//! What comes of composing: the digest, who worded it, and what that cost.

use chrono::{DateTime, Utc};
use domain::digests::{Digest, Material};
use serde::{Deserialize, Serialize};
use store::digests::kept::{Kept, Wording};
use uuid::Uuid;

/// Who worded a digest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum By {
    Model,
    Rules,
}

impl By {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Model => "model",
            Self::Rules => "rules",
        }
    }
}

/// What was read and written, over all calls of a digest.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tokens {
    pub input: i64,
    pub output: i64,
}

/// A digest and how it came about.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Made {
    pub digest: Digest,
    pub by: By,
    /// Why it was made by rule, for people; none of it is a model's or a source's text.
    pub why: Option<String>,
    /// Who was asked, as the provider names it; also where its answer did not hold.
    pub model: Option<String>,
    /// `digest/1`.
    pub prompt: Option<&'static str>,
    /// Of every call that was made for it, also of those whose answer was not used.
    pub tokens: Option<Tokens>,
    pub cost_micro_usd: i64,
}

impl Made {
    /// By rule, before anybody was asked.
    pub(crate) fn by_rule(digest: Digest, why: impl Into<String>) -> Self {
        let why = Some(why.into());
        Self { digest, by: By::Rules, why, model: None, prompt: None, tokens: None, cost_micro_usd: 0 }
    }

    /// The row that is kept of it: of this material, for whom or which schedule. Nothing is written here.
    pub fn kept(self, id: Uuid, material: &Material, of: (&str, Option<Uuid>), now: DateTime<Utc>) -> Kept {
        let Tokens { input, output } = self.tokens.unwrap_or_default();
        let wording = Wording {
            by: self.by.as_str(),
            why: self.why,
            model: self.model,
            prompt: self.prompt.map(str::to_owned),
            input_tokens: input,
            output_tokens: output,
            cost_micro_usd: self.cost_micro_usd,
        };
        Kept::of(id, (material, self.digest), wording, of, now)
    }
}
