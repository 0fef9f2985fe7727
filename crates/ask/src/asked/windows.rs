//! Times as people say them: "last week", "yesterday", "in October", "since 2026-11-01". All in UTC; the answer says which
//! time was meant.

use chrono::{DateTime, Datelike, Months, NaiveDate, NaiveTime, TimeDelta, Utc};
use domain::calendar::MONTHS;

/// `[from, to)`.
pub(crate) type Window = (DateTime<Utc>, DateTime<Utc>);

const DAYS: [&str; 7] = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];
const SPRINT_DAYS: i64 = 14;
/// Nobody means more of any unit.
const MOST: i64 = 1_000;

/// The first time that the words name. They are lowercase and without punctuation around them.
pub(crate) fn read(words: &[&str], now: DateTime<Utc>) -> Option<Window> {
    dates(words, now).or_else(|| (0..words.len()).find_map(|place| at(words, place, now)))
}

fn at(words: &[&str], place: usize, now: DateTime<Utc>) -> Option<Window> {
    let word = words[place];
    let before = place.checked_sub(1).and_then(|place| words.get(place)).copied().unwrap_or_default();
    let next = words.get(place + 1).copied().unwrap_or_default();
    let today = begin(now.date_naive());
    match word {
        "today" => Some((today, now)),
        "yesterday" => Some((today - TimeDelta::days(1), today)),
        "this" | "current" => Some((start_of(next, now)?, now)),
        "last" | "past" | "previous" => {
            let after = words.get(place + 2).copied().unwrap_or_default();
            let rolls = word == "past" || before == "the" && word == "last";
            number(next).and_then(|count| back(count, after, now)).or_else(|| ago(next, rolls, now))
        }
        _ => short(word, now).or_else(|| named(word, before, next, now)),
    }
}

/// `7d`, `24h`, `2w`.
fn short(word: &str, now: DateTime<Utc>) -> Option<Window> {
    let unit = word.strip_prefix(|one: char| one.is_ascii_digit()).map(|_| &word[word.len() - 1..])?;
    let count = number(word.strip_suffix(unit)?)?;
    let unit = match unit {
        "h" => "hours",
        "d" => "days",
        "w" => "weeks",
        _ => return None,
    };
    back(count, unit, now)
}

fn number(word: &str) -> Option<i64> {
    const WORDS: [&str; 10] = ["one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"];
    let spelt = WORDS.iter().position(|one| *one == word).and_then(|place| i64::try_from(place + 1).ok());
    spelt.or_else(|| word.parse().ok()).filter(|count| (1..=MOST).contains(count))
}

/// The last so many of a unit.
fn back(count: i64, unit: &str, now: DateTime<Utc>) -> Option<Window> {
    let months = |each: i64| u32::try_from(count * each).ok().and_then(|all| now.checked_sub_months(Months::new(all)));
    let from = match unit.trim_end_matches('s') {
        "minute" => now - TimeDelta::minutes(count),
        "hour" => now - TimeDelta::hours(count),
        "day" => now - TimeDelta::days(count),
        "week" => now - TimeDelta::weeks(count),
        "sprint" => now - TimeDelta::days(count * SPRINT_DAYS),
        "month" => months(1)?,
        "quarter" => months(3)?,
        "year" => months(12)?,
        _ => return None,
    };
    Some((from, now))
}

/// The unit before this one; or, where it rolls, as much time as it has until now.
fn ago(unit: &str, rolls: bool, now: DateTime<Utc>) -> Option<Window> {
    if rolls || matches!(unit, "hour" | "day" | "sprint" | "24h") {
        return back(1, unit, now);
    }
    let end = start_of(unit, now)?;
    Some((start_of(unit, end - TimeDelta::seconds(1))?, end))
}

/// When the unit that a time falls in began.
fn start_of(unit: &str, at: DateTime<Utc>) -> Option<DateTime<Utc>> {
    let day = at.date_naive();
    let first = match unit {
        "day" => day,
        "week" => day - TimeDelta::days(i64::from(day.weekday().num_days_from_monday())),
        "sprint" => day - TimeDelta::days(SPRINT_DAYS),
        "month" => day.with_day(1)?,
        "quarter" => NaiveDate::from_ymd_opt(day.year(), day.month0() / 3 * 3 + 1, 1)?,
        "year" => NaiveDate::from_ymd_opt(day.year(), 1, 1)?,
        _ => return None,
    };
    Some(begin(first))
}

/// A month, a quarter or a day of the week by its name.
fn named(word: &str, before: &str, next: &str, now: DateTime<Utc>) -> Option<Window> {
    let year = next.parse().ok().filter(|year| (1970..=9999).contains(year));
    if let Some(day) = DAYS.iter().position(|day| *day == word) {
        let passed = (i64::from(now.weekday().num_days_from_monday()) + 7 - i64::try_from(day).ok()?) % 7;
        let from = begin(now.date_naive()) - TimeDelta::days(passed);
        return Some((from, if before == "since" { now } else { (from + TimeDelta::days(1)).min(now) }));
    }
    let (first, length) =
        match MONTHS.iter().position(|month| *month == word || (month.len() > 3 && &month[..3] == word)) {
            // "may" and "march" are words of their own.
            Some(month) if year.is_some() || matches!(before, "in" | "of" | "during" | "since" | "for" | "last") => {
                (u32::try_from(month).ok()? + 1, 1)
            }
            Some(_) => return None,
            None => (word.strip_prefix('q')?.parse::<u32>().ok().filter(|one| (1..=4).contains(one))? * 3 - 2, 3),
        };
    let of = |year: i32| NaiveDate::from_ymd_opt(year, first, 1).map(begin);
    let this = of(now.year())?;
    let from = match year {
        Some(year) => of(year)?,
        None if this > now => of(now.year() - 1)?,
        None => this,
    };
    Some((from, if before == "since" { now } else { from.checked_add_months(Months::new(length))? }))
}

/// Dates as they are written: one is its day, or what came since; two are what lies between, both of them too.
fn dates(words: &[&str], now: DateTime<Utc>) -> Option<Window> {
    let dated = |(place, word): (usize, &&str)| word.parse::<NaiveDate>().ok().map(|day| (place, day));
    let mut found = words.iter().enumerate().filter_map(dated);
    let (place, first) = found.next()?;
    let next = |day: NaiveDate| begin(day) + TimeDelta::days(1);
    if let Some((_, second)) = found.next() {
        return (first <= second).then(|| (begin(first), next(second)));
    }
    match place.checked_sub(1).and_then(|place| words.get(place)).copied() {
        Some("since" | "from" | "after") => Some((begin(first), now)),
        _ => Some((begin(first), next(first))),
    }
}

fn begin(day: NaiveDate) -> DateTime<Utc> {
    day.and_time(NaiveTime::MIN).and_utc()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_at(words: &str) -> Option<(String, String)> {
        // A Sunday.
        let now = "2026-11-22T10:00:00Z".parse().expect("a time");
        let words: Vec<&str> = words.split(' ').collect();
        let shown = |at: DateTime<Utc>| at.format("%Y-%m-%dT%H").to_string();
        read(&words, now).map(|(from, to)| (shown(from), shown(to)))
    }

    #[test]
    fn times_are_read_as_people_mean_them() {
        for (words, from, to) in [
            ("deploys today", "2026-11-22T00", "2026-11-22T10"),
            ("yesterday", "2026-11-21T00", "2026-11-22T00"),
            ("last week", "2026-11-09T00", "2026-11-16T00"),
            ("this week", "2026-11-16T00", "2026-11-22T10"),
            ("in the last week", "2026-11-15T10", "2026-11-22T10"),
            ("past week", "2026-11-15T10", "2026-11-22T10"),
            ("last 3 days", "2026-11-19T10", "2026-11-22T10"),
            ("past two weeks", "2026-11-08T10", "2026-11-22T10"),
            ("24h", "2026-11-21T10", "2026-11-22T10"),
            ("7d", "2026-11-15T10", "2026-11-22T10"),
            ("last month", "2026-10-01T00", "2026-11-01T00"),
            ("last quarter", "2026-07-01T00", "2026-10-01T00"),
            ("this year", "2026-01-01T00", "2026-11-22T10"),
            ("in october", "2026-10-01T00", "2026-11-01T00"),
            ("in december", "2025-12-01T00", "2026-01-01T00"),
            ("october 2024", "2024-10-01T00", "2024-11-01T00"),
            ("since october", "2026-10-01T00", "2026-11-22T10"),
            ("q3", "2026-07-01T00", "2026-10-01T00"),
            ("since monday", "2026-11-16T00", "2026-11-22T10"),
            ("on friday", "2026-11-20T00", "2026-11-21T00"),
            ("on 2026-11-02", "2026-11-02T00", "2026-11-03T00"),
            ("since 2026-11-02", "2026-11-02T00", "2026-11-22T10"),
            ("between 2026-11-02 and 2026-11-08", "2026-11-02T00", "2026-11-09T00"),
        ] {
            assert_eq!(read_at(words), Some((from.to_owned(), to.to_owned())), "{words}");
        }
    }

    #[test]
    fn other_words_are_no_times() {
        for words in ["may i deploy", "march on", "last one", "this service", "lead time", "99999d", "2026-13-01", "q9"]
        {
            assert_eq!(read_at(words), None, "{words}");
        }
    }
}
