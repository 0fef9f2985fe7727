//! The months into which the history of a branch is cut, so that an interrupted run has something to go on from.

use chrono::{DateTime, NaiveTime, SecondsFormat, TimeDelta, Utc};

use super::progress::Item;

const LENGTH: TimeDelta = TimeDelta::days(30);

/// From the first moment of the day of `since` to `now`: the beginning of each window, and its end as the item's time.
/// Both begin and end with whole days, so that each day is in one window.
pub(super) fn windows(since: DateTime<Utc>, now: DateTime<Utc>) -> Vec<(DateTime<Utc>, Item)> {
    let mut from = since.date_naive().and_time(NaiveTime::MIN).and_utc();
    let mut windows = Vec::new();
    while from <= now {
        let item = Item { at: from + LENGTH, id: 0, object: serde_json::Value::Null };
        windows.push((from, item));
        from += LENGTH;
    }
    windows
}

/// `since=…&until=…` of a window: both ends are inclusive.
pub(super) fn query(from: DateTime<Utc>, item: &Item) -> String {
    let until = item.at - TimeDelta::seconds(1);
    format!("since={}&until={}", spelled(from), spelled(until))
}

/// A time as a query takes it, without a sign that would have to be encoded.
pub(super) fn spelled(time: DateTime<Utc>) -> String {
    time.to_rfc3339_opts(SecondsFormat::Secs, true)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn windows_are_whole_days_without_gap_or_overlap() {
        let at = |text: &str| text.parse::<DateTime<Utc>>().expect("a time");
        let found = windows(at("2026-09-30T15:00:00Z"), at("2026-11-21T12:00:00Z"));
        let spelled: Vec<String> = found.iter().map(|(from, item)| query(*from, item)).collect();
        assert_eq!(
            spelled,
            [
                "since=2026-09-30T00:00:00Z&until=2026-10-29T23:59:59Z",
                "since=2026-10-30T00:00:00Z&until=2026-11-28T23:59:59Z"
            ]
        );
    }
}
