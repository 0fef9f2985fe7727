//! Asking language models: whom, for how much, and what it cost. The only crate with a client of theirs.
//!
//! A caller says what it is for ([`Call`]); which model answers, how often it is tried, whether there is money left and
//! what is written down about it is decided here. Whoever gets [`Unanswered`] goes on by rule.

mod call;

pub use call::{Call, Finish, Message, Purpose, Reply, Said, Schema, Tokens, Tool, ToolCall, Unanswered};

/// The models of an installation. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub struct Models {}

impl Models {
    /// None at all: every call is [`Unanswered::Off`].
    pub fn off() -> Self {
        Self::default()
    }

    /// Whether there is any model to ask.
    pub fn is_on(&self) -> bool {
        false
    }

    /// Tokens that a prompt for this purpose may have, the answer not counted.
    pub fn room(&self, purpose: Purpose) -> u32 {
        let _ = purpose;
        0
    }

    /// Asks. Nobody waits longer than the deadlines of the settings allow.
    pub async fn ask(&self, call: Call) -> Result<Reply, Unanswered> {
        let _ = call;
        Err(Unanswered::Off)
    }

    /// Embeds texts, in their order.
    pub async fn embed(&self, tenant: &domain::ids::TenantId, texts: Vec<String>) -> Result<Vec<Vec<f32>>, Unanswered> {
        let _ = (tenant, texts);
        Err(Unanswered::Off)
    }
}
