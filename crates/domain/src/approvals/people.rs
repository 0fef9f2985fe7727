//! People as approvals know them: one person may have many identities, and counts once.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::Of;

/// Roles that an `admin` has too, as everywhere.
const BUILT_IN: [&str; 3] = ["viewer", "operator", "approver"];

/// Somebody who may decide.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Person {
    /// Our id of the person; of somebody unknown their identity, as `slack:U123`.
    pub id: String,
    pub roles: Vec<String>,
    pub groups: Vec<String>,
    pub is_bot: bool,
    /// Where the person is known by which name: `slack:U123`, `github:alice`, `email:alice@acme.io`.
    pub identities: Vec<String>,
}

impl Person {
    /// Somebody who is known by one identity only.
    pub fn known_as(external_type: &str, external_id: &str) -> Self {
        let identity = format!("{external_type}:{external_id}");
        Self { id: identity.clone(), identities: vec![identity], ..Self::default() }
    }

    /// Whether the name is this person's: their id, or an identity with its kind. Case does not count.
    pub fn is(&self, name: &str) -> bool {
        self.names().any(|own| own.eq_ignore_ascii_case(name))
    }

    /// Whether the name may be this person's: a bare `alice` may be anybody called so anywhere. To leave people out
    /// with, never to let them in.
    pub fn may_be(&self, name: &str) -> bool {
        let bare = |own: &str| own.split_once(':').is_some_and(|(_, id)| id.eq_ignore_ascii_case(name));
        self.is(name) || self.names().any(bare)
    }

    /// Whether both are one person.
    pub fn is_same(&self, other: &Person) -> bool {
        self.names().any(|own| other.is(own))
    }

    /// An `admin` has the roles `viewer`, `operator` and `approver` too.
    pub fn has_role(&self, role: &str) -> bool {
        let has = |name: &str| self.roles.iter().any(|own| own.eq_ignore_ascii_case(name));
        has(role) || BUILT_IN.contains(&role) && has("admin")
    }

    /// Whether the person's vote meets such a requirement. `groups` are those of the terms.
    pub fn meets(&self, of: &Of, groups: &BTreeMap<String, Vec<String>>) -> bool {
        match of {
            Of::Role(role) => self.has_role(role),
            Of::Group(group) => {
                let group = bare(group);
                let listed = groups.iter().filter(|(name, _)| bare(name).eq_ignore_ascii_case(group));
                self.groups.iter().any(|own| bare(own).eq_ignore_ascii_case(group))
                    || listed.flat_map(|(_, members)| members).any(|member| self.is(bare(member)))
            }
        }
    }

    fn names(&self) -> impl Iterator<Item = &str> {
        std::iter::once(self.id.as_str())
            .chain(self.identities.iter().map(String::as_str))
            .filter(|name| !name.is_empty())
    }
}

fn bare(name: &str) -> &str {
    name.trim_start_matches('@')
}
