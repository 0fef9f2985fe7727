//! A key result as somebody wants it, looked at before it is kept.

use chrono::{DateTime, Utc};
use domain::ids::{self, TenantId};
use serde::Deserialize;
use store::metrics::current::METRICS;
use store::objectives;
use utoipa::ToSchema;
use uuid::Uuid;

use super::views::UP;
use crate::faults::Faults;
use crate::problem::Problem;

const LONGEST_TITLE: usize = 255;
const LONGEST_UNIT: usize = 64;
const USUAL_PERCENTILE: i16 = 50;
const USUAL_DAYS: i32 = 30;
const MOST_DAYS: i64 = 3650;

/// A key result to be.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewKeyResult {
    /// 1 to 255 characters.
    title: Option<String>,
    target: Option<f64>,
    /// Where it began: then progress is the way from there to the target.
    baseline: Option<f64>,
    /// At most 64 characters; of one that follows a metric, the metric's own.
    unit: Option<String>,
    /// `up`: more is better; `down`. What is better for the metric, else `up`, unless given.
    direction: Option<String>,
    follows: Option<NewFollowed>,
}

/// The metric to be followed.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewFollowed {
    /// `deployment_frequency`, `lead_time`, `change_failure_rate`, `recovery_time`, `rework_rate` or `restore_time`.
    metric: Option<String>,
    /// Everybody's unless this or `team` is given.
    service: Option<String>,
    team: Option<String>,
    /// Of durations: 1 to 99; 50 unless given.
    percentile: Option<i16>,
    /// The last so many days, 1 to 3650; 30 unless given.
    window_days: Option<i32>,
}

impl NewKeyResult {
    pub(super) fn row(
        self,
        tenant: &TenantId,
        objective: Uuid,
        now: DateTime<Utc>,
    ) -> Result<objectives::KeyResult, Problem> {
        let mut faults = Faults::of_body();
        let title = faults.required("title", self.title.as_deref(), LONGEST_TITLE);
        let told_unit = faults.line("unit", self.unit.as_deref(), LONGEST_UNIT);
        let direction = faults.word("direction", self.direction.as_deref(), &[UP, "down"]);
        let metric = self.follows.as_ref().and_then(|follows| follows.metric(&mut faults));
        let (unit, usual) = match metric {
            Some((name, unit)) => (Some(unit.to_owned()), if name == METRICS[0].0 { UP } else { "down" }),
            None => (told_unit.clone(), UP),
        };
        if told_unit.is_some() && told_unit != unit {
            faults.add("unit", "`unit` follows from the metric: leave it out");
        }
        let follows = self.follows.unwrap_or_default();
        let row = objectives::KeyResult {
            tenant_id: tenant.to_string(),
            id: ids::row(now, Uuid::new_v4().into_bytes()),
            objective_id: objective,
            title,
            baseline: self.baseline,
            target: self.target,
            current: None,
            unit,
            direction: direction.unwrap_or(usual).to_owned(),
            metric: metric.map(|(name, _)| name.to_owned()),
            service: faults.line("follows/service", follows.service.as_deref(), LONGEST_TITLE),
            team: faults.line("follows/team", follows.team.as_deref(), LONGEST_TITLE),
            percentile: metric.map(|_| follows.percentile.unwrap_or(USUAL_PERCENTILE)),
            window_days: metric.map(|_| follows.window_days.unwrap_or(USUAL_DAYS)),
            created_at: now,
            updated_at: now,
        };
        faults.none()?;
        Ok(row)
    }
}

impl NewFollowed {
    /// The metric's name and unit.
    fn metric(&self, faults: &mut Faults) -> Option<(&'static str, &'static str)> {
        let percentile = i64::from(self.percentile.unwrap_or(USUAL_PERCENTILE));
        faults.within("follows/percentile", Some(percentile), 1..=99);
        let days = i64::from(self.window_days.unwrap_or(USUAL_DAYS));
        faults.within("follows/window_days", Some(days), 1..=MOST_DAYS);
        let asked = Some(self.metric.as_deref().unwrap_or_default());
        let name = faults.word("follows/metric", asked, &METRICS.map(|(name, _)| name));
        METRICS.into_iter().find(|(metric, _)| Some(*metric) == name)
    }
}
