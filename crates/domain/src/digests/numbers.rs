//! Numbers as people write them: `1,200`, `12 %`, `3 h 20 min`, `1.5k`, `twelve`, and whether they are those of the facts.
//!
//! A number that was rounded is the same number when its last digit is where rounding leaves it: 12 % of 0.1234, 3 h of
//! 12 000 s. A time is compared with times, a share with shares; a number without a unit with those without one.

use super::words::{NUMBERS, Token};
use crate::calendar::MONTHS;

/// What is counted or measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Measure {
    Plain,
    Seconds,
    Percent,
}

/// A number in a text: what it is, and how far from it the number may be that was rounded to it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Quantity {
    pub(super) measure: Measure,
    pub(super) value: f64,
    pub(super) within: f64,
    /// Which tokens it takes up.
    pub(super) from: usize,
    pub(super) to: usize,
}

impl Quantity {
    pub(super) fn is(&self, measure: Measure, value: f64) -> bool {
        let slack = value.abs().max(1.0) * 1e-9;
        self.measure == measure && (self.value - value.abs()).abs() <= self.within + slack
    }
}

/// A piece of a token: a number and what is written behind it.
struct Piece {
    value: f64,
    within: f64,
    unit: String,
}

/// Every number of a text. What has digits and is no number is a name.
pub(super) fn quantities(tokens: &[Token<'_>]) -> Vec<Quantity> {
    let mut found: Vec<Quantity> = Vec::new();
    let mut place = 0;
    while place < tokens.len() {
        let Some(one) = quantity(tokens, place) else {
            place += 1;
            continue;
        };
        place = one.to;
        match found.last_mut() {
            Some(last) if goes_on(last, &one, tokens) => {
                last.value += one.value;
                last.within = one.within;
                last.to = one.to;
            }
            _ => found.push(one),
        }
    }
    found
}

/// `3 h` and `20 min` are one time.
fn goes_on(last: &Quantity, one: &Quantity, tokens: &[Token<'_>]) -> bool {
    let between = &tokens[last.to..one.from];
    let is_near = between.is_empty() || between.len() == 1 && between[0].text.eq_ignore_ascii_case("and");
    last.measure == Measure::Seconds && one.measure == Measure::Seconds && is_near && one.within < last.within
}

fn quantity(tokens: &[Token<'_>], place: usize) -> Option<Quantity> {
    let word = tokens[place].text.to_lowercase();
    let next = tokens.get(place + 1).map(|next| next.text.to_lowercase());
    let plain = |measure, value, within, to| Some(Quantity { measure, value, within, from: place, to });
    if let Some((_, value)) = NUMBERS.iter().find(|(name, _)| *name == word) {
        return match next.as_deref().and_then(seconds_in) {
            Some(unit) => plain(Measure::Seconds, value * unit, unit / 2.0, place + 2),
            None => plain(Measure::Plain, *value, 0.05 * value.min(1.0), place + 1),
        };
    }
    let pieces = pieces(&word)?;
    if let [one] = pieces.as_slice() {
        let (unit, to) = match (one.unit.as_str(), next.as_deref()) {
            ("", Some(next)) if seconds_in(next).is_some() || is_percent(next) => (next.to_owned(), place + 2),
            (unit, _) => (unit.to_owned(), place + 1),
        };
        return with_unit(one, &unit).and_then(|(measure, value, within)| plain(measure, value, within, to));
    }
    // `3h20m`
    let times: Option<Vec<(f64, f64)>> =
        pieces.iter().map(|one| seconds_in(&one.unit).map(|unit| (one.value * unit, one.within * unit))).collect();
    let times = times?;
    let within = times.last().map_or(0.0, |(_, within)| *within);
    plain(Measure::Seconds, times.iter().map(|(value, _)| value).sum(), within, place + 1)
}

fn with_unit(piece: &Piece, unit: &str) -> Option<(Measure, f64, f64)> {
    let scaled = |measure, by: f64| Some((measure, piece.value * by, piece.within * by));
    match unit {
        "" | "x" | "st" | "nd" | "rd" | "th" | "+" => scaled(Measure::Plain, 1.0),
        "k" => scaled(Measure::Plain, 1e3),
        "bn" => scaled(Measure::Plain, 1e9),
        "%" | "pp" => scaled(Measure::Percent, 1.0),
        unit if is_percent(unit) => scaled(Measure::Percent, 1.0),
        unit => seconds_in(unit).and_then(|seconds| scaled(Measure::Seconds, seconds)),
    }
}

fn is_percent(word: &str) -> bool {
    matches!(word, "%" | "percent" | "pct")
}

/// How long a unit of time is.
fn seconds_in(unit: &str) -> Option<f64> {
    Some(match unit.trim_start_matches('-') {
        "ms" | "millisecond" | "milliseconds" => 0.001,
        "s" | "sec" | "secs" | "second" | "seconds" => 1.0,
        "m" | "min" | "mins" | "minute" | "minutes" => 60.0,
        "h" | "hr" | "hrs" | "hour" | "hours" => 3_600.0,
        "d" | "day" | "days" => 86_400.0,
        "w" | "week" | "weeks" => 604_800.0,
        _ => return None,
    })
}

/// `1,200.5ms` is a number and a unit; `3h20m` is two. None for what is no number.
fn pieces(word: &str) -> Option<Vec<Piece>> {
    let signed = |one: char| matches!(one, '$' | '€' | '£' | '+' | '-' | '−' | '±' | '≈' | '#' | '×');
    let mut rest = word.strip_prefix('#').is_none().then(|| word.trim_start_matches(signed))?;
    let mut pieces = Vec::new();
    while !rest.is_empty() {
        let end = rest.find(|one: char| !(one.is_ascii_digit() || matches!(one, '.' | ','))).unwrap_or(rest.len());
        let (digits, after) = rest.split_at(end);
        let unit = after.find(|one: char| one.is_ascii_digit()).unwrap_or(after.len());
        let (value, within) = number(digits)?;
        let name = after[..unit].trim_start_matches('-').to_owned();
        if name.chars().any(|one| !(one.is_alphabetic() || one == '%' || one == '+')) {
            return None;
        }
        pieces.push(Piece { value, within, unit: name });
        rest = &after[unit..];
    }
    (!pieces.is_empty()).then_some(pieces)
}

/// The number, and half of its last place. Commas part thousands, and nothing else.
fn number(digits: &str) -> Option<(f64, f64)> {
    let (whole, part) = digits.split_once('.').map_or((digits, None), |(whole, part)| (whole, Some(part)));
    let mut groups = whole.split(',');
    let first = groups.next().filter(|first| !first.is_empty())?;
    let mut rest = groups.peekable();
    let is_grouped = rest.peek().is_none() || first.len() <= 3;
    if !is_grouped || rest.any(|group| group.len() != 3) || part.is_some_and(|part| part.is_empty() || !is_digits(part))
    {
        return None;
    }
    let value: f64 = digits.replace(',', "").parse().ok()?;
    let places = part.map_or(0, |part| part.len().min(300) as i32);
    Some((value, 0.5 * 10_f64.powi(-places)))
}

fn is_digits(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_digit())
}

/// Which month a word names, from 1.
pub(super) fn month(word: &str) -> Option<u32> {
    let word = word.to_lowercase();
    let fits = |name: &&str| **name == *word || word.len() >= 3 && word.len() <= 4 && name.starts_with(word.as_str());
    MONTHS.iter().position(fits).map(|place| place as u32 + 1)
}

#[cfg(test)]
mod tests {
    use super::super::words::tokens;
    use super::*;

    fn first(text: &str) -> Option<(Measure, f64)> {
        quantities(&tokens(text)).first().map(|one| (one.measure, one.value))
    }

    #[test]
    fn numbers_are_read_as_people_write_them() {
        use Measure::{Percent, Plain, Seconds};
        for (text, expected) in [
            ("12 deployments", Some((Plain, 12.0))),
            ("12.0", Some((Plain, 12.0))),
            ("1,200 events", Some((Plain, 1_200.0))),
            ("12 %", Some((Percent, 12.0))),
            ("12%", Some((Percent, 12.0))),
            ("12 percent", Some((Percent, 12.0))),
            ("3 h 20 min", Some((Seconds, 12_000.0))),
            ("3 hours and 20 minutes", Some((Seconds, 12_000.0))),
            ("3h20m", Some((Seconds, 12_000.0))),
            ("a 12-minute outage", Some((Seconds, 720.0))),
            ("47min", Some((Seconds, 2_820.0))),
            ("1.5k", Some((Plain, 1_500.0))),
            ("+3", Some((Plain, 3.0))),
            ("$12", Some((Plain, 12.0))),
            ("twelve", Some((Plain, 12.0))),
            ("a dozen", Some((Plain, 12.0))),
            ("two hours", Some((Seconds, 7_200.0))),
            ("the 3rd", Some((Plain, 3.0))),
            ("1,2", None),
            ("v1.2.3", None),
            ("shop#12", None),
            ("2026-11-19", None),
            ("14:05", None),
            ("p99", None),
        ] {
            assert_eq!(first(text), expected, "{text}");
        }
    }

    #[test]
    fn honest_rounding_is_the_same_number() {
        let is = |text: &str, measure, value| quantities(&tokens(text))[0].is(measure, value);
        assert!(is("12 %", Measure::Percent, 12.34) && !is("13 %", Measure::Percent, 12.34));
        assert!(is("12.3 %", Measure::Percent, 12.34) && !is("12.4 %", Measure::Percent, 12.34));
        assert!(is("3 h", Measure::Seconds, 12_000.0) && !is("4 h", Measure::Seconds, 12_000.0));
        assert!(is("3.3 h", Measure::Seconds, 12_000.0));
        assert!(!is("12", Measure::Plain, 13.0) && !is("12", Measure::Seconds, 12.0));
        assert!(is("1.2k", Measure::Plain, 1_234.0) && !is("1.2k", Measure::Plain, 1_334.0));
    }
}
