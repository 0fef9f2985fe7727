//! One command to one approval: asked of the rules under a lock, written all or nothing, audited also when refused.

use chrono::{DateTime, Utc};
use diesel::dsl::sql;
use diesel::sql_types::Integer;
use diesel::{ExpressionMethods, PgConnection, QueryDsl, RunQueryDsl};
use domain::approvals::{Command, Effect, End, Refusal, Transition, Vote, content_hash, decide as rule};
use domain::ids::{ApprovalId, TenantId};
use serde_json::{Value, json};

use super::{Approval, effects, lock, posts, retry, votes};
use crate::StoreError;
use crate::audit::{self, Entry};
use crate::schema::approvals;

/// The actor of what no person did.
pub(super) const SYSTEM: &str = "system";

/// What became of a command, and how the approval stands after it.
#[derive(Clone, Debug, PartialEq)]
pub struct Answer {
    pub approval: Approval,
    pub done: Result<Done, Refusal>,
}

/// What a command did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Done {
    /// It was so already.
    Nothing,
    Voted,
    Ended,
    Voided,
    /// A new approval is to be proposed (`again_of` this one).
    Again,
}

/// What is asked for now, in place of what was.
#[derive(Clone, Debug, PartialEq)]
pub struct Content {
    pub payload: Value,
    /// Added to those who are known.
    pub authors: Vec<String>,
}

/// Gives a command. One whose time is up expires first, so that nobody is told that it still waits. For other content
/// there is [`void`].
pub fn decide(
    conn: &mut PgConnection,
    tenant: &TenantId,
    id: ApprovalId,
    command: &Command,
    now: DateTime<Utc>,
) -> Result<Answer, StoreError> {
    retry::retried(conn, |conn| {
        let approval = in_time(conn, tenant, id, now)?;
        give(conn, &approval, command, None, now)
    })
}

/// What is asked for has changed: votes for what it was count no more, unless the terms are sticky.
pub fn void(
    conn: &mut PgConnection,
    tenant: &TenantId,
    id: ApprovalId,
    content: &Content,
    now: DateTime<Utc>,
) -> Result<Answer, StoreError> {
    retry::retried(conn, |conn| {
        let approval = in_time(conn, tenant, id, now)?;
        let approval = learn(conn, approval, &content.authors, now)?;
        let hash = content_hash(&approval.subject, &approval.action, &content.payload);
        give(conn, &approval, &Command::Void { content_hash: hash }, Some(content), now)
    })
}

/// The approval under a lock; expired where its time is up.
pub(super) fn in_time(
    conn: &mut PgConnection,
    tenant: &TenantId,
    id: ApprovalId,
    now: DateTime<Utc>,
) -> Result<Approval, StoreError> {
    let approval = lock(conn, tenant, id)?;
    if approval.status.is_end() || now < approval.terms.expires_at {
        return Ok(approval);
    }
    Ok(give(conn, &approval, &Command::Expire, None, now)?.approval)
}

/// Gives a command to an approval whose row is locked.
pub(super) fn give(
    conn: &mut PgConnection,
    approval: &Approval,
    command: &Command,
    content: Option<&Content>,
    now: DateTime<Utc>,
) -> Result<Answer, StoreError> {
    let answer = rule(&approval.state(), command, now);
    let told = match &answer {
        Ok(transition) => write(conn, approval, (transition, content), now)?,
        Err(_) => false,
    };
    let entries = entries(approval, command, &answer, now);
    if !entries.is_empty() {
        audit::append(conn, &approval.tenant, &entries)?;
    }
    let approval = if told { lock(conn, &approval.tenant, approval.id)? } else { approval.clone() };
    let done = answer.map(|transition| match transition {
        Transition::Same => Done::Nothing,
        Transition::Voted { .. } => Done::Voted,
        Transition::Ended(_) => Done::Ended,
        Transition::Voided { .. } => Done::Voided,
        Transition::Again => Done::Again,
    });
    Ok(Answer { approval, done })
}

/// Writes what changes; `false`: nothing does.
fn write(
    conn: &mut PgConnection,
    approval: &Approval,
    (transition, content): (&Transition, Option<&Content>),
    now: DateTime<Utc>,
) -> Result<bool, StoreError> {
    match transition {
        Transition::Same | Transition::Again => return Ok(false),
        Transition::Voted { vote, .. } => votes::add(conn, &approval.tenant, approval.id, vote)?,
        Transition::Voided { content_hash } => renew(conn, approval, content_hash, content)?,
        Transition::Ended(end) => finish(conn, approval, end, now)?,
    }
    turn(conn, approval)?;
    Ok(true)
}

/// One version more, and every message shows an older one. The version was read under the lock.
pub(super) fn turn(conn: &mut PgConnection, approval: &Approval) -> Result<(), StoreError> {
    let row = approvals::table.find((approval.tenant.as_str(), approval.id.0));
    let next =
        diesel::update(row.filter(approvals::version.eq(approval.version)))
            .set(approvals::version.eq(sql::<Integer>("version + 1")));
    if next.execute(conn)? != 1 {
        return Err(StoreError::Corrupt(format!("approval {} changed under its lock", approval.id)));
    }
    posts::outdate(conn, &approval.tenant, approval.id)
}

fn finish(conn: &mut PgConnection, approval: &Approval, end: &End, now: DateTime<Utc>) -> Result<(), StoreError> {
    if let Some(vote) = &end.vote {
        votes::add(conn, &approval.tenant, approval.id, vote)?;
    }
    let owed = end.effect == Effect::Pending;
    let job = if owed { Some(effects::queue(conn, approval, end.status, now)?) } else { None };
    let row = approvals::table.find((approval.tenant.as_str(), approval.id.0)).filter(approvals::status.eq("pending"));
    let ended = diesel::update(row).set((
        approvals::status.eq(end.status.as_str()),
        approvals::decided_at.eq(now),
        approvals::decided_by.eq(&end.by),
        approvals::decision_reason.eq(&end.reason),
        approvals::overridden.eq(end.overridden),
        approvals::effect.eq(end.effect.as_str()),
        approvals::effect_at.eq(owed.then_some(now)),
        approvals::job_id.eq(job),
        approvals::next_reminder_at.eq(None::<DateTime<Utc>>),
    ));
    if ended.execute(conn)? != 1 {
        return Err(StoreError::Corrupt(format!("approval {} ended under its lock", approval.id)));
    }
    Ok(())
}

fn renew(
    conn: &mut PgConnection,
    approval: &Approval,
    content_hash: &str,
    content: Option<&Content>,
) -> Result<(), StoreError> {
    let content = content.ok_or_else(|| StoreError::Corrupt("other content came without its payload".to_owned()))?;
    let row = approvals::table.find((approval.tenant.as_str(), approval.id.0));
    let renewed = (approvals::content_hash.eq(content_hash), approvals::payload.eq(&content.payload));
    diesel::update(row).set(renewed).execute(conn)?;
    Ok(())
}

/// Takes over authors who were not known before: they may not decide, and their votes count no more.
fn learn(
    conn: &mut PgConnection,
    approval: Approval,
    authors: &[String],
    now: DateTime<Utc>,
) -> Result<Approval, StoreError> {
    let known = |name: &&String| !approval.authors.contains(name);
    let new: Vec<&String> = authors.iter().filter(known).collect();
    if approval.status.is_end() || new.is_empty() {
        return Ok(approval);
    }
    let all: Vec<&String> = approval.authors.iter().chain(new.iter().copied()).collect();
    let row = approvals::table.find((approval.tenant.as_str(), approval.id.0));
    diesel::update(row).set(approvals::authors.eq(&all)).execute(conn)?;
    turn(conn, &approval)?;
    let (actor, action) = (SYSTEM.to_owned(), "approval.authors".to_owned());
    let entry = Entry { at: now, actor, action, subject: audited(approval.id), detail: json!({"new": new}) };
    audit::append(conn, &approval.tenant, &[entry])?;
    lock(conn, &approval.tenant, approval.id)
}

/// What the audit says of it. What changes nothing and is refused to nobody is not told.
fn entries(
    approval: &Approval,
    command: &Command,
    answer: &Result<Transition, Refusal>,
    now: DateTime<Utc>,
) -> Vec<Entry> {
    let policy = approval.terms.policy.as_ref().map(domain::approvals::PolicyRef::signature);
    let entry = |actor: &str, action: &str, mut detail: Value| {
        detail["policy"] = json!(policy);
        let (actor, action) = (actor.to_owned(), format!("approval.{action}"));
        Entry { at: now, actor, action, subject: audited(approval.id), detail }
    };
    let voted = |vote: &Vote| {
        let detail = json!({"vote": vote.choice, "via": vote.via, "reason": vote.reason,
            "content_hash": vote.content_hash, "voter": vote.person});
        entry(&vote.person.id, "vote", detail)
    };
    match answer {
        Ok(Transition::Same | Transition::Again) => Vec::new(),
        Ok(Transition::Voted { vote, .. }) => vec![voted(vote)],
        Ok(Transition::Voided { content_hash }) => {
            let detail = json!({"content_hash": content_hash, "before": approval.content_hash});
            vec![entry(SYSTEM, "voided", detail)]
        }
        Ok(Transition::Ended(end)) => {
            let detail = json!({"by": end.by, "reason": end.reason, "overridden": end.overridden,
                "effect": end.effect, "via": via(command), "content_hash": approval.content_hash});
            let ended = entry(end.by.as_deref().unwrap_or(SYSTEM), end.status.as_str(), detail);
            end.vote.iter().map(voted).chain([ended]).collect()
        }
        Err(refusal) => {
            let detail = json!({"command": word(command), "via": via(command), "why": refusal.word(),
                "status": approval.status});
            vec![entry(actor(command), "refused", detail)]
        }
    }
}

fn actor(command: &Command) -> &str {
    match command {
        Command::Vote { person, .. } | Command::Override { person, .. } | Command::Cancel { by: Some(person), .. } => {
            &person.id
        }
        Command::Auto
        | Command::Cancel { by: None, .. }
        | Command::Expire
        | Command::Void { .. }
        | Command::Rerequest => SYSTEM,
    }
}

fn word(command: &Command) -> &'static str {
    match command {
        Command::Vote { choice, .. } => choice.as_str(),
        Command::Override { .. } => "override",
        Command::Auto => "auto",
        Command::Cancel { .. } => "cancel",
        Command::Expire => "expire",
        Command::Void { .. } => "void",
        Command::Rerequest => "rerequest",
    }
}

fn via(command: &Command) -> Option<&'static str> {
    match command {
        Command::Vote { via, .. } | Command::Override { via, .. } => Some(via.as_str()),
        Command::Auto => Some("policy"),
        Command::Cancel { .. } | Command::Expire | Command::Void { .. } | Command::Rerequest => None,
    }
}

/// How the audit names an approval.
pub(super) fn audited(id: ApprovalId) -> String {
    format!("approval/{id}")
}
