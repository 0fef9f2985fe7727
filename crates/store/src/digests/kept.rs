//! Digests that were made, and what people thought of them. A digest is never changed.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use diesel::{
    ExpressionMethods, OptionalExtension, PgConnection, QueryDsl, Queryable, RunQueryDsl, Selectable, SelectableHelper,
};
use domain::digests::{Digest, Kind, Material};
use domain::ids::TenantId;
use serde_json::Value;
use uuid::Uuid;

use crate::events::After;
use crate::schema::{digest_feedback as f, digests as d};
use crate::{StoreError, json};

/// A digest that was made.
#[derive(Clone, Debug, PartialEq)]
pub struct Kept {
    pub id: Uuid,
    pub kind: Kind,
    pub subject: Option<String>,
    /// Inclusive.
    pub from: DateTime<Utc>,
    /// Exclusive.
    pub to: DateTime<Utc>,
    pub digest: Digest,
    /// The address of what an event is about: from the facts, never from a model.
    pub links: BTreeMap<Uuid, String>,
    /// How many events it was checked against.
    pub events: i32,
    /// `model` or `rules`.
    pub generated_by: String,
    /// Why by rule.
    pub why: Option<String>,
    pub model: Option<String>,
    /// Name and version.
    pub prompt: Option<String>,
    pub input_tokens: i64,
    pub output_tokens: i64,
    pub cost_micro_usd: i64,
    pub made_at: DateTime<Utc>,
    /// Who asked for it.
    pub made_by: String,
    pub schedule_id: Option<Uuid>,
}

/// The address of what each event of the material is about, as far as it has one.
fn links(material: &Material) -> BTreeMap<Uuid, String> {
    let mut links = BTreeMap::new();
    for unit in material.units() {
        let Some(url) = &unit.url else { continue };
        for event in &unit.event_ids {
            links.entry(*event).or_insert_with(|| url.clone());
        }
    }
    links
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = d)]
struct Row {
    id: Uuid,
    kind: String,
    subject: Option<String>,
    from_at: DateTime<Utc>,
    to_at: DateTime<Utc>,
    digest: Value,
    links: Value,
    events: i32,
    generated_by: String,
    why: Option<String>,
    model: Option<String>,
    prompt: Option<String>,
    input_tokens: i64,
    output_tokens: i64,
    cost_micro_usd: i64,
    made_at: DateTime<Utc>,
    made_by: String,
    schedule_id: Option<Uuid>,
}

impl Row {
    fn kept(self) -> Result<Kept, StoreError> {
        let id = self.id;
        let corrupt = |what: &str| StoreError::Corrupt(format!("digest {id} has no {what} that can be read"));
        Ok(Kept {
            id,
            kind: kind_of(&self.kind).ok_or_else(|| corrupt("kind"))?,
            subject: self.subject,
            from: self.from_at,
            to: self.to_at,
            digest: serde_json::from_value(self.digest).map_err(|_| corrupt("text"))?,
            links: serde_json::from_value(self.links).map_err(|_| corrupt("links"))?,
            events: self.events,
            generated_by: self.generated_by,
            why: self.why,
            model: self.model,
            prompt: self.prompt,
            input_tokens: self.input_tokens,
            output_tokens: self.output_tokens,
            cost_micro_usd: self.cost_micro_usd,
            made_at: self.made_at,
            made_by: self.made_by,
            schedule_id: self.schedule_id,
        })
    }
}

/// The kind with this name, as JSON has it.
pub fn kind_of(name: &str) -> Option<Kind> {
    serde_json::from_value(Value::from(name)).ok()
}

/// Its name.
pub fn name_of(kind: Kind) -> &'static str {
    match kind {
        Kind::Standup => "standup",
        Kind::SprintHealth => "sprint_health",
        Kind::Weekly => "weekly",
        Kind::Release => "release",
        Kind::Incident => "incident",
        Kind::Postmortem => "postmortem",
        Kind::PullRequest => "pull_request",
    }
}

/// Keeps a digest.
pub fn keep(conn: &mut PgConnection, tenant: &TenantId, kept: &Kept) -> Result<(), StoreError> {
    diesel::insert_into(d::table)
        .values((
            (d::tenant_id.eq(tenant.as_str()), d::id.eq(kept.id), d::kind.eq(name_of(kept.kind))),
            (d::subject.eq(&kept.subject), d::from_at.eq(kept.from), d::to_at.eq(kept.to)),
            (d::digest.eq(json(&kept.digest)?), d::links.eq(json(&kept.links)?), d::events.eq(kept.events)),
            (d::generated_by.eq(&kept.generated_by), d::why.eq(&kept.why)),
            (d::model.eq(&kept.model), d::prompt.eq(&kept.prompt)),
            (d::input_tokens.eq(kept.input_tokens), d::output_tokens.eq(kept.output_tokens)),
            (d::cost_micro_usd.eq(kept.cost_micro_usd), d::made_at.eq(kept.made_at)),
            (d::made_by.eq(&kept.made_by), d::schedule_id.eq(kept.schedule_id)),
        ))
        .execute(conn)?;
    Ok(())
}

/// One digest of this tenant.
pub fn one(conn: &mut PgConnection, tenant: &TenantId, id: Uuid) -> Result<Option<Kept>, StoreError> {
    let row: Option<Row> = d::table.find((tenant.as_str(), id)).select(Row::as_select()).first(conn).optional()?;
    row.map(Row::kept).transpose()
}

/// What a list is narrowed to. All that is set must hold.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Listed {
    pub kind: Option<&'static str>,
    pub subject: Option<String>,
    pub schedule: Option<Uuid>,
}

/// Digests, newest first, at most `limit`.
pub fn list(
    conn: &mut PgConnection,
    tenant: &TenantId,
    listed: &Listed,
    after: Option<After>,
    limit: i64,
) -> Result<Vec<Kept>, StoreError> {
    let mut query = d::table.filter(d::tenant_id.eq(tenant.as_str())).into_boxed();
    if let Some(kind) = listed.kind {
        query = query.filter(d::kind.eq(kind));
    }
    if let Some(subject) = &listed.subject {
        query = query.filter(d::subject.eq(subject));
    }
    if let Some(schedule) = listed.schedule {
        query = query.filter(d::schedule_id.eq(schedule));
    }
    if let Some(after) = after {
        query = query.filter(after.follows::<d::table>("(made_at, id) < ("));
    }
    let newest = query.order((d::made_at.desc(), d::id.desc())).limit(limit);
    let rows: Vec<Row> = newest.select(Row::as_select()).load(conn)?;
    rows.into_iter().map(Row::kept).collect()
}

/// What somebody thinks of a digest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verdict {
    pub is_useful: bool,
    pub comment: Option<String>,
    pub by: String,
}

/// Keeps it beside the prompt that it judges; a person's last word counts. `false`: there is no such digest.
pub fn judge(
    conn: &mut PgConnection,
    tenant: &TenantId,
    id: Uuid,
    verdict: &Verdict,
    now: DateTime<Utc>,
) -> Result<bool, StoreError> {
    let found: Option<Option<String>> =
        d::table.find((tenant.as_str(), id)).select(d::prompt).first(conn).optional()?;
    let Some(prompt) = found else { return Ok(false) };
    let word = if verdict.is_useful { "up" } else { "down" };
    let said = (f::verdict.eq(word), f::comment.eq(&verdict.comment), f::prompt.eq(prompt), f::said_at.eq(now));
    diesel::insert_into(f::table)
        .values((f::tenant_id.eq(tenant.as_str()), f::digest_id.eq(id), f::said_by.eq(&verdict.by), said.clone()))
        .on_conflict((f::tenant_id, f::digest_id, f::said_by))
        .do_update()
        .set(said)
        .execute(conn)?;
    Ok(true)
}

/// How a digest was worded.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Wording {
    /// `model` or `rules`.
    pub by: &'static str,
    pub why: Option<String>,
    pub model: Option<String>,
    pub prompt: Option<String>,
    pub input_tokens: i64,
    pub output_tokens: i64,
    pub cost_micro_usd: i64,
}

impl Kept {
    /// What was made of the material. `id` names it; who asked for it, and when, stands beside.
    pub fn of(
        id: Uuid,
        (material, digest): (&Material, Digest),
        wording: Wording,
        (made_by, schedule_id): (&str, Option<Uuid>),
        made_at: DateTime<Utc>,
    ) -> Self {
        let mut events: Vec<Uuid> = material.units().flat_map(|unit| unit.event_ids.iter().copied()).collect();
        events.sort_unstable();
        events.dedup();
        Self {
            id,
            kind: material.kind,
            subject: material.subject.clone(),
            from: material.from,
            to: material.to,
            digest,
            links: links(material),
            events: i32::try_from(events.len()).unwrap_or(i32::MAX),
            generated_by: wording.by.to_owned(),
            why: wording.why,
            model: wording.model,
            prompt: wording.prompt,
            input_tokens: wording.input_tokens,
            output_tokens: wording.output_tokens,
            cost_micro_usd: wording.cost_micro_usd,
            made_at,
            made_by: made_by.to_owned(),
            schedule_id,
        }
    }
}
