//! The events that rows came from, by the subjects that they share.

use std::collections::HashMap;

use diesel::sql_types::{Array, Text, Uuid as SqlUuid};
use diesel::{PgConnection, QueryableByName, RunQueryDsl, sql_query};
use domain::ids::TenantId;
use uuid::Uuid;

use crate::StoreError;

/// What is known of a subject.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Evidence {
    /// Oldest first, so many at most: `/v1/events?subject=` has them all.
    pub events: Vec<Uuid>,
    /// The delivery that told of it first.
    pub delivery: Option<Uuid>,
}

#[derive(QueryableByName)]
struct Found {
    #[diesel(sql_type = Text)]
    subject: String,
    #[diesel(sql_type = Array<SqlUuid>)]
    events: Vec<Uuid>,
    #[diesel(sql_type = Array<SqlUuid>)]
    deliveries: Vec<Uuid>,
}

/// The events of each subject; subjects without any are not listed.
pub fn of_subjects(
    conn: &mut PgConnection,
    tenant: &TenantId,
    subjects: &[String],
) -> Result<HashMap<String, Evidence>, StoreError> {
    if subjects.is_empty() {
        return Ok(HashMap::new());
    }
    let found: Vec<Found> =
        sql_query(TEXT).bind::<Text, _>(tenant.as_str()).bind::<Array<Text>, _>(subjects).load(conn)?;
    let evidence = |row: Found| {
        let delivery = row.deliveries.first().copied();
        (row.subject, Evidence { events: row.events, delivery })
    };
    Ok(found.into_iter().map(evidence).collect())
}

pub(in crate::metrics) const TEXT: &str =
    "select s.subject, array_agg(e.id order by e.time, e.id) as events, array_agg(e.delivery_id order by e.time, e.id) as deliveries
     from (select distinct unnest($2::text[]) as subject) s
     cross join lateral (select id, delivery_id, time from events
                         where tenant_id = $1 and subject = s.subject order by time, id limit 50) e
     group by s.subject";
