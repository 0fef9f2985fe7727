//! What the metrics look like in an answer. A value that is not known is null, never zero.

use chrono::{DateTime, Utc};
use domain::metrics::scores::Scores;
use domain::metrics::{Band, Bucket, Metric, Scheme};
use serde::Serialize;
use store::metrics::lead::Durations;
use utoipa::ToSchema;

/// A metric with the period before, and by bucket.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Trended<F: ToSchema, P: ToSchema> {
    #[serde(flatten)]
    pub(super) now: F,
    /// The same over the period before, which is as long.
    pub(super) previous: F,
    pub(super) trend: Vec<P>,
}

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

/// What the numbers do not know.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub(crate) struct Faulty {
    pub(super) unattributed_incidents: i64,
    pub(super) ancestry_gaps: i64,
    pub(super) negative_lead_times: i64,
    pub(super) deployments_without_sha: i64,
    /// Of the whole tenant: unread events name no service.
    pub(super) unmapped_events: i64,
}

/// Scores from 0 to 10, beside the means of the 2025 survey.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct Scored {
    #[schema(value_type = std::collections::BTreeMap<String, Option<f64>>)]
    pub(super) own: Scores,
    #[schema(value_type = std::collections::BTreeMap<String, Option<f64>>)]
    pub(super) industry_2025: Scores,
}

/// The five and what stands beside them.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Dora {
    pub(super) from: DateTime<Utc>,
    pub(super) to: DateTime<Utc>,
    /// Where the period before begins; it ends at `from`.
    pub(super) previous_from: DateTime<Utc>,
    pub(super) timezone: &'static str,
    /// What the trend is cut into: coarser than was asked for where that would be more than 400 points.
    #[schema(value_type = String)]
    pub(super) bucket: Word<Bucket>,
    #[schema(value_type = String)]
    pub(super) scheme: Word<Scheme>,
    /// Whether everything received has been computed.
    pub(super) settled: bool,
    /// Whether a percentile was read from a histogram (within 1 %).
    pub(super) approximate: bool,
    pub(super) deployment_frequency: Trended<Frequency, FrequencyPoint>,
    pub(super) lead_time: Trended<LeadTime, SpreadPoint>,
    pub(super) change_failure_rate: Trended<FailureRate, FailurePoint>,
    pub(super) recovery_time: Trended<RecoveryTime, SpreadPoint>,
    pub(super) rework_rate: Trended<ReworkRate, ReworkPoint>,
    pub(super) restore_time: Trended<RestoreTime, SpreadPoint>,
    pub(super) quality: Faulty,
    pub(super) scores: Scored,
}

/// A value that is written as its word.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Word<T>(pub(super) T);

impl Serialize for Word<Bucket> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.0.as_str())
    }
}

impl Serialize for Word<Scheme> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.0.as_str())
    }
}

#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub(crate) struct FrequencyPoint {
    pub(super) at: DateTime<Utc>,
    pub(super) n: i64,
    pub(super) redeploys: i64,
    pub(super) rollbacks: i64,
    pub(super) hotfixes: i64,
    pub(super) failed_attempts: i64,
}

#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub(crate) struct SpreadPoint {
    pub(super) at: DateTime<Utc>,
    pub(super) n: i64,
    /// The percentile that was asked for.
    pub(super) value: Option<f64>,
    pub(super) p50_s: Option<f64>,
    pub(super) p90_s: Option<f64>,
    pub(super) mean_s: Option<f64>,
}

#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub(crate) struct FailurePoint {
    pub(super) at: DateTime<Utc>,
    pub(super) failed: i64,
    pub(super) deployments: i64,
    pub(super) rate: Option<f64>,
}

#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub(crate) struct ReworkPoint {
    pub(super) at: DateTime<Utc>,
    pub(super) rework: i64,
    pub(super) deployments: i64,
    pub(super) rate: Option<f64>,
}

/// The metrics whose value has a band.
pub(super) fn judged(metric: Metric, scheme: Scheme, value: Option<f64>) -> (Band, Option<f64>) {
    (Band::of(metric, scheme, value), domain::metrics::scores::score(metric, value))
}
