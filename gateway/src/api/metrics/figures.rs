//! What each metric looks like in an answer. A value that is not known is null, never zero.

use domain::metrics::{Band, Metric, Scheme};
use serde::Serialize;
use store::metrics::lead::Durations;
use utoipa::ToSchema;

/// How often (M1).
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub(crate) struct Frequency {
    /// Successful deployments.
    pub(super) n: i64,
    /// As `per_day`.
    pub(super) value: Option<f64>,
    /// Always `per_day`.
    pub(super) unit: &'static str,
    pub(super) per_day: Option<f64>,
    /// The days of the range.
    pub(super) days: f64,
    /// Local days with at least one deployment.
    pub(super) deploy_days: i64,
    /// The median time from one deployment to the next.
    pub(super) between_p50_s: Option<f64>,
    pub(super) redeploys: i64,
    pub(super) rollbacks: i64,
    pub(super) hotfixes: i64,
    /// Deployments that ended in failure or error: not among `n`.
    pub(super) failed_attempts: i64,
    #[schema(value_type = String)]
    pub(super) band: Band,
    /// 0 to 10 as in DORA's Quick Check.
    pub(super) score: Option<f64>,
}

/// A duration in percentiles.
#[derive(Clone, Debug, Default, PartialEq, Serialize, ToSchema)]
pub(crate) struct Spread {
    pub(super) n: i64,
    /// The percentile that was asked for, in seconds.
    pub(super) value: Option<f64>,
    pub(super) percentile: i64,
    pub(super) p50_s: Option<f64>,
    pub(super) p75_s: Option<f64>,
    pub(super) p90_s: Option<f64>,
    pub(super) p95_s: Option<f64>,
    pub(super) mean_s: Option<f64>,
}

/// The percentiles that a [`Spread`] shows, after the one that was asked for.
const SHOWN: [f64; 4] = [0.5, 0.75, 0.9, 0.95];

impl Spread {
    /// The shares to ask the store for.
    pub(super) fn shares(percentile: i64) -> [f64; 5] {
        [percentile as f64 / 100.0, SHOWN[0], SHOWN[1], SHOWN[2], SHOWN[3]]
    }

    /// Of what the store answered for [`shares`](Self::shares).
    pub(super) fn of(found: &Durations, percentile: i64) -> Self {
        let at = |place: usize| found.percentiles.as_ref().and_then(|values| values.get(place)).copied();
        Self {
            n: found.n,
            value: at(0),
            percentile,
            p50_s: at(1),
            p75_s: at(2),
            p90_s: at(3),
            p95_s: at(4),
            mean_s: found.mean_s,
        }
    }

    /// Of raw values: the same numbers, reckoned here.
    pub(super) fn of_values(mut values: Vec<f64>, percentile: i64) -> Self {
        use domain::metrics::percentile::{mean, of_sorted};
        values.sort_unstable_by(f64::total_cmp);
        let at = |share: f64| of_sorted(&values, share);
        Self {
            n: i64::try_from(values.len()).unwrap_or(i64::MAX),
            value: at(percentile as f64 / 100.0),
            percentile,
            p50_s: at(SHOWN[0]),
            p75_s: at(SHOWN[1]),
            p90_s: at(SHOWN[2]),
            p95_s: at(SHOWN[3]),
            mean_s: mean(&values),
        }
    }
}

/// Where the time of changes went. Each is null where nothing is known of it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, ToSchema)]
pub(crate) struct Phases {
    /// First commit to opened.
    pub(super) coding_s: Option<f64>,
    /// Opened to the first review.
    pub(super) pickup_s: Option<f64>,
    /// First review to approved, or merged.
    pub(super) review_s: Option<f64>,
    /// Approved to merged.
    pub(super) merge_s: Option<f64>,
    /// Merged to deployed.
    pub(super) deploy_s: Option<f64>,
}

/// From the first commit to production (M2).
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub(crate) struct LeadTime {
    /// `change` or `commit`: what is measured.
    pub(super) unit: &'static str,
    #[serde(flatten)]
    pub(super) spread: Spread,
    /// The percentile that was asked for, of each phase. Null for commits.
    pub(super) phases: Option<Phases>,
    /// The mean of each phase.
    pub(super) phases_mean: Option<Phases>,
    #[schema(value_type = String)]
    pub(super) band: Band,
    pub(super) score: Option<f64>,
}

/// How many deployments fail (M3).
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub(crate) struct FailureRate {
    /// The deployments that failed.
    pub(super) failed: i64,
    /// Successful ones without rollbacks.
    pub(super) deployments: i64,
    /// `failed` of `deployments`, from 0 to 1.
    pub(super) rate: Option<f64>,
    /// As `rate`.
    pub(super) value: Option<f64>,
    /// As `deployments`.
    pub(super) n: i64,
    /// Always `ratio`.
    pub(super) unit: &'static str,
    /// An incident may still be attributed to one of them.
    pub(super) provisional: bool,
    #[schema(value_type = String)]
    pub(super) band: Band,
    pub(super) score: Option<f64>,
}

/// How long failed deployments take to recover (M4).
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub(crate) struct RecoveryTime {
    #[serde(flatten)]
    pub(super) spread: Spread,
    /// Always `seconds`.
    pub(super) unit: &'static str,
    /// `finish` or `impact`: where the clock starts.
    pub(super) start: &'static str,
    /// Failed before the range's end and had not recovered by then.
    pub(super) open: i64,
    /// How long the oldest of them had been open.
    pub(super) oldest_open_s: Option<f64>,
    #[schema(value_type = String)]
    pub(super) band: Band,
    pub(super) score: Option<f64>,
}

/// How long incidents take to be resolved, whatever caused them. Not one of the five: no band.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub(crate) struct RestoreTime {
    #[serde(flatten)]
    pub(super) spread: Spread,
    /// Always `seconds`.
    pub(super) unit: &'static str,
    /// Began before the range's end and were not resolved by then.
    pub(super) open: i64,
    pub(super) oldest_open_s: Option<f64>,
}

/// How many deployments mend or undo earlier ones (M5).
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub(crate) struct ReworkRate {
    pub(super) rework: i64,
    /// Successful ones, rollbacks too.
    pub(super) deployments: i64,
    pub(super) rate: Option<f64>,
    /// As `rate`.
    pub(super) value: Option<f64>,
    /// As `deployments`.
    pub(super) n: i64,
    /// Always `ratio`.
    pub(super) unit: &'static str,
    #[schema(value_type = String)]
    pub(super) band: Band,
    pub(super) score: Option<f64>,
}

/// The metrics whose value has a band.
pub(super) fn judged(metric: Metric, scheme: Scheme, value: Option<f64>) -> (Band, Option<f64>) {
    (Band::of(metric, scheme, value), domain::metrics::scores::score(metric, value))
}
