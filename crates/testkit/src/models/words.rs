//! How the three say the same.

use serde_json::{Value, json};

use super::Used;

/// Vectors have so many numbers.
const WIDTH: usize = 64;

/// Whose words a request is in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Dialect {
    OpenAi,
    OpenAiVectors,
    Anthropic,
    Gemini,
}

impl Dialect {
    pub(super) fn of(path: &str) -> Option<Self> {
        match path {
            path if path.ends_with("/chat/completions") => Some(Self::OpenAi),
            path if path.ends_with("/embeddings") => Some(Self::OpenAiVectors),
            path if path.ends_with("/messages") => Some(Self::Anthropic),
            path if path.ends_with(":generateContent") => Some(Self::Gemini),
            _ => None,
        }
    }

    pub(super) fn says(self, body: &Value, text: &str, used: Option<Used>) -> Value {
        let mut answer = match self {
            Self::OpenAi => openai(body, json!({"role": "assistant", "content": text}), "stop"),
            Self::OpenAiVectors => vectors(body),
            Self::Anthropic => anthropic(body, json!([{"type": "text", "text": text}]), "end_turn"),
            Self::Gemini => gemini(json!([{"text": text}]), "STOP"),
        };
        if let Some(used) = used {
            self.count(&mut answer, used);
        }
        answer
    }

    pub(super) fn cut_off(self, body: &Value, text: &str, used: Used) -> Value {
        let answer = match self {
            Self::OpenAi => openai(body, json!({"role": "assistant", "content": text}), "length"),
            Self::OpenAiVectors => vectors(body),
            Self::Anthropic => anthropic(body, json!([{"type": "text", "text": text}]), "max_tokens"),
            Self::Gemini => gemini(json!([{"text": text}]), "MAX_TOKENS"),
        };
        self.with(answer, used)
    }

    pub(super) fn refuses(self, body: &Value, used: Used) -> Value {
        let answer = match self {
            Self::OpenAi => openai(body, json!({"role": "assistant", "content": null}), "content_filter"),
            Self::OpenAiVectors => vectors(body),
            Self::Anthropic => anthropic(body, json!([]), "refusal"),
            Self::Gemini => json!({"promptFeedback": {"blockReason": "SAFETY"}, "modelVersion": "gemini-fake"}),
        };
        self.with(answer, used)
    }

    pub(super) fn calls(self, body: &Value, name: &str, arguments: &Value, used: Used) -> Value {
        let answer = match self {
            Self::OpenAi | Self::OpenAiVectors => {
                let call = json!({"id": "call_1", "type": "function",
                    "function": {"name": name, "arguments": arguments.to_string()}});
                openai(body, json!({"role": "assistant", "content": null, "tool_calls": [call]}), "tool_calls")
            }
            Self::Anthropic => {
                let call = json!({"type": "tool_use", "id": "call_1", "name": name, "input": arguments});
                anthropic(body, json!([call]), "tool_use")
            }
            Self::Gemini => gemini(json!([{"functionCall": {"name": name, "args": arguments}}]), "STOP"),
        };
        self.with(answer, used)
    }

    pub(super) fn too_long(self) -> Value {
        match self {
            Self::Anthropic => {
                json!({"type": "error", "error": {"type": "invalid_request_error", "message": "prompt is too long: 9 tokens > 8 maximum"}})
            }
            Self::Gemini => json!({"error": {"code": 400, "status": "INVALID_ARGUMENT",
                "message": "The input token count (9) exceeds the maximum number of tokens allowed (8)."}}),
            _ => json!({"error": {"code": "context_length_exceeded", "type": "invalid_request_error",
                "message": "This model's maximum context length is 8 tokens."}}),
        }
    }

    fn with(self, mut answer: Value, used: Used) -> Value {
        self.count(&mut answer, used);
        answer
    }

    fn count(self, answer: &mut Value, used: Used) {
        let Used { input, cached, output, reasoning } = used;
        match self {
            Self::OpenAi | Self::OpenAiVectors => {
                answer["usage"] = json!({"prompt_tokens": input, "completion_tokens": output, "total_tokens": input + output,
                    "prompt_tokens_details": {"cached_tokens": cached},
                    "completion_tokens_details": {"reasoning_tokens": reasoning}});
            }
            Self::Anthropic => {
                answer["usage"] = json!({"input_tokens": input - cached, "cache_read_input_tokens": cached,
                    "cache_creation_input_tokens": 0, "output_tokens": output});
            }
            Self::Gemini => {
                answer["usageMetadata"] = json!({"promptTokenCount": input, "cachedContentTokenCount": cached,
                    "candidatesTokenCount": output - reasoning, "thoughtsTokenCount": reasoning, "totalTokenCount": input + output});
            }
        }
    }
}

fn openai(body: &Value, message: Value, finish: &str) -> Value {
    json!({"id": "chatcmpl-1", "object": "chat.completion", "created": 0, "model": body["model"],
        "choices": [{"index": 0, "message": message, "finish_reason": finish}]})
}

fn anthropic(body: &Value, content: Value, stop: &str) -> Value {
    json!({"id": "msg_1", "type": "message", "role": "assistant", "model": body["model"], "content": content,
        "stop_reason": stop, "stop_sequence": null})
}

fn gemini(parts: Value, finish: &str) -> Value {
    json!({"candidates": [{"content": {"role": "model", "parts": parts}, "finishReason": finish, "index": 0}],
        "modelVersion": "gemini-fake"})
}

fn vectors(body: &Value) -> Value {
    let texts: Vec<&str> = match &body["input"] {
        Value::Array(all) => all.iter().filter_map(Value::as_str).collect(),
        one => one.as_str().into_iter().collect(),
    };
    let rows = texts.iter().enumerate();
    let data: Vec<Value> =
        rows.map(|(index, text)| json!({"object": "embedding", "index": index, "embedding": vector(text)})).collect();
    json!({"object": "list", "model": body["model"], "data": data})
}

/// A bag of words of length one: texts with the same words point the same way.
pub(super) fn vector(text: &str) -> Vec<f32> {
    let mut bag = vec![0.0_f32; WIDTH];
    let words = text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
    for word in words {
        let hash = word.to_lowercase().bytes().fold(5381_usize, |hash, byte| hash.wrapping_mul(33) ^ usize::from(byte));
        bag[hash % WIDTH] += 1.0;
    }
    let length = bag.iter().map(|part| part * part).sum::<f32>().sqrt();
    if length > 0.0 {
        bag.iter_mut().for_each(|part| *part /= length);
    }
    bag
}
