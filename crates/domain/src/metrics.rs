//! The arithmetic of the metrics: percentiles, bands, scores and calendars. What is counted is decided elsewhere.
//!
//! Nothing is rounded here, and nothing that is not known becomes zero: no values, no percentile; no days, no rate.
//! docs/metrics.md says what each number means.

pub mod bands;
pub mod buckets;
pub mod calendar;
pub mod percentile;
pub mod scores;

pub use bands::{Band, Metric, Scheme};
pub use buckets::Bucket;

/// The share of a whole; none when there is no whole.
pub fn ratio(part: i64, whole: i64) -> Option<f64> {
    (whole > 0).then(|| part as f64 / whole as f64)
}
