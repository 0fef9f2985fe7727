//! Calls a running gateway: where it is, and how a command proves that it may.

use std::time::Duration;

use ::gateway::access::{Claims, Role, mint};
use boot::Settings;
use chrono::{TimeDelta, Utc};
use domain::ids::TenantId;
use outbound::Outbound;
use secrecy::ExposeSecret;

use crate::failure::Failure;

const TIMEOUT: Duration = Duration::from_secs(30);
const ANSWER_BYTES: usize = 4 << 20;
/// A token for one call.
const TOKEN_MINUTES: i64 = 5;

pub(crate) fn outbound() -> Result<Outbound, Failure> {
    Ok(Outbound::new(TIMEOUT, ANSWER_BYTES)?)
}

/// Where a gateway was said to be; `flag` names who said it.
pub(crate) fn named_url(flag: &str, url: &str) -> Result<String, Failure> {
    if url.starts_with("http://") || url.starts_with("https://") {
        return Ok(url.trim_end_matches('/').to_owned());
    }
    Err(Failure::Usage(format!("{flag}: got '{url}', takes a URL like http://localhost:8000")))
}

/// The gateway on this machine, by `HOST` and `PORT`.
pub(crate) fn local_url(settings: &Settings) -> String {
    let host = match settings.host.as_str() {
        "0.0.0.0" | "127.0.0.1" | "localhost" => "127.0.0.1".to_owned(),
        "::" => "[::1]".to_owned(),
        other if other.contains(':') && !other.starts_with('[') => format!("[{other}]"),
        other => other.to_owned(),
    };
    format!("http://{host}:{}", settings.port)
}

/// Headers that prove an operator, by what the settings hold. None when they hold nothing: development.
pub(crate) fn operator_headers(settings: &Settings) -> Result<Vec<(String, String)>, Failure> {
    if let Some(secret) = &settings.auth.jwt_secret {
        let exp = (Utc::now() + TimeDelta::minutes(TOKEN_MINUTES)).timestamp();
        let claims = Claims { sub: "em-agent".to_owned(), tenant: TenantId::default(), role: Role::Operator, exp };
        let token = mint(&claims, secret, &settings.auth.jwt_algorithm)?;
        return Ok(vec![("authorization".to_owned(), format!("Bearer {token}"))]);
    }
    let key = settings.auth.admin_key.as_ref().map(|key| key.expose_secret().to_owned());
    Ok(key.map(|key| ("x-admin-key".to_owned(), key)).into_iter().collect())
}
