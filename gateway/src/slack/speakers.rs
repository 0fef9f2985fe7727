//! Who speaks: somebody in Slack, or a caller with a token.
//!
//! Somebody in Slack is the person whose identity `slack:<user id>` is. Where nobody has said who that is, Slack's own word on
//! their e-mail address counts: the person of that address gets the identity, without roles of its own, and the audit
//! says so. Else they are a stranger, who may read and ask; their votes count only where the terms name them.

use chrono::{DateTime, Utc};
use domain::approvals::{Person, Via};
use domain::ids::TenantId;
use serde_json::json;
use store::identities::{self, Identity};
use store::{Connection, StoreError};
use uuid::Uuid;

use crate::access::Role;
use crate::api::people::identities::note;
use crate::clock;
use crate::state::State;

/// The actor of what no person did.
const SYSTEM: &str = "system";

/// Somebody who typed or pressed.
#[derive(Clone, Debug)]
pub(super) struct Speaker {
    pub(super) tenant: TenantId,
    /// `None`: nobody knows them.
    pub(super) known: Option<Person>,
    pub(super) slack_user: Option<String>,
    /// The conversation that it was said in.
    pub(super) channel: Option<String>,
    pub(super) role: Role,
    pub(super) via: Via,
}

impl Speaker {
    /// Somebody in Slack, in the default tenant's workspace.
    pub(super) async fn in_slack(state: &State, user_id: &str, channel: Option<String>) -> Result<Self, StoreError> {
        let tenant = TenantId::default();
        let (of, user) = (tenant.clone(), user_id.to_owned());
        let look = move |conn: &mut Connection| identities::person_of(conn, &of, "slack", &user);
        let mut known = state.store.call("slack_person", look).await?;
        if known.is_none()
            && let Some(email) = state.slack.email(user_id).await
        {
            let (of, user, now) = (tenant.clone(), user_id.to_owned(), clock::now());
            let adopt =
                move |conn: &mut Connection| store::transaction(conn, |conn| adopted(conn, &of, (&user, &email), now));
            known = state.store.call("slack_adopt", adopt).await?;
        }
        let role = known.as_ref().map_or(Role::Viewer, role_of);
        Ok(Self { tenant, known, slack_user: Some(user_id.to_owned()), channel, role, via: Via::Slack })
    }

    /// The person; of a stranger what Slack calls them.
    pub(super) fn person(&self) -> Person {
        let stranger = || Person::known_as("slack", self.slack_user.as_deref().unwrap_or_default());
        self.known.clone().unwrap_or_else(stranger)
    }
}

/// The one role that stands for all that a person may do.
fn role_of(person: &Person) -> Role {
    let order = [Role::Admin, Role::Operator, Role::Approver];
    order.into_iter().find(|role| person.has_role(role.as_str())).unwrap_or(Role::Viewer)
}

/// Gives the person of an address their name in Slack.
fn adopted(
    conn: &mut Connection,
    tenant: &TenantId,
    (user_id, email): (&str, &str),
    now: DateTime<Utc>,
) -> Result<Option<Person>, StoreError> {
    let Some(owner) = identities::person_of(conn, tenant, "email", email)?.filter(|owner| !owner.is_bot) else {
        return Ok(None);
    };
    add(conn, tenant, ("slack", user_id), &owner.id, now)?;
    identities::person_of(conn, tenant, "slack", user_id)
}

/// Adds a name that Slack vouches for, without roles. Somebody may have been faster.
pub(super) fn add(
    conn: &mut Connection,
    tenant: &TenantId,
    (external_type, external_id): (&str, &str),
    person_id: &str,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    let identity = Identity {
        id: Uuid::new_v4(),
        external_type: external_type.to_owned(),
        external_id: external_id.to_owned(),
        person_id: person_id.to_owned(),
        display_name: None,
        roles: Vec::new(),
        is_bot: false,
        created_at: now,
        updated_at: now,
    };
    if !identities::add(conn, tenant, &identity)? {
        return Ok(());
    }
    let detail = json!({"identity": format!("{external_type}:{external_id}"), "person": person_id, "roles": [],
        "is_bot": false, "vouched": "slack_email"});
    note(conn, tenant, (SYSTEM, "identity.added", &identity.id.to_string()), detail, now)
}
