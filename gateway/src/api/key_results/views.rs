//! A key result as callers see it: where it is, how far that is, and what it follows.

use chrono::{DateTime, Utc};
use domain::metrics::Band;
use serde::Serialize;
use store::metrics::current::{Current, Followed};
use store::objectives;
use utoipa::ToSchema;
use uuid::Uuid;

/// More is better.
pub(super) const UP: &str = "up";

/// A key result.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct KeyResult {
    #[schema(value_type = String)]
    pub(super) id: Uuid,
    #[schema(value_type = String)]
    objective_id: Uuid,
    title: String,
    target: Option<f64>,
    baseline: Option<f64>,
    /// As it was told last; of one that follows a metric, measured now. Null: not known.
    current: Option<f64>,
    /// Of a followed metric: `per_day`, `seconds` or `ratio`.
    unit: Option<String>,
    /// `up` or `down`.
    direction: String,
    /// 0 to 1: how much of the way is done. Null: not known.
    progress: Option<f64>,
    /// Whether the target is reached. Null: not known.
    reached: Option<bool>,
    /// The metric that it follows.
    follows: Option<FollowedMetric>,
    pub(super) created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
}

/// Which metric is followed, and what its value is counted from.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct FollowedMetric {
    metric: String,
    /// Null: everybody's.
    service: Option<String>,
    team: Option<String>,
    percentile: i64,
    window_days: i64,
    n: i64,
    /// Null: the metric has no bands.
    #[schema(value_type = Option<String>)]
    band: Option<Band>,
}

/// The metric that a row follows.
pub(super) fn followed(row: &objectives::KeyResult) -> Option<Followed> {
    Some(Followed {
        metric: row.metric.clone()?,
        service: row.service.clone(),
        team: row.team.clone(),
        percentile: i64::from(row.percentile?),
        window_days: i64::from(row.window_days?),
    })
}

impl KeyResult {
    /// `found` is the value of the metric that it follows.
    pub(super) fn of(row: objectives::KeyResult, found: Option<Current>) -> Self {
        let follows = followed(&row).zip(found).map(|(followed, found)| FollowedMetric {
            metric: followed.metric,
            service: followed.service,
            team: followed.team,
            percentile: followed.percentile,
            window_days: followed.window_days,
            n: found.n,
            band: found.band,
        });
        let current = found.map_or(row.current, |found| found.value);
        let way = row.target.zip(current).map(|(target, current)| Way {
            baseline: row.baseline,
            target,
            current,
            is_up: row.direction == UP,
        });
        Self {
            progress: way.as_ref().and_then(Way::progress),
            reached: way.as_ref().map(Way::is_done),
            id: row.id,
            objective_id: row.objective_id,
            title: row.title,
            target: row.target,
            baseline: row.baseline,
            current,
            unit: row.unit,
            direction: row.direction,
            follows,
            created_at: row.created_at,
            updated_at: row.updated_at,
        }
    }
}

/// From where to where, and how far.
struct Way {
    baseline: Option<f64>,
    target: f64,
    current: f64,
    is_up: bool,
}

impl Way {
    fn is_done(&self) -> bool {
        if self.is_up { self.current >= self.target } else { self.current <= self.target }
    }

    /// The share of the way from the baseline; without one, of the target. None where neither makes a way.
    fn progress(&self) -> Option<f64> {
        if self.is_done() {
            return Some(1.0);
        }
        let share = match self.baseline {
            Some(baseline) => (self.current - baseline) / (self.target - baseline),
            None if self.is_up => self.current / self.target,
            None => self.target / self.current,
        };
        share.is_finite().then(|| share.clamp(0.0, 1.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn progress(baseline: Option<f64>, target: f64, current: f64, is_up: bool) -> Option<f64> {
        Way { baseline, target, current, is_up }.progress()
    }

    #[test]
    fn progress_is_the_share_of_the_way() {
        assert_eq!(progress(None, 4.0, 1.0, true), Some(0.25));
        assert_eq!(progress(None, 4.0, 9.0, true), Some(1.0));
        assert_eq!(progress(None, 3600.0, 7200.0, false), Some(0.5));
        assert_eq!(progress(Some(10.0), 20.0, 15.0, true), Some(0.5));
        assert_eq!(progress(Some(10.0), 2.0, 8.0, false), Some(0.25));
        assert_eq!(progress(Some(10.0), 2.0, 12.0, false), Some(0.0), "further away than it began");
        assert_eq!(progress(Some(0.3), 0.0, 0.0, false), Some(1.0));
        assert_eq!(progress(Some(5.0), 5.0, 4.0, true), None, "there is no way from here to here");
    }
}
