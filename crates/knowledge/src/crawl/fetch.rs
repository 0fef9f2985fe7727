//! Asking other systems: bounded in requests and bytes, tried again with patience, each with its own proof.

use std::sync::Arc;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use boot::Settings;
use boot::settings::KnowledgeSettings;
use domain::text::percent_encoded;
use outbound::{Answer, Outbound, OutboundError, Request, StatusCode};
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;

/// For one exchange.
const TIMEOUT: Duration = Duration::from_secs(30);
const MOST_ANSWER_BYTES: usize = 16 << 20;
/// Tries of a request, the first among them.
const TRIES: u32 = 4;
/// Who asks for longer is asked by the next run.
const MOST_PATIENCE: Duration = Duration::from_secs(60);

/// What one run may use.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    pub requests: i32,
    pub bytes: i64,
    /// The pause before the second try; it doubles.
    pub pause: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self { requests: 2000, bytes: 256 << 20, pause: Duration::from_millis(500) }
    }
}

/// Why a source gives nothing, for people. No address, no proof and no answer is repeated.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CrawlError {
    #[error("{0} is not set: without it this cannot be read")]
    Unset(&'static str),
    #[error("the run's share of requests and bytes is used up; the next run goes on")]
    Limit,
    #[error("{0} asks to come again later; the next run goes on")]
    Later(&'static str),
    #[error("{system} answered {status}: {hint}")]
    Refused { system: &'static str, status: u16, hint: &'static str },
    #[error("{system} did not answer: {why}")]
    Unanswered { system: &'static str, why: &'static str },
    #[error("{system} answered what is not understood: {what}")]
    Unread { system: &'static str, what: &'static str },
}

impl CrawlError {
    /// Whether nothing is wrong: the next run goes on.
    pub fn is_limit(&self) -> bool {
        matches!(self, Self::Limit | Self::Later(_))
    }
}

/// Asks, and counts what was asked. One for each run.
#[derive(Clone)]
pub struct Fetch {
    client: Outbound,
    pub(super) settings: Arc<KnowledgeSettings>,
    pub(super) github_url: String,
    pub(super) github_token: Option<SecretString>,
    limits: Limits,
    requests: i32,
    bytes: i64,
}

impl Fetch {
    pub(super) fn of(settings: &Settings, limits: Limits) -> Result<Self, OutboundError> {
        Ok(Self {
            client: Outbound::new(TIMEOUT, MOST_ANSWER_BYTES)?,
            settings: Arc::new(settings.knowledge.clone()),
            github_url: settings.apis.github_url.clone(),
            github_token: settings.apis.github_token.clone(),
            limits,
            requests: 0,
            bytes: 0,
        })
    }

    /// One that has used nothing.
    pub(super) fn begin(&self) -> Self {
        Self { requests: 0, bytes: 0, ..self.clone() }
    }

    pub(super) fn used(&self) -> (i32, i64) {
        (self.requests, self.bytes)
    }

    /// JSON of a system; `None`: there is no such thing (404, 410).
    pub(super) async fn json(&mut self, system: &'static str, request: Request) -> Result<Option<Value>, CrawlError> {
        let mut pause = self.limits.pause;
        for tried in 1..=TRIES {
            if self.requests >= self.limits.requests || self.bytes >= self.limits.bytes {
                return Err(CrawlError::Limit);
            }
            self.requests += 1;
            match self.client.send(request.clone()).await {
                Ok(answer) if again(&answer) => {
                    let wait = asked_wait(&answer).unwrap_or(pause);
                    if wait > MOST_PATIENCE {
                        return Err(CrawlError::Later(system));
                    }
                    pause = wait.max(pause);
                    if tried == TRIES {
                        return refused(system, answer.status);
                    }
                }
                Ok(answer) => {
                    self.bytes += i64::try_from(answer.body.len()).unwrap_or(i64::MAX);
                    return read(system, &answer);
                }
                Err(OutboundError::TooLarge { .. }) => {
                    return Err(CrawlError::Unread { system, what: "it is too large" });
                }
                Err(error) if tried == TRIES => return Err(CrawlError::Unanswered { system, why: error.kind() }),
                Err(_) => {}
            }
            tokio::time::sleep(pause).await;
            pause *= 2;
        }
        Err(CrawlError::Later(system))
    }
}

fn again(answer: &Answer) -> bool {
    let is_spent = answer.header("x-ratelimit-remaining") == Some("0") && answer.status == StatusCode::FORBIDDEN;
    answer.status == StatusCode::TOO_MANY_REQUESTS || answer.status.is_server_error() || is_spent
}

fn asked_wait(answer: &Answer) -> Option<Duration> {
    answer.header("retry-after")?.trim().parse().ok().map(Duration::from_secs)
}

fn read(system: &'static str, answer: &Answer) -> Result<Option<Value>, CrawlError> {
    if matches!(answer.status, StatusCode::NOT_FOUND | StatusCode::GONE) {
        return Ok(None);
    }
    if !answer.status.is_success() {
        return refused(system, answer.status);
    }
    let json = serde_json::from_slice(&answer.body);
    json.map(Some).map_err(|_| CrawlError::Unread { system, what: "it is no JSON" })
}

fn refused<T>(system: &'static str, status: StatusCode) -> Result<T, CrawlError> {
    let hint = match status.as_u16() {
        401 | 403 => "look at the token and what it may read",
        300..=399 => "the address in the settings is another one now",
        429 | 500.. => "it is tried again by the next run",
        _ => "look at the crawl's parameters",
    };
    Err(CrawlError::Refused { system, status: status.as_u16(), hint })
}

/// A header that proves who asks.
pub(super) fn proof(scheme: &str, token: &SecretString) -> (String, String) {
    ("authorization".to_owned(), format!("{scheme}{}", token.expose_secret()))
}

pub(super) fn basic(user: &str, token: &SecretString) -> (String, String) {
    let pair = STANDARD.encode(format!("{user}:{}", token.expose_secret()));
    ("authorization".to_owned(), format!("Basic {pair}"))
}

/// A text within an address.
pub(super) fn part(text: &str) -> String {
    percent_encoded(text, b"-_.~")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stands_in_an_address_cannot_leave_its_place() {
        assert_eq!(part("a/../b?c=d&e#f ä"), "a%2F..%2Fb%3Fc%3Dd%26e%23f%20%C3%A4");
    }
}
