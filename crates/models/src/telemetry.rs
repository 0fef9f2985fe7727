//! What is told of calls: spans with the names of OpenTelemetry's conventions for generative AI (1.41.1, in development there), and
//! metrics. What is said stays out of both unless a setting lets it into the spans. The one place that knows these names.

use opentelemetry::trace::{Status, TraceContextExt};
use opentelemetry::{Array, StringValue, Value};
use tracing::Span;
use tracing_opentelemetry::OpenTelemetrySpanExt;

use crate::asking::Job;
use crate::provider::{Answer, Ask};
use crate::targets::Target;
use crate::troubles::Trouble;
use crate::{Call, Finish, Message, Purpose, Said, Tokens, estimate};

const OPERATION: &str = "gen_ai.operation.name";
const PROVIDER: &str = "gen_ai.provider.name";
const REQUEST_MODEL: &str = "gen_ai.request.model";
const MAX_TOKENS: &str = "gen_ai.request.max_tokens";
const TEMPERATURE: &str = "gen_ai.request.temperature";
const OUTPUT_TYPE: &str = "gen_ai.output.type";
const CONVERSATION: &str = "gen_ai.conversation.id";
const RESPONSE_MODEL: &str = "gen_ai.response.model";
const FINISH_REASONS: &str = "gen_ai.response.finish_reasons";
const INPUT_TOKENS: &str = "gen_ai.usage.input_tokens";
const OUTPUT_TOKENS: &str = "gen_ai.usage.output_tokens";
const CACHED_TOKENS: &str = "gen_ai.usage.cache_read.input_tokens";
const REASONING_TOKENS: &str = "gen_ai.usage.reasoning.output_tokens";
const SYSTEM: &str = "gen_ai.system_instructions";
const INPUT_MESSAGES: &str = "gen_ai.input.messages";
const OUTPUT_MESSAGES: &str = "gen_ai.output.messages";
const ERROR_TYPE: &str = "error.type";
const SERVER_ADDRESS: &str = "server.address";
const SERVER_PORT: &str = "server.port";
/// Ours: the conventions have no names for these.
const PURPOSE: &str = "em_agent.llm.purpose";
const PROMPT: &str = "em_agent.llm.prompt";

/// The span of one try.
pub(crate) fn span(target: &Target, job: &Job<'_>, temperature: Option<f64>, content: bool) -> Span {
    let operation = if job.purpose == Purpose::Embed { "embeddings" } else { "chat" };
    let name = format!("{operation} {}", target.model.name);
    let span = tracing::info_span!("model", otel.name = name, otel.kind = "client");
    let text = |key: &'static str, value: &str| span.set_attribute(key, value.to_owned());
    text(OPERATION, operation);
    text(PROVIDER, if target.provider() == "gemini" { "gcp.gemini" } else { target.provider() });
    text(REQUEST_MODEL, &target.model.name);
    text(SERVER_ADDRESS, &target.server.0);
    span.set_attribute(SERVER_PORT, i64::from(target.server.1));
    text(PURPOSE, job.purpose.as_str());
    text(PROMPT, job.prompt);
    if let Some(session) = job.session {
        text(CONVERSATION, session);
    }
    if let Ask::Chat(call) = job.ask {
        span.set_attribute(MAX_TOKENS, i64::from(target.most_output(call.most_output_tokens, estimate::input(call))));
        text(OUTPUT_TYPE, if call.schema.is_some() { "json" } else { "text" });
        if let Some(temperature) = temperature.filter(|_| target.abilities.temperature) {
            span.set_attribute(TEMPERATURE, temperature);
        }
        if content {
            text(SYSTEM, &parts(&call.system).to_string());
            text(INPUT_MESSAGES, &said(call));
        }
    }
    span
}

/// What the try brought.
pub(crate) fn record(span: &Span, result: &Result<Answer, Trouble>, content: bool) {
    match result {
        Ok(answer) => {
            span.set_attribute(RESPONSE_MODEL, answer.model.clone());
            let reasons = Array::String(vec![StringValue::from(reason(answer.finish))]);
            span.set_attribute(FINISH_REASONS, Value::Array(reasons));
            if let Some(Tokens { input, cached, output, reasoning }) = answer.tokens {
                let counts = [
                    (INPUT_TOKENS, input),
                    (CACHED_TOKENS, cached),
                    (OUTPUT_TOKENS, output),
                    (REASONING_TOKENS, reasoning),
                ];
                counts.into_iter().for_each(|(key, count)| span.set_attribute(key, count));
            }
            if content {
                let message = serde_json::json!([{"role": "assistant", "parts": parts(&answer.text),
                    "finish_reason": reason(answer.finish)}]);
                span.set_attribute(OUTPUT_MESSAGES, message.to_string());
            }
        }
        Err(trouble) => {
            span.set_attribute(ERROR_TYPE, trouble.as_str());
            span.set_status(Status::error(trouble.as_str()));
        }
    }
}

/// The trace that a call belongs to.
pub(crate) fn trace_id() -> Option<String> {
    let context = Span::current().context();
    let own = context.span().span_context().clone();
    own.is_valid().then(|| own.trace_id().to_string())
}

/// A call is over. Labels come from the settings and from closed lists.
pub(crate) fn count(target: &Target, result: &'static str, seconds: f64) {
    let model = target.model.name.clone();
    metrics::counter!("llm_requests_total", "model" => model.clone(), "result" => result).increment(1);
    metrics::histogram!("llm_request_duration_seconds", "model" => model).record(seconds);
}

/// What a call used.
pub(crate) fn count_use(target: &Target, purpose: Purpose, tokens: Tokens, micro_usd: i64) {
    let Tokens { input, cached, output, reasoning } = tokens;
    for (kind, count) in [("input", input), ("cached", cached), ("output", output), ("reasoning", reasoning)] {
        let count = u64::try_from(count).unwrap_or_default();
        metrics::counter!("llm_tokens_total", "model" => target.model.name.clone(), "type" => kind).increment(count);
    }
    let dollars = micro_usd as f64 / 1_000_000.0;
    metrics::gauge!("llm_cost_usd_total", "model" => target.model.name.clone(), "purpose" => purpose.as_str())
        .increment(dollars);
}

/// A call that a budget had no room for.
pub(crate) fn count_refusal(scope: &'static str) {
    metrics::counter!("llm_budget_refusals_total", "scope" => scope).increment(1);
}

/// How much of the fullest budget of this kind is used.
pub(crate) fn ratio(scope: &'static str, ratio: f64) {
    metrics::gauge!("llm_budget_used_ratio", "scope" => scope).set(ratio);
}

fn reason(finish: Finish) -> &'static str {
    match finish {
        Finish::Done => "stop",
        Finish::CutOff => "length",
        Finish::ToolCalls => "tool_call",
        Finish::Refused => "content_filter",
    }
}

fn parts(text: &str) -> serde_json::Value {
    serde_json::json!([{"type": "text", "content": text}])
}

fn said(call: &Call) -> String {
    let role = |message: &Message| match message.by {
        Said::User => "user",
        Said::Assistant => "assistant",
        Said::Tool => "tool",
    };
    let all =
        call.messages.iter().map(|message| serde_json::json!({"role": role(message), "parts": parts(&message.text)}));
    serde_json::Value::from_iter(all).to_string()
}
