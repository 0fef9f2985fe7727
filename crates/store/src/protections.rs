//! Deployments that GitHub holds back until we answer: each is asked about once, whatever comes again.
//!
//! What comes in is kept by the consumer that hears of it. Who looks at one takes it for a while, and says what became of
//! it; that people are asked is written in the transaction that asks them.

use chrono::{DateTime, TimeDelta, Utc};
use diesel::sql_types::{BigInt, Integer, Json, Nullable, Text, Timestamptz, Uuid as SqlUuid};
use diesel::{ExpressionMethods, OptionalExtension, PgConnection, QueryDsl, RunQueryDsl};
use domain::ids::{ApprovalId, TenantId};
use serde_json::Value;
use uuid::Uuid;

use crate::schema::protections;
use crate::{StoreError, statement};

/// A deployment that waits.
#[derive(Clone, Debug, PartialEq)]
pub struct Protection {
    pub tenant: TenantId,
    pub repo: String,
    pub run_id: i64,
    pub environment: String,
    /// What GitHub said of it.
    pub facts: Value,
    /// None: nobody was asked yet.
    pub approval: Option<ApprovalId>,
    /// Statuses that were shown on GitHub.
    pub shown: i32,
    /// The last of them.
    pub shown_text: Option<String>,
    pub requested_at: DateTime<Utc>,
}

statement! {
    /// A run that is started again asks again: what is over and older gives way.
    struct Keep<'a> {
        tenant: Text = &'a str,
        repo: Text = &'a str,
        run_id: BigInt = i64,
        environment: Text = &'a str,
        facts: Json = &'a Value,
        due: Timestamptz = DateTime<Utc>,
        requested: Timestamptz = DateTime<Utc>,
    }
    returns ();
    "insert into protections (tenant_id, repo, run_id, environment, state, facts, due_at, requested_at)
     values (?, ?, ?, ?, 'asked', ?, ?, ?)
     on conflict (tenant_id, repo, run_id, environment) do update
     set state = 'asked', facts = excluded.facts, approval_id = null, shown = 0, shown_text = null,
         due_at = excluded.due_at, requested_at = excluded.requested_at
     where protections.state = 'over' and protections.requested_at < excluded.requested_at"
}

/// Keeps a deployment that waits. `false`: it is known.
pub fn keep(conn: &mut PgConnection, new: &Protection, now: DateTime<Utc>) -> Result<bool, StoreError> {
    let Protection { tenant, repo, run_id, environment, facts, requested_at, .. } = new;
    let (tenant, run_id, requested) = (tenant.as_str(), *run_id, *requested_at);
    Ok(Keep { tenant, repo, run_id, environment, facts, due: now, requested }.execute(conn)? == 1)
}

statement! {
    /// The first that is due; nobody else looks at it for a while.
    struct Take<'a> { now: Timestamptz = &'a DateTime<Utc>, until: Timestamptz = DateTime<Utc> }
    returns (Text, Text, BigInt, Text, Json, Nullable<SqlUuid>, Integer, Nullable<Text>, Timestamptz);
    "with due as (
       select tenant_id, repo, run_id, environment from protections where state <> 'over' and due_at <= ?
       order by due_at limit 1 for update skip locked)
     update protections p set due_at = ? from due
     where p.tenant_id = due.tenant_id and p.repo = due.repo and p.run_id = due.run_id and p.environment = due.environment
     returning p.tenant_id, p.repo, p.run_id, p.environment, p.facts, p.approval_id, p.shown, p.shown_text, p.requested_at"
}

type Row = (String, String, i64, String, Value, Option<Uuid>, i32, Option<String>, DateTime<Utc>);

/// Takes the next that is due for `lease`.
pub fn take(conn: &mut PgConnection, now: DateTime<Utc>, lease: TimeDelta) -> Result<Option<Protection>, StoreError> {
    let row: Option<Row> = Take { now: &now, until: now + lease }.get_result(conn).optional()?;
    let Some((tenant, repo, run_id, environment, facts, approval, shown, shown_text, requested_at)) = row else {
        return Ok(None);
    };
    let tenant = tenant.parse().map_err(|_| StoreError::Corrupt(format!("run {run_id} of {repo} has no tenant")))?;
    let approval = approval.map(ApprovalId);
    Ok(Some(Protection { tenant, repo, run_id, environment, facts, approval, shown, shown_text, requested_at }))
}

/// It is answered by this approval, or by a job at once. `false`: somebody else has asked, and nothing is written.
pub fn answered_by(
    conn: &mut PgConnection,
    one: &Protection,
    approval: Option<ApprovalId>,
    now: DateTime<Utc>,
) -> Result<bool, StoreError> {
    let state = if approval.is_some() { "waiting" } else { "over" };
    let asked = protections::table.find(key(one)).filter(protections::state.eq("asked"));
    let set = (
        protections::state.eq(state),
        protections::approval_id.eq(approval.map(|id| id.0)),
        protections::due_at.eq(now),
    );
    Ok(diesel::update(asked).set(set).execute(conn)? == 1)
}

/// A status was queued for GitHub. `false`: it was before.
pub fn shows(conn: &mut PgConnection, one: &Protection, text: &str) -> Result<bool, StoreError> {
    let unchanged = protections::table.find(key(one)).filter(protections::shown.eq(one.shown));
    let set = (protections::shown.eq(one.shown + 1), protections::shown_text.eq(text));
    Ok(diesel::update(unchanged).set(set).execute(conn)? == 1)
}

/// It is looked at again then.
pub fn look_again(conn: &mut PgConnection, one: &Protection, at: DateTime<Utc>) -> Result<(), StoreError> {
    diesel::update(protections::table.find(key(one))).set(protections::due_at.eq(at)).execute(conn)?;
    Ok(())
}

/// Nobody waits any more, or the answer is on its way.
pub fn over(conn: &mut PgConnection, one: &Protection) -> Result<(), StoreError> {
    diesel::update(protections::table.find(key(one))).set(protections::state.eq("over")).execute(conn)?;
    Ok(())
}

/// Whose row it is.
fn key(one: &Protection) -> (&str, &str, i64, &str) {
    (one.tenant.as_str(), one.repo.as_str(), one.run_id, one.environment.as_str())
}
