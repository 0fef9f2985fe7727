//! Reads the files that are held against the program. YAML becomes JSON values, which have pointers.

use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde_json::Value;

pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// # Panics
/// When it cannot be read: a file that is referred to is missing.
pub(crate) fn text(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// Every document of a YAML text, anchors and merge keys resolved.
pub(crate) fn documents(name: &Path, text: &str) -> Vec<Value> {
    let read = |document| {
        let mut value = serde_norway::Value::deserialize(document)?;
        value.apply_merge()?;
        Ok::<_, serde_norway::Error>(serde_json::to_value(value).expect("keys are texts"))
    };
    let documents = serde_norway::Deserializer::from_str(text).map(read);
    documents.collect::<Result<_, _>>().unwrap_or_else(|error| panic!("{}: {error}", name.display()))
}

/// The one document of a file.
pub(crate) fn document(path: &Path) -> Value {
    let mut documents = documents(path, &text(path));
    assert_eq!(documents.len(), 1, "{} has one document", path.display());
    documents.remove(0)
}

pub(crate) fn list(value: &Value) -> &[Value] {
    value.as_array().map(Vec::as_slice).unwrap_or_default()
}

pub(crate) fn string(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

/// A list of texts, or a text as a list of one.
pub(crate) fn strings(value: &Value) -> Vec<String> {
    let texts: Vec<&str> = list(value).iter().filter_map(Value::as_str).collect();
    texts.into_iter().chain(value.as_str()).map(str::to_owned).collect()
}

/// The names and values of a file of `NAME=value` lines; those commented out as well, where they look like one.
pub(crate) fn lines(path: &Path) -> Vec<(String, String, bool)> {
    let read = |line: &str| {
        let (line, live) = line.strip_prefix('#').map_or((line, true), |line| (line, false));
        let (name, value) = line.split_once('=')?;
        let is_name = name.chars().all(|one| one.is_ascii_uppercase() || one.is_ascii_digit() || one == '_');
        (is_name && !name.is_empty()).then(|| (name.to_owned(), value.to_owned(), live))
    };
    text(path).lines().filter_map(read).collect()
}
