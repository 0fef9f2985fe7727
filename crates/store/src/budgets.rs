//! Budgets: held before it is spent, settled after, in calendar windows that the caller names.
//!
//! A call holds the most that it may cost against every budget that it counts for, in one transaction that locks their
//! rows in one order: what is spent and held together never exceeds a cap, whoever comes at the same time. A hold that
//! nobody settles ends by itself. What was really spent is always written, also where it is more than was held.

use chrono::{DateTime, TimeDelta, Utc};
use diesel::sql_types::{Array, BigInt, Integer, Text, Timestamptz, Uuid as SqlUuid};
use diesel::{Connection, ExpressionMethods, OptionalExtension, PgConnection, QueryDsl, Queryable, RunQueryDsl};
use uuid::Uuid;

use crate::schema::{budget_holds, budgets, catalogs};
use crate::{StoreError, statement};

/// The tenant of budgets of the whole installation.
pub const INSTALLATION: &str = "*";
/// Windows are kept for so long after they were used last.
const KEPT_DAYS: i64 = 400;

/// One window of one budget.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key {
    /// [`INSTALLATION`], or a tenant.
    pub tenant: String,
    /// `installation`, `tenant`, `purpose:<name>`, `session:<id>`.
    pub scope: String,
    /// `2026-11-22`, `2026-11` or `ever`.
    pub period: String,
    /// `usd` (counted in millionths) or `tokens`.
    pub unit: &'static str,
}

/// What is to be held.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    pub key: Key,
    /// At worst.
    pub amount: i64,
    /// The cap; 0: nothing may be held, not even nothing.
    pub most: i64,
}

/// How a budget stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Standing {
    pub spent: i64,
    pub held: i64,
    /// The last threshold, in percent, that people were told of.
    pub told: i32,
}

/// What is spent of a budget; the rest as in [`Key`].
#[derive(Clone, Debug, PartialEq, Eq, Queryable)]
pub struct Spent {
    pub tenant: String,
    pub scope: String,
    pub period: String,
    pub unit: String,
    pub spent: i64,
}

impl Spent {
    pub fn is_of(&self, key: &Key) -> bool {
        is(key, (&self.tenant, &self.scope, &self.period, &self.unit))
    }
}

/// A statement about some keys, by their [`Columns`]: what else it binds stands before them, and behind.
macro_rules! of_keys {
    ($name:ident { $($before:tt)* } { $($behind:tt)* } returns $returns:ty; $text:expr) => {
        statement! {
            struct $name<'a> {
                $($before)*
                tenants: Array<Text> = Vec<&'a str>,
                scopes: Array<Text> = Vec<&'a str>,
                periods: Array<Text> = Vec<&'a str>,
                units: Array<Text> = Vec<&'a str>,
                $($behind)*
            }
            returns $returns;
            $text
        }
    };
}

of_keys! {
    Make { now: Timestamptz = DateTime<Utc>, } {}
    returns ();
    "insert into budgets (tenant_id, scope, period, unit, spent, updated_at)
     select t, s, p, u, 0, ? from unnest(?, ?, ?, ?) as wanted (t, s, p, u) order by t, s, p, u
     on conflict do nothing"
}

of_keys! {
    Lock {} {}
    returns (Text, Text, Text, Text, BigInt, Integer);
    "select tenant_id, scope, period, unit, spent, told from budgets
     where (tenant_id, scope, period, unit) in (select * from unnest(?, ?, ?, ?))
     order by tenant_id, scope, period, unit for update"
}

of_keys! {
    Look {} {}
    returns (Text, Text, Text, Text, BigInt, Integer);
    "select tenant_id, scope, period, unit, spent, told from budgets
     where (tenant_id, scope, period, unit) in (select * from unnest(?, ?, ?, ?))"
}

of_keys! {
    HeldNow {} { now: Timestamptz = DateTime<Utc>, }
    returns (Text, Text, Text, Text, BigInt);
    "select tenant_id, scope, period, unit, sum(amount)::bigint from budget_holds
     where (tenant_id, scope, period, unit) in (select * from unnest(?, ?, ?, ?)) and expires_at > ?
     group by tenant_id, scope, period, unit"
}

of_keys! {
    Hold { call: SqlUuid = Uuid, until: Timestamptz = DateTime<Utc>, } { amounts: Array<BigInt> = Vec<i64>, }
    returns ();
    "insert into budget_holds (call_id, expires_at, tenant_id, scope, period, unit, amount)
     select ?, ?, t, s, p, u, a from unnest(?, ?, ?, ?, ?) as wanted (t, s, p, u, a)"
}

of_keys! {
    Spend { now: Timestamptz = DateTime<Utc>, } { amounts: Array<BigInt> = Vec<i64>, }
    returns ();
    "update budgets b set spent = b.spent + w.a, updated_at = ?
     from unnest(?, ?, ?, ?, ?) as w (t, s, p, u, a)
     where (b.tenant_id, b.scope, b.period, b.unit) = (w.t, w.s, w.p, w.u)"
}

type Row = (String, String, String, String, i64, i32);
type HeldRow = (String, String, String, String, i64);

/// The columns of some keys.
struct Columns<'a> {
    tenants: Vec<&'a str>,
    scopes: Vec<&'a str>,
    periods: Vec<&'a str>,
    units: Vec<&'a str>,
}

impl<'a> Columns<'a> {
    fn of(keys: impl Iterator<Item = &'a Key> + Clone) -> Self {
        Self {
            tenants: keys.clone().map(|key| key.tenant.as_str()).collect(),
            scopes: keys.clone().map(|key| key.scope.as_str()).collect(),
            periods: keys.clone().map(|key| key.period.as_str()).collect(),
            units: keys.map(|key| key.unit).collect(),
        }
    }
}

/// Holds all of the lines, or none: then the place of the first that has no room, and how it stands.
pub fn hold(
    conn: &mut PgConnection,
    call: Uuid,
    lines: &[Line],
    (now, until): (DateTime<Utc>, DateTime<Utc>),
) -> Result<Result<(), (usize, Standing)>, StoreError> {
    conn.transaction(|conn| {
        let keys: Vec<&Key> = lines.iter().map(|line| &line.key).collect();
        make(conn, &keys, now)?;
        let standings = locked(conn, &keys, now)?;
        let has_room = |line: &Line, standing: &Standing| {
            let sum = standing.spent.saturating_add(standing.held).saturating_add(line.amount);
            line.most > 0 && sum <= line.most
        };
        let full = lines.iter().zip(&standings).position(|(line, standing)| !has_room(line, standing));
        if let Some(place) = full {
            return Ok(Err((place, standings[place])));
        }
        let Columns { tenants, scopes, periods, units } = Columns::of(keys.iter().copied());
        let amounts = lines.iter().map(|line| line.amount).collect();
        Hold { call, until, tenants, scopes, periods, units, amounts }.execute(conn)?;
        Ok(Ok(()))
    })
}

/// What was held was spent, so much of each; how each stands now. Call it in the transaction that writes what it was for.
pub fn settle(
    conn: &mut PgConnection,
    call: Uuid,
    spent: &[(Key, i64)],
    now: DateTime<Utc>,
) -> Result<Vec<Standing>, StoreError> {
    let keys: Vec<&Key> = spent.iter().map(|(key, _)| key).collect();
    make(conn, &keys, now)?;
    locked(conn, &keys, now)?;
    let Columns { tenants, scopes, periods, units } = Columns::of(keys.iter().copied());
    let amounts = spent.iter().map(|(_, amount)| (*amount).max(0)).collect();
    Spend { now, tenants, scopes, periods, units, amounts }.execute(conn)?;
    release(conn, call)?;
    standing(conn, &spent.iter().map(|(key, _)| key.clone()).collect::<Vec<_>>(), now)
}

/// What was held is not spent.
pub fn release(conn: &mut PgConnection, call: Uuid) -> Result<(), StoreError> {
    diesel::delete(budget_holds::table.filter(budget_holds::call_id.eq(call))).execute(conn)?;
    Ok(())
}

/// How budgets stand, in the order of the keys.
pub fn standing(conn: &mut PgConnection, keys: &[Key], now: DateTime<Utc>) -> Result<Vec<Standing>, StoreError> {
    let Columns { tenants, scopes, periods, units } = Columns::of(keys.iter());
    let rows: Vec<Row> = Look { tenants, scopes, periods, units }.load(conn)?;
    joined(conn, &keys.iter().collect::<Vec<_>>(), &rows, now)
}

/// Notes that people are told of this threshold. `false`: they were told of it, or of a higher one, before.
pub fn tell(conn: &mut PgConnection, key: &Key, percent: i32) -> Result<bool, StoreError> {
    let one = budgets::table.find((&key.tenant, &key.scope, &key.period, key.unit)).filter(budgets::told.lt(percent));
    Ok(diesel::update(one).set(budgets::told.eq(percent)).execute(conn)? == 1)
}

/// Every budget that was used in one of these windows.
pub fn spent_in(conn: &mut PgConnection, periods: &[String]) -> Result<Vec<Spent>, StoreError> {
    let rows = budgets::table.filter(budgets::period.eq_any(periods));
    Ok(rows.select((budgets::tenant_id, budgets::scope, budgets::period, budgets::unit, budgets::spent)).load(conn)?)
}

/// The time zone that a tenant's catalog names, as it stands there.
pub fn zone(conn: &mut PgConnection, tenant: &str) -> Result<Option<String>, StoreError> {
    let newest = catalogs::table.filter(catalogs::tenant_id.eq(tenant)).order(catalogs::version.desc());
    let named = diesel::dsl::sql::<diesel::sql_types::Nullable<Text>>("document->>'timezone'");
    Ok(newest.select(named).first::<Option<String>>(conn).optional()?.flatten())
}

/// Deletes holds that have ended and windows that nobody uses any more.
pub fn sweep(conn: &mut PgConnection, now: DateTime<Utc>) -> Result<usize, StoreError> {
    let ended = diesel::delete(budget_holds::table.filter(budget_holds::expires_at.le(now))).execute(conn)?;
    let over = budgets::updated_at.lt(now - TimeDelta::days(KEPT_DAYS));
    Ok(ended + diesel::delete(budgets::table.filter(over)).execute(conn)?)
}

fn make(conn: &mut PgConnection, keys: &[&Key], now: DateTime<Utc>) -> Result<(), StoreError> {
    let Columns { tenants, scopes, periods, units } = Columns::of(keys.iter().copied());
    Make { now, tenants, scopes, periods, units }.execute(conn)?;
    Ok(())
}

/// How budgets stand, and nobody else changes them until the transaction ends.
fn locked(conn: &mut PgConnection, keys: &[&Key], now: DateTime<Utc>) -> Result<Vec<Standing>, StoreError> {
    let Columns { tenants, scopes, periods, units } = Columns::of(keys.iter().copied());
    let rows: Vec<Row> = Lock { tenants, scopes, periods, units }.load(conn)?;
    joined(conn, keys, &rows, now)
}

/// Holds are read in a statement after the lock: those of whoever had it before are seen.
fn joined(
    conn: &mut PgConnection,
    keys: &[&Key],
    rows: &[Row],
    now: DateTime<Utc>,
) -> Result<Vec<Standing>, StoreError> {
    let Columns { tenants, scopes, periods, units } = Columns::of(keys.iter().copied());
    let held: Vec<HeldRow> = HeldNow { tenants, scopes, periods, units, now }.load(conn)?;
    let standing = |key: &&Key| {
        let row = rows.iter().find(|row| is(key, (&row.0, &row.1, &row.2, &row.3)));
        let hold = held.iter().find(|row| is(key, (&row.0, &row.1, &row.2, &row.3)));
        let (spent, told) = row.map_or((0, 0), |row| (row.4, row.5));
        Standing { spent, held: hold.map_or(0, |row| row.4), told }
    };
    Ok(keys.iter().map(standing).collect())
}

fn is(key: &Key, (tenant, scope, period, unit): (&str, &str, &str, &str)) -> bool {
    key.tenant == tenant && key.scope == scope && key.period == period && key.unit == unit
}
