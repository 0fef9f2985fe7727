//! Signals from one look to the next: which are open, which are over, and what followed when one fired.
//!
//! The rules are `domain::signals::follow`'s. [`keep`] asks them again in its transaction, over the rows as they are then, and
//! starts what follows there too: a signal that fired has its job, and one that has its job fires no more, whoever looks and
//! however often. The policy is asked before, by the caller: what fires without an answer waits for the next look.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, TimeDelta, Utc};
use diesel::pg::Pg;
use diesel::sql_types::{Array, Nullable, Text, Timestamptz};
use diesel::{
    BoolExpressionMethods, ExpressionMethods, PgConnection, QueryDsl, Queryable, RunQueryDsl, Selectable,
    SelectableHelper,
};
use domain::ids::TenantId;
use domain::signals::{Finding, Known, Rule, State, Step, follow};
use serde_json::Value;
use uuid::Uuid;

use super::looks::{Look, is_ours};
use crate::approvals::Approval;
use crate::events::After;
use crate::schema::signal_states;
use crate::workflows::{self, Start, Started};
use crate::{StoreError, statement, transaction};

/// What is over is kept so long: longer than any cooldown.
const KEPT: TimeDelta = TimeDelta::days(180);

/// A signal, open or over.
#[derive(Clone, Debug, PartialEq, Queryable, Selectable)]
#[diesel(table_name = signal_states)]
pub struct Signal {
    pub id: Uuid,
    pub rule: String,
    pub kind: String,
    pub subject: String,
    /// Since when it is so, as it was seen last.
    pub since: DateTime<Utc>,
    /// The finding's row, as it was seen last.
    pub facts: Value,
    pub opened_at: DateTime<Utc>,
    pub last_seen_at: DateTime<Utc>,
    pub closed_at: Option<DateTime<Utc>>,
    pub last_fired_at: Option<DateTime<Utc>>,
    /// How often it fired, in all.
    pub fired: i32,
    /// What the policy said when it fired last.
    pub action: Option<String>,
    pub reason: Option<String>,
    pub policy: Option<String>,
    pub job_id: Option<Uuid>,
    pub approval_id: Option<Uuid>,
}

/// What a list is narrowed to. All that is set must hold.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SignalFilter {
    pub open: Option<bool>,
    pub kind: Option<String>,
    pub rule: Option<String>,
    pub subject: Option<String>,
}

/// Signals, those that opened last first, at most `limit`.
pub fn list(
    conn: &mut PgConnection,
    tenant: &TenantId,
    filter: &SignalFilter,
    after: Option<After>,
    limit: i64,
) -> Result<Vec<Signal>, StoreError> {
    Ok(page(tenant, filter, after, limit).select(Signal::as_select()).load(conn)?)
}

pub(super) fn page(
    tenant: &TenantId,
    filter: &SignalFilter,
    after: Option<After>,
    limit: i64,
) -> signal_states::BoxedQuery<'static, Pg> {
    let mut query = signal_states::table.filter(signal_states::tenant_id.eq(tenant.as_str().to_owned())).into_boxed();
    let SignalFilter { open, kind, rule, subject } = filter.clone();
    match open {
        Some(true) => query = query.filter(signal_states::closed_at.is_null()),
        Some(false) => query = query.filter(signal_states::closed_at.is_not_null()),
        None => {}
    }
    if let Some(kind) = kind {
        query = query.filter(signal_states::kind.eq(kind));
    }
    if let Some(rule) = rule {
        query = query.filter(signal_states::rule.eq(rule));
    }
    if let Some(subject) = subject {
        query = query.filter(signal_states::subject.eq(subject));
    }
    if let Some(after) = after {
        query = query.filter(after.follows::<signal_states::table>("(opened_at, id) < ("));
    }
    query.order((signal_states::opened_at.desc(), signal_states::id.desc())).limit(limit)
}

/// How many are open of each kind, in the whole installation.
pub fn open_by_kind(conn: &mut PgConnection) -> Result<Vec<(String, i64)>, StoreError> {
    let open = signal_states::table.filter(signal_states::closed_at.is_null());
    let counts = open.group_by(signal_states::kind).select((signal_states::kind, diesel::dsl::count_star()));
    Ok(counts.load(conn)?)
}

/// What the policy said about a subject that fires.
#[derive(Clone, Debug, PartialEq)]
pub struct Follows {
    pub action: String,
    pub reason: String,
    /// `name@version`.
    pub policy: String,
    /// None: nothing is done.
    pub start: Option<Start>,
}

/// What [`keep`] did.
#[derive(Debug, Default, PartialEq)]
pub struct Kept {
    pub opened: usize,
    pub closed: usize,
    pub fired: usize,
    /// Jobs that were queued at once.
    pub queued: usize,
    /// To be counted by whoever gets them.
    pub approvals: Vec<Approval>,
}

/// What is known of a rule's subjects, as far as these findings are concerned.
pub fn known(
    conn: &mut PgConnection,
    tenant: &TenantId,
    rule: &Rule,
    findings: &[Finding],
) -> Result<Vec<Known>, StoreError> {
    let subjects: Vec<&str> = findings.iter().map(|finding| finding.subject.as_str()).collect();
    let of_rule = signal_states::table
        .filter(signal_states::tenant_id.eq(tenant.as_str()))
        .filter(signal_states::rule.eq(rule.name.as_str()))
        .filter(signal_states::closed_at.is_null().or(signal_states::subject.eq_any(subjects)));
    let rows: Vec<Signal> = of_rule.select(Signal::as_select()).load(conn)?;
    let known = |row: Signal| Known {
        subject: row.subject,
        opened_at: row.opened_at,
        last_seen_at: row.last_seen_at,
        last_fired_at: row.last_fired_at,
        closed_at: row.closed_at,
    };
    Ok(rows.into_iter().map(known).collect())
}

/// Keeps what a rule found at `now`, and starts what follows, all or nothing. `None`: the look is another's, and nothing was
/// changed.
pub fn keep(
    conn: &mut PgConnection,
    look: &Look,
    rule: &Rule,
    findings: &[Finding],
    follows: &BTreeMap<String, Follows>,
    now: DateTime<Utc>,
) -> Result<Option<Kept>, StoreError> {
    transaction(conn, |conn| {
        if !is_ours(conn, look)? {
            return Ok(None);
        }
        let known = known(conn, &look.tenant, rule, findings)?;
        let mut steps = follow(rule, &known, findings, now);
        let answered = unanswered_wait(&mut steps, &known, follows);
        write(conn, &look.tenant, rule, &steps)?;
        let of = |state| steps.iter().filter(|step| step.state == state).count();
        let mut kept = Kept { opened: of(State::Opened), closed: of(State::Closed), ..Kept::default() };
        for (subject, follows) in answered {
            fire(conn, &look.tenant, (rule, subject), follows, &mut kept, now)?;
        }
        Ok(Some(kept))
    })
}

/// Those that fire and have an answer. The others are kept as not fired: they fire at the next look.
fn unanswered_wait<'a>(
    steps: &mut [Step],
    known: &[Known],
    follows: &'a BTreeMap<String, Follows>,
) -> Vec<(&'a str, &'a Follows)> {
    let mut answered = Vec::new();
    for step in steps.iter_mut().filter(|step| step.fires) {
        match follows.get_key_value(&step.known.subject) {
            Some((subject, follows)) => answered.push((subject.as_str(), follows)),
            None => {
                let before = known.iter().find(|row| row.subject == step.known.subject);
                step.known.last_fired_at = before.and_then(|row| row.last_fired_at);
                step.fires = false;
            }
        }
    }
    answered
}

statement! {
    struct Write<'a> {
        tenant: Text = &'a str,
        rule: Text = &'a str,
        kind: Text = &'a str,
        subjects: Array<Text> = Vec<&'a str>,
        sinces: Array<Timestamptz> = Vec<DateTime<Utc>>,
        facts: Array<Text> = Vec<String>,
        opened: Array<Timestamptz> = Vec<DateTime<Utc>>,
        seen: Array<Timestamptz> = Vec<DateTime<Utc>>,
        fired: Array<Nullable<Timestamptz>> = Vec<Option<DateTime<Utc>>>,
    }
    returns ();
    "insert into signal_states as s
       (tenant_id, id, rule, kind, subject, since, facts, opened_at, last_seen_at, closed_at, last_fired_at, fired)
     select ?, gen_random_uuid(), ?, ?, f.subject, f.since, f.facts::json, f.opened, f.seen, null, f.fired, 0
     from unnest(?, ?, ?, ?, ?, ?) as f (subject, since, facts, opened, seen, fired)
     on conflict (tenant_id, rule, subject) do update set kind = excluded.kind, since = excluded.since,
       facts = excluded.facts, opened_at = excluded.opened_at, last_seen_at = excluded.last_seen_at, closed_at = null,
       last_fired_at = excluded.last_fired_at"
}

fn write(conn: &mut PgConnection, tenant: &TenantId, rule: &Rule, steps: &[Step]) -> Result<(), StoreError> {
    let mut found: Vec<(&Finding, &Known)> =
        steps.iter().filter_map(|step| Some((step.finding.as_ref()?, &step.known))).collect();
    found.sort_by_key(|(finding, _)| finding.subject.as_str());
    if !found.is_empty() {
        let write = Write {
            tenant: tenant.as_str(),
            rule: &rule.name,
            kind: rule.kind.name,
            subjects: found.iter().map(|(finding, _)| finding.subject.as_str()).collect(),
            sinces: found.iter().map(|(finding, _)| finding.since).collect(),
            facts: found.iter().map(|(finding, _)| Value::Object(finding.row.clone()).to_string()).collect(),
            opened: found.iter().map(|(_, known)| known.opened_at).collect(),
            seen: found.iter().map(|(_, known)| known.last_seen_at).collect(),
            fired: found.iter().map(|(_, known)| known.last_fired_at).collect(),
        };
        write.execute(conn)?;
    }
    for step in steps.iter().filter(|step| step.state == State::Closed) {
        let row = signal_states::table.find((tenant.as_str(), rule.name.as_str(), step.known.subject.as_str()));
        diesel::update(row).set(signal_states::closed_at.eq(step.known.closed_at)).execute(conn)?;
    }
    Ok(())
}

/// Starts what follows from a subject that fires, and notes it.
fn fire(
    conn: &mut PgConnection,
    tenant: &TenantId,
    (rule, subject): (&Rule, &str),
    follows: &Follows,
    kept: &mut Kept,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    let started = follows.start.as_ref().map(|start| workflows::start(conn, tenant, start, now)).transpose()?;
    let (job_id, approval_id) = match &started {
        Some(Started::Queued(id)) => (Some(id.0), None),
        Some(Started::Proposed(approval)) => (approval.job_id, Some(approval.id.0)),
        None => (None, None),
    };
    let row = signal_states::table.find((tenant.as_str(), rule.name.as_str(), subject));
    let noted = (
        signal_states::fired.eq(signal_states::fired + 1),
        signal_states::action.eq(&follows.action),
        signal_states::reason.eq(&follows.reason),
        signal_states::policy.eq(&follows.policy),
        signal_states::job_id.eq(job_id),
        signal_states::approval_id.eq(approval_id),
    );
    diesel::update(row).set(noted).execute(conn)?;
    kept.fired += 1;
    match started {
        Some(Started::Queued(_)) => kept.queued += 1,
        Some(Started::Proposed(approval)) => kept.approvals.push(*approval),
        None => {}
    }
    Ok(())
}

/// Closes what rules found that there are no more, and forgets what was over long ago. Returns how many it closed.
pub fn tidy(
    conn: &mut PgConnection,
    look: &Look,
    rules: &BTreeSet<&str>,
    now: DateTime<Utc>,
) -> Result<usize, StoreError> {
    transaction(conn, |conn| {
        if !is_ours(conn, look)? {
            return Ok(0);
        }
        let of_tenant = || signal_states::table.filter(signal_states::tenant_id.eq(look.tenant.as_str()));
        let orphaned = of_tenant().filter(signal_states::closed_at.is_null()).filter(signal_states::rule.ne_all(rules));
        let closed = diesel::update(orphaned).set(signal_states::closed_at.eq(now)).execute(conn)?;
        diesel::delete(of_tenant().filter(signal_states::closed_at.lt(now - KEPT))).execute(conn)?;
        Ok(closed)
    })
}
