//! Who is who: the names that people have elsewhere, and what they may do. Roles are granted here, so only admins write,
//! and the audit keeps it.

use actix_web::{HttpResponse, web};
use chrono::{DateTime, SubsecRound, Utc};
use domain::event::rfc3339;
use serde::{Deserialize, Serialize};
use serde_json::json;
use store::audit::{self, Entry};
use store::events::After;
use store::idempotency::Answer;
use store::identities::{self, Identity as Row};
use store::{Connection, StoreError};
use tokio::sync::oneshot;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::asker::Asker;
use crate::access::{Admin, Caller, Role, Viewer};
use crate::api::deliveries::NoQuery;
use crate::cursor::Scope;
use crate::fields::Fields;
use crate::idempotent;
use crate::page::{self, Page};
use crate::problem::{Code, Problem, ProblemBody};
use crate::query::{Asked, Faults};
use crate::sent::Sent;
use crate::state::Shared;

const CREATED: i16 = 201;
const TYPES: &[&str] = &["slack", "github", "gitlab", "jira", "email"];
const LONGEST_ID: usize = 320;
const LONGEST_NAME: usize = 255;

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
#[utoipa::path(get, path = "/v1/identities", tag = "identities", params(IdentityQuery), security(("bearer" = []), ("admin_key" = [])),
    responses(
        (status = 200, body = Page<Identity>),
        (status = 400, body = ProblemBody, content_type = "application/problem+json"),
    ))]
pub(crate) async fn list(
    caller: Caller<Viewer>,
    state: Shared,
    Asked(query): Asked<IdentityQuery>,
) -> Result<HttpResponse, Problem> {
    let mut faults = Faults::default();
    let limit = page::limit(&mut faults, query.limit.as_deref());
    faults.none()?;
    let person = query.user_id;
    let scope = Scope::new("identities", &caller.tenant, &person);
    let after = scope.place(query.cursor.as_deref())?;
    let read = move |conn: &mut Connection| identities::list(conn, &caller.tenant, person.as_deref(), after, limit + 1);
    let rows = state.store.call("identity_list", read).await?;
    let place = |row: &Row| After { time: row.created_at, id: row.id };
    Ok(HttpResponse::Ok().json(Page::cut(rows, limit, scope, place, Identity::from)))
}

/// Adds a name; 409 where somebody has it already.
#[utoipa::path(post, path = "/v1/identities", tag = "identities", request_body = NewIdentity,
    params(("Idempotency-Key" = Option<String>, Header, description = "The same key with the same request is done once")),
    security(("bearer" = []), ("admin_key" = [])), responses(
    (status = 201, body = Identity),
    (status = 400, body = ProblemBody, content_type = "application/problem+json"),
    (status = 409, body = ProblemBody, content_type = "application/problem+json"),
    (status = 422, body = ProblemBody, content_type = "application/problem+json"),
))]
pub(crate) async fn add(
    caller: Caller<Admin>,
    state: Shared,
    sent: Sent,
    Asked(NoQuery {}): Asked<NoQuery>,
) -> Result<HttpResponse, Problem> {
    let keyed = sent.keyed("identities", &caller)?;
    let now = Utc::now().trunc_subsecs(6);
    let row = sent.json::<NewIdentity>()?.checked(now)?;
    let asker = Asker::from(&caller);
    let (tell, told) = oneshot::channel();
    let work = move |conn: &mut Connection| {
        if !identities::add(conn, &asker.tenant, &row)? {
            // Nobody listens any more when the caller has gone.
            let _ = tell.send(());
            return Err(StoreError::NotFound);
        }
        note(conn, &asker, "identity.added", &row, now)?;
        Ok(Answer { status: CREATED, body: json!(Identity::from(row)) })
    };
    let answer = idempotent::answer(&state, "identity_add", keyed, now, work).await;
    if told.await.is_ok() {
        return Err(Problem::new(Code::AlreadyThere, "there is an identity of this type and id already"));
    }
    answer
}

/// Forgets a name, with the roles that it gave.
#[utoipa::path(delete, path = "/v1/identities/{id}", tag = "identities", params(("id" = String, Path, description = "The identity's id")),
    security(("bearer" = []), ("admin_key" = [])), responses(
    (status = 204),
    (status = 404, body = ProblemBody, content_type = "application/problem+json"),
))]
pub(crate) async fn remove(
    caller: Caller<Admin>,
    state: Shared,
    id: web::Path<String>,
    Asked(NoQuery {}): Asked<NoQuery>,
) -> Result<HttpResponse, Problem> {
    let missing = || Problem::not_found("identity");
    let id = Uuid::try_parse(&id).map_err(|_| missing())?;
    let (asker, now) = (Asker::from(&caller), Utc::now().trunc_subsecs(6));
    let work = move |conn: &mut Connection| {
        let Some(row) = identities::one(conn, &asker.tenant, id)? else { return Ok(false) };
        let removed = identities::remove(conn, &asker.tenant, id)?;
        if removed {
            note(conn, &asker, "identity.removed", &row, now)?;
        }
        Ok(removed)
    };
    let removed = state.store.call("identity_remove", |conn| store::transaction(conn, work)).await?;
    if removed { Ok(HttpResponse::NoContent().finish()) } else { Err(missing()) }
}

impl NewIdentity {
    fn checked(self, now: DateTime<Utc>) -> Result<Row, Problem> {
        let mut fields = Fields::default();
        if !TYPES.contains(&self.external_type.as_str()) {
            fields.add("external_type", format!("`external_type` is one of {}", TYPES.join(", ")));
        }
        let external_id = fields.required("external_id", Some(&self.external_id), LONGEST_ID);
        let display_name = fields.line("display_name", self.display_name.as_deref(), LONGEST_NAME);
        let person_id = match self.user_id {
            Some(UserId::Number(number)) => number.to_string(),
            Some(UserId::Name(name)) => fields.required("user_id", Some(&name), LONGEST_ID),
            None => fields.required("external_id", Some(&format!("{}:{external_id}", self.external_type)), LONGEST_ID),
        };
        let known = Role::ALL.map(Role::as_str);
        if !self.roles.iter().all(|role| known.contains(&role.as_str())) {
            fields.add("roles", format!("`roles` are of {}", known.join(", ")));
        }
        fields.none()?;
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

fn note(conn: &mut Connection, asker: &Asker, action: &str, row: &Row, now: DateTime<Utc>) -> Result<(), StoreError> {
    let actor = asker.person(conn)?.id;
    let detail = json!({"identity": format!("{}:{}", row.external_type, row.external_id), "person": row.person_id,
        "roles": row.roles, "is_bot": row.is_bot});
    let subject = format!("identity/{}", row.id);
    let entry = Entry { at: now, actor, action: action.to_owned(), subject, detail };
    audit::append(conn, &asker.tenant, &[entry]).map(|_| ())
}
