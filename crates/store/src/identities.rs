//! Who is who: the names that people have in each tool, and the person that they add up to.
//!
//! One person may have many identities; the same identity belongs to one person. A person has the roles of all of them.
//! External ids are told apart without regard to case.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use diesel::sql_types::{Array, Bool, Text};
use diesel::{
    ExpressionMethods, Insertable, OptionalExtension, PgConnection, QueryDsl, Queryable, RunQueryDsl, Selectable,
    SelectableHelper,
};
use domain::approvals::Person;
use domain::ids::TenantId;
use uuid::Uuid;

use crate::events::After;
use crate::schema::identities;
use crate::{StoreError, statement};

/// One name of one person.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = identities)]
pub struct Identity {
    pub id: Uuid,
    /// `slack`, `github`, `gitlab`, `jira`, `email`.
    pub external_type: String,
    pub external_id: String,
    pub person_id: String,
    pub display_name: Option<String>,
    pub roles: Vec<String>,
    pub is_bot: bool,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
}

/// What may change about an identity.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    pub person_id: String,
    pub display_name: Option<String>,
    pub roles: Vec<String>,
    pub is_bot: bool,
}

/// Adds an identity. `false`: there is one of that type and id already.
pub fn add(conn: &mut PgConnection, tenant: &TenantId, identity: &Identity) -> Result<bool, StoreError> {
    let row = (identities::tenant_id.eq(tenant.as_str()), identity);
    Ok(diesel::insert_into(identities::table).values(row).on_conflict_do_nothing().execute(conn)? == 1)
}

/// Changes an identity: whose it is, its roles. `false`: there is none.
pub fn change(
    conn: &mut PgConnection,
    tenant: &TenantId,
    id: Uuid,
    change: &Change,
    now: DateTime<Utc>,
) -> Result<bool, StoreError> {
    let changed = diesel::update(identities::table.find((tenant.as_str(), id))).set((
        identities::person_id.eq(&change.person_id),
        identities::display_name.eq(&change.display_name),
        identities::roles.eq(&change.roles),
        identities::is_bot.eq(change.is_bot),
        identities::updated_at.eq(now),
    ));
    Ok(changed.execute(conn)? == 1)
}

/// Forgets an identity. `false`: there was none.
pub fn remove(conn: &mut PgConnection, tenant: &TenantId, id: Uuid) -> Result<bool, StoreError> {
    Ok(diesel::delete(identities::table.find((tenant.as_str(), id))).execute(conn)? == 1)
}

/// One identity of this tenant.
pub fn one(conn: &mut PgConnection, tenant: &TenantId, id: Uuid) -> Result<Option<Identity>, StoreError> {
    Ok(identities::table.find((tenant.as_str(), id)).select(Identity::as_select()).first(conn).optional()?)
}

/// Identities, newest first, at most `limit`; all, or those of one person.
pub fn list(
    conn: &mut PgConnection,
    tenant: &TenantId,
    person_id: Option<&str>,
    after: Option<After>,
    limit: i64,
) -> Result<Vec<Identity>, StoreError> {
    let mut query =
        identities::table.filter(identities::tenant_id.eq(tenant.as_str())).select(Identity::as_select()).into_boxed();
    if let Some(person_id) = person_id {
        query = query.filter(identities::person_id.eq(person_id));
    }
    if let Some(after) = after {
        query = query.filter(after.follows::<identities::table>("(created_at, id) < ("));
    }
    Ok(query.order((identities::created_at.desc(), identities::id.desc())).limit(limit).load(conn)?)
}

statement! {
    /// All identities of the people who have one of these names, place by place.
    struct Of<'a> { tenant: Text = &'a str, types: Array<Text> = Vec<&'a str>, ids: Array<Text> = Vec<&'a str> }
    returns (Text, Text, Text, Array<Text>, Bool);
    "select i.person_id, i.external_type, i.external_id, i.roles, i.is_bot
     from (values (?::text)) as t (tenant_id) join identities i on i.tenant_id = t.tenant_id
     where i.person_id in (
       select own.person_id from unnest(?::text[], ?::text[]) as asked (type, id)
       join identities own on own.tenant_id = t.tenant_id
         and own.external_type = asked.type and lower(own.external_id) = lower(asked.id))
     order by i.person_id, i.created_at, i.id"
}

type Found = (String, String, String, Vec<String>, bool);

/// The person behind a name; `None`: nobody has said who that is.
pub fn person_of(
    conn: &mut PgConnection,
    tenant: &TenantId,
    external_type: &str,
    external_id: &str,
) -> Result<Option<Person>, StoreError> {
    Ok(people_of(conn, tenant, &[(external_type, external_id)])?.pop())
}

/// The people behind some names, each once, without those of whom nobody has said who they are.
pub fn people_of(
    conn: &mut PgConnection,
    tenant: &TenantId,
    names: &[(&str, &str)],
) -> Result<Vec<Person>, StoreError> {
    let (types, ids) = names.iter().copied().unzip();
    let mut people: BTreeMap<String, Person> = BTreeMap::new();
    let found: Vec<Found> = Of { tenant: tenant.as_str(), types, ids }.load(conn)?;
    for (id, external_type, external_id, roles, is_bot) in found {
        let person = people.entry(id.clone()).or_insert_with(|| Person { id, ..Person::default() });
        person.identities.push(format!("{external_type}:{external_id}"));
        person.is_bot |= is_bot;
        person.roles.extend(roles);
    }
    for person in people.values_mut() {
        person.roles.sort();
        person.roles.dedup();
    }
    Ok(people.into_values().collect())
}
