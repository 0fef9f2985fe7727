//! What jobs act with in other systems: whom we are there, and which addresses they may reach.

use secrecy::{ExposeSecret, SecretString};

use super::addresses;
use super::reader::Reader;

/// How we act. What is not set is not done: its jobs fail and say which setting they miss.
#[derive(Clone, Debug)]
pub struct ActionSettings {
    /// As whom we act on GitHub, in the place of `GITHUB_TOKEN`.
    pub github_app: Option<GitHubApp>,
    /// The key of a PagerDuty service's Events API v2 integration.
    pub pagerduty_key: Option<SecretString>,
    /// Without a slash at its end.
    pub pagerduty_url: String,
    /// What our webhooks are signed with, the active one first.
    pub webhook_secrets: Vec<SecretString>,
    /// Networks of one's own that webhooks may reach, `10.1.0.0/16`.
    pub inside: Vec<String>,
}

/// A GitHub App.
#[derive(Clone, Debug)]
pub struct GitHubApp {
    /// Its number or its client id.
    pub id: String,
    /// PEM.
    pub private_key: SecretString,
}

impl ActionSettings {
    pub(super) fn read(reader: &mut Reader<'_>) -> Self {
        let secrets = reader.hidden(
            "OUTGOING_WEBHOOK_SECRETS",
            "a comma list of whsec_ and base64 of 24 to 64 random bytes, the active one first",
            listed,
        );
        Self {
            github_app: app(reader),
            pagerduty_key: reader.token("PAGERDUTY_ROUTING_KEY"),
            pagerduty_url: reader
                .parsed("PAGERDUTY_EVENTS_URL", "http://… or https://…", addresses::http_url)
                .unwrap_or("https://events.pagerduty.com".to_owned()),
            webhook_secrets: secrets.map(|listed| each(&listed)).unwrap_or_default(),
            inside: reader
                .parsed("WEBHOOKS_ALLOW_NETWORKS", "a comma list of networks, like 10.1.0.0/16", networks)
                .unwrap_or_default(),
        }
    }
}

/// Both or none.
fn app(reader: &mut Reader<'_>) -> Option<GitHubApp> {
    let id = reader.parsed("GITHUB_APP_ID", "the app's number or its client id", app_id);
    let private_key = reader.hidden("GITHUB_APP_PRIVATE_KEY", "the app's key in PEM: -----BEGIN …", pem);
    match (id, private_key) {
        (Some(id), Some(private_key)) => Some(GitHubApp { id, private_key }),
        (Some(id), None) if !reader.is_present("GITHUB_APP_PRIVATE_KEY") => {
            reader.refuse(
                "GITHUB_APP_ID",
                format!("'{}' without a key", id.escape_debug()),
                "GITHUB_APP_PRIVATE_KEY beside it",
            );
            None
        }
        (None, Some(_)) if !reader.is_present("GITHUB_APP_ID") => {
            reader.refuse("GITHUB_APP_PRIVATE_KEY", "a key without its app", "GITHUB_APP_ID beside it");
            None
        }
        _ => None,
    }
}

fn app_id(text: &str) -> Option<String> {
    text.chars().all(|c| c.is_ascii_alphanumeric() || ".-_".contains(c)).then(|| text.to_owned())
}

/// In one line, as files of variables have it, its ends of lines are `\n`.
fn pem(text: &str) -> Option<String> {
    let lines = text.replace("\\n", "\n");
    (lines.starts_with("-----BEGIN ") && lines.contains("-----END ") && lines.trim_end().ends_with("-----"))
        .then_some(lines)
}

fn listed(text: &str) -> Option<String> {
    let is_one = |part: &str| part.trim().strip_prefix("whsec_").is_some_and(is_of_24_to_64_bytes);
    text.split(',').all(is_one).then(|| text.to_owned())
}

/// In base64, with the signs that fill it up.
fn is_of_24_to_64_bytes(base64: &str) -> bool {
    let digits = base64.trim_end_matches('=');
    let filling = base64.len() - digits.len();
    let plain = digits.bytes().all(|c| c.is_ascii_alphanumeric() || c == b'+' || c == b'/');
    plain && filling <= 2 && base64.len().is_multiple_of(4) && (24..=64).contains(&(base64.len() / 4 * 3 - filling))
}

fn each(listed: &SecretString) -> Vec<SecretString> {
    listed.expose_secret().split(',').map(|one| SecretString::from(one.trim().to_owned())).collect()
}

fn networks(text: &str) -> Option<Vec<String>> {
    let is_one = |part: &str| {
        let (base, length) = part.split_once('/').map_or((part, None), |(base, length)| (base, Some(length)));
        let most = base.parse::<std::net::IpAddr>().ok().map(|base| if base.is_ipv4() { 32 } else { 128 });
        most.is_some_and(|most: u8| length.is_none_or(|length| length.parse::<u8>().is_ok_and(|length| length <= most)))
    };
    let parts: Vec<String> = text.split(',').map(|part| part.trim().to_owned()).collect();
    parts.iter().all(|part| is_one(part)).then_some(parts)
}
