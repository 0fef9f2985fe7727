//! Who a caller is to approvals: the person behind the subject of the token, or the subject itself.
//!
//! A subject is looked for as it stands: `github:ada` and `ada@acme.io` are identities, any other is a person's id. What
//! the token grants is added to the roles of the person. Where access is open the caller is `anonymous`: that name is
//! nobody's request, so that people who try things out can decide what they have asked for.

use domain::approvals::Person;
use domain::ids::TenantId;
use store::{Connection, StoreError, identities};

use crate::access::{Caller, Role};
use crate::state::State;

/// Whoever calls while nobody is asked who they are.
const ANONYMOUS: &str = "anonymous";

/// A caller, as it may be taken to the database.
#[derive(Clone, Debug)]
pub(crate) struct Asker {
    pub(crate) tenant: TenantId,
    subject: Option<String>,
    role: Role,
}

impl<R> From<&Caller<R>> for Asker {
    fn from(caller: &Caller<R>) -> Self {
        Self { tenant: caller.tenant.clone(), subject: caller.subject.clone(), role: caller.role }
    }
}

impl Asker {
    /// The person who calls, with the roles of all their identities and of the token.
    pub(crate) fn person(&self, conn: &mut Connection) -> Result<Person, StoreError> {
        let mut person = match &self.subject {
            Some(subject) => known(conn, &self.tenant, subject)?.unwrap_or_else(|| stranger(subject)),
            None => stranger(ANONYMOUS),
        };
        let granted = self.role.as_str();
        if !person.roles.iter().any(|role| role == granted) {
            person.roles.push(granted.to_owned());
        }
        Ok(person)
    }

    /// The same, looked up.
    pub(crate) async fn known(&self, state: &State) -> Result<Person, StoreError> {
        let asker = self.clone();
        state.store.call("asker", move |conn| asker.person(conn)).await
    }

    /// Whose request it is: nobody's where access is open.
    pub(crate) fn requester(&self, person: &Person) -> Option<String> {
        self.subject.is_some().then(|| person.id.clone())
    }
}

fn known(conn: &mut Connection, tenant: &TenantId, subject: &str) -> Result<Option<Person>, StoreError> {
    let name = subject.split_once(':').or_else(|| subject.contains('@').then_some(("email", subject)));
    if let Some((external_type, external_id)) = name
        && let Some(person) = identities::person_of(conn, tenant, external_type, external_id)?
    {
        return Ok(Some(person));
    }
    match identities::list(conn, tenant, Some(subject), None, 1)?.pop() {
        Some(one) => identities::person_of(conn, tenant, &one.external_type, &one.external_id),
        None => Ok(None),
    }
}

/// Somebody of whom nobody has said who they are.
fn stranger(subject: &str) -> Person {
    let identities = if subject.contains('@') { vec![format!("email:{subject}")] } else { Vec::new() };
    Person { id: subject.to_owned(), identities, ..Person::default() }
}
