//! Tiers, windows and moments.

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::Value;

use super::super::document::day;
use crate::data::Tier;
use crate::documents::{Place, Reader, duration, nearest, shown};
use crate::patterns::{ByPattern, Pattern};
use crate::time;

/// The longest window: what happens later was not the deployment.
const LONGEST_WINDOW_DAYS: i64 = 30;

impl Reader {
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
