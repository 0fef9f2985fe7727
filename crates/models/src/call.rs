//! What a model is asked, and what comes back.

use domain::ids::TenantId;
use serde_json::Value;
use uuid::Uuid;

/// What a call is for: it decides which model is asked, and which budget pays.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Purpose {
    /// The words of a digest.
    Digest,
    /// One group of a digest that is too large for one prompt; the low-cost model's.
    Extract,
    /// The answer to a question.
    Answer,
    /// Which tool to use next.
    Plan,
    /// A text from elsewhere made short; the low-cost model's.
    Summarize,
    /// Vectors of texts.
    Embed,
}

impl Purpose {
    pub const ALL: [Self; 6] = [Self::Digest, Self::Extract, Self::Answer, Self::Plan, Self::Summarize, Self::Embed];

    /// As settings, rows and metrics name it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Digest => "digest",
            Self::Extract => "extract",
            Self::Answer => "answer",
            Self::Plan => "plan",
            Self::Summarize => "summarize",
            Self::Embed => "embed",
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Said {
    User,
    Assistant,
    /// The result of the tool call with this id stands in `call_id`.
    Tool,
}

/// One message of a conversation.
#[derive(Clone, Debug, PartialEq)]
pub struct Message {
    pub by: Said,
    pub text: String,
    /// Calls that the assistant made with this message.
    pub calls: Vec<ToolCall>,
    /// Which call this is the result of.
    pub call_id: Option<String>,
}

/// What the answer must look like.
#[derive(Clone, Debug, PartialEq)]
pub struct Schema {
    /// `digest`, `extract`, …: letters and underscores.
    pub name: &'static str,
    pub json: Value,
}

/// A tool that the model may call.
#[derive(Clone, Debug, PartialEq)]
pub struct Tool {
    pub name: &'static str,
    pub description: &'static str,
    /// JSON Schema of its arguments.
    pub arguments: Value,
}

#[derive(Clone, Debug, PartialEq)]
pub struct ToolCall {
    pub id: String,
    pub name: String,
    pub arguments: Value,
}

/// A question to a model.
#[derive(Clone, Debug, PartialEq)]
pub struct Call {
    pub tenant: TenantId,
    pub purpose: Purpose,
    /// Whose session pays: a conversation's id, a digest's. None: only the larger budgets do.
    pub session: Option<String>,
    /// `digest/3`: which prompt it was, as its file says.
    pub prompt: &'static str,
    pub system: String,
    pub messages: Vec<Message>,
    pub schema: Option<Schema>,
    pub tools: Vec<Tool>,
    pub most_output_tokens: u32,
    /// Calls with the same key have the same answer, within the tenant and the model: it is kept and given again.
    /// The caller's hash of everything that decides about the answer.
    pub cache_key: Option<String>,
}

/// Why the model stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Finish {
    Done,
    /// The answer was longer than it may be.
    CutOff,
    ToolCalls,
    /// A content filter, or the model itself, would not. No caller is given this: it is [`Unanswered::Refused`].
    Refused,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tokens {
    /// With those that were cached.
    pub input: i64,
    pub cached: i64,
    /// With those of reasoning.
    pub output: i64,
    pub reasoning: i64,
}

/// What a model answered.
#[derive(Clone, Debug, PartialEq)]
pub struct Reply {
    pub text: String,
    pub calls: Vec<ToolCall>,
    pub finish: Finish,
    /// As the provider names it.
    pub model: String,
    pub provider: &'static str,
    pub tokens: Tokens,
    pub cost_micro_usd: i64,
    /// It was kept from before: it cost nothing now.
    pub cached: bool,
    /// Its row in `llm_calls`.
    pub call_id: Uuid,
}

/// Why there is no answer. Each is a reason to go on by rule; the text is for people and holds nothing secret.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unanswered {
    #[error("no model is set up (AGENT_LLM_ENABLED and a provider's key)")]
    Off,
    /// `scope`: `session`, `day` or `month` (of the installation), `tenant` or `purpose`.
    #[error("the budget of the {scope} is used up")]
    Budget { scope: &'static str },
    #[error("the price of {model} is not known: set it with AGENT_MODEL_PRICES")]
    NoPrice { model: String },
    #[error("the prompt is longer than the model takes")]
    TooLong,
    #[error("the model would not answer")]
    Refused,
    #[error("the model did not answer: {why}")]
    Failed { why: String },
}
