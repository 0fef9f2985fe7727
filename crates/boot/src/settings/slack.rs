//! How we post to Slack. What Slack signs with stands with the sources.

use secrecy::SecretString;

use super::addresses;
use super::reader::Reader;

/// Without a token nothing is posted but reports through an incoming webhook.
#[derive(Clone, Debug)]
pub struct SlackSettings {
    pub bot_token: Option<SecretString>,
    /// An incoming webhook, which stands for `default_channel` where there is no token.
    pub webhook_url: Option<SecretString>,
    /// Where goes what has no better place: an id, or a name with `#`.
    pub default_channel: Option<String>,
    /// Ends in `/api/`.
    pub api_url: String,
    /// Messages of one tenant in one day; 0 posts none. Updates of messages are not counted.
    pub max_daily_posts: u32,
}

impl SlackSettings {
    pub(super) fn read(reader: &mut Reader<'_>) -> Self {
        Self {
            bot_token: reader.token("SLACK_BOT_TOKEN"),
            webhook_url: reader.hidden("SLACK_WEBHOOK_URL", "https://hooks.slack.com/services/…", addresses::http_url),
            default_channel: reader.parsed("SLACK_DEFAULT_CHANNEL", "a channel: its id, or #name", channel),
            api_url: reader
                .parsed("SLACK_API_URL", "https://…/api/", api_url)
                .unwrap_or("https://slack.com/api/".to_owned()),
            max_daily_posts: reader.number("MAX_DAILY_SLACK_POSTS", 0..=1_000_000, 1000),
        }
    }
}

fn channel(text: &str) -> Option<String> {
    let name = text.strip_prefix('#').unwrap_or(text);
    let is_name =
        !name.is_empty() && name.chars().count() <= 80 && !name.contains(|c: char| c.is_whitespace() || c == '#');
    is_name.then(|| text.to_owned())
}

fn api_url(text: &str) -> Option<String> {
    let url = addresses::http_url(text)?;
    url.ends_with("/api").then(|| format!("{url}/"))
}
