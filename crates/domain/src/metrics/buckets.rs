//! The points of a trend: a range cut at the begins of local days, ISO weeks, months or longer.

use chrono::{DateTime, Datelike, Days, Months, NaiveDate, TimeDelta, Utc};
use chrono_tz::Tz;

use super::calendar::{begin_of, day_of};

/// A trend has so many points at most; a finer bucket gives way to a coarser one.
pub const MOST_POINTS: usize = 400;
/// Up to three months are shown by day, up to two years by week.
const DAYS_BY_DAY: i64 = 92;
const DAYS_BY_WEEK: i64 = 732;

/// What a trend is cut into.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bucket {
    Day,
    /// From Monday on.
    Week,
    Month,
    Quarter,
    Year,
    Decade,
    Century,
}

impl Bucket {
    const ALL: [(Bucket, &'static str); 7] = [
        (Bucket::Day, "day"),
        (Bucket::Week, "week"),
        (Bucket::Month, "month"),
        (Bucket::Quarter, "quarter"),
        (Bucket::Year, "year"),
        (Bucket::Decade, "decade"),
        (Bucket::Century, "century"),
    ];

    pub fn as_str(self) -> &'static str {
        Self::ALL.iter().find(|(bucket, _)| *bucket == self).map_or("day", |(_, word)| word)
    }

    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.iter().find(|(_, known)| *known == word).map(|(bucket, _)| *bucket)
    }

    /// What suits a range of so many days.
    pub fn for_days(days: i64) -> Self {
        match days {
            _ if days <= DAYS_BY_DAY => Bucket::Day,
            _ if days <= DAYS_BY_WEEK => Bucket::Week,
            _ => Bucket::Month,
        }
    }

    /// The first day of the bucket that a day lies in.
    pub fn first_day(self, day: NaiveDate) -> NaiveDate {
        let month_of = |year, month| NaiveDate::from_ymd_opt(year, month, 1).unwrap_or(day);
        match self {
            Bucket::Day => day,
            Bucket::Week => {
                day.checked_sub_days(Days::new(u64::from(day.weekday().num_days_from_monday()))).unwrap_or(day)
            }
            Bucket::Month => month_of(day.year(), day.month()),
            Bucket::Quarter => month_of(day.year(), day.month0() / 3 * 3 + 1),
            Bucket::Year => month_of(day.year(), 1),
            Bucket::Decade => month_of(day.year().div_euclid(10) * 10, 1),
            Bucket::Century => month_of(day.year().div_euclid(100) * 100, 1),
        }
    }

    /// The first day of the next bucket; none at the end of time.
    fn next(self, first: NaiveDate) -> Option<NaiveDate> {
        match self {
            Bucket::Day => first.checked_add_days(Days::new(1)),
            Bucket::Week => first.checked_add_days(Days::new(7)),
            Bucket::Month => first.checked_add_months(Months::new(1)),
            Bucket::Quarter => first.checked_add_months(Months::new(3)),
            Bucket::Year => first.checked_add_months(Months::new(12)),
            Bucket::Decade => first.checked_add_months(Months::new(120)),
            Bucket::Century => first.checked_add_months(Months::new(1_200)),
        }
    }

    fn coarser(self) -> Self {
        let place = Self::ALL.iter().position(|(bucket, _)| *bucket == self).unwrap_or_default();
        Self::ALL.get(place + 1).map_or(Bucket::Century, |(bucket, _)| *bucket)
    }
}

/// The cut of a range: when each bucket begins. The first begins at or before the range.
#[derive(Clone, Debug, PartialEq)]
pub struct Cut {
    pub bucket: Bucket,
    pub begins: Vec<DateTime<Utc>>,
}

/// Cuts a range. A bucket that would make too many points becomes a coarser one.
pub fn cut(from: DateTime<Utc>, to: DateTime<Utc>, zone: Tz, asked: Option<Bucket>) -> Cut {
    let mut bucket = asked.unwrap_or_else(|| Bucket::for_days((to - from).num_days()));
    loop {
        let begins = begins(from, to, zone, bucket, MOST_POINTS);
        if begins.len() <= MOST_POINTS || bucket == Bucket::Century {
            return Cut { bucket, begins };
        }
        bucket = bucket.coarser();
    }
}

/// When each bucket begins that two times and what lies between them are in, however many those are.
pub fn begins_of_all(first: DateTime<Utc>, last: DateTime<Utc>, zone: Tz, bucket: Bucket) -> Vec<DateTime<Utc>> {
    begins(first, last + TimeDelta::microseconds(1), zone, bucket, usize::MAX)
}

/// Stops one beyond `most`.
fn begins(from: DateTime<Utc>, to: DateTime<Utc>, zone: Tz, bucket: Bucket, most: usize) -> Vec<DateTime<Utc>> {
    let mut begins: Vec<DateTime<Utc>> = Vec::new();
    let mut day = Some(bucket.first_day(day_of(from, zone)));
    while let Some(first) = day {
        let begin = begin_of(first, zone);
        let past_end = begin >= to && !begins.is_empty();
        if past_end || begins.len() > most {
            break;
        }
        // A day that a zone has skipped begins when the next one does.
        if begins.last() != Some(&begin) {
            begins.push(begin);
        }
        day = bucket.next(first);
    }
    begins
}

#[cfg(test)]
mod tests {
    use super::*;

    fn time(text: &str) -> DateTime<Utc> {
        text.parse().expect("a time")
    }

    #[test]
    fn buckets_are_local_and_begin_at_or_before_the_range() {
        let week =
            cut(time("2026-10-21T12:00:00Z"), time("2026-11-03T00:00:00Z"), Tz::Europe__Berlin, Some(Bucket::Week));
        let begins: Vec<String> = week.begins.iter().map(|begin| begin.to_rfc3339()).collect();
        assert_eq!(
            begins,
            ["2026-10-18T22:00:00+00:00", "2026-10-25T23:00:00+00:00", "2026-11-01T23:00:00+00:00"],
            "the clocks went back between the first two"
        );
        let days = cut(time("2026-11-01T00:00:00Z"), time("2026-12-01T00:00:00Z"), Tz::UTC, None);
        assert_eq!((days.bucket, days.begins.len()), (Bucket::Day, 30));
    }

    #[test]
    fn no_range_is_too_long() {
        for (from, to, bucket) in [
            ("2025-01-01T00:00:00Z", "2026-01-01T00:00:00Z", Bucket::Week),
            ("2020-01-01T00:00:00Z", "2026-01-01T00:00:00Z", Bucket::Month),
            ("1926-01-15T00:00:00Z", "2026-01-14T00:00:00Z", Bucket::Year),
            ("0000-01-01T00:00:00Z", "9999-12-31T00:00:00Z", Bucket::Century),
        ] {
            let found = cut(time(from), time(to), Tz::Asia__Kolkata, None);
            assert_eq!(found.bucket, bucket, "{from} {to}");
            assert!(found.begins.len() <= MOST_POINTS && found.begins.is_sorted());
        }
        let asked = cut(time("2000-01-01T00:00:00Z"), time("2026-01-01T00:00:00Z"), Tz::UTC, Some(Bucket::Day));
        assert_eq!(asked.bucket, Bucket::Month);
        assert_eq!(cut(time("2026-01-01T00:00:00Z"), time("2026-01-01T00:00:00Z"), Tz::UTC, None).begins.len(), 1);
    }
}
