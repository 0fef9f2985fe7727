//! Where approvals were posted, and which of the messages show them as they were.
//!
//! Every change of an approval marks its messages stale in the same transaction. Whoever writes one anew says which
//! version it shows: a change that came meanwhile keeps it stale.

use chrono::{DateTime, Utc};
use diesel::pg::Pg;
use diesel::sql_types::{Integer, Text, Timestamptz, Uuid as SqlUuid};
use diesel::{ExpressionMethods, PgConnection, QueryDsl, Queryable, RunQueryDsl};
use domain::ids::{ApprovalId, TenantId};
use uuid::Uuid;

use crate::schema::approval_posts;
use crate::{StoreError, statement};

/// A message about an approval.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Post {
    pub tenant: TenantId,
    pub approval: ApprovalId,
    pub channel: String,
    /// Slack's name for the message in its channel.
    pub ts: String,
    /// `request`, `reminder`, `escalation`.
    pub kind: String,
    pub posted_at: DateTime<Utc>,
    /// The approval has changed since the message was written.
    pub stale: bool,
}

/// A message that was posted just now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Posted<'a> {
    pub channel: &'a str,
    pub ts: &'a str,
    pub kind: &'a str,
    /// The version of the approval that it shows.
    pub version: i32,
}

#[derive(Queryable)]
struct Row {
    tenant_id: String,
    approval_id: Uuid,
    channel: String,
    ts: String,
    kind: String,
    posted_at: DateTime<Utc>,
    stale: bool,
}

impl Row {
    fn post(self) -> Result<Post, StoreError> {
        let Self { tenant_id, approval_id, channel, ts, kind, posted_at, stale } = self;
        let no_tenant = |_| StoreError::Corrupt(format!("a post of approval {approval_id} has no tenant"));
        let tenant = tenant_id.parse().map_err(no_tenant)?;
        Ok(Post { tenant, approval: ApprovalId(approval_id), channel, ts, kind, posted_at, stale })
    }
}

statement! {
    /// A message more; stale where the approval has gone on. The approval is held meanwhile: whoever changes it then either
    /// finds the message and marks it, or has done so before and is seen here.
    struct Add<'a> {
        channel: Text = &'a str,
        ts: Text = &'a str,
        kind: Text = &'a str,
        at: Timestamptz = DateTime<Utc>,
        version: Integer = i32,
        tenant: Text = &'a str,
        id: SqlUuid = Uuid,
    }
    returns ();
    "insert into approval_posts (tenant_id, approval_id, channel, ts, kind, posted_at, stale)
     select tenant_id, id, ?, ?, ?, ?, version > ? from approvals where tenant_id = ? and id = ? for share
     on conflict (tenant_id, approval_id, channel, ts) do update set stale = excluded.stale"
}

statement! {
    /// The message was written anew; stale where the approval has gone on. The approval is held, as above.
    struct Shown<'a> {
        tenant: Text = &'a str,
        id: SqlUuid = Uuid,
        version: Integer = i32,
        channel: Text = &'a str,
        ts: Text = &'a str,
    }
    returns ();
    "with a as materialized (select tenant_id, id, version from approvals where tenant_id = ? and id = ? for share)
     update approval_posts p set stale = a.version > ? from a
     where p.tenant_id = a.tenant_id and p.approval_id = a.id and p.channel = ? and p.ts = ?"
}

/// Remembers a message.
pub fn add_post(
    conn: &mut PgConnection,
    tenant: &TenantId,
    id: ApprovalId,
    posted: Posted<'_>,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    let Posted { channel, ts, kind, version } = posted;
    Add { channel, ts, kind, at: now, version, tenant: tenant.as_str(), id: id.0 }.execute(conn)?;
    Ok(())
}

/// The message shows this version now.
pub fn post_shown(conn: &mut PgConnection, post: &Post, version: i32) -> Result<(), StoreError> {
    let (tenant, id) = (post.tenant.as_str(), post.approval.0);
    Shown { version, tenant, id, channel: &post.channel, ts: &post.ts }.execute(conn)?;
    Ok(())
}

/// The message is gone.
pub fn remove_post(conn: &mut PgConnection, post: &Post) -> Result<(), StoreError> {
    let row = approval_posts::table.find((post.tenant.as_str(), post.approval.0, &post.channel, &post.ts));
    diesel::delete(row).execute(conn)?;
    Ok(())
}

/// The messages about an approval, oldest first.
pub fn posts(conn: &mut PgConnection, tenant: &TenantId, id: ApprovalId) -> Result<Vec<Post>, StoreError> {
    let of_tenant = approval_posts::table.filter(approval_posts::tenant_id.eq(tenant.as_str()));
    let rows =
        of_tenant.filter(approval_posts::approval_id.eq(id.0)).order((approval_posts::posted_at, approval_posts::ts));
    rows.load::<Row>(conn)?.into_iter().map(Row::post).collect()
}

/// Messages of all tenants that show an approval as it was, oldest first, at most `limit`. To write one twice does no
/// harm, so nobody leases them.
pub fn stale_posts(conn: &mut PgConnection, limit: i64) -> Result<Vec<Post>, StoreError> {
    stale(limit).load::<Row>(conn)?.into_iter().map(Row::post).collect()
}

pub(super) fn stale(limit: i64) -> approval_posts::BoxedQuery<'static, Pg> {
    let stale = approval_posts::table.filter(approval_posts::stale);
    let oldest = stale.order((approval_posts::posted_at, approval_posts::approval_id, approval_posts::ts));
    oldest.limit(limit).into_boxed()
}

/// Every message about it shows it as it was.
pub(super) fn outdate(conn: &mut PgConnection, tenant: &TenantId, id: ApprovalId) -> Result<(), StoreError> {
    let of_tenant = approval_posts::table.filter(approval_posts::tenant_id.eq(tenant.as_str()));
    let of_approval = of_tenant.filter(approval_posts::approval_id.eq(id.0));
    diesel::update(of_approval).set(approval_posts::stale.eq(true)).execute(conn)?;
    Ok(())
}
