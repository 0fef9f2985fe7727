//! How the text of a setting is read: one pure function per kind of value, `None` for what it does not take.

use std::net::SocketAddr;

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

/// A database URL as libpq takes it, from that or from what Python drivers take.
pub(super) fn database_url(text: &str) -> Option<String> {
    let (scheme, rest) = text.split_once("://")?;
    let known = ["postgresql", "postgres", "postgresql+psycopg", "postgresql+psycopg2", "postgresql+asyncpg"];
    if !known.contains(&scheme) || rest.is_empty() {
        return None;
    }
    let Some((place, query)) = rest.split_once('?') else { return Some(format!("postgresql://{rest}")) };
    let options: Vec<String> = query
        .split('&')
        .map(|option| match option.split_once('=') {
            Some(("ssl", "true")) => "sslmode=require".to_owned(),
            Some(("ssl", mode)) => format!("sslmode={mode}"),
            _ => option.to_owned(),
        })
        .collect();
    Some(format!("postgresql://{place}?{}", options.join("&")))
}

/// One or more servers, separated by commas.
pub(super) fn nats_url(text: &str) -> Option<String> {
    let known = ["nats://", "tls://", "ws://", "wss://"];
    let good = |url: &str| known.iter().any(|scheme| url.strip_prefix(scheme).is_some_and(|rest| !rest.is_empty()));
    text.split(',').all(|url| good(url.trim())).then(|| text.to_owned())
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

pub(super) fn host(text: &str) -> Option<String> {
    let plain = |c: char| c.is_ascii_alphanumeric() || ".:-_".contains(c);
    text.chars().all(plain).then(|| text.to_owned())
}

/// An http(s) URL, without a slash at its end.
pub(super) fn http_url(text: &str) -> Option<String> {
    let rest = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"))?;
    let good =
        !rest.is_empty() && !rest.starts_with('/') && !rest.contains(|c: char| c.is_whitespace() || c.is_control());
    good.then(|| text.trim_end_matches('/').to_owned())
}

/// `address:port`; `:port` listens on every address.
pub(super) fn socket_addr(text: &str) -> Option<SocketAddr> {
    match text.strip_prefix(':') {
        Some(port) => Some(SocketAddr::from(([0, 0, 0, 0], port.parse().ok()?))),
        None => text.parse().ok(),
    }
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
    tracing_subscriber::EnvFilter::try_new(&level).ok().map(|_| level)
}

/// `name=value` pairs with commas between them, as OpenTelemetry writes headers.
pub(super) fn pairs(text: &str) -> Option<Vec<(String, String)>> {
    let pair = |part: &str| {
        let (name, value) = part.split_once('=')?;
        Some((name.trim().to_owned(), value.trim().to_owned())).filter(|(name, _)| !name.is_empty())
    };
    text.split(',').map(pair).collect()
}

/// The name of a source in names of settings: `argo-cd` is `ARGO_CD`.
pub(super) fn in_capitals(source: &str) -> String {
    source.to_ascii_uppercase().replace('-', "_")
}
