//! Who is who: the names that people have elsewhere, and what they may do. Roles are granted here, so only admins write,
//! and the audit keeps it.

use actix_web::{HttpResponse, web};
use chrono::{DateTime, Utc};
use domain::event::rfc3339;
use domain::ids::TenantId;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use store::audit::{self, Entry};
use store::events::After;
use store::identities::{self, Identity as Row};
use store::{Connection, StoreError};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::asker::Asker;
use crate::access::{Admin, Caller, Role, Viewer};
use crate::clock;
use crate::faults::Faults;
use crate::found::gone;
use crate::idempotent;
use crate::page::{List, Page, Portion};
use crate::problem::{Code, Problem, ProblemBody};
use crate::query::{Asked, NoQuery};
use crate::sent::Sent;
use crate::state::Shared;

const WHAT: &str = "identity";
const TYPES: &[&str] = &["slack", "github", "gitlab", "jira", "email"];
const LONGEST_ID: usize = 320;
const LONGEST_NAME: usize = 255;

const LIST: List<Option<String>, Row> = List {
    name: "identities",
    operation: "identity_list",
    read: |conn, tenant, person, after, most| identities::list(conn, tenant, person.as_deref(), after, most),
    place: |row| After { time: row.created_at, id: row.id },
};

/// One name of one person.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Identity {
    #[schema(value_type = String)]
    id: Uuid,
    external_type: String,
    external_id: String,
    /// The person. Identities with the same one are one person, who counts once.
    user_id: String,
    display_name: Option<String>,
    roles: Vec<String>,
    /// A bot decides nothing.
    is_bot: bool,
    created_at: String,
    updated_at: String,
}

impl From<Row> for Identity {
    fn from(row: Row) -> Self {
        let Row { id, external_type, external_id, person_id, display_name, roles, is_bot, created_at, updated_at } =
            row;
        let (created_at, updated_at) = (rfc3339(created_at), rfc3339(updated_at));
        Self { id, external_type, external_id, user_id: person_id, display_name, roles, is_bot, created_at, updated_at }
    }
}

/// A name that is new.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewIdentity {
    /// `slack`, `github`, `gitlab`, `jira` or `email`.
    external_type: String,
    external_id: String,
    /// Whose it is; a person of its own unless said.
    user_id: Option<UserId>,
    display_name: Option<String>,
    /// Of `viewer`, `operator`, `approver`, `admin`.
    #[serde(default)]
    roles: Vec<String>,
    #[serde(default)]
    is_bot: bool,
}

/// EM Agent 1 counted its users; any name does.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(untagged)]
enum UserId {
    Number(u64),
    Name(String),
}

#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct IdentityQuery {
    /// Those of one person.
    user_id: Option<String>,
    /// Rows of a page, 1 to 200; 50 unless given.
    limit: Option<String>,
    /// `next_cursor` of the page before, with the same filters.
    cursor: Option<String>,
}

/// Identities, newest first.
#[utoipa::path(get, path = "/v1/identities", tag = "identities", params(IdentityQuery),
    responses(
        (status = 200, body = Page<Identity>),
        (status = 400, body = ProblemBody),
    ))]
pub(crate) async fn list(
    caller: Caller<Viewer>,
    state: Shared,
    Asked(query): Asked<IdentityQuery>,
) -> Result<HttpResponse, Problem> {
    let mut faults = Faults::of_query();
    let portion = Portion::read(&mut faults, query.limit.as_deref(), query.cursor);
    faults.none()?;
    LIST.answer(&state, caller.tenant, (query.user_id, portion), Identity::from).await
}

/// Adds a name; 409 where somebody has it already.
#[utoipa::path(post, path = "/v1/identities", tag = "identities", request_body = NewIdentity,
    params(("Idempotency-Key" = Option<String>, Header, description = "The same key with the same request is done once")),
    responses(
    (status = 201, body = Identity),
    (status = 400, body = ProblemBody),
    (status = 409, body = ProblemBody),
    (status = 422, body = ProblemBody),
))]
pub(crate) async fn add(caller: Caller<Admin>, state: Shared, sent: Sent, _: NoQuery) -> Result<HttpResponse, Problem> {
    let keyed = sent.keyed("identities", &caller)?;
    let now = clock::now();
    let row = sent.json::<NewIdentity>()?.checked(now)?;
    let asker = Asker::from(&caller);
    let work = move |conn: &mut Connection| {
        if !identities::add(conn, &asker.tenant, &row)? {
            return Err(Problem::new(Code::AlreadyThere, "there is an identity of this type and id already").into());
        }
        said(conn, &asker, "identity.added", &row, now)?;
        Ok(idempotent::created(Identity::from(row)))
    };
    idempotent::answer(&state, "identity_add", keyed, now, work).await
}

/// Forgets a name, with the roles that it gave.
#[utoipa::path(delete, path = "/v1/identities/{id}", tag = "identities", params(("id" = String, Path, description = "The identity's id")),
    responses(
    (status = 204),
    (status = 404, body = ProblemBody),
))]
pub(crate) async fn remove(
    caller: Caller<Admin>,
    state: Shared,
    id: web::Path<String>,
    _: NoQuery,
) -> Result<HttpResponse, Problem> {
    let (asker, now) = (Asker::from(&caller), clock::now());
    let work = move |conn: &mut Connection, id| {
        let Some(row) = identities::one(conn, &asker.tenant, id)? else { return Ok(false) };
        let removed = identities::remove(conn, &asker.tenant, id)?;
        if removed {
            said(conn, &asker, "identity.removed", &row, now)?;
        }
        Ok(removed)
    };
    gone(&state, (WHAT, "identity_remove"), &id, move |conn, id| store::transaction(conn, |conn| work(conn, id))).await
}

impl NewIdentity {
    fn checked(self, now: DateTime<Utc>) -> Result<Row, Problem> {
        let mut faults = Faults::of_body();
        if !TYPES.contains(&self.external_type.as_str()) {
            faults.add("external_type", format!("`external_type` is one of {}", TYPES.join(", ")));
        }
        let external_id = faults.required("external_id", Some(&self.external_id), LONGEST_ID);
        let display_name = faults.line("display_name", self.display_name.as_deref(), LONGEST_NAME);
        let person_id = match self.user_id {
            Some(UserId::Number(number)) => number.to_string(),
            Some(UserId::Name(name)) => faults.required("user_id", Some(&name), LONGEST_ID),
            None => faults.required("external_id", Some(&format!("{}:{external_id}", self.external_type)), LONGEST_ID),
        };
        let known = Role::ALL.map(Role::as_str);
        if !self.roles.iter().all(|role| known.contains(&role.as_str())) {
            faults.add("roles", format!("`roles` are of {}", known.join(", ")));
        }
        faults.none()?;
        let mut roles = self.roles;
        roles.sort();
        roles.dedup();
        Ok(Row {
            id: Uuid::new_v4(),
            external_type: self.external_type,
            external_id,
            person_id,
            display_name,
            roles,
            is_bot: self.is_bot,
            created_at: now,
            updated_at: now,
        })
    }
}

fn said(conn: &mut Connection, asker: &Asker, action: &str, row: &Row, now: DateTime<Utc>) -> Result<(), StoreError> {
    let actor = asker.person(conn)?.id;
    let detail = json!({"identity": format!("{}:{}", row.external_type, row.external_id), "person": row.person_id,
        "roles": row.roles, "is_bot": row.is_bot});
    note(conn, &asker.tenant, (&actor, action, &row.id.to_string()), detail, now)
}

/// Says in the audit what somebody did to an identity.
pub(crate) fn note(
    conn: &mut Connection,
    tenant: &TenantId,
    (actor, action, identity): (&str, &str, &str),
    detail: Value,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    let subject = format!("identity/{identity}");
    let entry = Entry { at: now, actor: actor.to_owned(), action: action.to_owned(), subject, detail };
    audit::append(conn, tenant, &[entry]).map(|_| ())
}
