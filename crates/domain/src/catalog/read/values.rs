//! Texts, lists of texts, tiers, windows and moments.

use std::collections::BTreeSet;

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::Value;

use super::super::document::{UNITS, day};
use super::super::patterns::{ByPattern, Pattern};
use super::reader::{Place, Reader, kind, nearest, shown};
use crate::data::Tier;
use crate::time;

/// The longest name or pattern.
const LONGEST: usize = 200;
/// The longest window: what happens later was not the deployment.
const LONGEST_WINDOW_DAYS: i64 = 30;

impl Reader {
    pub(super) fn text(&mut self, place: &Place<'_>) -> Option<String> {
        match place.value {
            Value::String(text) => {
                self.name(place, text);
                Some(text.clone())
            }
            other => {
                // YAML reads a bare 404, yes or null as something else than text.
                let quoted = if other.is_object() || other.is_array() { "" } else { "; put it into quotes" };
                self.fault(place, format!("text belongs here, not {}{quoted}", kind(other)));
                None
            }
        }
    }

    /// A list of texts, or one.
    pub(super) fn texts(&mut self, place: &Place<'_>) -> BTreeSet<String> {
        self.items(place).iter().filter_map(|item| self.text(item)).collect()
    }

    pub(super) fn patterns(&mut self, place: &Place<'_>) -> BTreeSet<Pattern> {
        self.texts(place).iter().map(|text| Pattern::new(text)).collect()
    }

    /// What can be a name or a pattern.
    pub(super) fn name(&mut self, place: &Place<'_>, name: &str) {
        let length = name.chars().count();
        if name.trim() != name || !(1..=LONGEST).contains(&length) || name.chars().any(char::is_control) {
            self.fault(place, format!("a name has 1 to {LONGEST} characters, without blanks around it"));
        }
    }

    /// Environments with what they are for.
    pub(super) fn tiers(&mut self, place: &Place<'_>) -> ByPattern<Tier> {
        let mut all = ByPattern::default();
        for (name, member) in self.entries(place, "of environments, like {\"prod-eu\": \"production\"}") {
            self.name(&member, name);
            let Some(tier) = self.tier(&member) else { continue };
            if all.0.insert(Pattern::new(name), tier).is_some() {
                self.fault(&member, format!("`{}` stands here twice, in capital and small letters", shown(name)));
            }
        }
        all
    }

    fn tier(&mut self, place: &Place<'_>) -> Option<Tier> {
        let word = self.text(place)?;
        let tier = Tier::parse(&word);
        if tier.is_none() {
            let known = Tier::ALL.map(|(_, word)| word);
            let meant = nearest(&word, &known).map(|near| format!("; did you mean `{near}`?")).unwrap_or_default();
            self.fault(place, format!("what an environment is for is one of {}{meant}", known.join(", ")));
        }
        tier
    }

    /// `24h`, `90m`, `2d`; `off` or 0.
    pub(super) fn window(&mut self, place: &Place<'_>) -> Option<TimeDelta> {
        let window = match place.value {
            Value::String(text) if text == "off" => Some(TimeDelta::zero()),
            // YAML reads a bare `off` as it stands, or as false.
            Value::Bool(false) => Some(TimeDelta::zero()),
            Value::Number(number) if number.as_i64() == Some(0) => Some(TimeDelta::zero()),
            Value::String(text) => duration(text),
            _ => None,
        };
        let window = window.filter(|window| *window <= TimeDelta::days(LONGEST_WINDOW_DAYS));
        if window.is_none() {
            let detail = format!(
                "how long after a deployment an incident may still come from it: like 24h, 90m or 2d, at most {LONGEST_WINDOW_DAYS}d; off for never"
            );
            self.fault(place, detail);
        }
        window
    }

    /// When a date or time begins, and when it is over.
    pub(super) fn moment(&mut self, place: &Place<'_>) -> Option<(DateTime<Utc>, DateTime<Utc>)> {
        let text = self.text(place)?;
        let moment = day(&text).or_else(|| time::parse(&text).filter(|_| text.contains(':')).map(|time| (time, time)));
        if moment.is_none() {
            self.fault(place, "a date like 2026-06-30, or a time like 2026-06-30T12:00:00Z".to_owned());
        }
        moment
    }
}

fn duration(text: &str) -> Option<TimeDelta> {
    let (unit, seconds) = UNITS.iter().find(|(unit, _)| text.ends_with(unit))?;
    let number: u32 = text.strip_suffix(unit)?.trim().parse().ok()?;
    TimeDelta::try_seconds(i64::from(number).checked_mul(*seconds)?)
}
