//! Normalized events, as the API reads them: newest first with filters, and one by its id.
//!
//! Lists walk by (time, id), so that a page is stable while events come in. [`stream`] walks by commit order instead.
//! Writing events is `intake`'s business alone.

#[cfg(test)]
pub(crate) mod plans;
pub mod stream;

use chrono::{DateTime, Utc};
use diesel::deserialize::{self, FromSql};
use diesel::dsl::sql;
use diesel::pg::{Pg, PgValue};
use diesel::sql_types::{Bool, Json, Nullable, Text, Timestamptz, Uuid as SqlUuid};
use diesel::{
    BoolExpressionMethods, BoxableExpression, ExpressionMethods, OptionalExtension, PgConnection,
    PgTextExpressionMethods, QueryDsl, Queryable, QueryableByName, RunQueryDsl, TextExpressionMethods,
};
use domain::event::{Event, EventType, Facets};
use domain::ids::{DeliveryId, EventId, TenantId};
use serde_json::value::RawValue;
use uuid::Uuid;

use crate::StoreError;
use crate::schema::events;

/// JSON as it stands in the row: neither parsed nor written anew.
#[derive(Clone, Debug, diesel::expression::AsExpression, diesel::deserialize::FromSqlRow)]
#[diesel(sql_type = Json)]
pub struct JsonText(pub Box<RawValue>);

impl FromSql<Json, Pg> for JsonText {
    fn from_sql(value: PgValue<'_>) -> deserialize::Result<Self> {
        let text = std::str::from_utf8(value.as_bytes())?;
        Ok(Self(RawValue::from_string(text.to_owned())?))
    }
}

/// A row of `events`, its columns in the order of the schema.
#[derive(Clone, Debug, Queryable, QueryableByName)]
pub struct EventRow {
    #[diesel(sql_type = Text)]
    pub tenant_id: String,
    #[diesel(sql_type = SqlUuid)]
    pub id: Uuid,
    #[diesel(sql_type = SqlUuid)]
    pub delivery_id: Uuid,
    #[diesel(sql_type = Text)]
    pub integration: String,
    #[diesel(sql_type = Text)]
    pub source: String,
    #[diesel(sql_type = Text, column_name = "type")]
    pub kind: String,
    #[diesel(sql_type = Text)]
    pub subject: String,
    #[diesel(sql_type = Timestamptz)]
    pub time: DateTime<Utc>,
    #[diesel(sql_type = Nullable<Text>)]
    pub repo: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    pub service: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    pub environment: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    pub actor: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    pub traceparent: Option<String>,
    #[diesel(sql_type = Json)]
    pub data: JsonText,
}

impl TryFrom<EventRow> for Event {
    type Error = StoreError;

    fn try_from(row: EventRow) -> Result<Self, StoreError> {
        let corrupt = |what: &str| StoreError::Corrupt(format!("event {} has no {what}", row.id));
        Ok(Event {
            id: EventId(row.id),
            tenant: row.tenant_id.parse().map_err(|_| corrupt("tenant"))?,
            integration: row.integration,
            source: row.source,
            kind: EventType::parse(&row.kind).ok_or_else(|| corrupt("type"))?,
            subject: row.subject,
            time: row.time,
            delivery: DeliveryId(row.delivery_id),
            traceparent: row.traceparent,
            facets: Facets { repo: row.repo, service: row.service, environment: row.environment, actor: row.actor },
            data: row.data.0,
        })
    }
}

/// What a list or stream of events is narrowed to. All that is set must hold.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EventFilter {
    /// The integration's name.
    pub source: Option<String>,
    pub type_prefix: Option<String>,
    pub subject: Option<String>,
    pub repo: Option<String>,
    pub service: Option<String>,
    pub environment: Option<String>,
    pub actor: Option<String>,
    /// Inclusive.
    pub from: Option<DateTime<Utc>>,
    /// Exclusive.
    pub to: Option<DateTime<Utc>>,
    /// Found in the subject or anywhere in the data, without regard to case.
    pub text: Option<String>,
}

/// Where a page of a list ended: the next begins after this row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct After {
    pub time: DateTime<Utc>,
    pub id: Uuid,
}

impl After {
    /// Whether a row comes after this place in a list that is newest first. `columns` begin the comparison:
    /// `(time, id) < (`.
    pub(crate) fn follows<T: 'static>(
        self,
        columns: &'static str,
    ) -> Box<dyn BoxableExpression<T, Pg, SqlType = Bool>> {
        let comparison = sql::<Bool>(columns).bind::<Timestamptz, _>(self.time).sql(", ");
        Box::new(comparison.bind::<SqlUuid, _>(self.id).sql(")"))
    }
}

/// Events, newest first, at most `limit`.
pub fn list(
    conn: &mut PgConnection,
    tenant: &TenantId,
    filter: &EventFilter,
    after: Option<After>,
    limit: i64,
) -> Result<Vec<Event>, StoreError> {
    page(tenant, filter, after, limit).load::<EventRow>(conn)?.into_iter().map(Event::try_from).collect()
}

/// One event of this tenant.
pub fn one(conn: &mut PgConnection, tenant: &TenantId, id: EventId) -> Result<Option<Event>, StoreError> {
    let row: Option<EventRow> = events::table
        .filter(events::id.eq(id.0))
        .filter(events::tenant_id.eq(tenant.as_str()))
        .first(conn)
        .optional()?;
    row.map(Event::try_from).transpose()
}

fn page(tenant: &TenantId, filter: &EventFilter, after: Option<After>, limit: i64) -> events::BoxedQuery<'static, Pg> {
    let mut query = matching(tenant, filter);
    if let Some(after) = after {
        query = query.filter(after.follows::<events::table>("(time, id) < ("));
    }
    query.order((events::time.desc(), events::id.desc())).limit(limit)
}

/// The rows of a tenant that a filter lets through, in no order.
fn matching(tenant: &TenantId, filter: &EventFilter) -> events::BoxedQuery<'static, Pg> {
    let mut query = events::table.filter(events::tenant_id.eq(tenant.as_str().to_owned())).into_boxed();
    let EventFilter { source, type_prefix, subject, repo, service, environment, actor, from, to, text } =
        filter.clone();
    if let Some(source) = source {
        query = query.filter(events::integration.eq(source));
    }
    if let Some(prefix) = type_prefix {
        query = query.filter(events::kind.like(format!("{}%", escape_like(&prefix))));
    }
    if let Some(subject) = subject {
        query = query.filter(events::subject.eq(subject));
    }
    if let Some(repo) = repo {
        query = query.filter(events::repo.eq(repo));
    }
    if let Some(service) = service {
        query = query.filter(events::service.eq(service));
    }
    if let Some(environment) = environment {
        query = query.filter(events::environment.eq(environment));
    }
    if let Some(actor) = actor {
        query = query.filter(events::actor.eq(actor));
    }
    if let Some(from) = from {
        query = query.filter(events::time.ge(from));
    }
    if let Some(to) = to {
        query = query.filter(events::time.lt(to));
    }
    if let Some(text) = text {
        let pattern = format!("%{}%", escape_like(&text));
        let in_data = sql::<Bool>("data::text ilike ").bind::<Text, _>(pattern.clone());
        query = query.filter(events::subject.ilike(pattern).or(in_data));
    }
    query
}

fn escape_like(text: &str) -> String {
    text.replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_")
}
