//! Roll-ups of the facts of a whole tenant, for ranges that are too long to count row by row: deployments by quarter of an
//! hour, lead times by day in logarithmic buckets ([`domain::dora::histogram`]).
//!
//! Whoever writes a fact adds rows to `dora_rollup_dirty` in the same transaction: the fact's tier and the quarter of an hour of
//! its `at`, and of the `at` that it had before. [`settle`] takes such rows and makes their slots and days anew from the facts;
//! doing it twice, or in another order, gives the same rows. Nothing here changes a fact.

use chrono::{DateTime, Utc};
use diesel::connection::SimpleConnection;
use diesel::sql_types::{Array, BigInt, Bool, Text, Timestamptz};
use diesel::{Connection, PgConnection, QueryableByName, RunQueryDsl, sql_query};

use crate::{StoreError, statement};

/// One at a time in the whole installation: two that make the same day anew would only wait for each other.
const ROLLUPS_LOCK: i64 = 0x656d_726f_6c6c_7570;

/// Each slot and each day is a short walk in an index. Told by an array how many there are, the planner guesses, and may hold
/// every fact against every day instead.
const SETTINGS: &str = "set local statement_timeout = '10min'; set local jit = off; set local enable_seqscan = off; \
                        set local enable_hashjoin = off; set local enable_mergejoin = off";

/// A slot that has to be made anew.
#[derive(QueryableByName)]
struct Taken {
    #[diesel(sql_type = Text)]
    tenant_id: String,
    #[diesel(sql_type = Text)]
    tier: String,
    #[diesel(sql_type = Timestamptz)]
    slot: DateTime<Utc>,
}

#[derive(QueryableByName)]
struct Ours {
    #[diesel(sql_type = Bool)]
    ours: bool,
}

/// Takes up to `limit` dirty rows and makes their slots and days anew, in one transaction; returns how many slots. 0: nothing is
/// dirty, or somebody else is at it.
///
/// A fact that is committed meanwhile brings a row of its own, which stays behind for the next time.
pub fn settle(conn: &mut PgConnection, limit: i64) -> Result<usize, StoreError> {
    conn.transaction(|conn| {
        let lock = sql_query("select pg_try_advisory_xact_lock($1) as ours").bind::<BigInt, _>(ROLLUPS_LOCK);
        if !lock.get_result::<Ours>(conn)?.ours {
            return Ok(0);
        }
        take_and_make(conn, limit)
    })
}

/// Makes every slot and day anew, in one transaction. Waits for whoever is at it.
pub fn rebuild(conn: &mut PgConnection) -> Result<usize, StoreError> {
    conn.transaction(|conn| {
        conn.batch_execute(&format!(
            "set local statement_timeout = '10min'; select pg_advisory_xact_lock({ROLLUPS_LOCK}); delete from dora_slots; delete from dora_lead_days; \
             delete from dora_rollup_dirty; {MARK_ALL}"
        ))?;
        take_and_make(conn, i64::MAX)
    })
}

fn take_and_make(conn: &mut PgConnection, limit: i64) -> Result<usize, StoreError> {
    let taken: Vec<Taken> = sql_query(TAKE).bind::<BigInt, _>(limit).load(conn)?;
    if taken.is_empty() {
        return Ok(0);
    }
    conn.batch_execute(SETTINGS)?;
    ForgetSlots::of(&taken).execute(conn)?;
    MakeSlots::of(&taken).execute(conn)?;
    ForgetDays::of(&taken).execute(conn)?;
    MakeDays::of(&taken).execute(conn)?;
    Ok(taken.len())
}

const MARK_ALL: &str = "
insert into dora_rollup_dirty (tenant_id, tier, slot)
select distinct tenant_id, tier, date_bin('15 minutes', at, 'epoch'::timestamptz)
from (select tenant_id, tier, at from dora_deployments
      union all select tenant_id, tier, at from dora_changes
      union all select tenant_id, tier, at from dora_commits where shipped) facts";

const TAKE: &str = "
with taken as (
  delete from dora_rollup_dirty where id in (select id from dora_rollup_dirty order by id limit $1)
  returning tenant_id, tier, slot)
select distinct tenant_id, tier, slot from taken order by tenant_id, tier, slot";

/// A statement about the slots that were taken.
macro_rules! of_slots {
    ($name:ident $text:expr) => {
        statement! {
            struct $name<'a> {
                tenants: Array<Text> = Vec<&'a str>,
                tiers: Array<Text> = Vec<&'a str>,
                slots: Array<Timestamptz> = Vec<DateTime<Utc>>,
            }
            returns ();
            $text
        }

        impl<'a> $name<'a> {
            fn of(taken: &'a [Taken]) -> Self {
                Self {
                    tenants: taken.iter().map(|row| row.tenant_id.as_str()).collect(),
                    tiers: taken.iter().map(|row| row.tier.as_str()).collect(),
                    slots: taken.iter().map(|row| row.slot).collect(),
                }
            }
        }
    };
}

of_slots! {
    ForgetSlots
    "delete from dora_slots where (tenant_id, tier, slot) in (select * from unnest(?, ?, ?))"
}

of_slots! {
    MakeSlots
    "insert into dora_slots (tenant_id, tier, slot, deployments, redeploys, rollbacks, hotfixes, failed, rework, failed_attempts)
     select k.tenant_id, k.tier, k.slot, count(*) filter (where d.outcome = 'success'),
            count(*) filter (where d.kind = 'redeploy'), count(*) filter (where d.kind = 'rollback'),
            count(*) filter (where d.kind = 'hotfix'),
            count(*) filter (where d.failed and d.outcome = 'success' and d.kind is distinct from 'rollback'),
            count(*) filter (where d.rework and d.outcome = 'success'), count(*) filter (where d.outcome in ('failure', 'error'))
     from unnest(?, ?, ?) as k (tenant_id, tier, slot)
     join dora_deployments d
       on d.tenant_id = k.tenant_id and d.tier = k.tier and d.at >= k.slot and d.at < k.slot + interval '15 minutes'
     group by k.tenant_id, k.tier, k.slot"
}

of_slots! {
    ForgetDays
    "delete from dora_lead_days where (tenant_id, tier, day) in
       (select k.tenant_id, k.tier, (k.slot at time zone 'UTC')::date from unnest(?, ?, ?) as k (tenant_id, tier, slot))"
}

of_slots! {
    MakeDays
    // Negative lead times are told, not counted, and a rollback ships nothing (rule M2).
    "with days as (
       select distinct k.tenant_id, k.tier, date_trunc('day', k.slot, 'UTC') as starts
       from unnest(?, ?, ?) as k (tenant_id, tier, slot)
     ), leads as (
       select k.tenant_id, k.tier, k.starts, 'change' as unit, c.is_bot, c.lead_s
       from days k join dora_changes c
         on c.tenant_id = k.tenant_id and c.tier = k.tier and c.at >= k.starts and c.at < k.starts + interval '1 day'
       where c.lead_s >= 0 and not exists (select from dora_deployments b where b.tenant_id = c.tenant_id and b.integration = c.integration
         and b.deployment_id = c.deployment_id and b.kind = 'rollback' and b.changes > 0)
       union all
       select k.tenant_id, k.tier, k.starts, 'commit' as unit, c.is_bot, c.lead_s
       from days k join dora_commits c
         on c.tenant_id = k.tenant_id and c.tier = k.tier and c.at >= k.starts and c.at < k.starts + interval '1 day'
       where c.shipped and c.in_scope and not c.is_merge and c.lead_s >= 0 and not exists (select from dora_deployments b where b.tenant_id = c.tenant_id and b.integration = c.integration
         and b.deployment_id = c.deployment_id and b.kind = 'rollback' and b.changes > 0)
     ), counted as (
       select tenant_id, tier, starts, unit, is_bot,
              case when lead_s < 1 then -1 else floor(ln(lead_s) / ln(1.02::double precision))::smallint end as bucket, count(*)::integer as n
       from leads group by 1, 2, 3, 4, 5, 6
     )
     insert into dora_lead_days (tenant_id, tier, day, unit, is_bot, buckets, counts, n)
     select tenant_id, tier, (starts at time zone 'UTC')::date, unit, is_bot, array_agg(bucket order by bucket), array_agg(n order by bucket), sum(n)
     from counted group by tenant_id, tier, starts, unit, is_bot"
}
