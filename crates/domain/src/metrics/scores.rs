//! Scores from 0 to 10 as in DORA's Quick Check, so that one's own values can stand beside the industry's means.
//!
//! The Quick Check asks for one of six levels where we have a value: each value is put on the level that its words
//! describe. Its formulas: a level is (level − 1) / 5 × 10, a percentage is 10 − percent / 10.

use serde::Serialize;

use super::Metric;

const HOUR: f64 = 3_600.0;
const DAY: f64 = 86_400.0;
/// Half a year.
const HALF_YEAR: f64 = 182.625 * DAY;

/// One score for each metric, and their means. A mean is none when one of its parts is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Scores {
    pub deployment_frequency: Option<f64>,
    pub lead_time: Option<f64>,
    pub recovery_time: Option<f64>,
    pub change_failure_rate: Option<f64>,
    pub rework_rate: Option<f64>,
    /// Of lead time, frequency and recovery.
    pub throughput: Option<f64>,
    /// Of failure rate and rework.
    pub stability: Option<f64>,
    /// Of all five.
    pub overall: Option<f64>,
}

/// The means of all industries in the 2025 survey, as dora.dev publishes them (CC BY 4.0), on the scale where more is better.
pub const INDUSTRY_2025: Scores = Scores {
    deployment_frequency: Some(4.8),
    lead_time: Some(5.5),
    recovery_time: Some(7.4),
    change_failure_rate: Some(8.1),
    rework_rate: Some(7.8),
    throughput: Some(6.0),
    stability: Some(7.9),
    overall: Some(6.72),
};

impl Scores {
    /// Of the values in the order of [`Metric::ALL`]: per day, seconds, share, seconds, share.
    pub fn of(values: [Option<f64>; 5]) -> Self {
        let [frequency, lead, failures, recovery, rework] = values;
        let deployment_frequency = score(Metric::DeploymentFrequency, frequency);
        let lead_time = score(Metric::LeadTime, lead);
        let change_failure_rate = score(Metric::ChangeFailureRate, failures);
        let recovery_time = score(Metric::RecoveryTime, recovery);
        let rework_rate = score(Metric::ReworkRate, rework);
        Self {
            deployment_frequency,
            lead_time,
            recovery_time,
            change_failure_rate,
            rework_rate,
            throughput: mean(&[lead_time, deployment_frequency, recovery_time]),
            stability: mean(&[change_failure_rate, rework_rate]),
            overall: mean(&[lead_time, deployment_frequency, recovery_time, change_failure_rate, rework_rate]),
        }
    }
}

fn mean(parts: &[Option<f64>]) -> Option<f64> {
    let sum = parts.iter().try_fold(0.0, |sum, part| part.map(|part| sum + part))?;
    Some(sum / parts.len() as f64)
}

/// The score of one value.
pub fn score(metric: Metric, value: Option<f64>) -> Option<f64> {
    let value = value.filter(|value| !value.is_nan())?;
    Some(match metric {
        Metric::ChangeFailureRate | Metric::ReworkRate => of_percentage(value * 100.0),
        Metric::DeploymentFrequency => of_level(frequency_level(value)),
        Metric::LeadTime | Metric::RecoveryTime => of_level(duration_level(value)),
    })
}

/// Of a level from 1 to 6.
pub fn of_level(level: f64) -> f64 {
    (level - 1.0) / 5.0 * 10.0
}

/// Of a percentage from 0 to 100.
pub fn of_percentage(percent: f64) -> f64 {
    10.0 - percent / 10.0
}

/// "More than six months" is 1, "less than one hour" 6.
fn duration_level(seconds: f64) -> f64 {
    let cuts = [HOUR, DAY, 7.0 * DAY, 30.0 * DAY, HALF_YEAR];
    cuts.iter().position(|cut| seconds < *cut).map_or(1.0, |place| 6.0 - place as f64)
}

/// "Less than once per six months" is 1, "multiple deploys per day" 6; once a day is 5.
fn frequency_level(per_day: f64) -> f64 {
    let cuts = [2.0, 1.0, 1.0 / 7.0, 1.0 / 30.0, DAY / HALF_YEAR];
    cuts.iter().position(|cut| per_day >= *cut).map_or(1.0, |place| 6.0 - place as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_formulas_are_those_of_the_quick_check() {
        for (level, expected) in [(1.0, 0.0), (6.0, 10.0), (3.5, 5.0)] {
            assert_eq!(of_level(level), expected);
        }
        for (percent, expected) in [(0.0, 10.0), (100.0, 0.0), (50.0, 5.0)] {
            assert_eq!(of_percentage(percent), expected);
        }
    }

    #[test]
    fn a_value_is_on_the_level_whose_words_describe_it() {
        let of = |metric, value| score(metric, Some(value));
        assert_eq!(of(Metric::LeadTime, 0.5 * HOUR), Some(10.0));
        assert_eq!(of(Metric::LeadTime, HOUR), Some(8.0));
        assert_eq!(of(Metric::LeadTime, DAY), Some(6.0));
        assert_eq!(of(Metric::RecoveryTime, 8.0 * DAY), Some(4.0));
        assert_eq!(of(Metric::RecoveryTime, 60.0 * DAY), Some(2.0));
        assert_eq!(of(Metric::RecoveryTime, 200.0 * DAY), Some(0.0));
        assert_eq!(of(Metric::DeploymentFrequency, 3.0), Some(10.0));
        assert_eq!(of(Metric::DeploymentFrequency, 1.0), Some(8.0));
        assert_eq!(of(Metric::DeploymentFrequency, 0.5), Some(6.0));
        assert_eq!(of(Metric::DeploymentFrequency, 0.1), Some(4.0));
        assert_eq!(of(Metric::DeploymentFrequency, 0.01), Some(2.0));
        assert_eq!(of(Metric::DeploymentFrequency, 0.001), Some(0.0));
    }

    #[test]
    fn a_mean_needs_all_its_parts() {
        let all = Scores::of([Some(3.0), Some(HOUR), Some(0.1), Some(HOUR), Some(0.2)]);
        assert_eq!((all.stability, all.overall), (Some(8.5), Some(8.6)));
        let some = Scores::of([Some(3.0), Some(HOUR), Some(0.1), None, Some(0.1)]);
        assert_eq!((some.throughput, some.stability, some.overall), (None, Some(9.0), None));
        assert_eq!(Scores::of([None; 5]), Scores::default());
    }
}
