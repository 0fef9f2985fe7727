//! The answer of `GET /v1/metrics/dora`: the figures of a period beside those of the one before, by bucket, and how good the
//! data is.

use chrono::{DateTime, Utc};
use domain::metrics::scores::Scores;
use domain::metrics::{Bucket, Scheme};
use serde::Serialize;
use utoipa::ToSchema;

use super::figures::{FailureRate, Frequency, LeadTime, RecoveryTime, RestoreTime, ReworkRate};

/// A metric with the period before, and by bucket.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Trended<F: ToSchema, P: ToSchema> {
    #[serde(flatten)]
    pub(super) now: F,
    /// The same over the period before, which is as long.
    pub(super) previous: F,
    pub(super) trend: Vec<P>,
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
