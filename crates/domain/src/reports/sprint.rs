//! How the last days went: the delivery metrics beside what is unfinished.

use chrono::{DateTime, TimeDelta, Utc};
use serde::Serialize;

use super::{Facts, Item, Number, Section, several, standup};

/// A sprint's report calls a change stale after this.
const STALE: TimeDelta = TimeDelta::hours(48);

/// Changes that were opened or ended at a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Moved {
    pub at: DateTime<Utc>,
    pub opened: i64,
    pub ended: i64,
}

/// Work in progress over the time.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Progress {
    /// Open at the end of the time.
    pub latest: i64,
    /// The mean over the time.
    pub mean: f64,
}

/// Follows what was open: `open` when the time began, then each move in order. None: the time has no length.
pub fn progress(open: i64, moves: &[Moved], from: DateTime<Utc>, to: DateTime<Utc>) -> Option<Progress> {
    let whole = (to - from).num_milliseconds();
    let (mut open, mut since, mut area) = (open, from, 0.0);
    for moved in moves {
        let at = moved.at.clamp(from, to);
        area += open as f64 * (at - since).num_milliseconds() as f64;
        open += moved.opened - moved.ended;
        since = at;
    }
    area += open as f64 * (to - since).num_milliseconds() as f64;
    (whole > 0).then(|| Progress { latest: open, mean: area / whole as f64 })
}

/// The report. The first members are EM Agent's.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct SprintHealth {
    pub window_days: i64,
    /// Successful deployments to production.
    pub total_deploys: i64,
    /// Null: there were none.
    pub avg_daily_deploys: Option<f64>,
    /// A share from 0 to 1. Null: there was nothing that could fail.
    pub avg_change_fail_rate: Option<f64>,
    /// Open changes now. Null: no change is known at all.
    pub latest_wip: Option<i64>,
    pub avg_wip: Option<f64>,
    #[serde(serialize_with = "super::time")]
    pub from: DateTime<Utc>,
    #[serde(serialize_with = "super::time")]
    pub to: DateTime<Utc>,
    pub headline: String,
    /// The five delivery metrics of production, each with the time before.
    pub numbers: Vec<Number>,
    pub sections: Vec<Section>,
}

/// Makes the report. `numbers` are named as the metrics are: `deployment_frequency`, `change_failure_rate`, …
pub fn sprint_health(facts: &Facts, numbers: Vec<Number>, wip: Option<Progress>) -> SprintHealth {
    let number = |name: &str| numbers.iter().find(|number| number.name == name);
    let value = |name: &str| number(name).and_then(|number| number.value);
    let said = standup::standup(facts, facts.from, STALE);
    let total_deploys = number("deployment_frequency").map_or(0, |number| number.n);
    let deploys = several(usize::try_from(total_deploys).unwrap_or(0), "deployment");
    let rate = value("change_failure_rate");
    let failed =
        rate.map_or("no failure rate".to_owned(), |rate| format!("{:.0} % of deployments failed", rate * 100.0));
    SprintHealth {
        window_days: (facts.now - facts.from).num_days(),
        total_deploys,
        avg_daily_deploys: value("deployment_frequency"),
        avg_change_fail_rate: rate,
        latest_wip: wip.map(|wip| wip.latest),
        avg_wip: wip.map(|wip| wip.mean),
        from: facts.from,
        to: facts.now,
        headline: format!("{deploys}, {failed}, {} stale", said.stale_pr_count),
        sections: said.sections,
        numbers,
    }
}

impl SprintHealth {
    /// Everything that it says, to put the events behind it to.
    pub fn items_mut(&mut self) -> impl Iterator<Item = &mut Item> {
        self.sections.iter_mut().flat_map(|section| &mut section.items)
    }
}
