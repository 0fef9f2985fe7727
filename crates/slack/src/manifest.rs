//! The app's manifest: everything that Slack must know of this installation, so that making the app is one click.
//!
//! Only the scopes that something here uses. The signing secret and the bot's token come from Slack afterwards.
//! <https://docs.slack.dev/reference/app-manifest>

use domain::ids::TenantId;
use form_urlencoded::byte_serialize;
use serde_json::{Value, json};

use crate::commands::{NAME, usage_hint};
use crate::fit;
use crate::text::cut_plain;

const USAGE_HINT: usize = 1_000;

/// Why there can be no manifest.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum ManifestError {
    #[error(
        "Slack only calls https:// addresses: set PUBLIC_URL (or --url) to the one under which it reaches this installation"
    )]
    NotHttps,
}

/// What the app is made for.
#[derive(Clone, Copy, Debug)]
pub struct Wanted<'w> {
    /// `PUBLIC_URL`.
    pub public_url: &'w str,
    /// Whose webhooks the events are.
    pub tenant: &'w TenantId,
    /// Whether messages, mentions and reactions in the app's channels become events as well. It needs to read them.
    pub listens: bool,
}

/// The manifest as Slack takes it.
pub fn manifest(wanted: Wanted<'_>) -> Result<Value, ManifestError> {
    let base = wanted.public_url.trim_end_matches('/');
    if !base.starts_with("https://") || base.len() > fit::URL / 2 || base.contains(char::is_whitespace) {
        return Err(ManifestError::NotHttps);
    }
    let events = match wanted.tenant.as_str() {
        TenantId::DEFAULT => format!("{base}/webhooks/slack"),
        tenant => format!("{base}/t/{tenant}/webhooks/slack"),
    };
    let mut scopes = vec!["chat:write", "chat:write.public", "commands", "im:write", "users:read", "users:read.email"];
    let mut bot_events = vec!["app_home_opened", "app_uninstalled", "tokens_revoked"];
    if wanted.listens {
        scopes.extend(["app_mentions:read", "channels:history", "reactions:read"]);
        bot_events.extend(["app_mention", "message.channels", "reaction_added"]);
    }
    Ok(json!({
        "_metadata": {"major_version": 2, "minor_version": 1},
        "display_information": {
            "name": "EM Agent",
            "description": "Approvals where you are, delivery metrics, digests and incidents",
            "background_color": "#1f2937",
        },
        "features": {
            "app_home": {"home_tab_enabled": true, "messages_tab_enabled": true, "messages_tab_read_only_enabled": true},
            "bot_user": {"display_name": "em-agent", "always_online": true},
            "slash_commands": [{
                "command": NAME,
                "url": format!("{base}/v1/slack/commands"),
                "description": "Approvals, delivery metrics, digests, incidents, search",
                "usage_hint": cut_plain(&usage_hint(), USAGE_HINT),
                "should_escape": true,
            }],
        },
        "oauth_config": {"scopes": {"bot": scopes}},
        "settings": {
            "event_subscriptions": {"request_url": events, "bot_events": bot_events},
            "interactivity": {"is_enabled": true, "request_url": format!("{base}/v1/slack/interactions")},
            "org_deploy_enabled": false,
            "socket_mode_enabled": false,
            "token_rotation_enabled": false,
        },
    }))
}

/// The address that opens Slack with the manifest filled in.
pub fn one_click(manifest: &Value) -> String {
    let encoded: String = byte_serialize(manifest.to_string().as_bytes()).collect();
    // A plus is a space only in forms.
    format!("https://api.slack.com/apps?new_app=1&manifest_json={}", encoded.replace('+', "%20"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn made(public_url: &str, tenant: &str, listens: bool) -> Result<Value, ManifestError> {
        let tenant: TenantId = tenant.parse().expect("a tenant");
        manifest(Wanted { public_url, tenant: &tenant, listens })
    }

    #[test]
    fn the_manifest_keeps_to_slacks_limits_and_asks_for_no_more_than_it_needs() {
        let made_for_acme = made("https://em.example.com/", "acme", false).expect("made");
        let at = |pointer: &str| made_for_acme.pointer(pointer).and_then(Value::as_str).unwrap_or_default().to_owned();
        assert_eq!(at("/settings/event_subscriptions/request_url"), "https://em.example.com/t/acme/webhooks/slack");
        assert_eq!(at("/features/slash_commands/0/url"), "https://em.example.com/v1/slack/commands");
        assert!(at("/display_information/name").len() <= 35 && at("/display_information/description").len() <= 140);
        let hint = at("/features/slash_commands/0/usage_hint");
        assert!(hint.len() <= USAGE_HINT && !hint.ends_with('…'), "{} is too long a hint", hint.len());
        assert!(!made_for_acme.to_string().contains("history"));
        let listening = made("https://a.example", "default", true).expect("made").to_string();
        assert!(listening.contains("channels:history") && listening.contains("\"https://a.example/webhooks/slack\""));
    }

    #[test]
    fn what_slack_could_not_call_is_refused() {
        for url in ["http://localhost:8000", "", "https://a b.example"] {
            assert_eq!(made(url, "default", false), Err(ManifestError::NotHttps), "{url}");
        }
    }

    #[test]
    fn the_link_gives_back_the_manifest() {
        let made = made("https://em.example.com", "default", false).expect("made");
        let link = one_click(&made);
        let query = link.split_once('?').expect("a query").1;
        let (_, back) =
            form_urlencoded::parse(query.as_bytes()).find(|(name, _)| name == "manifest_json").expect("there");
        assert_eq!(serde_json::from_str::<Value>(&back).expect("JSON"), made);
        assert!(link.len() < 8_000 && link.is_ascii(), "{}", link.len());
    }
}
