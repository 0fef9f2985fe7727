//! The rows behind a headline: each with whether it counts and why, and the headline reckoned anew from all of them.
//!
//! The headline is what the store's aggregates say; the recomputation reads every row and reckons here, with other code.
//! Both are in the answer, from one moment of the database.

use actix_web::{HttpResponse, web};
use chrono::{DateTime, Utc};
use domain::ids::TenantId;
use serde::Serialize;
use serde_json::Value;
use store::{Connection, StoreError};
use utoipa::ToSchema;

use super::behind::{Rows, rows};
use super::lists::Listing;
use super::measure::{AskedOptions, Options};
use super::query::rows_query;
use super::recompute::recompute;
use crate::access::{Caller, Viewer};
use crate::faults::Faults;
use crate::page::Page;
use crate::problem::{Problem, ProblemBody};
use crate::query::Asked;
use crate::state::Shared;

rows_query! {
    /// The range, what is counted in it, and how: as of the metrics themselves.
    ExplainQuery {
        /// `change` or `commit`.
        lead_unit,
        /// `true` leaves changes and commits of bots out of the lead time.
        exclude_bots,
        /// Which percentile is the value of a duration: 1 to 99; 50 unless given.
        percentile,
        /// Whose bands: `2024m`, `2023` or `2021`.
        scheme,
        /// `false` leaves deployments of what was live already out of the frequency.
        count_redeploys,
        /// `true` divides the frequency by Mondays to Fridays.
        working_days,
        /// `true` counts deployments that ended in failure or error as failed ones.
        count_failed_pipeline,
        /// `finish` or `impact`.
        fdrt_start,
    }
}

impl ExplainQuery {
    fn options(&self) -> AskedOptions<'_> {
        AskedOptions {
            lead_unit: self.lead_unit.as_deref(),
            exclude_bots: self.exclude_bots.as_deref(),
            percentile: self.percentile.as_deref(),
            scheme: self.scheme.as_deref(),
            bucket: None,
            count_redeploys: self.count_redeploys.as_deref(),
            working_days: self.working_days.as_deref(),
            count_failed_pipeline: self.count_failed_pipeline.as_deref(),
            fdrt_start: self.fdrt_start.as_deref(),
        }
    }
}

/// What can be explained.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Explainable {
    DeploymentFrequency,
    LeadTime,
    ChangeFailureRate,
    RecoveryTime,
    ReworkRate,
    RestoreTime,
}

impl Explainable {
    /// The name in the object of metrics, and those that row calls have.
    const NAMES: [(Explainable, &'static str, &'static [&'static str]); 6] = [
        (Explainable::DeploymentFrequency, "deployment_frequency", &[]),
        (Explainable::LeadTime, "lead_time", &[]),
        (Explainable::ChangeFailureRate, "change_failure_rate", &["change_fail_rate"]),
        (Explainable::RecoveryTime, "recovery_time", &[]),
        (Explainable::ReworkRate, "rework_rate", &[]),
        (Explainable::RestoreTime, "restore_time", &["mttr"]),
    ];

    fn parse(word: &str) -> Option<(Self, &'static str)> {
        let word = word.replace('-', "_");
        let row = Self::NAMES.iter().find(|(_, name, others)| *name == word || others.contains(&word.as_str()));
        row.map(|(metric, name, _)| (*metric, *name))
    }
}

/// A headline and what is behind it.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Explained {
    metric: &'static str,
    from: DateTime<Utc>,
    to: DateTime<Utc>,
    /// Whether everything received has been computed.
    settled: bool,
    /// As `/v1/metrics/dora` has it, without trend and previous period.
    #[schema(value_type = Object)]
    headline: Value,
    /// The same, reckoned from all rows that count, not only those of this page.
    #[schema(value_type = Object)]
    recomputed: Value,
    /// Whether both are the same.
    matches: bool,
    #[serde(flatten)]
    page: Page<Explanation>,
}

/// A row with its part in the headline.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Explanation {
    /// Whether it counts.
    pub(super) counted: bool,
    /// Why, or why not.
    pub(super) reason: String,
    /// What it brings: seconds of a duration; null where it is only counted.
    pub(super) value: Option<f64>,
    /// The deployment, change, commit, failure or incident, with the ids of its `events`.
    #[serde(flatten)]
    #[schema(value_type = Object)]
    pub(super) row: Value,
}

/// The rows behind a headline.
#[utoipa::path(get, path = "/v1/metrics/dora/{metric}/explain", tag = "metrics",
    params(("metric" = String, Path, description = "`deployment-frequency`, `lead-time`, `change-failure-rate`, `recovery-time`, `rework-rate` or `restore-time`"),
           ExplainQuery),
    responses(
    (status = 200, body = Explained),
    (status = 400, body = ProblemBody),
    (status = 404, body = ProblemBody),
))]
pub(crate) async fn metric(
    caller: Caller<Viewer>,
    state: Shared,
    named: web::Path<String>,
    Asked(query): Asked<ExplainQuery>,
) -> Result<HttpResponse, Problem> {
    let (metric, name) = Explainable::parse(&named).ok_or_else(|| {
        let names: Vec<String> = Explainable::NAMES.iter().map(|(_, name, _)| name.replace('_', "-")).collect();
        Problem::not_found(&format!("metric; there are {}", names.join(", ")))
    })?;
    let mut faults = Faults::of_query();
    let options = query.options().read(&mut faults);
    let asking = query.of(name, query.options());
    let listing = asking.begin(&state, &caller.tenant, faults).await?;
    let (scope, limit, settled) = (listing.scope, listing.limit, listing.settled);
    let (from, to) = (listing.range.slice.from, listing.range.slice.to);
    let read = move |conn: &mut Connection| explain(conn, &caller.tenant, metric, &listing, &options);
    let (headline, recomputed, rows) = state.store.look("dora_explain", read).await?;
    let page = Page::cut(rows, limit, scope, |row| row.place, |row| row.explanation);
    let matches = same(&headline, &recomputed);
    Ok(HttpResponse::Ok().json(Explained { metric: name, from, to, settled, headline, recomputed, matches, page }))
}

fn explain(
    conn: &mut Connection,
    tenant: &TenantId,
    metric: Explainable,
    listing: &Listing,
    options: &Options,
) -> Result<(Value, Value, Rows), StoreError> {
    let (headline, recomputed) = recompute(conn, tenant, metric, listing, options)?;
    Ok((headline, recomputed, rows(conn, tenant, metric, listing, options)?))
}

/// Sums of floats depend on their order: the last bits may differ.
fn same(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Object(a), Value::Object(b)) => {
            a.len() == b.len() && a.iter().all(|(name, value)| b.get(name).is_some_and(|other| same(value, other)))
        }
        (Value::Number(a), Value::Number(b)) => {
            let (a, b) = (a.as_f64().unwrap_or(f64::NAN), b.as_f64().unwrap_or(f64::NAN));
            (a - b).abs() <= 1e-9 * a.abs().max(b.abs()).max(1.0)
        }
        _ => a == b,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn names_are_those_of_the_object_and_of_the_row_calls() {
        for (word, metric) in [
            ("lead-time", Explainable::LeadTime),
            ("lead_time", Explainable::LeadTime),
            ("change-fail-rate", Explainable::ChangeFailureRate),
            ("mttr", Explainable::RestoreTime),
        ] {
            assert_eq!(Explainable::parse(word).map(|(metric, _)| metric), Some(metric), "{word}");
        }
        assert_eq!(Explainable::parse("happiness"), None);
    }

    #[test]
    fn headlines_are_the_same_up_to_the_last_bits() {
        assert!(same(&json!({"n": 3, "mean_s": 0.1 + 0.2}), &json!({"n": 3, "mean_s": 0.3})));
        assert!(!same(&json!({"n": 3, "mean_s": 0.3}), &json!({"n": 3, "mean_s": 0.30001})));
        assert!(!same(&json!({"n": null}), &json!({"n": 0})));
    }
}
