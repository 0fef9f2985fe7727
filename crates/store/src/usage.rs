//! What a tenant used of what a day (UTC) allows. Only what is counted here is limited; nobody resets anything.

use chrono::NaiveDate;
use diesel::sql_types::{BigInt, Date, Text};
use diesel::{OptionalExtension, PgConnection, QueryDsl, RunQueryDsl};
use domain::ids::TenantId;

use crate::schema::daily_usage;
use crate::{StoreError, statement};

/// Messages posted to Slack.
pub const SLACK_POSTS: &str = "slack_posts";
/// Searches in what was read.
pub const RAG_SEARCHES: &str = "rag_searches";

statement! {
    /// One more, where the limit allows it. Whoever comes at the same time waits and sees it counted.
    struct Take<'a> {
        tenant: Text = &'a str,
        day: Date = NaiveDate,
        what: Text = &'a str,
        limit: BigInt = i64,
        most: BigInt = i64,
    }
    returns ();
    "insert into daily_usage as had (tenant_id, day, what, used) select ?, ?, ?, 1 where ? > 0
     on conflict (tenant_id, day, what) do update set used = had.used + 1 where had.used < ?"
}

statement! {
    struct GiveBack<'a> { tenant: Text = &'a str, day: Date = NaiveDate, what: Text = &'a str }
    returns ();
    "update daily_usage set used = used - 1 where tenant_id = ? and day = ? and what = ? and used > 0"
}

/// Counts one more on that day. `false`: the day's limit is used up.
pub fn take(
    conn: &mut PgConnection,
    tenant: &TenantId,
    (day, what): (NaiveDate, &str),
    limit: i64,
) -> Result<bool, StoreError> {
    let taken = Take { tenant: tenant.as_str(), day, what, limit, most: limit };
    Ok(taken.execute(conn)? == 1)
}

/// What was counted did not happen.
pub fn give_back(conn: &mut PgConnection, tenant: &TenantId, (day, what): (NaiveDate, &str)) -> Result<(), StoreError> {
    GiveBack { tenant: tenant.as_str(), day, what }.execute(conn)?;
    Ok(())
}

/// What was used of that day.
pub fn used(conn: &mut PgConnection, tenant: &TenantId, (day, what): (NaiveDate, &str)) -> Result<i64, StoreError> {
    let row = daily_usage::table.find((tenant.as_str(), day, what)).select(daily_usage::used);
    Ok(row.first(conn).optional()?.unwrap_or(0))
}
