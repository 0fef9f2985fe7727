//! What production may not have. Each line names the variable and what would be accepted.

use secrecy::{ExposeSecret, SecretString};

use super::reader::HIDDEN;
use super::{BadSetting, Settings, Unsigned};

/// Bytes that a key for HMAC-SHA256 should have at least.
const JWT_SECRET_BYTES: usize = 32;
const ADMIN_KEY_BYTES: usize = 16;
/// Fewer different characters than this is a placeholder, not a secret.
const DIFFERENT_CHARACTERS: usize = 8;

pub(super) fn production(settings: &Settings, bad: &mut Vec<BadSetting>) {
    let mut refuse = |name: &str, got: &str, takes: &str| {
        let takes = format!("{takes} (ENV is production)");
        bad.push(BadSetting { name: name.to_owned(), got: got.to_owned(), takes });
    };
    let auth = &settings.auth;
    if !auth.enabled {
        refuse("AUTH_ENABLED", "'false'", "true");
    }
    match &auth.jwt_secret {
        None if auth.enabled => {
            refuse("JWT_SECRET_KEY", "nothing", "32 random bytes or more; `openssl rand -hex 32` makes some")
        }
        Some(key) if is_weak(key, JWT_SECRET_BYTES) => {
            refuse("JWT_SECRET_KEY", HIDDEN, "32 random bytes or more; `openssl rand -hex 32` makes some");
        }
        _ => {}
    }
    if auth.admin_key.as_ref().is_some_and(|key| is_weak(key, ADMIN_KEY_BYTES)) {
        refuse("AGENT_ADMIN_KEY", HIDDEN, "16 random characters or more; `openssl rand -hex 16` makes some");
    }
    if settings.cors.is_wildcard() {
        refuse("CORS_ALLOW_ORIGINS", "a '*'", "named origins");
    }
    if settings.slack.api_url.starts_with("http://") {
        refuse("SLACK_API_URL", "an address without TLS", "https://…/api/");
    }
    if settings.actions.pagerduty_url.starts_with("http://") {
        refuse("PAGERDUTY_EVENTS_URL", "an address without TLS", "https://…");
    }
    let knowledge = &settings.knowledge;
    for (name, url) in [
        ("CONFLUENCE_BASE_URL", knowledge.confluence_url.as_deref().unwrap_or_default()),
        ("LINEAR_API_URL", &knowledge.linear_url),
        ("SHORTCUT_API_URL", &knowledge.shortcut_url),
        ("PAGERDUTY_API_URL", &knowledge.pagerduty_url),
    ] {
        if url.starts_with("http://") {
            refuse(name, "an address without TLS", "https://…");
        }
    }
    if settings.sources.unsigned != Unsigned::None {
        refuse("WEBHOOKS_ALLOW_UNSIGNED", "sources to take unsigned", "nothing: give each source its secret");
    }
}

fn is_weak(secret: &SecretString, least_bytes: usize) -> bool {
    let text = secret.expose_secret();
    let different: std::collections::BTreeSet<char> = text.chars().collect();
    text.len() < least_bytes || different.len() < DIFFERENT_CHARACTERS
}
