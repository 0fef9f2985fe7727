//! How the text of a setting is read: one pure function per kind of value, `None` for what it does not take. Addresses have a
//! room of their own.

use super::Env;

pub(super) fn env(text: &str) -> Option<Env> {
    match text.to_ascii_lowercase().as_str() {
        "development" | "dev" => Some(Env::Development),
        "production" | "prod" => Some(Env::Production),
        _ => None,
    }
}

pub(super) fn flag(text: &str) -> Option<bool> {
    match text.to_ascii_lowercase().as_str() {
        "true" | "1" | "yes" | "on" => Some(true),
        "false" | "0" | "no" | "off" => Some(false),
        _ => None,
    }
}

pub(super) fn words(text: &str) -> Option<Vec<String>> {
    if text.starts_with('[') {
        return serde_json::from_str(text).ok();
    }
    Some(text.split(',').map(str::trim).filter(|word| !word.is_empty()).map(str::to_owned).collect())
}

/// Text for people, in one line.
pub(super) fn line(text: &str) -> Option<String> {
    (!text.chars().any(char::is_control)).then(|| text.to_owned())
}

/// What is shown as a proof in a header: visible characters only.
pub(super) fn token(text: &str) -> Option<String> {
    text.bytes().all(|c| c.is_ascii_graphic()).then(|| text.to_owned())
}

/// What is shown in a header by people: as [`token`], with spaces.
pub(super) fn key(text: &str) -> Option<String> {
    text.bytes().all(|c| c == b' ' || c.is_ascii_graphic()).then(|| text.to_owned())
}

/// Methods of HTTP, or `*`.
pub(super) fn methods(text: &str) -> Option<Vec<String>> {
    let known = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "*"];
    let upper = words(text)?.into_iter().map(|method| method.to_ascii_uppercase());
    upper.map(|method| known.contains(&method.as_str()).then_some(method)).collect()
}

/// Names of headers, or `*`.
pub(super) fn headers(text: &str) -> Option<Vec<String>> {
    words(text).filter(|all| all.iter().all(|name| name == "*" || header(name).is_some()))
}

/// The name of an HTTP header, in lower case.
pub(super) fn header(text: &str) -> Option<String> {
    let plain = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    (!text.is_empty() && text.chars().all(plain)).then(|| text.to_ascii_lowercase())
}

/// Whether a text names one SNS topic: `arn:aws:sns:<region>:<account>:<topic>`.
pub(super) fn is_topic(text: &str) -> bool {
    let parts: Vec<&str> = text.split(':').collect();
    matches!(parts[..], ["arn", partition, "sns", region, account, topic]
        if partition.starts_with("aws") && !region.is_empty() && !topic.is_empty()
            && account.len() == 12 && account.bytes().all(|c| c.is_ascii_digit()))
}

/// A name that may be part of a stream name or subject.
pub(super) fn nats_name(text: &str) -> Option<String> {
    let plain = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
    (text.len() <= 64 && text.chars().all(plain)).then(|| text.to_owned())
}

/// Names of [`nats_name`], with dots between them.
pub(super) fn nats_prefix(text: &str) -> Option<String> {
    let good = |token: &str| !token.is_empty() && nats_name(token).is_some();
    (text.len() <= 128 && text.split('.').all(good)).then(|| text.to_owned())
}

/// A level or a filter of `tracing`, like `info,store=debug`. Python's names for levels are understood.
pub(super) fn log_level(text: &str) -> Option<String> {
    let level = match text.to_ascii_lowercase().as_str() {
        "warning" => "warn".to_owned(),
        "critical" | "fatal" => "error".to_owned(),
        other => other.to_owned(),
    };
    // A single word that is no level would be taken for the name of a module whose every line is shown.
    let known = ["off", "error", "warn", "info", "debug", "trace"];
    if !level.contains(['=', ',']) && !known.contains(&level.as_str()) {
        return None;
    }
    if level.split(',').any(|directive| directive.trim().is_empty()) {
        return None;
    }
    tracing_subscriber::EnvFilter::try_new(&level).ok().map(|_| level)
}

/// `name=value` pairs with commas between them, as OpenTelemetry writes headers.
pub(super) fn pairs(text: &str) -> Option<Vec<(String, String)>> {
    let pair = |part: &str| {
        let (name, value) = part.split_once('=')?;
        let is_sent = |value: &str| value.bytes().all(|c| c == b' ' || c.is_ascii_graphic());
        Some((header(name.trim())?, value.trim().to_owned())).filter(|(_, value)| is_sent(value))
    };
    text.split(',').map(pair).collect()
}

/// The name of a source in names of settings: `argo-cd` is `ARGO_CD`.
pub(super) fn in_capitals(source: &str) -> String {
    source.to_ascii_uppercase().replace('-', "_")
}
