//! Deliveries, as the API reads them: what came in, how it proved itself, and what was made of it.
//!
//! Those that were taken are in `deliveries`; of those that were refused only a bounded sample is kept. Both are
//! read here, newest first; `intake` and `rejected` write them.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use diesel::dsl::{AsSelect, Select, sql};
use diesel::expression::SqlLiteral;
use diesel::helper_types::IntoBoxed;
use diesel::pg::Pg;
use diesel::sql_types::{Bool, Nullable, Text};
use diesel::{
    ExpressionMethods, OptionalExtension, PgConnection, QueryDsl, Queryable, RunQueryDsl, Selectable, SelectableHelper,
    TextExpressionMethods,
};
use domain::ids::{DeliveryId, EventId, TenantId};
use serde_json::Value;
use uuid::Uuid;

use crate::StoreError;
use crate::events::After;
use crate::intake::unpack;
use crate::schema::{deliveries, events, rejected_samples};

/// One delivery.
#[derive(Clone, Debug, PartialEq)]
pub struct DeliveryRow {
    pub id: DeliveryId,
    pub received_at: DateTime<Utc>,
    pub source: String,
    /// Unknown for one that was refused: nothing had parsed it.
    pub taken: Option<Taken>,
    /// Why it is unmapped or was refused.
    pub reason: Option<String>,
}

/// What is known of a delivery that was taken.
#[derive(Clone, Debug, PartialEq)]
pub struct Taken {
    pub kind: String,
    pub key: String,
    pub result: String,
    pub scheme: String,
    pub secret: String,
    pub mapping_version: i32,
    /// An earlier delivery had the same key and another body.
    pub conflict: bool,
    pub events: Vec<EventId>,
}

/// A delivery with what was sent.
#[derive(Clone, Debug, PartialEq)]
pub struct Whole {
    pub row: DeliveryRow,
    /// `[[name, value], …]`, without credentials.
    pub headers: Value,
    /// As received; only the first bytes of a refused one.
    pub body: Vec<u8>,
    /// The length as received.
    pub body_bytes: i64,
}

/// What a list is narrowed to. All that is set must hold.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DeliveryFilter {
    pub source: Option<String>,
    pub kind: Option<String>,
    /// `accepted` or `unmapped`.
    pub result: Option<String>,
    /// Inclusive.
    pub from: Option<DateTime<Utc>>,
    /// Exclusive.
    pub to: Option<DateTime<Utc>>,
}

/// Deliveries that were taken, newest first, at most `limit`.
pub fn list(
    conn: &mut PgConnection,
    tenant: &TenantId,
    filter: &DeliveryFilter,
    after: Option<After>,
    limit: i64,
) -> Result<Vec<DeliveryRow>, StoreError> {
    let mut rows: Vec<DeliveryRow> =
        page(tenant, filter, after, limit).load::<Listed>(conn)?.into_iter().map(DeliveryRow::from).collect();
    explain_unmapped(conn, tenant, &mut rows)?;
    Ok(rows)
}

/// Refused deliveries that were sampled, newest first, at most `limit`. The filter's kind and result mean nothing here.
pub fn list_rejected(
    conn: &mut PgConnection,
    tenant: &TenantId,
    filter: &DeliveryFilter,
    after: Option<After>,
    limit: i64,
) -> Result<Vec<DeliveryRow>, StoreError> {
    use rejected_samples as sample;
    let mut query = sample::table.filter(sample::tenant_id.eq(tenant.as_str())).into_boxed();
    if let Some(source) = &filter.source {
        query = query.filter(sample::source.eq(source));
    }
    if let Some(from) = filter.from {
        query = query.filter(sample::received_at.ge(from));
    }
    if let Some(to) = filter.to {
        query = query.filter(sample::received_at.lt(to));
    }
    if let Some(after) = after {
        query = query.filter(after.follows::<sample::table>(EARLIER));
    }
    let rows: Vec<(Uuid, DateTime<Utc>, String, String)> = query
        .order((sample::received_at.desc(), sample::id.desc()))
        .limit(limit)
        .select((sample::id, sample::received_at, sample::source, sample::reason))
        .load(conn)?;
    Ok(rows.into_iter().map(refused).collect())
}

/// One delivery of this tenant, taken or refused, with headers and body.
pub fn one(conn: &mut PgConnection, tenant: &TenantId, id: DeliveryId) -> Result<Option<Whole>, StoreError> {
    let taken: Option<(Listed, Value, Vec<u8>, i16, i32)> = of_id(tenant, id)
        .select((
            Listed::as_select(),
            deliveries::headers,
            deliveries::body,
            deliveries::body_encoding,
            deliveries::body_bytes,
        ))
        .first(conn)
        .optional()?;
    let Some((listed, headers, body, encoding, length)) = taken else { return one_rejected(conn, tenant, id) };
    let mut rows = [DeliveryRow::from(listed)];
    explain_unmapped(conn, tenant, &mut rows)?;
    let [row] = rows;
    Ok(Some(Whole { row, headers, body: unpack(body, encoding, length)?, body_bytes: length.into() }))
}

/// Whether a delivery of this tenant was taken.
pub fn is_taken(conn: &mut PgConnection, tenant: &TenantId, id: DeliveryId) -> Result<bool, StoreError> {
    let found: Option<Uuid> = of_id(tenant, id).select(deliveries::id).first(conn).optional()?;
    Ok(found.is_some())
}

fn one_rejected(conn: &mut PgConnection, tenant: &TenantId, id: DeliveryId) -> Result<Option<Whole>, StoreError> {
    use rejected_samples as sample;
    type Row = (Uuid, DateTime<Utc>, String, String, Value, Vec<u8>, i64);
    let row: Option<Row> = sample::table
        .filter(sample::tenant_id.eq(tenant.as_str()))
        .filter(sample::id.eq(id.0))
        .select((
            sample::id,
            sample::received_at,
            sample::source,
            sample::reason,
            sample::headers,
            sample::body_head,
            sample::body_bytes,
        ))
        .first(conn)
        .optional()?;
    Ok(row.map(|(id, received_at, source, reason, headers, body, body_bytes)| Whole {
        row: refused((id, received_at, source, reason)),
        headers,
        body,
        body_bytes,
    }))
}

/// A time that the id carries finds the partition.
fn of_id(tenant: &TenantId, id: DeliveryId) -> deliveries::BoxedQuery<'static, Pg> {
    deliveries::table
        .filter(deliveries::received_at.eq(id.received_at()))
        .filter(deliveries::id.eq(id.0))
        .filter(deliveries::tenant_id.eq(tenant.as_str().to_owned()))
        .into_boxed()
}

/// A row of a list.
#[derive(Queryable, Selectable)]
#[diesel(table_name = deliveries)]
pub(crate) struct Listed {
    id: Uuid,
    received_at: DateTime<Utc>,
    source: String,
    kind: String,
    key: String,
    result: String,
    scheme: String,
    secret: String,
    mapping_version: i32,
    event_count: i32,
    #[diesel(select_expression = sql::<Bool>(CONFLICT), select_expression_type = SqlLiteral<Bool>)]
    conflict: bool,
}

/// Equal bodies make no second row, so that an earlier row of the same key had another one.
const CONFLICT: &str = "exists (select from delivery_ledger l where l.tenant_id = deliveries.tenant_id
  and l.key_hash = deliveries.key_hash and l.delivery_id < deliveries.id)";

const EARLIER: &str = "(received_at, id) < (";

pub(crate) fn page(
    tenant: &TenantId,
    filter: &DeliveryFilter,
    after: Option<After>,
    limit: i64,
) -> IntoBoxed<'static, Select<deliveries::table, AsSelect<Listed, Pg>>, Pg> {
    let mut query = deliveries::table
        .select(Listed::as_select())
        .filter(deliveries::tenant_id.eq(tenant.as_str().to_owned()))
        .into_boxed();
    let DeliveryFilter { source, kind, result, from, to } = filter.clone();
    if let Some(source) = source {
        query = query.filter(deliveries::source.eq(source));
    }
    if let Some(kind) = kind {
        query = query.filter(deliveries::kind.eq(kind));
    }
    if let Some(result) = result {
        query = query.filter(deliveries::result.eq(result));
    }
    if let Some(from) = from {
        query = query.filter(deliveries::received_at.ge(from));
    }
    if let Some(to) = to {
        query = query.filter(deliveries::received_at.lt(to));
    }
    if let Some(after) = after {
        query = query.filter(after.follows::<deliveries::table>(EARLIER));
    }
    query.order((deliveries::received_at.desc(), deliveries::id.desc())).limit(limit)
}

impl From<Listed> for DeliveryRow {
    fn from(listed: Listed) -> Self {
        let Listed { received_at, source, kind, key, result, scheme, secret, mapping_version, conflict, .. } = listed;
        let (id, event_count) = (DeliveryId(listed.id), listed.event_count);
        let count = usize::try_from(event_count).unwrap_or(0);
        let events = (0..count).map(|ordinal| id.event(ordinal)).collect();
        let taken = Taken { kind, key, result, scheme, secret, mapping_version, conflict, events };
        Self { id, received_at, source, taken: Some(taken), reason: None }
    }
}

fn refused((id, received_at, source, reason): (Uuid, DateTime<Utc>, String, String)) -> DeliveryRow {
    DeliveryRow { id: DeliveryId(id), received_at, source, taken: None, reason: Some(reason) }
}

/// Fills in why deliveries are unmapped: their events say so.
fn explain_unmapped(conn: &mut PgConnection, tenant: &TenantId, rows: &mut [DeliveryRow]) -> Result<(), StoreError> {
    let unmapped = |row: &&mut DeliveryRow| row.taken.as_ref().is_some_and(|taken| taken.result == "unmapped");
    let ids: Vec<Uuid> = rows
        .iter_mut()
        .filter(unmapped)
        .flat_map(|row| row.taken.iter().flat_map(|taken| taken.events.iter().map(|event| event.0)))
        .collect();
    if ids.is_empty() {
        return Ok(());
    }
    let found: Vec<(Uuid, Option<String>)> = events::table
        .filter(events::id.eq_any(ids))
        .filter(events::tenant_id.eq(tenant.as_str()))
        .filter(events::kind.like("%.unmapped"))
        .select((events::delivery_id, sql::<Nullable<Text>>("data ->> 'reason'")))
        .load(conn)?;
    let mut reasons: HashMap<Uuid, String> = found.into_iter().filter_map(|(id, reason)| Some((id, reason?))).collect();
    rows.iter_mut().filter(unmapped).for_each(|row| row.reason = reasons.remove(&row.id.0));
    Ok(())
}
