//! One try: the call in the client library's words, and its answer in ours.

use genai::chat::{
    ChatMessage, ChatOptions, ChatRequest, ChatResponse, JsonSpec, MessageContent, ReasoningEffort, StopReason,
    ToolResponse,
};
use genai::embed::Embedding;
use genai::{Client, ModelSpec};
use serde_json::Value;
use tracing::instrument::WithSubscriber;
use tracing::subscriber::NoSubscriber;

use boot::settings::Provider;

use crate::targets::Target;
use crate::troubles::Trouble;
use crate::{Call, Finish, Message, Said, Tokens, Tool, ToolCall, estimate};

/// What is asked.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Ask<'a> {
    Chat(&'a Call),
    /// Vectors of these.
    Texts(&'a [String]),
}

/// What a try brought.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Answer {
    pub(crate) text: String,
    pub(crate) calls: Vec<ToolCall>,
    /// In the order of the texts.
    pub(crate) vectors: Vec<Vec<f32>>,
    pub(crate) finish: Finish,
    /// As the provider names it.
    pub(crate) model: String,
    /// None: it does not say.
    pub(crate) tokens: Option<Tokens>,
}

/// Asks once. The library's own traces would hold what is said: nobody hears them.
pub(crate) async fn ask(
    client: &Client,
    target: &Target,
    ask: Ask<'_>,
    temperature: Option<f64>,
) -> Result<Answer, Trouble> {
    let asked = async {
        match ask {
            Ask::Chat(call) => chat(client, target, call, temperature).await,
            Ask::Texts(texts) => embed(client, target, texts.to_vec()).await,
        }
    };
    Box::pin(asked).with_subscriber(NoSubscriber::default()).await
}

async fn chat(client: &Client, target: &Target, call: &Call, temperature: Option<f64>) -> Result<Answer, Trouble> {
    let held = target.abilities.schema && (call.tools.is_empty() || target.model.provider != Provider::Gemini);
    let options = options(target, call, temperature, held);
    let service = ModelSpec::Target(target.service.clone());
    let response = client.exec_chat(service, request(call, held), Some(&options)).await;
    response.map(|response| answer(&response, call)).map_err(|error| Trouble::of(&error))
}

async fn embed(client: &Client, target: &Target, texts: Vec<String>) -> Result<Answer, Trouble> {
    let wanted = texts.len();
    let service = ModelSpec::Target(target.service.clone());
    let response = client.embed_batch(service, texts, None).await.map_err(|error| Trouble::of(&error))?;
    let used = response.usage.prompt_tokens.map(i64::from);
    let model = response.provider_model_iden.model_name.to_string();
    let mut embeddings = response.embeddings;
    embeddings.sort_by_key(Embedding::index);
    let vectors: Vec<Vec<f32>> = embeddings.into_iter().map(Embedding::into_vector).collect();
    if vectors.len() != wanted || vectors.iter().any(Vec::is_empty) {
        return Err(Trouble::Unfit);
    }
    let tokens = used.map(|input| Tokens { input, ..Tokens::default() });
    Ok(Answer { text: String::new(), calls: Vec::new(), vectors, finish: Finish::Done, model, tokens })
}

fn options(target: &Target, call: &Call, temperature: Option<f64>, held: bool) -> ChatOptions {
    let most_output = target.most_output(call.most_output_tokens, estimate::input(call));
    let mut options = ChatOptions::default().with_max_tokens(most_output).with_capture_raw_body(true);
    if let Some(temperature) = temperature.filter(|_| target.abilities.temperature) {
        options = options.with_temperature(temperature);
    }
    if let Some(schema) = call.schema.as_ref().filter(|_| held) {
        options = options.with_response_format(JsonSpec::new(schema.name, schema.json.clone()));
    }
    if let Some(tokens) = target.abilities.thinking.filter(|_| target.model.provider == Provider::Gemini) {
        options = options.with_reasoning_effort(ReasoningEffort::Budget(tokens));
    }
    if target.model.provider == Provider::OpenAi {
        // Said in this way it is sent to nobody, and the end of a name (`qwen-max`) is not taken for an effort.
        options = options.with_reasoning_effort(ReasoningEffort::Budget(0));
    }
    options
}

fn request(call: &Call, held: bool) -> ChatRequest {
    let mut system = call.system.clone();
    if let Some(schema) = call.schema.as_ref().filter(|_| !held) {
        system.push_str("\n\nAnswer with one JSON object that fits this JSON Schema, and with nothing else:\n");
        system.push_str(&schema.json.to_string());
    }
    let mut request = ChatRequest::new(call.messages.iter().map(message).collect());
    if !system.is_empty() {
        request = request.with_system(system);
    }
    if !call.tools.is_empty() {
        request = request.with_tools(call.tools.iter().map(tool));
    }
    request
}

fn message(message: &Message) -> ChatMessage {
    match message.by {
        Said::User => ChatMessage::user(message.text.clone()),
        Said::Tool => {
            let call_id = message.call_id.clone().unwrap_or_default();
            ChatMessage::from(ToolResponse::new(call_id, message.text.clone()))
        }
        Said::Assistant => {
            let mut content = MessageContent::default();
            if !message.text.is_empty() {
                content.push(message.text.clone());
            }
            content = content.extended(message.calls.iter().map(|call| genai::chat::ContentPart::from(called(call))));
            ChatMessage::assistant(content)
        }
    }
}

fn called(call: &ToolCall) -> genai::chat::ToolCall {
    genai::chat::ToolCall {
        call_id: call.id.clone(),
        fn_name: call.name.clone(),
        fn_arguments: call.arguments.clone(),
        thought_signatures: None,
    }
}

fn tool(tool: &Tool) -> genai::chat::Tool {
    genai::chat::Tool::new(tool.name.to_owned()).with_description(tool.description).with_schema(tool.arguments.clone())
}

fn answer(response: &ChatResponse, call: &Call) -> Answer {
    let raw = response.captured_raw_body.as_ref().unwrap_or(&Value::Null);
    let refused = is_refused(raw);
    let tokens = tokens(response);
    let calls: Vec<ToolCall> = response.content.tool_calls().into_iter().map(our_call).collect();
    let text = response.content.joined_texts().unwrap_or_default();
    let finish = match &response.stop_reason {
        Some(StopReason::ContentFilter(_)) => Finish::Refused,
        _ if refused => Finish::Refused,
        Some(StopReason::MaxTokens(_)) => Finish::CutOff,
        _ if !calls.is_empty() => Finish::ToolCalls,
        _ => Finish::Done,
    };
    Answer {
        text: if call.schema.is_some() { unfenced(&text).to_owned() } else { text },
        calls,
        vectors: Vec::new(),
        finish,
        model: response.provider_model_iden.model_name.to_string(),
        tokens,
    }
}

/// OpenAI says so beside the text, Gemini in the place of an answer.
fn is_refused(raw: &Value) -> bool {
    raw.pointer("/choices/0/message/refusal").is_some_and(Value::is_string)
        || raw.pointer("/promptFeedback/blockReason").is_some_and(Value::is_string)
}

fn our_call(call: &genai::chat::ToolCall) -> ToolCall {
    ToolCall { id: call.call_id.clone(), name: call.fn_name.clone(), arguments: call.fn_arguments.clone() }
}

/// None: nothing was counted.
fn tokens(response: &ChatResponse) -> Option<Tokens> {
    let usage = &response.usage;
    let count = |count: Option<i32>| count.map_or(0, |count| i64::from(count.max(0)));
    let tokens = Tokens {
        input: count(usage.prompt_tokens),
        cached: count(usage.prompt_tokens_details.as_ref().and_then(|details| details.cached_tokens)),
        output: count(usage.completion_tokens),
        reasoning: count(usage.completion_tokens_details.as_ref().and_then(|details| details.reasoning_tokens)),
    };
    (tokens.input > 0).then_some(tokens)
}

/// JSON without the fence of Markdown that models like to put around it.
fn unfenced(text: &str) -> &str {
    let text = text.trim();
    let Some(inner) = text.strip_prefix("```").and_then(|rest| rest.strip_suffix("```")) else { return text };
    inner.strip_prefix("json").unwrap_or(inner).trim()
}
