//! Texts, lists of texts, numbers, yes and no, and spans of time.

use std::collections::BTreeSet;
use std::ops::RangeInclusive;

use chrono::TimeDelta;
use serde_json::Value;

use super::reader::{Place, Reader, kind, nearest};
use crate::patterns::Pattern;

/// The longest name or pattern.
const LONGEST: usize = 200;

/// Units of a span with their seconds, the largest first.
pub(crate) const UNITS: [(&str, i64); 4] = [("d", 86_400), ("h", 3_600), ("m", 60), ("s", 1)];

impl Reader {
    pub(crate) fn text(&mut self, place: &Place<'_>) -> Option<String> {
        let text = self.free_text(place)?;
        self.name(place, &text);
        Some(text)
    }

    /// Text of any form and length.
    pub(crate) fn free_text(&mut self, place: &Place<'_>) -> Option<String> {
        match place.value {
            Value::String(text) => Some(text.clone()),
            other => {
                // YAML reads a bare 404, yes or null as something else than text.
                let quoted = if other.is_object() || other.is_array() { "" } else { "; put it into quotes" };
                self.fault(place, format!("text belongs here, not {}{quoted}", kind(other)));
                None
            }
        }
    }

    /// A list of texts, or one.
    pub(crate) fn texts(&mut self, place: &Place<'_>) -> BTreeSet<String> {
        self.items(place).iter().filter_map(|item| self.text(item)).collect()
    }

    pub(crate) fn patterns(&mut self, place: &Place<'_>) -> BTreeSet<Pattern> {
        self.texts(place).iter().map(|text| Pattern::new(text)).collect()
    }

    /// What can be a name or a pattern.
    pub(crate) fn name(&mut self, place: &Place<'_>, name: &str) {
        let length = name.chars().count();
        if name.trim() != name || !(1..=LONGEST).contains(&length) || name.chars().any(char::is_control) {
            self.fault(place, format!("a name has 1 to {LONGEST} characters, without blanks around it"));
        }
    }

    /// One word of a few; `what` says what it is.
    pub(crate) fn word_of<'k>(&mut self, place: &Place<'_>, what: &str, known: &[&'k str]) -> Option<&'k str> {
        let word = self.free_text(place)?;
        let found = known.iter().find(|known| **known == word).copied();
        if found.is_none() {
            let meant = nearest(&word, known).map(|near| format!("; did you mean `{near}`?")).unwrap_or_default();
            self.fault(place, format!("{what} is one of {}{meant}", known.join(", ")));
        }
        found
    }

    pub(crate) fn yes_or_no(&mut self, place: &Place<'_>) -> Option<bool> {
        let said = place.value.as_bool();
        if said.is_none() {
            self.fault(place, format!("true or false belongs here, not {}", kind(place.value)));
        }
        said
    }

    /// A whole number; `what` says of what.
    pub(crate) fn whole(&mut self, place: &Place<'_>, what: &str, range: RangeInclusive<i64>) -> Option<i64> {
        let number = place.value.as_i64().filter(|number| range.contains(number));
        if number.is_none() {
            self.fault(place, format!("{what} is a whole number from {} to {}", range.start(), range.end()));
        }
        number
    }

    /// `4h`, `90m`, `2d`; `what` says of what.
    pub(crate) fn span(
        &mut self,
        place: &Place<'_>,
        what: &str,
        range: RangeInclusive<TimeDelta>,
    ) -> Option<TimeDelta> {
        let span = place.value.as_str().and_then(duration).filter(|span| range.contains(span));
        if span.is_none() {
            let (least, most) = (written(*range.start()), written(*range.end()));
            self.fault(place, format!("{what} is a time like 4h, 90m or 2d, from {least} to {most}"));
        }
        span
    }
}

pub(crate) fn duration(text: &str) -> Option<TimeDelta> {
    let (unit, seconds) = UNITS.iter().find(|(unit, _)| text.ends_with(unit))?;
    let number: u32 = text.strip_suffix(unit)?.trim().parse().ok()?;
    TimeDelta::try_seconds(i64::from(number).checked_mul(*seconds)?)
}

/// As it is read: in the largest unit that fits.
fn written(span: TimeDelta) -> String {
    let seconds = span.num_seconds();
    let (unit, of) = UNITS.iter().find(|(_, of)| seconds % of == 0).unwrap_or(&("s", 1));
    format!("{}{unit}", seconds / of)
}
