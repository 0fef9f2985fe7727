//! Days as people in a time zone have them: when they begin, and how many of them a range is.

use chrono::{DateTime, Datelike, Days, NaiveDate, NaiveTime, TimeDelta, TimeZone, Utc};
use chrono_tz::Tz;

/// No zone has ever skipped more than a day.
const STEPS: i32 = 120;

/// The local day that a time falls on.
pub fn day_of(time: DateTime<Utc>, zone: Tz) -> NaiveDate {
    time.with_timezone(&zone).date_naive()
}

/// When a local day begins. Where a clock change skips midnight, it is the first moment after it.
pub fn begin_of(day: NaiveDate, zone: Tz) -> DateTime<Utc> {
    let midnight = day.and_time(NaiveTime::MIN);
    let quarters = (0..STEPS).map(|step| midnight + TimeDelta::minutes(15 * i64::from(step)));
    let found = quarters.filter_map(|local| zone.from_local_datetime(&local).earliest()).next();
    found.map_or_else(|| midnight.and_utc(), |time| time.to_utc())
}

/// How many local days `[from, to)` is: whole days count as one whatever their hours, a part of a day as its share.
/// With `working` only Monday to Friday count.
pub fn days_between(from: DateTime<Utc>, to: DateTime<Utc>, zone: Tz, working: bool) -> f64 {
    if from >= to {
        return 0.0;
    }
    let (first, last) = (day_of(from, zone), day_of(to, zone));
    let counted = |day: NaiveDate| !working || day.weekday().number_from_monday() <= 5;
    // How much of its day has passed at a time.
    let passed = |time: DateTime<Utc>, day: NaiveDate| {
        let (begin, end) = (begin_of(day, zone), day.checked_add_days(Days::new(1)).map(|next| begin_of(next, zone)));
        let length = end.map_or(86_400_000, |end| (end - begin).num_milliseconds()).max(1);
        ((time - begin).num_milliseconds() as f64 / length as f64).clamp(0.0, 1.0)
    };
    let whole = if working { weekdays_before(last) - weekdays_before(first) } else { (last - first).num_days() };
    let without = if counted(first) { passed(from, first) } else { 0.0 };
    let with = if counted(last) { passed(to, last) } else { 0.0 };
    whole as f64 - without + with
}

/// Mondays to Fridays before a day, from a fixed Monday on.
fn weekdays_before(day: NaiveDate) -> i64 {
    let days = i64::from(day.num_days_from_ce()) - 1; // 0001-01-01 was a Monday
    days.div_euclid(7) * 5 + days.rem_euclid(7).min(5)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn time(text: &str) -> DateTime<Utc> {
        text.parse().expect("a time")
    }

    fn days(from: &str, to: &str, zone: Tz) -> f64 {
        days_between(time(from), time(to), zone, false)
    }

    #[test]
    fn a_day_begins_when_the_clocks_say_so() {
        let begin = |day: &str, zone: Tz| begin_of(day.parse().expect("a day"), zone).to_rfc3339();
        assert_eq!(begin("2026-10-25", Tz::Europe__Berlin), "2026-10-24T22:00:00+00:00");
        assert_eq!(begin("2026-10-26", Tz::Europe__Berlin), "2026-10-25T23:00:00+00:00");
        assert_eq!(begin("2026-11-20", Tz::Asia__Kathmandu), "2026-11-19T18:15:00+00:00");
        // Midnight was skipped: the day began at one o'clock.
        assert_eq!(begin("2018-11-04", Tz::America__Sao_Paulo), "2018-11-04T03:00:00+00:00");
        // The whole day was skipped.
        assert_eq!(begin("2011-12-30", Tz::Pacific__Apia), begin("2011-12-31", Tz::Pacific__Apia));
    }

    #[test]
    fn whole_days_are_counted_and_parts_are_shares() {
        assert_eq!(days("2022-01-20T00:00:00Z", "2022-03-04T00:00:00Z", Tz::UTC), 43.0);
        assert_eq!(days("2022-03-01T12:00:00Z", "2022-03-02T06:00:00Z", Tz::UTC), 0.75);
        assert_eq!(days("2022-03-01T00:00:00Z", "2022-03-01T00:00:00Z", Tz::UTC), 0.0);
        // 49 hours, and two days.
        assert_eq!(days("2026-10-23T22:00:00Z", "2026-10-25T23:00:00Z", Tz::Europe__Berlin), 2.0);
    }

    #[test]
    fn working_days_are_monday_to_friday() {
        let working = |from, to| days_between(time(from), time(to), Tz::UTC, true);
        assert_eq!(working("2026-11-16T00:00:00Z", "2026-11-23T00:00:00Z"), 5.0); // Monday to Monday
        assert_eq!(working("2026-11-21T00:00:00Z", "2026-11-23T00:00:00Z"), 0.0); // a weekend
        assert_eq!(working("2026-11-20T12:00:00Z", "2026-11-21T12:00:00Z"), 0.5);
        assert_eq!(working("2026-11-22T12:00:00Z", "2026-11-23T06:00:00Z"), 0.25);
    }
}
