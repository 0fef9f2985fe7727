//! The five metrics over a range, each with the period before and by bucket, and how good the data is.

use actix_web::HttpResponse;
use chrono::{DateTime, Utc};
use domain::ids::TenantId;
use domain::metrics::buckets::{self, Cut};
use domain::metrics::scores::{INDUSTRY_2025, Scores};
use store::metrics::quality::{self, Quality};
use store::metrics::{Slice, deployments};
use store::{Connection, StoreError};

use super::measure::{AskedOptions, Measured, Options, measure};
use super::query::{Range, metrics_query};
use super::settle;
use super::trends::{Trends, trends};
use super::whole::{Dora, Faulty, Scored, Trended, Word};
use crate::access::{Caller, Viewer};
use crate::faults::Faults;
use crate::problem::{Problem, ProblemBody};
use crate::query::Asked;
use crate::state::Shared;

metrics_query! {
    /// The range, what is counted in it, and how.
    DoraQuery {
        /// `change` (a pull request is one) or `commit`.
        lead_unit,
        /// `true` leaves changes and commits of bots out of the lead time.
        exclude_bots,
        /// Which percentile is the value of a duration: 1 to 99; 50 unless given.
        percentile,
        /// Whose bands: `2024m`, `2023` or `2021`; `2024m` unless given.
        scheme,
        /// What the trend is cut into: `auto`, `day`, `week`, `month`, `quarter` or `year`.
        bucket,
        /// `false` leaves deployments of what was live already out of the frequency.
        count_redeploys,
        /// `true` divides the frequency by Mondays to Fridays.
        working_days,
        /// `true` counts deployments that ended in failure or error as failed ones.
        count_failed_pipeline,
        /// Where the clock of the recovery starts: `finish` of the failed deployment, or `impact`: its first incident.
        fdrt_start,
    }
}

impl DoraQuery {
    fn options(&self) -> AskedOptions<'_> {
        AskedOptions {
            lead_unit: self.lead_unit.as_deref(),
            exclude_bots: self.exclude_bots.as_deref(),
            percentile: self.percentile.as_deref(),
            scheme: self.scheme.as_deref(),
            bucket: self.bucket.as_deref(),
            count_redeploys: self.count_redeploys.as_deref(),
            working_days: self.working_days.as_deref(),
            count_failed_pipeline: self.count_failed_pipeline.as_deref(),
            fdrt_start: self.fdrt_start.as_deref(),
        }
    }
}

/// The five metrics of a range.
#[utoipa::path(get, path = "/v1/metrics/dora", tag = "metrics", params(DoraQuery),
    responses(
    (status = 200, body = Dora),
    (status = 400, body = ProblemBody),
))]
pub(crate) async fn object(
    caller: Caller<Viewer>,
    state: Shared,
    Asked(query): Asked<DoraQuery>,
) -> Result<HttpResponse, Problem> {
    let now = Utc::now();
    let mut faults = Faults::of_query();
    let patience = settle::patience(&mut faults, query.wait.as_deref());
    let range = query.asked().read(&mut faults, now);
    let options = query.options().read(&mut faults);
    faults.none()?;
    let settled = settle::settled(&state, &caller.tenant, patience).await?;
    let all = move |conn: &mut Connection| Everything::of(conn, &caller.tenant, range, options, now);
    let everything = state.store.look("dora_metrics", all).await?;
    Ok(HttpResponse::Ok().json(everything.told(settled)))
}

/// All that is told, from one moment of the database.
struct Everything {
    range: Range,
    previous: Slice,
    options: Options,
    cut: Cut,
    now: Measured,
    before: Measured,
    trends: Trends,
    quality: Quality,
}

/// 2000 B.C.: the database's calendar does not go back much further.
const EARLIEST_SECONDS: i64 = -125_000_000_000;

impl Everything {
    fn of(
        conn: &mut Connection,
        tenant: &TenantId,
        range: Range,
        options: Options,
        now: DateTime<Utc>,
    ) -> Result<Self, StoreError> {
        let Range { slice, zone } = &range;
        let earliest = DateTime::from_timestamp(EARLIEST_SECONDS, 0).unwrap_or(slice.from);
        let previous_from = slice.from.checked_sub_signed(slice.to - slice.from).unwrap_or(earliest).max(earliest);
        let previous = slice.during(previous_from, slice.from);
        let cut = buckets::cut(slice.from, slice.to, *zone, options.bucket);
        let slots = deployments::slots(conn, tenant, slice)?;
        let before = deployments::slots(conn, tenant, &previous)?;
        Ok(Self {
            now: measure(conn, tenant, slice, *zone, &options, &slots, now)?,
            before: measure(conn, tenant, &previous, *zone, &options, &before, now)?,
            trends: trends(conn, tenant, slice, &options, &slots, &cut.begins)?,
            quality: quality::of_slice(conn, tenant, slice)?,
            range,
            previous,
            options,
            cut,
        })
    }

    fn told(self, settled: bool) -> Dora {
        let Self { range, previous, options, cut, now, before, trends, quality } = self;
        let own = Scores::of([
            now.frequency.value,
            now.lead.spread.value,
            now.failures.value,
            now.recovery.spread.value,
            now.rework.value,
        ]);
        Dora {
            from: range.slice.from,
            to: range.slice.to,
            previous_from: previous.from,
            timezone: range.zone.name(),
            bucket: Word(cut.bucket),
            scheme: Word(options.scheme),
            settled,
            approximate: false,
            deployment_frequency: Trended { now: now.frequency, previous: before.frequency, trend: trends.frequency },
            lead_time: Trended { now: now.lead, previous: before.lead, trend: trends.lead },
            change_failure_rate: Trended { now: now.failures, previous: before.failures, trend: trends.failures },
            recovery_time: Trended { now: now.recovery, previous: before.recovery, trend: trends.recovery },
            rework_rate: Trended { now: now.rework, previous: before.rework, trend: trends.rework },
            restore_time: Trended { now: now.restore, previous: before.restore, trend: trends.restore },
            quality: faulty(quality),
            scores: Scored { own, industry_2025: INDUSTRY_2025 },
        }
    }
}

fn faulty(quality: Quality) -> Faulty {
    Faulty {
        unattributed_incidents: quality.unattributed_incidents,
        ancestry_gaps: quality.ancestry_gaps,
        negative_lead_times: quality.negative_lead_times,
        deployments_without_sha: quality.deployments_without_sha,
        unmapped_events: quality.unmapped_events,
    }
}
