//! What an answer of GitHub means. Statuses and headers decide; of a message only the limits' wording does.
//!
//! https://docs.github.com/en/rest/using-the-rest-api/rate-limits-for-the-rest-api

use chrono::{DateTime, TimeDelta, Utc};
use domain::text;
use outbound::{Answer, OutboundError};

use crate::outcome::{Outcome, Refused, of_error};

/// Where GitHub says that we ask too much, but not until when.
const REST_SECONDS: i64 = 60;
/// Whatever it says.
const LONGEST_REST_SECONDS: i64 = 6 * 3_600;
/// Of a message that is repeated.
const MESSAGE_CHARS: usize = 300;

/// Whether a request changes anything: one that does not may always be repeated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Does {
    Read,
    Write,
}

pub(super) fn judge(sent: Result<Answer, OutboundError>, does: Does, now: DateTime<Utc>) -> Outcome<Answer> {
    let answer = match sent {
        Ok(answer) => answer,
        Err(error) => return of_error(&error, does == Does::Read),
    };
    let status = answer.status.as_u16();
    if answer.status.is_success() {
        return Outcome::Done(answer);
    }
    if let Some(until) = limit(&answer, now) {
        return Outcome::Wait { until };
    }
    let why = format!("GitHub answered with status {status}");
    match status {
        // A gateway before GitHub gives up while GitHub goes on.
        408 | 500..=599 if does == Does::Write => Outcome::Unknown { why },
        408 | 500..=599 => Outcome::Unreachable { why },
        _ => Outcome::Refused(Refused { status: Some(status), message: message(&answer) }),
    }
}

/// Until when GitHub wants to be left alone, if that is what it says.
fn limit(answer: &Answer, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
    if !matches!(answer.status.as_u16(), 403 | 429) {
        return None;
    }
    let number = |name: &str| answer.header(name).and_then(|text| text.trim().parse::<i64>().ok());
    let seconds = if let Some(seconds) = number("retry-after") {
        seconds
    } else if number("x-ratelimit-remaining") == Some(0) {
        number("x-ratelimit-reset")
            .map_or(REST_SECONDS, |reset| reset.saturating_sub(now.timestamp()).saturating_add(1))
    } else {
        let is_limit = answer.status.as_u16() == 429 || told(answer).to_ascii_lowercase().contains("rate limit");
        is_limit.then_some(REST_SECONDS)?
    };
    Some(now + TimeDelta::seconds(seconds.clamp(1, LONGEST_REST_SECONDS)))
}

fn told(answer: &Answer) -> String {
    answer.json()["message"].as_str().unwrap_or_default().to_owned()
}

/// GitHub's message, what it says about fields, and what somebody can do about it.
fn message(answer: &Answer) -> String {
    let body = answer.json();
    let mut parts = vec![told(answer)];
    for error in body["errors"].as_array().into_iter().flatten() {
        let said = error.as_str().or(error["message"].as_str()).map(str::to_owned);
        let field = || Some(format!("{} {}", error["field"].as_str()?, error["code"].as_str()?));
        parts.extend(said.or_else(field));
    }
    parts.retain(|part| !part.is_empty());
    let said = text::clean(&parts.join(": "), MESSAGE_CHARS);
    let said = if said.is_empty() { "no reason given".to_owned() } else { said };
    match advice(answer.status.as_u16()) {
        Some(advice) => format!("GitHub refused: {said}; {advice}"),
        None => format!("GitHub refused: {said}"),
    }
}

fn advice(status: u16) -> Option<&'static str> {
    match status {
        301 | 302 | 307 | 308 => Some("the repository has moved: use its new name"),
        401 => Some("set GITHUB_TOKEN, or GITHUB_APP_ID and GITHUB_APP_PRIVATE_KEY, anew"),
        403 => Some("give the token or app the permission that docs/ACTIONS.md names"),
        404 => Some("it does not exist, or the token or app may not see it"),
        410 => Some("issues are switched off in this repository"),
        _ => None,
    }
}
