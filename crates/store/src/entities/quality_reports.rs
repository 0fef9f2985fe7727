//! Coverage and quality gates as they were reported: a row for each event, never merged.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use diesel::sql_types::{Array, Bool, Double, Nullable, Text, Timestamptz, Uuid as SqlUuid};
use diesel::{PgConnection, RunQueryDsl};
use domain::dora::quality::Report;
use domain::ids::EventId;
use uuid::Uuid;

use crate::StoreError;

crate::statement! {
    struct Insert<'a> {
        tenant: Array<Text> = Vec<&'a str>,
        event_id: Array<SqlUuid> = Vec<Uuid>,
        at: Array<Timestamptz> = Vec<DateTime<Utc>>,
        integration: Array<Text> = Vec<&'a str>,
        project: Array<Text> = Vec<&'a str>,
        coverage_pct: Array<Nullable<Double>> = Vec<Option<f64>>,
        passed: Array<Nullable<Bool>> = Vec<Option<bool>>,
    }
    returns ();
    "insert into quality_reports (tenant_id, event_id, at, integration, project, coverage_pct, passed)
     select * from unnest(?, ?, ?, ?, ?, ?, ?) as n (tenant_id, event_id, at, integration, project, coverage_pct, passed)
     order by event_id on conflict do nothing"
}

pub(super) fn add(conn: &mut PgConnection, reports: &BTreeMap<EventId, Report>) -> Result<(), StoreError> {
    if reports.is_empty() {
        return Ok(());
    }
    Insert {
        tenant: reports.values().map(|report| report.tenant.as_str()).collect(),
        event_id: reports.keys().map(|event| event.0).collect(),
        at: reports.values().map(|report| report.at).collect(),
        integration: reports.values().map(|report| report.integration.as_str()).collect(),
        project: reports.values().map(|report| report.project.as_str()).collect(),
        coverage_pct: reports.values().map(|report| report.coverage_pct).collect(),
        passed: reports.values().map(|report| report.passed).collect(),
    }
    .execute(conn)?;
    Ok(())
}
