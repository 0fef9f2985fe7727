//! Bands: elite, high, medium or low, by the cuts of a scheme. The table `dora_benchmarks` holds the same cuts for
//! dashboards; a test of the store compares both.
//!
//! DORA's yearly clusters are no cuts and not always in order (2024: high fails more often than medium), so `2024m`
//! takes the year's figures in order. Nobody has published cuts for rework: it takes those of the failure rate.

use serde::{Deserialize, Serialize};

/// One of the five.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Metric {
    DeploymentFrequency,
    LeadTime,
    ChangeFailureRate,
    RecoveryTime,
    ReworkRate,
}

impl Metric {
    /// Every metric with its name in the API and in `dora_benchmarks`.
    pub const ALL: [(Metric, &'static str); 5] = [
        (Metric::DeploymentFrequency, "deployment_frequency"),
        (Metric::LeadTime, "lead_time"),
        (Metric::ChangeFailureRate, "change_failure_rate"),
        (Metric::RecoveryTime, "recovery_time"),
        (Metric::ReworkRate, "rework_rate"),
    ];

    /// Whether more is better.
    fn rises(self) -> bool {
        self == Metric::DeploymentFrequency
    }

    /// Whether a value that is exactly the cut still belongs to the better band.
    fn includes_cut(self) -> bool {
        matches!(self, Metric::ChangeFailureRate | Metric::ReworkRate)
    }
}

/// Whose cuts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Scheme {
    /// The figures of the 2024 report in order.
    #[default]
    Y2024,
    Y2023,
    Y2021,
}

impl Scheme {
    pub const ALL: [(Scheme, &'static str); 3] =
        [(Scheme::Y2024, "2024m"), (Scheme::Y2023, "2023"), (Scheme::Y2021, "2021")];

    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.iter().find(|(_, known)| *known == word).map(|(scheme, _)| *scheme)
    }

    pub fn as_str(self) -> &'static str {
        Self::ALL.iter().find(|(scheme, _)| *scheme == self).map_or("2024m", |(_, word)| word)
    }

    /// Where elite, high and medium end: deployments per day, seconds, or shares from 0 to 1.
    pub fn cuts(self, metric: Metric) -> [f64; 3] {
        const HOUR: f64 = 3_600.0;
        const DAY: f64 = 86_400.0;
        match (metric, self) {
            (Metric::DeploymentFrequency, _) => [1.0, 1.0 / 7.0, 1.0 / 30.0],
            (Metric::LeadTime, _) => [DAY, 7.0 * DAY, 30.0 * DAY],
            (Metric::RecoveryTime, _) => [HOUR, DAY, 7.0 * DAY],
            (Metric::ChangeFailureRate | Metric::ReworkRate, Scheme::Y2024) => [0.05, 0.10, 0.20],
            (Metric::ChangeFailureRate | Metric::ReworkRate, Scheme::Y2023) => [0.05, 0.10, 0.15],
            (Metric::ChangeFailureRate | Metric::ReworkRate, Scheme::Y2021) => [0.15, 0.20, 0.30],
        }
    }
}

/// How good a value is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Band {
    Elite,
    High,
    Medium,
    Low,
    /// There is no value.
    Unknown,
}

impl Band {
    /// The band of a value that was not rounded.
    pub fn of(metric: Metric, scheme: Scheme, value: Option<f64>) -> Self {
        let Some(value) = value.filter(|value| !value.is_nan()) else { return Band::Unknown };
        let reaches = |cut: f64| match (metric.rises(), metric.includes_cut()) {
            (true, _) => value > cut,
            (false, true) => value <= cut,
            (false, false) => value < cut,
        };
        let [elite, high, medium] = scheme.cuts(metric);
        [(elite, Band::Elite), (high, Band::High), (medium, Band::Medium)]
            .into_iter()
            .find(|(cut, _)| reaches(*cut))
            .map_or(Band::Low, |(_, band)| band)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn band(metric: Metric, value: f64) -> Band {
        Band::of(metric, Scheme::default(), Some(value))
    }

    #[test]
    fn cuts_are_where_the_tables_say() {
        for (metric, value, expected) in [
            (Metric::DeploymentFrequency, 1.01, Band::Elite),
            (Metric::DeploymentFrequency, 1.0, Band::High),
            (Metric::DeploymentFrequency, 1.0 / 7.0, Band::Medium),
            (Metric::DeploymentFrequency, 1.0 / 30.0, Band::Low),
            (Metric::LeadTime, 86_399.999, Band::Elite),
            (Metric::LeadTime, 86_400.0, Band::High),
            (Metric::LeadTime, 2_592_000.0, Band::Low),
            // Rounded to two digits it would be an hour.
            (Metric::RecoveryTime, 3_599.9, Band::Elite),
            (Metric::RecoveryTime, 3_600.0, Band::High),
            (Metric::ChangeFailureRate, 0.05, Band::Elite),
            (Metric::ChangeFailureRate, 0.200_001, Band::Low),
            (Metric::ReworkRate, 0.0, Band::Elite),
        ] {
            assert_eq!(band(metric, value), expected, "{metric:?} {value}");
        }
        assert_eq!(Band::of(Metric::LeadTime, Scheme::Y2021, None), Band::Unknown);
        assert_eq!(Band::of(Metric::ChangeFailureRate, Scheme::Y2021, Some(0.15)), Band::Elite);
        assert_eq!(Band::of(Metric::ChangeFailureRate, Scheme::Y2023, Some(0.16)), Band::Low);
    }

    proptest! {
        /// P23: a better value is never in a worse band.
        #[test]
        fn bands_are_monotone(a in 0.0..1e8f64, b in 0.0..1e8f64, small in any::<bool>()) {
            let scale = if small { 1e-8 } else { 1.0 };
            let (low, high) = (a.min(b) * scale, a.max(b) * scale);
            for (metric, _) in Metric::ALL {
                for (scheme, _) in Scheme::ALL {
                    let (of_low, of_high) = (Band::of(metric, scheme, Some(low)), Band::of(metric, scheme, Some(high)));
                    let in_order = if metric.rises() { of_high <= of_low } else { of_low <= of_high };
                    prop_assert!(in_order, "{metric:?} {low} {high}");
                }
            }
        }

        /// P3 to P5: a share of a whole lies between 0 and 1, and there is none without a whole.
        #[test]
        fn shares_lie_between_nothing_and_all(whole in 0..1000i64, part in 0..1000i64) {
            let part = part.min(whole);
            let share = crate::metrics::ratio(part, whole);
            prop_assert_eq!(share.is_none(), whole == 0);
            prop_assert!(share.is_none_or(|share| (0.0..=1.0).contains(&share)));
        }
    }
}
