//! Coverage and quality gates by week, source and project, newest week first.

use actix_web::HttpResponse;
use chrono::{NaiveDate, NaiveTime};
use domain::metrics::Bucket;
use domain::metrics::buckets::begins_of_all;
use domain::metrics::calendar::day_of;
use serde::Serialize;
use sha2::{Digest, Sha256};
use store::events::After;
use store::metrics::reports::{self, ReportWeek};
use utoipa::ToSchema;
use uuid::Uuid;

use super::lists::Rows;
use super::query::rows_query;
use crate::access::{Caller, Viewer};
use crate::faults::Faults;
use crate::page::Page;
use crate::problem::{Problem, ProblemBody};
use crate::query::Asked;
use crate::state::Shared;

rows_query! {
    /// The range. `repo` and `service` name projects; reports know no team, environment or tier.
    CodeQualityQuery {
    }
}

/// A project's week, by EM Agent's names.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct CodeQualityRow {
    /// Its Monday.
    #[schema(value_type = String, format = Date)]
    week: NaiveDate,
    source: String,
    project: String,
    /// Percent.
    avg_coverage: Option<f64>,
    max_coverage: Option<f64>,
    min_coverage: Option<f64>,
    /// `passed` or `failed`: of the last report that judged; null where none did.
    quality_status: Option<&'static str>,
    event_count: i64,
    /// The newest of them, up to 50.
    #[schema(value_type = Vec<String>)]
    events: Vec<Uuid>,
}

impl CodeQualityRow {
    fn of(row: ReportWeek, week: NaiveDate) -> Self {
        Self {
            week,
            source: row.source,
            project: row.project,
            avg_coverage: row.avg_coverage,
            max_coverage: row.max_coverage,
            min_coverage: row.min_coverage,
            quality_status: row.passed.map(|passed| if passed { "passed" } else { "failed" }),
            event_count: row.event_count,
            events: row.events,
        }
    }

    /// Where it stands: by week, then by a hash of what it is about.
    fn place(&self) -> After {
        let digest = Sha256::digest(format!("{}\n{}", self.source, self.project));
        let mut id = [0; 16];
        id.copy_from_slice(&digest[..16]);
        After { time: self.week.and_time(NaiveTime::MIN).and_utc(), id: Uuid::from_bytes(id) }
    }
}

/// Coverage and quality gates by week.
#[utoipa::path(get, path = "/v1/metrics/code-quality", tag = "metrics", params(CodeQualityQuery),
    responses(
    (status = 200, body = Rows<CodeQualityRow>),
    (status = 400, body = ProblemBody),
))]
pub(crate) async fn rows(
    caller: Caller<Viewer>,
    state: Shared,
    Asked(query): Asked<CodeQualityQuery>,
) -> Result<HttpResponse, Problem> {
    let listing = query.of("code-quality", ()).begin(&state, &caller.tenant, Faults::of_query()).await?;
    let (range, zone) = (listing.range.clone(), listing.range.zone);
    let read = move |conn: &mut store::Connection| {
        let Some((first, last)) = reports::extent(conn, &caller.tenant, &range.slice)? else { return Ok(Vec::new()) };
        let begins = begins_of_all(first, last, zone, Bucket::Week);
        let weeks = reports::weeks(conn, &caller.tenant, &range.slice, &begins)?;
        let monday = |week: i32| usize::try_from(week - 1).ok().and_then(|place| begins.get(place));
        let dated = |row: ReportWeek| monday(row.week).map(|begin| CodeQualityRow::of(row, day_of(*begin, zone)));
        Ok(weeks.into_iter().filter_map(dated).collect())
    };
    let mut rows: Vec<CodeQualityRow> = state.store.look("code_quality", read).await?;
    let key = |row: &CodeQualityRow| (row.place().time, row.place().id);
    rows.sort_by_key(|row| std::cmp::Reverse(key(row)));
    rows.retain(|row| listing.after.is_none_or(|after| key(row) < (after.time, after.id)));
    let page = Page::cut(rows, listing.limit, listing.scope, CodeQualityRow::place, |row| row);
    Ok(HttpResponse::Ok().json(Rows { page, settled: listing.settled }))
}
