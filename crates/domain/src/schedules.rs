//! When something is due again: cron with five fields in somebody's own time zone. Pure: the time is passed in.
//!
//! A time that the clock jumps over when summer begins is due at the first moment after it; one that there is twice when
//! summer ends is due the first time only, unless the schedule runs every hour or oftener: that goes on evenly.

use chrono::{DateTime, TimeDelta, Utc};
use chrono_tz::Tz;
use croner::Cron;
use croner::parser::{CronParser, Seconds, Year};

/// Nobody reads digests oftener.
const LEAST_APART: TimeDelta = TimeDelta::minutes(5);
/// Slots that are looked at to know how far apart they are: two days of the shortest distance.
const LOOKED_AT: usize = 600;

/// Why a schedule cannot be.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoSchedule {
    #[error(
        "a schedule has five fields: minute, hour, day of the month, month, day of the week, as in `0 9 * * 1-5` ({0})"
    )]
    Unread(String),
    #[error("no time zone is called so; take an IANA name like Europe/Berlin")]
    NoZone,
    #[error("it never comes: no such day is in the calendar")]
    Never,
    #[error("it comes oftener than every five minutes; leave more time between")]
    TooOften,
}

/// A schedule that was read.
#[derive(Clone, Debug)]
pub struct Schedule {
    cron: Cron,
    zone: Tz,
}

impl Schedule {
    /// Reads it as it stands.
    pub fn read(cron: &str, zone: &str) -> Result<Self, NoSchedule> {
        let zone: Tz = zone.parse().map_err(|_| NoSchedule::NoZone)?;
        let parser = CronParser::builder().seconds(Seconds::Disallowed).year(Year::Disallowed).build();
        let cron = parser.parse(cron.trim()).map_err(|error| NoSchedule::Unread(error.to_string()))?;
        Ok(Self { cron, zone })
    }

    /// Reads one that is to be kept: it must come, and not too often.
    pub fn new(cron: &str, zone: &str, now: DateTime<Utc>) -> Result<Self, NoSchedule> {
        let schedule = Self::read(cron, zone)?;
        let mut before = schedule.next(now).ok_or(NoSchedule::Never)?;
        for _ in 0..LOOKED_AT {
            let Some(next) = schedule.next(before) else { break };
            if next - before < LEAST_APART {
                return Err(NoSchedule::TooOften);
            }
            before = next;
        }
        Ok(schedule)
    }

    /// The first slot after a time. `None`: there is none in sight.
    pub fn next(&self, after: DateTime<Utc>) -> Option<DateTime<Utc>> {
        let local = after.with_timezone(&self.zone);
        let found = self.cron.find_next_occurrence(&local, false).ok()?.to_utc();
        // A clock that goes back must not make it due twice.
        (found > after).then_some(found)
    }

    /// The last slot before a time.
    pub fn previous(&self, before: DateTime<Utc>) -> Option<DateTime<Utc>> {
        let local = before.with_timezone(&self.zone);
        let found = self.cron.find_previous_occurrence(&local, false).ok()?.to_utc();
        (found < before).then_some(found)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().expect("a time")
    }

    fn berlin(cron: &str) -> Schedule {
        Schedule::new(cron, "Europe/Berlin", at("2026-01-01T00:00:00Z")).expect("a schedule")
    }

    #[test]
    fn nine_is_nine_where_people_are() {
        let weekdays = berlin("0 9 * * 1-5");
        for (after, next) in [
            ("2026-01-02T07:59:59Z", "2026-01-02T08:00:00Z"),
            ("2026-01-02T08:00:00Z", "2026-01-05T08:00:00Z"),
            ("2026-03-27T08:00:00Z", "2026-03-30T07:00:00Z"),
            ("2026-10-23T07:00:00Z", "2026-10-26T08:00:00Z"),
        ] {
            assert_eq!(weekdays.next(at(after)), Some(at(next)), "after {after}");
        }
        assert_eq!(weekdays.previous(at("2026-01-05T08:00:00Z")), Some(at("2026-01-02T08:00:00Z")));
    }

    #[test]
    fn the_hour_that_summer_skips_is_not_lost() {
        let night = berlin("30 2 * * *");
        let first = night.next(at("2026-03-28T12:00:00Z")).expect("a slot");
        assert_eq!(first, at("2026-03-29T01:00:00Z"), "02:30 is no time of that day: at the first moment after it");
        assert_eq!(night.next(first), Some(at("2026-03-30T00:30:00Z")));
    }

    #[test]
    fn the_hour_that_there_is_twice_comes_once() {
        let night = berlin("30 2 * * *");
        let first = night.next(at("2026-10-24T12:00:00Z")).expect("a slot");
        assert_eq!(first, at("2026-10-25T00:30:00Z"));
        assert_eq!(night.next(first), Some(at("2026-10-26T01:30:00Z")));
    }

    #[test]
    fn slots_go_up_and_end() {
        let hourly = berlin("0 * * * *");
        let mut now = at("2026-10-24T22:30:00Z");
        for _ in 0..6 {
            let next = hourly.next(now).expect("a slot");
            assert!(next > now && next - now <= TimeDelta::hours(1), "{now} {next}");
            now = next;
        }
    }

    #[test]
    fn what_cannot_be_is_said() {
        let new = |cron: &str, zone: &str| Schedule::new(cron, zone, at("2026-01-01T00:00:00Z")).err();
        assert_eq!(new("0 9 * * 1-5", "Mars/Base"), Some(NoSchedule::NoZone));
        assert_eq!(new("* * * * *", "UTC"), Some(NoSchedule::TooOften));
        assert_eq!(new("0,1 9 * * *", "UTC"), Some(NoSchedule::TooOften));
        assert_eq!(new("0 9 30 2 *", "UTC"), Some(NoSchedule::Never));
        for unread in ["", "9", "0 0 9 * * 1-5", "61 9 * * *", "0 9 * * mon-", "@every 5s"] {
            assert!(matches!(new(unread, "UTC"), Some(NoSchedule::Unread(_))), "{unread}");
        }
        assert_eq!(new("*/5 * * * *", "UTC"), None);
    }
}
