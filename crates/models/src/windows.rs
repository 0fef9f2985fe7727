//! The calendar windows of budgets: days and months in a time zone. Pure.
//!
//! A window is named by its date there, so that clocks that are put back or forward neither make one nor lose one.

use chrono::{DateTime, Datelike, Days, Months, NaiveDate, NaiveTime, TimeDelta, TimeZone, Utc};
use chrono_tz::Tz;

/// How long a window is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Length {
    Day,
    Month,
}

/// One window.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Window {
    /// `2026-11-22` or `2026-11`.
    pub name: String,
    /// Its first moment.
    pub from: DateTime<Utc>,
    /// The first moment after it.
    pub until: DateTime<Utc>,
}

/// The zone of that name; UTC where there is none.
pub fn zone(name: Option<&str>) -> Tz {
    name.and_then(|name| name.parse().ok()).unwrap_or(Tz::UTC)
}

/// The window that `now` is in.
pub fn window(length: Length, zone: Tz, now: DateTime<Utc>) -> Window {
    let today = now.with_timezone(&zone).date_naive();
    let (first, next) = match length {
        Length::Day => (today, today + Days::new(1)),
        Length::Month => {
            let first = today.with_day(1).unwrap_or(today);
            (first, first + Months::new(1))
        }
    };
    let name = match length {
        Length::Day => first.format("%Y-%m-%d").to_string(),
        Length::Month => first.format("%Y-%m").to_string(),
    };
    Window { name, from: begin(first, zone), until: begin(next, zone) }
}

/// The first moment of a day. Where clocks are put forward at midnight, it begins later than at 0:00; where they are put back
/// over midnight, at the first of the two.
fn begin(day: NaiveDate, zone: Tz) -> DateTime<Utc> {
    let midnight = day.and_time(NaiveTime::MIN);
    let minutes = (0..=24 * 60).step_by(15).map(|minutes| midnight + TimeDelta::minutes(minutes));
    let first = minutes.filter_map(|time| zone.from_local_datetime(&time).earliest()).next();
    first.map_or_else(|| midnight.and_utc(), |first| first.with_timezone(&Utc))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().expect("a time")
    }

    fn day(zone: Tz, now: &str) -> (String, DateTime<Utc>, DateTime<Utc>) {
        let Window { name, from, until } = window(Length::Day, zone, at(now));
        (name, from, until)
    }

    #[test]
    fn a_day_is_that_of_the_zone() {
        let (name, from, until) = day(Tz::America__New_York, "2026-11-22T03:00:00Z");
        assert_eq!(
            (name.as_str(), from, until),
            ("2026-11-21", at("2026-11-21T05:00:00Z"), at("2026-11-22T05:00:00Z"))
        );
        let (name, ..) = day(Tz::Pacific__Auckland, "2026-11-22T12:00:00Z");
        assert_eq!(name, "2026-11-23");
    }

    #[test]
    fn days_on_which_clocks_change_are_shorter_and_longer_and_none_is_lost() {
        let hours = |now: &str| {
            let (_, from, until) = day(Tz::Europe__Berlin, now);
            (until - from).num_hours()
        };
        assert_eq!(
            (hours("2026-03-29T12:00:00Z"), hours("2026-10-25T12:00:00Z"), hours("2026-11-22T12:00:00Z")),
            (23, 25, 24)
        );
        // 2:30 is twice, in one window.
        let twice = ["2026-10-25T00:30:00Z", "2026-10-25T01:30:00Z"];
        assert!(twice.iter().all(|now| day(Tz::Europe__Berlin, now).0 == "2026-10-25"));
        // In Beirut the clock goes from 23:59 to 1:00.
        let (name, from, _) = day(Tz::Asia__Beirut, "2026-03-29T12:00:00Z");
        assert_eq!((name.as_str(), from), ("2026-03-29", at("2026-03-28T22:00:00Z")));
        // In Havana 0:30 is twice.
        let (name, from, until) = day(Tz::America__Havana, "2026-11-01T12:00:00Z");
        assert_eq!((name.as_str(), from, (until - from).num_hours()), ("2026-11-01", at("2026-11-01T04:00:00Z"), 25));
    }

    #[test]
    fn every_moment_is_in_its_window_and_windows_follow_each_other() {
        for zone in [
            Tz::UTC,
            Tz::Europe__Berlin,
            Tz::Asia__Beirut,
            Tz::America__Havana,
            Tz::Australia__Lord_Howe,
            Tz::Asia__Kathmandu,
        ] {
            let mut now = at("2026-01-01T00:00:00Z");
            while now < at("2027-01-01T00:00:00Z") {
                for length in [Length::Day, Length::Month] {
                    let one = window(length, zone, now);
                    assert!(one.from <= now && now < one.until, "{zone} {now} {one:?}");
                    assert_eq!(window(length, zone, one.until).from, one.until, "{zone} {now}");
                    assert_ne!(window(length, zone, one.until).name, one.name);
                }
                now += TimeDelta::minutes(397);
            }
        }
    }

    #[test]
    fn a_zone_that_is_none_is_utc() {
        assert_eq!(
            (zone(Some("Mars/Olympus")), zone(None), zone(Some("Europe/Berlin"))),
            (Tz::UTC, Tz::UTC, Tz::Europe__Berlin)
        );
        let month = window(Length::Month, Tz::UTC, at("2026-12-31T23:59:59Z"));
        assert_eq!((month.name.as_str(), month.until), ("2026-12", at("2027-01-01T00:00:00Z")));
    }
}
