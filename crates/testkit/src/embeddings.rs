//! An embedding server of nobody's, as OpenAI's `/embeddings`: texts that share words, or parts of words, are near.
//!
//! Each word and each three letters in a row are hashed to a place of the vector. The same text has the same vector.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};

use serde_json::{Value, json};

use crate::listening::{Listening, Reply};

const DIMENSIONS: usize = 512;
/// They say nothing about what a text is about.
const SMALL: &[&str] =
    &["the", "a", "an", "of", "to", "is", "in", "and", "for", "when", "how", "what", "do", "does", "i", "we", "it"];

/// Listens until it is dropped.
pub struct Embeddings {
    listening: Listening,
    state: Arc<Mutex<State>>,
}

#[derive(Default)]
struct State {
    asked: Vec<Vec<String>>,
    /// The next requests are answered so.
    failures: Vec<u16>,
}

impl Embeddings {
    /// # Panics
    /// When no port can be listened on.
    pub async fn start() -> Self {
        let state = Arc::new(Mutex::new(State::default()));
        let taken = state.clone();
        let answer = move |asked: crate::listening::Asked| {
            let mut state = taken.lock().unwrap_or_else(PoisonError::into_inner);
            answer(&asked.json(), &mut state)
        };
        Self { listening: Listening::start(answer).await, state }
    }

    /// `OPENAI_BASE_URL`.
    pub fn url(&self) -> String {
        format!("{}/v1", self.listening.url())
    }

    /// Answers the next request with this status.
    pub fn fails(&self, status: u16) {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).failures.push(status);
    }

    /// Texts of each request so far.
    pub fn asked(&self) -> Vec<Vec<String>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).asked.clone()
    }
}

fn answer(body: &Value, state: &mut State) -> Reply {
    let texts: Vec<String> = match &body["input"] {
        Value::String(text) => vec![text.clone()],
        Value::Array(list) => list.iter().filter_map(|text| Some(text.as_str()?.to_owned())).collect(),
        _ => Vec::new(),
    };
    state.asked.push(texts.clone());
    if let Some(status) = state.failures.pop() {
        return Reply::json(status, &json!({"error": {"message": "not now"}}));
    }
    let of =
        |(index, text): (usize, &String)| json!({"object": "embedding", "index": index, "embedding": vector(text)});
    let data: Vec<Value> = texts.iter().enumerate().map(of).collect();
    let tokens: usize = texts.iter().map(|text| text.len().div_ceil(4)).sum();
    let usage = json!({"prompt_tokens": tokens, "total_tokens": tokens});
    let answer = json!({"object": "list", "data": data, "model": body["model"], "usage": usage});
    Reply::with(200, &[("content-type", "application/json".to_owned())], &answer.to_string())
}

/// The vector of a text, of length one.
pub fn vector(text: &str) -> Vec<f32> {
    let mut vector = vec![0f32; DIMENSIONS];
    let text = text.to_lowercase();
    let words = text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty() && !SMALL.contains(word));
    let mut features: BTreeSet<(String, u8)> = BTreeSet::new();
    for word in words {
        features.insert((word.to_owned(), 3));
        let letters: Vec<char> = format!(" {word} ").chars().collect();
        features.extend(letters.windows(3).map(|three| (three.iter().collect(), 1)));
    }
    for (feature, weight) in &features {
        let hash = feature
            .bytes()
            .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3));
        let place = usize::try_from(hash % DIMENSIONS as u64).unwrap_or(0);
        vector[place] += if hash >> 63 == 0 { f32::from(*weight) } else { -f32::from(*weight) };
    }
    let length = vector.iter().map(|number| number * number).sum::<f32>().sqrt().max(1e-6);
    vector.iter().map(|number| number / length).collect()
}
