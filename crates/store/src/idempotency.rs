//! Answers given to requests that carried an Idempotency-Key, so that the same request again does nothing twice.
//!
//! The work and its remembered answer are committed together. Two equal requests at the same time wait for each
//! other. An answer is remembered for a day.

use chrono::{DateTime, TimeDelta, Utc};
use diesel::sql_types::Text;
use diesel::{Connection, ExpressionMethods, OptionalExtension, PgConnection, QueryDsl, RunQueryDsl, sql_query};
use domain::ids::TenantId;
use serde_json::Value;

use crate::StoreError;
use crate::schema::idempotent_answers as answers;

/// For so long the same key is the same request.
const REMEMBERED_HOURS: i64 = 24;
/// Old answers that one request clears away.
const CLEARED_AT_ONCE: i64 = 100;

/// A request by its key. Keys belong to one caller and route.
#[derive(Clone, Debug)]
pub struct Keyed {
    pub tenant: TenantId,
    pub caller: String,
    pub route: String,
    pub key: String,
    /// SHA-256 of what was asked.
    pub fingerprint: [u8; 32],
}

/// What was answered.
#[derive(Clone, Debug, PartialEq)]
pub struct Answer {
    pub status: i16,
    pub body: Value,
}

/// How a keyed request ends.
#[derive(Clone, Debug, PartialEq)]
pub enum Once {
    /// Done now.
    First(Answer),
    /// Done before; this was the answer.
    Again(Answer),
    /// The key belongs to a request that asked something else.
    Reused,
}

/// Does `work` unless the same request was answered before.
pub fn once(
    conn: &mut PgConnection,
    keyed: &Keyed,
    now: DateTime<Utc>,
    work: impl FnOnce(&mut PgConnection) -> Result<Answer, StoreError>,
) -> Result<Once, StoreError> {
    conn.transaction(|conn| {
        lock(conn, keyed)?;
        forget_old(conn, now)?;
        if let Some((fingerprint, status, body)) = remembered(conn, keyed, now)? {
            let same = fingerprint == keyed.fingerprint;
            return Ok(if same { Once::Again(Answer { status, body }) } else { Once::Reused });
        }
        let answer = work(conn)?;
        remember(conn, keyed, &answer, now)?;
        Ok(Once::First(answer))
    })
}

/// How a request ended that was answered before, for those who prepare at length. `None`: it was not.
pub fn before(conn: &mut PgConnection, keyed: &Keyed, now: DateTime<Utc>) -> Result<Option<Once>, StoreError> {
    let known = remembered(conn, keyed, now)?;
    Ok(known.map(
        |(fingerprint, status, body)| {
            if fingerprint == keyed.fingerprint { Once::Again(Answer { status, body }) } else { Once::Reused }
        },
    ))
}

/// Equal requests at the same time take turns; others are not held up (hashes rarely meet).
fn lock(conn: &mut PgConnection, keyed: &Keyed) -> Result<(), StoreError> {
    sql_query("select pg_advisory_xact_lock(hashtextextended($1, 0))")
        .bind::<Text, _>([keyed.tenant.as_str(), &keyed.caller, &keyed.route, &keyed.key].join("\n"))
        .execute(conn)?;
    Ok(())
}

fn forget_old(conn: &mut PgConnection, now: DateTime<Utc>) -> Result<(), StoreError> {
    let old = answers::table
        .filter(answers::created_at.lt(now - TimeDelta::hours(REMEMBERED_HOURS)))
        .order(answers::created_at)
        .limit(CLEARED_AT_ONCE)
        .for_update()
        .skip_locked()
        .select((answers::tenant_id, answers::caller, answers::route, answers::key));
    let old: Vec<(String, String, String, String)> = old.load(conn)?;
    for (tenant, caller, route, key) in old {
        diesel::delete(answers::table.find((tenant, caller, route, key))).execute(conn)?;
    }
    Ok(())
}

type Remembered = (Vec<u8>, i16, Value);

fn remembered(conn: &mut PgConnection, keyed: &Keyed, now: DateTime<Utc>) -> Result<Option<Remembered>, StoreError> {
    let row = answers::table
        .find((keyed.tenant.as_str(), &keyed.caller, &keyed.route, &keyed.key))
        .filter(answers::created_at.ge(now - TimeDelta::hours(REMEMBERED_HOURS)))
        .select((answers::fingerprint, answers::status, answers::body));
    Ok(row.first(conn).optional()?)
}

fn remember(conn: &mut PgConnection, keyed: &Keyed, answer: &Answer, now: DateTime<Utc>) -> Result<(), StoreError> {
    let values = (
        answers::fingerprint.eq(keyed.fingerprint.as_slice()),
        answers::status.eq(answer.status),
        answers::body.eq(&answer.body),
        answers::created_at.eq(now),
    );
    diesel::insert_into(answers::table)
        .values((
            answers::tenant_id.eq(keyed.tenant.as_str()),
            answers::caller.eq(&keyed.caller),
            answers::route.eq(&keyed.route),
            answers::key.eq(&keyed.key),
            values,
        ))
        .on_conflict((answers::tenant_id, answers::caller, answers::route, answers::key))
        .do_update()
        .set(values)
        .execute(conn)?;
    Ok(())
}
