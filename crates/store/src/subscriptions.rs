//! Which channels are told of which services, and what there is to tell them.
//!
//! What happened before somebody subscribed is not told, and nothing that is older than the caller says: histories that are
//! replayed or backfilled fill no channel. That each thing is told once, the queue for Slack holds (`slack_messages::notes`).

mod news;
#[cfg(test)]
mod plans;

use chrono::{DateTime, Utc};
use diesel::{
    ExpressionMethods, Insertable, PgConnection, QueryDsl, Queryable, RunQueryDsl, Selectable, SelectableHelper,
};
use domain::ids::TenantId;
use uuid::Uuid;

use crate::StoreError;
use crate::events::After;
use crate::schema::channel_subscriptions as s;

pub use news::{Ended, Happened, Incident, deployments, incidents};

/// A channel that is told of a service.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = s)]
pub struct Subscription {
    pub id: Uuid,
    pub service: String,
    /// `#name` or id.
    pub channel: String,
    pub created_at: DateTime<Utc>,
    pub created_by: String,
}

/// What a list is narrowed to. All that is set must hold.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Listed {
    pub service: Option<String>,
    pub channel: Option<String>,
}

/// Subscribes a channel. `false`: it was subscribed before.
pub fn add(conn: &mut PgConnection, tenant: &TenantId, subscription: &Subscription) -> Result<bool, StoreError> {
    let row = (s::tenant_id.eq(tenant.as_str()), subscription);
    Ok(diesel::insert_into(s::table).values(row).on_conflict_do_nothing().execute(conn)? == 1)
}

/// Ends a subscription. `false`: there was none.
pub fn remove(conn: &mut PgConnection, tenant: &TenantId, service: &str, channel: &str) -> Result<bool, StoreError> {
    let of = s::table.filter(s::tenant_id.eq(tenant.as_str()));
    let one = of.filter(s::service.eq(service)).filter(s::channel.eq(channel));
    Ok(diesel::delete(one).execute(conn)? == 1)
}

/// Subscriptions, newest first, at most `limit`.
pub fn list(
    conn: &mut PgConnection,
    tenant: &TenantId,
    listed: &Listed,
    after: Option<After>,
    limit: i64,
) -> Result<Vec<Subscription>, StoreError> {
    let mut query = s::table.filter(s::tenant_id.eq(tenant.as_str())).into_boxed();
    if let Some(service) = &listed.service {
        query = query.filter(s::service.eq(service));
    }
    if let Some(channel) = &listed.channel {
        query = query.filter(s::channel.eq(channel));
    }
    if let Some(after) = after {
        query = query.filter(after.follows::<s::table>("(created_at, id) < ("));
    }
    let newest = query.order((s::created_at.desc(), s::id.desc())).limit(limit);
    Ok(newest.select(Subscription::as_select()).load(conn)?)
}
