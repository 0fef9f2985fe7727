//! Answers after the first three seconds, through a `response_url`: five posts in half an hour, and only to Slack's own host.
//!
//! The address lets whoever has it write in Slack: it is never logged and never kept.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use slack::answers::{Answer, RESPONSE_SECONDS, RESPONSES};
use slack::client::{Client, Outcome};

/// Where Slack cannot be reached.
const PAUSE: Duration = Duration::from_secs(2);

pub(super) struct Later {
    url: Option<String>,
    until: DateTime<Utc>,
    left: usize,
}

impl Later {
    /// `given_at`: when Slack gave the address.
    pub(super) fn new(url: Option<String>, given_at: DateTime<Utc>) -> Self {
        let url = url.filter(|url| !url.is_empty());
        Self { url, until: given_at + TimeDelta::seconds(RESPONSE_SECONDS), left: RESPONSES }
    }

    /// Says it once. `false`: nobody heard it. What may have been heard is not said again.
    pub(super) async fn say(&mut self, client: &Client, answer: &Answer) -> bool {
        let Some(url) = self.url.clone() else { return false };
        while self.left > 0 && Utc::now() < self.until {
            self.left -= 1;
            match heard(client.respond(&url, answer).await) {
                Heard::Yes => return true,
                Heard::Never => return false,
                Heard::NotYet(pause) => tokio::time::sleep(pause).await,
            }
        }
        tracing::warn!("an answer did not reach who asked in Slack within its time");
        false
    }
}

enum Heard {
    Yes,
    Never,
    /// It may be said again after this.
    NotYet(Duration),
}

fn heard(outcome: Outcome<()>) -> Heard {
    match outcome {
        Outcome::Ok(()) => Heard::Yes,
        Outcome::RateLimited { retry_after } => Heard::NotYet(retry_after),
        Outcome::Unreachable { .. } => Heard::NotYet(PAUSE),
        Outcome::Refused(refused) => {
            tracing::warn!(why = %refused, "an answer did not reach who asked in Slack");
            Heard::Never
        }
        Outcome::Unknown { why } => {
            tracing::warn!(why, "nobody knows whether an answer reached who asked in Slack; it is not said again");
            Heard::Yes
        }
    }
}
