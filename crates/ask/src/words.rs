//! Numbers and times in words. Pure; the same value reads the same everywhere, so that an answer can be checked.

use chrono::{DateTime, NaiveTime, TimeDelta, Utc};
use domain::calendar;

/// How long: the two largest units, `2 h 5 min`.
pub(crate) fn duration(seconds: f64) -> String {
    calendar::duration(TimeDelta::try_seconds(seconds.max(0.0) as i64).unwrap_or(TimeDelta::MAX))
}

/// A value with its unit, as the metrics have it.
pub(crate) fn value(value: f64, unit: &str) -> String {
    match unit {
        "seconds" => duration(value),
        "ratio" => format!("{:.1} %", value * 100.0),
        _ => format!("{value:.2} a day"),
    }
}

/// `2026-11-02 12:00 UTC`.
pub(crate) fn moment(at: DateTime<Utc>) -> String {
    at.format("%Y-%m-%d %H:%M UTC").to_string()
}

/// A range: days where it is cut by days, else moments. The end is not part of it.
pub(crate) fn window(from: DateTime<Utc>, to: DateTime<Utc>) -> String {
    if from.time() != NaiveTime::MIN || to.time() != NaiveTime::MIN {
        return format!("{} to {}", moment(from), moment(to));
    }
    let last = to - TimeDelta::days(1);
    let day = |at: DateTime<Utc>| at.format("%Y-%m-%d").to_string();
    if last <= from { format!("{} (UTC)", day(from)) } else { format!("{} to {} (UTC)", day(from), day(last)) }
}

/// `lead_time` as people say it.
pub(crate) fn sentence(name: &str) -> String {
    let words = name.replace('_', " ");
    let mut letters = words.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

/// `1 change`, `2 changes`.
pub(crate) fn counted(count: i64, one: &str) -> String {
    match (count, one.split_once(" of ")) {
        (1, _) => format!("1 {one}"),
        (_, Some((thing, of))) => format!("{count} {thing}s of {of}"),
        (_, None) => format!("{count} {one}s"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().expect("a time")
    }

    #[test]
    fn values_are_said_with_their_units() {
        assert_eq!(value(7_500.0, "seconds"), "2 h 5 min");
        assert_eq!((value(0.25, "ratio"), value(1.0, "per_day")), ("25.0 %".to_owned(), "1.00 a day".to_owned()));
        assert_eq!((duration(-1.0), duration(86_400.0)), ("0 s".to_owned(), "1 d".to_owned()));
        assert_eq!(counted(2, "deployment of rework"), "2 deployments of rework");
        assert_eq!((counted(1, "change"), counted(0, "change")), ("1 change".to_owned(), "0 changes".to_owned()));
    }

    #[test]
    fn whole_days_are_said_as_days() {
        let of = |from, to| window(at(from), at(to));
        assert_eq!(of("2026-11-02T00:00:00Z", "2026-11-09T00:00:00Z"), "2026-11-02 to 2026-11-08 (UTC)");
        assert_eq!(of("2026-11-02T00:00:00Z", "2026-11-03T00:00:00Z"), "2026-11-02 (UTC)");
        assert_eq!(of("2026-11-02T00:00:00Z", "2026-11-02T10:30:00Z"), "2026-11-02 00:00 UTC to 2026-11-02 10:30 UTC");
    }
}
