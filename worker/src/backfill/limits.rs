//! What an answer of an API asks of us: go on, come again later, or give up. Pure: headers in, verdict out.
//!
//! GitHub says with 403 or 429 that a limit is reached, and the headers say which: `retry-after`, or
//! `x-ratelimit-remaining: 0` with `x-ratelimit-reset`; neither is a secondary limit that asks for a minute, then more.
//! A 403 that is none of these is a refusal. GitLab says 429 with `retry-after` and `ratelimit-reset`.

use std::time::Duration;

use chrono::{DateTime, Utc};
use outbound::Answer;

/// Tries of one request that fails by itself.
const MOST_TRIES: u32 = 6;
/// After a limit's end: clocks differ.
const MARGIN: Duration = Duration::from_secs(1);
/// What a secondary limit without a time asks for.
const MINUTE: Duration = Duration::from_secs(60);

#[derive(Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    Good,
    /// There is no such thing, or it is switched off.
    Absent,
    Wait {
        pause: Duration,
        why: &'static str,
    },
    /// The token is not good.
    Unauthorized,
    /// It says no, and would again.
    Refused,
}

/// `tries` counts this one, from 1.
pub(super) fn judge(answer: &Answer, tries: u32, now: DateTime<Utc>) -> Verdict {
    let status = answer.status.as_u16();
    match status {
        200..=299 => Verdict::Good,
        401 => Verdict::Unauthorized,
        // GitHub says 409 of a repository without commits, and 410 where issues are switched off.
        404 | 409 | 410 => Verdict::Absent,
        403 | 429 => limited(answer, tries, now),
        408 | 500..=599 => again(answer, tries, now),
        _ => Verdict::Refused,
    }
}

/// The pause before an exchange that broke off is tried again.
pub(super) fn broken_off(tries: u32) -> Verdict {
    if tries >= MOST_TRIES {
        return Verdict::Refused;
    }
    Verdict::Wait { pause: Duration::from_secs(1 << tries.min(6)), why: "the API does not answer" }
}

fn again(answer: &Answer, tries: u32, now: DateTime<Utc>) -> Verdict {
    match broken_off(tries) {
        Verdict::Wait { pause, .. } => {
            let pause = retry_after(answer, now).unwrap_or(pause);
            Verdict::Wait { pause, why: "the API has a fault" }
        }
        given_up => given_up,
    }
}

fn limited(answer: &Answer, tries: u32, now: DateTime<Utc>) -> Verdict {
    let secondary = answer.status.as_u16() == 429 || answer.text().to_lowercase().contains("rate limit");
    let pause = retry_after(answer, now).or_else(|| until_reset(answer, now));
    match pause {
        Some(pause) => Verdict::Wait { pause, why: "the API's rate limit is reached" },
        None if secondary && tries < MOST_TRIES => {
            Verdict::Wait { pause: MINUTE * 2u32.pow(tries - 1), why: "the API's secondary rate limit is reached" }
        }
        None => Verdict::Refused,
    }
}

/// The pause that is due before the next request, when this answer says that no more are allowed.
pub(super) fn until_reset(answer: &Answer, now: DateTime<Utc>) -> Option<Duration> {
    let number = |names: [&str; 2]| names.iter().find_map(|name| answer.header(name)?.trim().parse::<i64>().ok());
    if number(["x-ratelimit-remaining", "ratelimit-remaining"])? > 0 {
        return None;
    }
    let reset = DateTime::from_timestamp(number(["x-ratelimit-reset", "ratelimit-reset"])?, 0)?;
    Some((reset - now).to_std().unwrap_or_default() + MARGIN)
}

/// Seconds, or a date.
fn retry_after(answer: &Answer, now: DateTime<Utc>) -> Option<Duration> {
    let text = answer.header("retry-after")?.trim();
    let seconds = text.parse().ok().map(Duration::from_secs);
    let date = || Some((DateTime::parse_from_rfc2822(text).ok()?.to_utc() - now).to_std().unwrap_or_default());
    Some(seconds.or_else(date)? + MARGIN)
}

#[cfg(test)]
mod tests {
    use outbound::StatusCode;

    use super::*;

    fn answer(status: u16, headers: &[(&str, &str)], body: &str) -> Answer {
        let headers = headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        Answer { status: StatusCode::from_u16(status).expect("a status"), headers, body: body.as_bytes().to_vec() }
    }

    /// The pause in seconds; `None`: it is no pause.
    fn pause(answer: &Answer, tries: u32) -> Option<u64> {
        match judge(answer, tries, DateTime::from_timestamp(1_000_000, 0).expect("a time")) {
            Verdict::Wait { pause, .. } => Some(pause.as_secs()),
            _ => None,
        }
    }

    #[test]
    fn a_limit_is_waited_for_as_long_as_it_says() {
        let primary = [("x-ratelimit-remaining", "0"), ("x-ratelimit-reset", "1000090")];
        assert_eq!(pause(&answer(403, &primary, ""), 1), Some(91));
        assert_eq!(pause(&answer(429, &primary, ""), 9), Some(91), "however often");
        assert_eq!(
            pause(&answer(429, &[("ratelimit-remaining", "0"), ("ratelimit-reset", "1000010")], ""), 1),
            Some(11)
        );
        assert_eq!(pause(&answer(403, &[("retry-after", "30"), primary[0], primary[1]], ""), 1), Some(31));
        assert_eq!(pause(&answer(429, &[("retry-after", "Mon, 12 Jan 1970 13:46:50 +0000")], ""), 1), Some(11));
    }

    #[test]
    fn a_secondary_limit_without_a_time_asks_for_a_minute_and_then_for_more() {
        let said = answer(403, &[("x-ratelimit-remaining", "4000")], "You have exceeded a secondary rate limit");
        assert_eq!([1, 2, 3].map(|tries| pause(&said, tries)), [Some(60), Some(120), Some(240)]);
        assert_eq!(pause(&said, MOST_TRIES), None, "not for ever");
    }

    #[test]
    fn a_fault_is_tried_again_and_a_refusal_is_not() {
        assert_eq!([1, 2, 3].map(|tries| pause(&answer(502, &[], ""), tries)), [Some(2), Some(4), Some(8)]);
        assert_eq!(pause(&answer(503, &[("retry-after", "9")], ""), 1), Some(10));
        let now = DateTime::UNIX_EPOCH;
        for (status, verdict) in [
            (200, Verdict::Good),
            (401, Verdict::Unauthorized),
            (404, Verdict::Absent),
            (409, Verdict::Absent),
            (403, Verdict::Refused),
            (301, Verdict::Refused),
            (422, Verdict::Refused),
        ] {
            assert_eq!(judge(&answer(status, &[("x-ratelimit-remaining", "12")], "no"), 1, now), verdict, "{status}");
        }
        assert_eq!(judge(&answer(500, &[], ""), MOST_TRIES, now), Verdict::Refused);
    }

    #[test]
    fn the_last_request_that_is_allowed_says_when_the_next_is() {
        let now = DateTime::from_timestamp(1_000_000, 0).expect("a time");
        let left = |left: &str| answer(200, &[("x-ratelimit-remaining", left), ("x-ratelimit-reset", "1000005")], "[]");
        assert_eq!(until_reset(&left("0"), now), Some(Duration::from_secs(6)));
        assert_eq!(until_reset(&left("1"), now), None);
    }
}
