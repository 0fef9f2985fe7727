//! Conversations: what a person asked and what was answered, turn by turn. Each belongs to one person; who may read it
//! besides is the caller's to say.

use chrono::{DateTime, Utc};
use diesel::{
    Connection, ExpressionMethods, Insertable, OptionalExtension, PgConnection, QueryDsl, Queryable, RunQueryDsl,
    Selectable, SelectableHelper,
};
use domain::ids::TenantId;
use serde_json::Value;
use uuid::Uuid;

use crate::StoreError;
use crate::events::After;
use crate::schema::{conversation_messages as m, conversations as c};

/// A conversation without what was said.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = c)]
pub struct Conversation {
    pub id: Uuid,
    pub person: String,
    /// Of Slack.
    pub channel: Option<String>,
    pub title: String,
    pub messages: i32,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
}

/// What somebody said.
#[derive(Clone, Debug, PartialEq, Queryable, Selectable)]
#[diesel(table_name = m)]
pub struct Message {
    pub position: i32,
    /// `user` or `assistant`.
    pub said_by: String,
    pub text: String,
    pub detail: Option<Value>,
    pub at: DateTime<Utc>,
}

/// A conversation that begins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct New {
    pub id: Uuid,
    pub person: String,
    pub channel: Option<String>,
    pub title: String,
}

/// A question and its answer.
#[derive(Clone, Debug, PartialEq)]
pub struct Turn {
    pub question: String,
    pub asked_at: DateTime<Utc>,
    pub answer: String,
    pub detail: Value,
    pub answered_at: DateTime<Utc>,
}

#[derive(Clone, Insertable)]
#[diesel(table_name = m)]
struct Row<'a> {
    tenant_id: &'a str,
    conversation_id: Uuid,
    position: i32,
    said_by: &'a str,
    text: &'a str,
    detail: Option<Value>,
    at: DateTime<Utc>,
}

/// Begins a conversation with its first turn.
pub fn begin(conn: &mut PgConnection, tenant: &TenantId, new: &New, turn: &Turn) -> Result<(), StoreError> {
    conn.transaction(|conn| {
        diesel::insert_into(c::table)
            .values((
                c::tenant_id.eq(tenant.as_str()),
                c::id.eq(new.id),
                c::person.eq(&new.person),
                c::channel.eq(new.channel.as_deref()),
                c::title.eq(&new.title),
                c::created_at.eq(turn.asked_at),
                c::updated_at.eq(turn.asked_at),
            ))
            .execute(conn)?;
        add(conn, tenant, new.id, turn).map(drop)
    })
}

/// Adds a turn. `false`: the conversation is gone.
pub fn add(conn: &mut PgConnection, tenant: &TenantId, id: Uuid, turn: &Turn) -> Result<bool, StoreError> {
    conn.transaction(|conn| {
        // The row is held from here on: two turns at the same time have each their own places.
        let held = diesel::update(c::table.find((tenant.as_str(), id)))
            .set((c::messages.eq(c::messages + 2), c::updated_at.eq(turn.answered_at)))
            .returning(c::messages);
        let Some(count) = held.get_result::<i32>(conn).optional()? else { return Ok(false) };
        let (tenant_id, conversation_id) = (tenant.as_str(), id);
        let question = Row {
            tenant_id,
            conversation_id,
            position: count - 2,
            said_by: "user",
            text: &turn.question,
            detail: None,
            at: turn.asked_at,
        };
        let answer = Row {
            position: count - 1,
            said_by: "assistant",
            text: &turn.answer,
            detail: Some(turn.detail.clone()),
            at: turn.answered_at,
            ..question.clone()
        };
        diesel::insert_into(m::table).values(vec![question, answer]).execute(conn)?;
        Ok(true)
    })
}

/// One conversation of this tenant.
pub fn one(conn: &mut PgConnection, tenant: &TenantId, id: Uuid) -> Result<Option<Conversation>, StoreError> {
    Ok(c::table.find((tenant.as_str(), id)).select(Conversation::as_select()).first(conn).optional()?)
}

/// The conversation that a person held last in a channel, where that was since `since`.
pub fn recent(
    conn: &mut PgConnection,
    tenant: &TenantId,
    (person, channel): (&str, &str),
    since: DateTime<Utc>,
) -> Result<Option<Conversation>, StoreError> {
    let theirs = c::table.filter(c::tenant_id.eq(tenant.as_str())).filter(c::person.eq(person));
    let there = theirs.filter(c::channel.eq(channel)).filter(c::updated_at.ge(since));
    let last = there.order((c::updated_at.desc(), c::id.desc()));
    Ok(last.select(Conversation::as_select()).first(conn).optional()?)
}

/// Conversations of a person, or of all, the last held first, at most `limit`.
pub fn list(
    conn: &mut PgConnection,
    tenant: &TenantId,
    person: Option<&str>,
    after: Option<After>,
    limit: i64,
) -> Result<Vec<Conversation>, StoreError> {
    let mut query = c::table.filter(c::tenant_id.eq(tenant.as_str())).into_boxed();
    if let Some(person) = person {
        query = query.filter(c::person.eq(person));
    }
    if let Some(after) = after {
        query = query.filter(after.follows::<c::table>("(updated_at, id) < ("));
    }
    let last = query.order((c::updated_at.desc(), c::id.desc())).limit(limit);
    Ok(last.select(Conversation::as_select()).load(conn)?)
}

/// The newest messages of a conversation, oldest first, at most `limit`.
pub fn messages(conn: &mut PgConnection, tenant: &TenantId, id: Uuid, limit: i64) -> Result<Vec<Message>, StoreError> {
    let of = m::table.filter(m::tenant_id.eq(tenant.as_str())).filter(m::conversation_id.eq(id));
    let newest = of.order(m::position.desc()).limit(limit).select(Message::as_select());
    let mut messages: Vec<Message> = newest.load(conn)?;
    messages.reverse();
    Ok(messages)
}

/// Deletes a conversation with all that was said. Whether it was there.
pub fn delete(conn: &mut PgConnection, tenant: &TenantId, id: Uuid) -> Result<bool, StoreError> {
    Ok(diesel::delete(c::table.find((tenant.as_str(), id))).execute(conn)? > 0)
}
