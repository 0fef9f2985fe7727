//! One tolerant reader for the times that sources write.
//!
//! Text: RFC 3339, offsets without a colon, `2026-11-20 18:44:07 UTC`, fractions of any length. Numbers: seconds,
//! milliseconds, microseconds or nanoseconds since 1970, told apart by size. Years that mean "none" (0001, 9999) are
//! no time. Nothing here guesses a time zone: a text without one is unreadable.

use std::fmt;
use std::ops::Range;

use chrono::{DateTime, Datelike, FixedOffset, NaiveDate, SecondsFormat, Timelike, Utc};
use serde::de::{Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde::ser::Error as _;
use serde::{Deserializer, Serializer};

/// Reads a time. `None` for a text that is no time and for the years that sources use for "none".
pub fn parse(text: &str) -> Option<DateTime<Utc>> {
    let text = text.trim();
    if text.len() >= 9 && text.bytes().all(|c| c.is_ascii_digit()) {
        return from_epoch(text.parse().ok()?);
    }
    let bytes = text.as_bytes();
    let separated = |place: usize, marks: &[u8]| bytes.get(place).is_some_and(|mark| marks.contains(mark));
    let fits =
        separated(4, b"-") && separated(7, b"-") && separated(10, b"Tt ") && separated(13, b":") && separated(16, b":");
    if !fits {
        return None;
    }
    let number = |from: usize, to: usize| digits(bytes.get(from..to)?);
    let date = NaiveDate::from_ymd_opt(i32::try_from(number(0, 4)?).ok()?, number(5, 7)?, number(8, 10)?)?;
    let (nanos, zone) = fraction(bytes.get(19..)?)?;
    // A leap second is read as the last second before it: no source's clock is that exact.
    let time = date.and_hms_nano_opt(number(11, 13)?, number(14, 16)?, number(17, 19)?.min(59), nanos)?;
    meant(time.and_local_timezone(offset(zone)?).single()?.with_timezone(&Utc))
}

/// Reads a number of seconds, milliseconds, microseconds or nanoseconds since 1970: whichever is near our time.
pub fn from_epoch(number: i64) -> Option<DateTime<Utc>> {
    let size = number.unsigned_abs();
    let time = match size {
        0..100_000_000_000 => DateTime::from_timestamp(number, 0),
        100_000_000_000..100_000_000_000_000 => DateTime::from_timestamp_millis(number),
        100_000_000_000_000..100_000_000_000_000_000 => DateTime::from_timestamp_micros(number),
        _ => Some(DateTime::from_timestamp_nanos(number)),
    };
    meant(time?)
}

/// As [`from_epoch`], for a number with a fraction. What is finer than a microsecond is not kept.
pub fn from_epoch_float(number: f64) -> Option<DateTime<Utc>> {
    if number.abs() >= 100_000_000_000.0 {
        return if number.abs() < 9e18 { from_epoch(number as i64) } else { None };
    }
    meant(DateTime::from_timestamp_micros((number * 1_000_000.0).round() as i64)?)
}

/// For `deserialize_with`: a time as text or number; `null`, a sentinel and what cannot be read are absent.
pub fn lenient<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<DateTime<Utc>>, D::Error> {
    deserializer.deserialize_any(TimeVisitor { strict: false })
}

/// What [`strict`] says of a text that is no time.
pub const NO_TIME: &str = "not a time: write RFC 3339 or seconds since 1970";

/// For `deserialize_with`: as [`lenient`], but a text that is no time is an error.
pub fn strict<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<DateTime<Utc>>, D::Error> {
    deserializer.deserialize_any(TimeVisitor { strict: true })
}

/// For `serialize_with`: RFC 3339 in UTC with `Z`, and as many digits of a fraction as are needed, in groups of three. It
/// is what chrono writes; an event holds many times, and this takes a fraction of the time.
pub fn write<S: Serializer>(time: &DateTime<Utc>, serializer: S) -> Result<S::Ok, S::Error> {
    let (year, nanos) = (time.year(), time.nanosecond());
    if !(0..=9999).contains(&year) || nanos > 999_999_999 {
        return serializer.serialize_str(&time.to_rfc3339_opts(SecondsFormat::AutoSi, true));
    }
    let mut text = *b"0000-00-00T00:00:00.000000000Z";
    let mut put = |place: Range<usize>, mut number: u32| {
        for digit in text[place].iter_mut().rev() {
            *digit += (number % 10) as u8;
            number /= 10;
        }
    };
    put(0..4, year.unsigned_abs());
    put(5..7, time.month());
    put(8..10, time.day());
    put(11..13, time.hour());
    put(14..16, time.minute());
    put(17..19, time.second());
    put(20..29, nanos);
    let end = match nanos {
        0 => 19,
        _ if nanos % 1_000_000 == 0 => 23,
        _ if nanos % 1000 == 0 => 26,
        _ => 29,
    };
    text[end] = b'Z';
    serializer.serialize_str(std::str::from_utf8(&text[..=end]).map_err(S::Error::custom)?)
}

fn meant(time: DateTime<Utc>) -> Option<DateTime<Utc>> {
    (2..=9998).contains(&time.year()).then_some(time)
}

fn digits(bytes: &[u8]) -> Option<u32> {
    bytes.iter().try_fold(0u32, |sum, byte| byte.is_ascii_digit().then(|| sum * 10 + u32::from(byte - b'0')))
}

/// The nanoseconds of `.123456789…` (more digits are cut) and what follows them.
fn fraction(rest: &[u8]) -> Option<(u32, &[u8])> {
    let Some(after) = rest.strip_prefix(b".").or_else(|| rest.strip_prefix(b",")) else { return Some((0, rest)) };
    let length = after.iter().take_while(|c| c.is_ascii_digit()).count();
    let kept = length.min(9);
    let scale = 10u32.pow(9 - u32::try_from(kept).ok()?);
    (length > 0).then(|| Some((digits(&after[..kept])? * scale, &after[length..])))?
}

/// `Z`, `UTC`, `GMT`, `+02:00`, `+0200` or `+02`, with or without a space before it.
fn offset(zone: &[u8]) -> Option<FixedOffset> {
    let zone = zone.trim_ascii_start();
    if matches!(zone, b"Z" | b"z" | b"UTC" | b"GMT") {
        return FixedOffset::east_opt(0);
    }
    let (sign, rest) = zone.split_first()?;
    let sign = match sign {
        b'+' => 1,
        b'-' => -1,
        _ => return None,
    };
    let (hours, minutes) = match rest {
        [_, _] => (digits(rest)?, 0),
        [_, _, b':', _, _] => (digits(&rest[..2])?, digits(&rest[3..])?),
        [_, _, _, _] => (digits(&rest[..2])?, digits(&rest[2..])?),
        _ => return None,
    };
    let seconds = i32::try_from(hours * 3600 + minutes * 60).ok()?;
    (minutes < 60).then(|| FixedOffset::east_opt(sign * seconds))?
}

struct TimeVisitor {
    strict: bool,
}

impl TimeVisitor {
    fn judge<E: Error>(&self, time: Option<DateTime<Utc>>, sentinel: bool) -> Result<Option<DateTime<Utc>>, E> {
        match time {
            None if self.strict && !sentinel => Err(E::custom(NO_TIME)),
            other => Ok(other),
        }
    }
}

impl<'de> Visitor<'de> for TimeVisitor {
    type Value = Option<DateTime<Utc>>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a time: RFC 3339 or seconds since 1970")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Self::Value, E> {
        let sentinel = text.is_empty() || text.starts_with("0001-") || text.starts_with("9999-");
        self.judge(parse(text), sentinel)
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<Self::Value, E> {
        self.judge(from_epoch(number), false)
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<Self::Value, E> {
        self.judge(i64::try_from(number).ok().and_then(from_epoch), false)
    }

    fn visit_f64<E: Error>(self, number: f64) -> Result<Self::Value, E> {
        self.judge(from_epoch_float(number), false)
    }

    fn visit_bool<E: Error>(self, _: bool) -> Result<Self::Value, E> {
        self.judge(None, false)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        self.judge(None, false)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Self::Value, A::Error> {
        while list.next_element::<IgnoredAny>()?.is_some() {}
        self.judge(None, false)
    }

    fn visit_unit<E: Error>(self) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_none<E: Error>(self) -> Result<Self::Value, E> {
        Ok(None)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::rfc3339;

    fn read(text: &str) -> Option<String> {
        parse(text).map(rfc3339)
    }

    #[test]
    fn every_way_sources_write_a_time_reads_as_the_same_instant() {
        for text in [
            "2026-11-20T18:44:07Z",
            "2026-11-20t18:44:07z",
            "2026-11-20T19:44:07+01:00",
            "2026-11-20T19:44:07+0100",
            "2026-11-20T13:14:07-05:30",
            "2026-11-20 18:44:07 UTC",
            "2026-11-20 20:44:07 +0200",
            "2026-11-20T20:44:07+02",
            "1795200247",
            "1795200247000",
            "1795200247000000",
            "1795200247000000000",
        ] {
            assert_eq!(read(text).as_deref(), Some("2026-11-20T18:44:07Z"), "{text}");
        }
    }

    #[test]
    fn fractions_of_any_length_are_read() {
        for (text, expected) in [
            ("2026-11-20T18:44:07.1Z", "2026-11-20T18:44:07.100Z"),
            ("2026-11-20T18:44:52.7761408Z", "2026-11-20T18:44:52.776140800Z"),
            ("2026-11-20T18:44:52.123456789123+00:00", "2026-11-20T18:44:52.123456789Z"),
        ] {
            assert_eq!(read(text).as_deref(), Some(expected), "{text}");
        }
    }

    #[test]
    fn sentinels_and_what_is_no_time_are_none() {
        for text in [
            "0001-01-01T00:00:00Z",
            "9999-01-01T00:00:00Z",
            "",
            "yesterday",
            "2026-11-20",
            "2026-11-20T18:44:07",
            "2026-13-20T18:44:07Z",
            "2026-11-20T25:44:07Z",
            "2026-11-20T18:44:07.Z",
            "2026-11-20T18:44:07+1",
            "2026-11-20T18:44:07+99:99",
            "2026-11-20T18:44:0äZ",
        ] {
            assert_eq!(read(text), None, "{text}");
        }
    }

    #[test]
    fn times_are_written_as_chrono_writes_them() {
        #[derive(serde::Serialize)]
        struct Line(#[serde(serialize_with = "write")] DateTime<Utc>);
        let days = (-800_000..3_000_000).step_by(7919).map(|day| day * 86_400 + day * 77);
        for second in days.chain([0, -1, 253_402_300_799, 253_402_300_800]) {
            for nanos in [0, 1, 1000, 120_000_000, 999_999_999, 1_500_000_000] {
                let Some(time) = DateTime::from_timestamp(second, nanos) else { continue };
                assert_eq!(serde_json::to_string(&Line(time)).ok(), Some(format!("\"{}\"", rfc3339(time))));
            }
        }
    }

    #[test]
    fn json_gives_times_as_text_number_or_null() {
        #[derive(serde::Deserialize)]
        struct Line {
            #[serde(deserialize_with = "strict")]
            at: Option<DateTime<Utc>>,
        }
        let read = |json: &str| serde_json::from_str::<Line>(json).map(|line| line.at.map(rfc3339));
        let half = Some("2026-11-20T18:44:07.500Z".to_owned());
        assert_eq!(read(r#"{"at":1795200247.5}"#).ok(), Some(half));
        assert_eq!(read(r#"{"at":0}"#).ok(), Some(Some("1970-01-01T00:00:00Z".to_owned())));
        assert_eq!(read(r#"{"at":null}"#).ok(), Some(None));
        assert_eq!(read(r#"{"at":"9999-12-31T00:00:00Z"}"#).ok(), Some(None));
        assert!(read(r#"{"at":"soon"}"#).is_err());
        assert!(read(r#"{"at":true}"#).is_err());
        for other in ["true", "{\"date\":[1]}", "[{},2]", "\"soon\"", "1e300"] {
            let mut reader = serde_json::Deserializer::from_str(other);
            assert_eq!(lenient(&mut reader).ok().map(|time| time.is_some()), Some(false), "{other}");
            assert!(strict(&mut serde_json::Deserializer::from_str(other)).is_err(), "{other}");
        }
    }
}
