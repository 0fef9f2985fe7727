//! Work in progress: changes that are open, how long they wait, and how long reviews took. Read from the entities.
//!
//! A change names no service. It belongs to the services and teams that deploy its repository.

use chrono::{DateTime, Utc};
use diesel::sql_types::{BigInt, Bool, Nullable, Text, Timestamptz, Uuid as SqlUuid};
use diesel::{PgConnection, QueryableByName, RunQueryDsl};
use domain::ids::TenantId;
use uuid::Uuid;

use super::{Narrowed, Slice, narrowed};
use crate::StoreError;
use crate::events::After;

const TIE: &str = "md5(concat_ws(chr(31), c.repo, c.number))::uuid";
const ENDED: &str = "coalesce(c.merged_at, c.closed_at)";

/// The changes that a slice means, whatever their time. $9 leaves bots out.
const MEANT: &str = "c.tenant_id = $1
  and (cardinality($7) = 0 or c.repo = any($7))
  and (cardinality($5) = 0 or c.repo in (
    select s.repo from dora_deployments s where s.tenant_id = $1 and s.service = any($5)))
  and (cardinality($6) = 0 or c.repo in (
    select s.repo from dora_deployments s where s.tenant_id = $1 and s.tier = any($4) and s.team = any($6)))
  and not ($9 and c.is_bot is true)";

/// Changes that were opened or ended in a quarter of an hour.
#[derive(Clone, Debug, PartialEq, Eq, QueryableByName)]
pub struct Flow {
    #[diesel(sql_type = Timestamptz)]
    pub slot: DateTime<Utc>,
    #[diesel(sql_type = BigInt)]
    pub opened: i64,
    #[diesel(sql_type = BigInt)]
    pub ended: i64,
}

#[derive(QueryableByName)]
struct Count {
    #[diesel(sql_type = BigInt)]
    n: i64,
}

/// How many changes were open when the window began, and what came and went in it, by quarter of an hour.
pub fn flow(
    conn: &mut PgConnection,
    tenant: &TenantId,
    slice: &Slice,
    exclude_bots: bool,
) -> Result<(i64, Vec<Flow>), StoreError> {
    let open = format!(
        "select (select count(*) from changes c where {MEANT} and c.opened_at < $2 and {ENDED} >= $2)
              + (select count(*) from changes c where {MEANT} and c.opened_at < $2
                   and c.merged_at is null and c.closed_at is null) as n"
    );
    let open: Count = with_bots(&open, tenant, slice, exclude_bots).get_result(conn)?;
    let flow = with_bots(&flow_text(), tenant, slice, exclude_bots);
    Ok((open.n, flow.load(conn)?))
}

pub(super) fn flow_text() -> String {
    format!(
        "select date_bin('15 minutes', at, timestamptz 'epoch') as slot, count(*) filter (where opens) as opened,
           count(*) filter (where not opens) as ended
         from (select c.opened_at as at, true as opens from changes c
               where {MEANT} and c.opened_at >= $2 and c.opened_at < $3
               union all
               select {ENDED}, false from changes c
               where {MEANT} and c.opened_at is not null and {ENDED} >= $2 and {ENDED} < $3) f
         group by 1 order by 1"
    )
}

fn with_bots<'a>(text: &str, tenant: &'a TenantId, slice: &'a Slice, exclude_bots: bool) -> Narrowed<'a> {
    narrowed(text, tenant, slice).bind::<Bool, _>(exclude_bots)
}

/// A change on its way.
#[derive(Clone, Debug, PartialEq, Eq, QueryableByName)]
pub struct WorkRow {
    #[diesel(sql_type = Text)]
    pub repo: String,
    #[diesel(sql_type = Text)]
    pub number: String,
    #[diesel(sql_type = Nullable<Text>)]
    pub title: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    pub author: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    pub url: Option<String>,
    #[diesel(sql_type = Nullable<Bool>)]
    pub draft: Option<bool>,
    #[diesel(sql_type = Timestamptz)]
    pub opened_at: DateTime<Utc>,
    #[diesel(sql_type = Nullable<Timestamptz>)]
    pub first_review_at: Option<DateTime<Utc>>,
    #[diesel(sql_type = Nullable<Timestamptz>)]
    pub approved_at: Option<DateTime<Utc>>,
    #[diesel(sql_type = Nullable<Timestamptz>)]
    pub merged_at: Option<DateTime<Utc>>,
    #[diesel(sql_type = Nullable<Timestamptz>)]
    pub closed_at: Option<DateTime<Utc>>,
    /// Of its events.
    #[diesel(sql_type = Nullable<Text>)]
    pub subject: Option<String>,
    #[diesel(sql_type = SqlUuid)]
    pub tie: Uuid,
}

fn select() -> String {
    format!(
        "select c.repo, c.number, c.title, c.author, c.url, c.draft, c.opened_at, c.first_review_at, c.approved_at,
           c.merged_at, c.closed_at, c.subject, {TIE} as tie
         from changes c where {MEANT}"
    )
}

/// Which changes are listed, and by which of their times.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Listed {
    /// Opened before the window's end and not ended since; the oldest first.
    Open,
    /// Opened in the window, newest first.
    Opened,
    /// Merged in the window, newest first.
    Merged,
}

impl Listed {
    /// When a row stands in the list.
    pub fn place(self, row: &WorkRow) -> DateTime<Utc> {
        match self {
            Listed::Open | Listed::Opened => row.opened_at,
            Listed::Merged => row.merged_at.unwrap_or(row.opened_at),
        }
    }

    fn rest(self) -> String {
        let (condition, time, order) = match self {
            Listed::Open => ("c.opened_at < $3 and c.merged_at is null and c.closed_at is null", "c.opened_at", "asc"),
            Listed::Opened => ("c.opened_at >= $2 and c.opened_at < $3", "c.opened_at", "desc"),
            // The first half is what the index knows.
            Listed::Merged => (
                "coalesce(c.merged_at, c.closed_at) >= $2 and coalesce(c.merged_at, c.closed_at) < $3
                 and c.merged_at is not null and c.opened_at is not null",
                "c.merged_at",
                "desc",
            ),
        };
        let beyond = if order == "asc" { ">" } else { "<" };
        format!(
            " and {condition} and ($10::timestamptz is null or ({time}, {TIE}) {beyond} ($10, $11))
             order by {time} {order}, {TIE} {order} limit $12"
        )
    }
}

/// Changes of the slice.
pub fn list(
    conn: &mut PgConnection,
    tenant: &TenantId,
    slice: &Slice,
    exclude_bots: bool,
    listed: Listed,
    after: Option<After>,
    limit: i64,
) -> Result<Vec<WorkRow>, StoreError> {
    let text = list_text(listed);
    let query = with_bots(&text, tenant, slice, exclude_bots)
        .bind::<Nullable<Timestamptz>, _>(after.map(|after| after.time))
        .bind::<Nullable<SqlUuid>, _>(after.map(|after| after.id))
        .bind::<BigInt, _>(limit);
    Ok(query.load(conn)?)
}

pub(super) fn list_text(listed: Listed) -> String {
    format!("{}{}", select(), listed.rest())
}
