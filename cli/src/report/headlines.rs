//! The five headlines out of the API's answer: a value, its band, what it rests on, and how it moved.

use serde_json::Value;

/// What a value measures, which says how it is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Measure {
    PerDay,
    Seconds,
    Share,
}

/// One of the five.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Headline {
    pub(super) name: &'static str,
    pub(super) measure: Measure,
    /// None: no data.
    pub(super) value: Option<f64>,
    pub(super) before: Option<f64>,
    /// elite, high, medium, low or unknown.
    pub(super) band: String,
    /// How many of what.
    pub(super) sample: String,
    /// By bucket, oldest first.
    pub(super) trend: Vec<Option<f64>>,
}

/// The five, in the order in which DORA names them.
pub(super) fn read(answer: &Value) -> [Headline; 5] {
    let (frequency, lead) = (&answer["deployment_frequency"], &answer["lead_time"]);
    let (failures, recovery, rework) =
        (&answer["change_failure_rate"], &answer["recovery_time"], &answer["rework_rate"]);
    let provisional = if failures["provisional"] == true { ", provisional" } else { "" };
    [
        headline("Deployment frequency", Measure::PerDay, frequency, ["per_day", "n"]).resting_on(format!(
            "{} on {}",
            count(&frequency["n"]),
            counted(count(&frequency["deploy_days"]), "day")
        )),
        headline("Lead time", Measure::Seconds, lead, ["p50_s", "p50_s"])
            .resting_on(format!("{}, median", counted(count(&lead["n"]), lead["unit"].as_str().unwrap_or("change")))),
        headline("Change failure rate", Measure::Share, failures, ["rate", "rate"]).resting_on(format!(
            "{} of {}{provisional}",
            count(&failures["failed"]),
            count(&failures["deployments"])
        )),
        headline("Recovery time", Measure::Seconds, recovery, ["p50_s", "p50_s"]).resting_on(format!(
            "{} recovered, {} open",
            count(&recovery["n"]),
            count(&recovery["open"])
        )),
        headline("Rework rate", Measure::Share, rework, ["rate", "rate"]).resting_on(format!(
            "{} of {}",
            count(&rework["rework"]),
            count(&rework["deployments"])
        )),
    ]
}

/// `members` are the value's and that of a point of its trend.
fn headline(name: &'static str, measure: Measure, told: &Value, [member, of_point]: [&str; 2]) -> Headline {
    let points = told["trend"].as_array().map(Vec::as_slice).unwrap_or_default();
    Headline {
        name,
        measure,
        value: told[member].as_f64(),
        before: told["previous"][member].as_f64(),
        band: told["band"].as_str().unwrap_or("unknown").to_owned(),
        sample: String::new(),
        trend: points.iter().map(|point| point[of_point].as_f64()).collect(),
    }
}

fn count(value: &Value) -> i64 {
    value.as_i64().unwrap_or_default()
}

/// `1 day`, `2 days`.
fn counted(n: i64, word: &str) -> String {
    let end = if n == 1 { "" } else { "s" };
    format!("{n} {word}{end}")
}

impl Headline {
    fn resting_on(self, sample: String) -> Self {
        Self { sample, ..self }
    }

    /// The value in words; rounded here and nowhere else.
    pub(super) fn shown(&self) -> String {
        self.value.map_or_else(|| "no data".to_owned(), |value| self.measure.shown(value))
    }

    /// How it was before, in words.
    pub(super) fn shown_before(&self) -> String {
        self.before.map_or_else(|| "no data before".to_owned(), |value| format!("{} before", self.measure.shown(value)))
    }
}

impl Measure {
    fn shown(self, value: f64) -> String {
        const MINUTE: f64 = 60.0;
        const HOUR: f64 = 60.0 * MINUTE;
        const DAY: f64 = 24.0 * HOUR;
        match self {
            Self::PerDay if value >= 1.0 => format!("{value:.1} a day"),
            Self::PerDay if value >= 1.0 / 7.0 => format!("{:.1} a week", value * 7.0),
            Self::PerDay => format!("{:.1} a month", value * 30.0),
            Self::Share => format!("{:.1} %", value * 100.0),
            Self::Seconds if value < 2.0 * MINUTE => format!("{value:.0} s"),
            Self::Seconds if value < 2.0 * HOUR => format!("{:.0} min", value / MINUTE),
            Self::Seconds if value < 2.0 * DAY => format!("{:.1} h", value / HOUR),
            Self::Seconds => format!("{:.1} days", value / DAY),
        }
    }
}

#[cfg(test)]
pub(super) mod tests {
    use serde_json::json;

    use super::*;

    pub(in crate::report) fn answer() -> Value {
        let points = |member: &str, values: &[Option<f64>]| -> Value {
            values.iter().map(|value| json!({"at": "2026-11-01T00:00:00Z", member: value})).collect()
        };
        json!({
            "deployment_frequency": {"n": 23, "per_day": 0.77, "deploy_days": 14, "band": "high", "previous": {"per_day": 1.5},
                "trend": points("n", &[Some(3.0), Some(0.0), Some(9.0), Some(11.0)])},
            "lead_time": {"unit": "change", "n": 61, "p50_s": 54_000.0, "band": "elite", "previous": {"p50_s": 400_000.0},
                "trend": points("p50_s", &[None, Some(90_000.0), None, Some(54_000.0), Some(20_000.0)])},
            "change_failure_rate": {"failed": 4, "deployments": 23, "rate": 4.0 / 23.0, "provisional": true, "band": "medium",
                "previous": {"rate": null}, "trend": points("rate", &[Some(0.1), Some(0.2)])},
            "recovery_time": {"n": 0, "p50_s": null, "open": 1, "band": "unknown", "previous": {"p50_s": 100.0}, "trend": []},
            "rework_rate": {"rework": 2, "deployments": 24, "rate": 2.0 / 24.0, "band": "high", "previous": {"rate": 0.0},
                "trend": points("rate", &[Some(0.0)])},
        })
    }

    #[test]
    fn what_the_api_tells_is_shown_in_words_and_nothing_is_made_up() {
        let headlines = read(&answer());
        let shown = headlines.each_ref().map(|one| (one.shown(), one.shown_before(), one.sample.as_str()));
        let expected = [
            ("5.4 a week", "1.5 a day before", "23 on 14 days"),
            ("15.0 h", "4.6 days before", "61 changes, median"),
            ("17.4 %", "no data before", "4 of 23, provisional"),
            ("no data", "100 s before", "0 recovered, 1 open"),
            ("8.3 %", "0.0 % before", "2 of 24"),
        ];
        assert_eq!(shown, expected.map(|(now, before, sample)| (now.to_owned(), before.to_owned(), sample)));
        assert_eq!(headlines[1].trend, [None, Some(90_000.0), None, Some(54_000.0), Some(20_000.0)]);
    }

    #[test]
    fn an_answer_without_anything_has_no_data() {
        for headline in read(&json!({})) {
            assert_eq!((headline.shown().as_str(), headline.band.as_str()), ("no data", "unknown"));
        }
    }
}
