//! Webhooks that we send, signed as Standard Webhooks says: id, time and body under every live secret.
//!
//! The address comes from data, so it is reached through a guarded client only. The id stays the same however often it
//! is sent: whoever receives it can tell a repetition. https://www.standardwebhooks.com

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use domain::canonical::to_canonical;
use hmac::{Hmac, KeyInit, Mac};
use outbound::{Answer, Outbound, OutboundError, Request};
use secrecy::{ExposeSecret, SecretBox, SecretString};
use serde_json::{Value, json};
use sha2::Sha256;

use crate::outcome::{Outcome, Refused, of_error};

/// Seconds from the first try to the second, from there to the third, …: ten tries in a little over three days.
pub const WAITS_SECONDS: [i64; 9] = [5, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400];

/// When it is tried again after try number `attempt` (the first is 1) went wrong. `None`: no more.
pub fn next_try(attempt: u32, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
    let place = usize::try_from(attempt.checked_sub(1)?).ok()?;
    WAITS_SECONDS.get(place).map(|seconds| now + TimeDelta::seconds(*seconds))
}

/// Where a receiver says that it is too much, but not until when; and whatever it says.
const REST_SECONDS: i64 = 60;
const LONGEST_REST_SECONDS: i64 = 86_400;

/// A secret that we sign with: `whsec_` and base64 of 24 to 64 bytes.
pub struct Secret(SecretBox<Vec<u8>>);

/// The text is no signing secret.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("a signing secret is whsec_ and base64 of 24 to 64 random bytes")]
pub struct NotASecret;

impl Secret {
    pub fn parse(text: &SecretString) -> Result<Self, NotASecret> {
        let text = text.expose_secret().trim();
        let bytes = STANDARD.decode(text.strip_prefix("whsec_").ok_or(NotASecret)?).map_err(|_| NotASecret)?;
        if !(24..=64).contains(&bytes.len()) {
            return Err(NotASecret);
        }
        Ok(Self(SecretBox::new(Box::new(bytes))))
    }

    /// `v1,` and the signature.
    fn sign(&self, id: &str, timestamp: i64, body: &[u8]) -> Option<String> {
        let mut mac = Hmac::<Sha256>::new_from_slice(self.0.expose_secret()).ok()?;
        mac.update(format!("{id}.{timestamp}.").as_bytes());
        mac.update(body);
        Some(format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes())))
    }
}

/// The three headers of a message, one signature for each secret.
pub fn headers(id: &str, timestamp: i64, body: &[u8], secrets: &[Secret]) -> Vec<(String, String)> {
    let signatures: Vec<String> = secrets.iter().filter_map(|secret| secret.sign(id, timestamp, body)).collect();
    vec![
        ("webhook-id".to_owned(), id.to_owned()),
        ("webhook-timestamp".to_owned(), timestamp.to_string()),
        ("webhook-signature".to_owned(), signatures.join(" ")),
    ]
}

/// What is told.
#[derive(Clone, Copy, Debug)]
pub struct Message<'a> {
    /// `deployment.finished`.
    pub kind: &'a str,
    /// When it happened.
    pub at: DateTime<Utc>,
    pub data: &'a Value,
}

/// Sends webhooks.
pub struct Webhooks {
    outbound: Outbound,
    secrets: Vec<Secret>,
}

impl Webhooks {
    /// `guarded` is a client of [`Outbound::guarded`]; `secrets` has the active one first. Without one nothing is sent.
    pub fn new(guarded: Outbound, secrets: Vec<Secret>) -> Self {
        Self { outbound: guarded, secrets }
    }

    /// Sends once. Whatever is not acknowledged may be sent again under the same id.
    pub async fn send(&self, url: &str, id: &str, message: Message<'_>, now: DateTime<Utc>) -> Outcome<()> {
        if self.secrets.is_empty() {
            return Outcome::refuse("webhooks are signed: set OUTGOING_WEBHOOK_SECRETS");
        }
        if !self.outbound.is_guarded() {
            return Outcome::refuse("webhooks go to addresses that come from data: they need a guarded client");
        }
        let at = message.at.to_rfc3339_opts(SecondsFormat::Millis, true);
        let said = json!({"type": message.kind, "timestamp": at, "data": message.data});
        let body = to_canonical(&said).into_bytes();
        let mut headers = headers(id, now.timestamp(), &body, &self.secrets);
        headers.push(("content-type".to_owned(), "application/json".to_owned()));
        match self.outbound.send(Request::post(url, headers, body)).await {
            Ok(answer) => judge(&answer, now),
            // What a receiver chats about is not read; that it took the message is enough.
            Err(OutboundError::TooLarge { status, .. }) if status.is_success() => Outcome::Done(()),
            Err(error) => of_error(&error, false),
        }
    }
}

fn judge(answer: &Answer, now: DateTime<Utc>) -> Outcome<()> {
    let why = || format!("the receiver answered with status {}", answer.status.as_u16());
    let rest = || {
        let seconds = answer.header("retry-after").and_then(|text| text.trim().parse::<i64>().ok());
        now + TimeDelta::seconds(seconds.unwrap_or(REST_SECONDS).clamp(1, LONGEST_REST_SECONDS))
    };
    match answer.status.as_u16() {
        200..=299 => Outcome::Done(()),
        410 => {
            Outcome::Refused(Refused { status: Some(410), message: "the receiver wants no more webhooks".to_owned() })
        }
        429 => Outcome::Wait { until: rest() },
        503 if answer.header("retry-after").is_some() => Outcome::Wait { until: rest() },
        500..=599 => Outcome::Unknown { why: why() },
        _ => Outcome::Unreachable { why: why() },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secret(text: &str) -> Result<Secret, NotASecret> {
        Secret::parse(&SecretString::from(text.to_owned()))
    }

    fn signature(secrets: &[&str], id: &str, timestamp: i64, body: &str) -> String {
        let secrets: Vec<Secret> = secrets.iter().map(|text| secret(text).expect("a secret")).collect();
        let headers = headers(id, timestamp, body.as_bytes(), &secrets);
        headers.into_iter().find(|(name, _)| name == "webhook-signature").expect("signed").1
    }

    /// Vectors of the reference libraries and of Svix.
    #[test]
    fn signatures_are_those_of_other_peoples_libraries() {
        let first = ("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
        let (id, body) = ("msg_p5jXN8AQM9LWM0D4loKWxJek", r#"{"test": 2432232314}"#);
        assert_eq!(signature(&[first.0], id, 1_614_265_330, body), first.1);
        let second = ("whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD", "v1,tZ1I4/hDygAJgO5TYxiSd6Sd0kDW6hPenDe+bTa3Kkw=");
        let (other, told) =
            ("msg_27UH4WbU6Z5A5EzD8u03UvzRbpk", r#"{"email":"test@example.com","username":"test_user"}"#);
        assert_eq!(signature(&[second.0], other, 1_649_367_553, told), second.1);
        let both = signature(&[second.0, first.0], id, 1_614_265_330, body);
        assert_eq!(both.split(' ').nth(1), Some(first.1), "one signature for each secret while they are rotated");
    }

    #[test]
    fn a_secret_is_long_enough_and_marked() {
        for bad in ["", "whsec_", "whsec_c2hvcnQ=", "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "whsec_???"] {
            assert!(secret(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn ten_tries_in_about_three_days() {
        let start = DateTime::UNIX_EPOCH;
        let (mut at, mut attempt) = (start, 1);
        while let Some(next) = next_try(attempt, at) {
            (at, attempt) = (next, attempt + 1);
        }
        assert_eq!((attempt, (at - start).num_hours()), (10, 75));
        assert_eq!(next_try(0, start), None);
    }
}
