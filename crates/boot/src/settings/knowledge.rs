//! What is read elsewhere and with which proofs. Nothing secret stands in a crawl's definition: it comes from here.

use std::time::Duration;

use secrecy::SecretString;

use super::addresses;
use super::reader::Reader;

/// Reading other systems. What has no token is not read, or without one where that is allowed (GitHub).
#[derive(Clone, Debug)]
pub struct KnowledgeSettings {
    /// Searches of one tenant in one day.
    pub max_daily_searches: u32,
    /// From one run of a crawl to the next, where it does not say; zero: only when somebody asks.
    pub crawl_interval: Duration,
    /// Owner and repository of the crawl that is there without anybody making it.
    pub github_repo: Option<(String, String)>,
    /// With `/wiki` where it is Atlassian's cloud; without a slash at its end.
    pub confluence_url: Option<String>,
    pub confluence_email: Option<String>,
    pub confluence_token: Option<SecretString>,
    pub linear_url: String,
    pub linear_key: Option<SecretString>,
    pub shortcut_url: String,
    pub shortcut_token: Option<SecretString>,
    pub pagerduty_url: String,
    pub pagerduty_token: Option<SecretString>,
}

const WEB: &str = "http://… or https://…";

impl KnowledgeSettings {
    pub(super) fn read(reader: &mut Reader<'_>) -> Self {
        let owner = reader.parsed("CRAWL_GH_OWNER", "a GitHub owner", name);
        let repo = reader.parsed("CRAWL_GH_REPO", "a GitHub repository without its owner", name);
        if owner.is_some() != repo.is_some() {
            reader.refuse("CRAWL_GH_REPO", "one of CRAWL_GH_OWNER and CRAWL_GH_REPO", "both, or none");
        }
        let mut url =
            |name, usual: &str| reader.parsed(name, WEB, addresses::http_url).unwrap_or_else(|| usual.to_owned());
        let linear_url = url("LINEAR_API_URL", "https://api.linear.app/graphql");
        let shortcut_url = url("SHORTCUT_API_URL", "https://api.app.shortcut.com/api/v3");
        let pagerduty_url = url("PAGERDUTY_API_URL", "https://api.pagerduty.com");
        Self {
            max_daily_searches: reader.number("MAX_DAILY_RAG_SEARCHES", 0..=10_000_000, 5000),
            crawl_interval: Duration::from_secs(reader.number("CRAWLER_INTERVAL_SEC", 0..=31_536_000, 0)),
            github_repo: owner.zip(repo),
            confluence_url: reader.parsed("CONFLUENCE_BASE_URL", WEB, addresses::http_url),
            confluence_email: reader.parsed(
                "CONFLUENCE_EMAIL",
                "an email address or a user's name, without ':'",
                login,
            ),
            confluence_token: reader.token("CONFLUENCE_TOKEN"),
            linear_url,
            linear_key: reader.token("LINEAR_API_KEY"),
            shortcut_url,
            shortcut_token: reader.token("SHORTCUT_API_TOKEN"),
            pagerduty_url,
            pagerduty_token: reader.token("PAGERDUTY_API_TOKEN"),
        }
    }
}

fn login(text: &str) -> Option<String> {
    (!text.contains(|c: char| c == ':' || c.is_whitespace() || c.is_control())).then(|| text.to_owned())
}

fn name(text: &str) -> Option<String> {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    (!text.starts_with('.') && text.chars().all(plain) && text.len() <= 100).then(|| text.to_owned())
}
