//! Who people are in Slack, and where an escalation finds them.

use domain::approvals::Person;
use domain::ids::TenantId;
use store::approvals::Approval;
use store::{Connection, StoreError, identities};

/// Members of a group that are told one by one.
const MEMBERS: usize = 20;
/// Names that one person has at most.
const NAMES: i64 = 50;

/// A channel as Slack takes it: `#C0123456789` is an id.
pub fn channel(text: &str) -> String {
    let bare = text.trim_start_matches('#');
    if is_id(bare, &['C', 'G', 'D']) { bare.to_owned() } else { text.to_owned() }
}

/// Where those are told whom an escalation names: `#channel`, `@person`, or a group of the terms. Nobody is known: empty.
pub fn places(conn: &mut Connection, approval: &Approval, to: &str) -> Result<Vec<String>, StoreError> {
    if to.starts_with('#') {
        return Ok(vec![channel(to)]);
    }
    let is_asked = |group: &str| group.trim_start_matches('@').eq_ignore_ascii_case(to.trim_start_matches('@'));
    let group = approval.terms.groups.iter().find(|(group, _)| is_asked(group));
    let names = group.map_or_else(|| vec![to.to_owned()], |(_, members)| members.clone());
    let mut places = Vec::new();
    for name in names.iter().take(MEMBERS) {
        places.extend(slack_id(conn, &approval.tenant, name)?);
    }
    Ok(places)
}

/// How somebody is shown: a mention where they are known in Slack, else their name as it stands.
pub fn shown(conn: &mut Connection, tenant: &TenantId, name: &str) -> Result<slack::approvals::Person, StoreError> {
    Ok(slack::approvals::Person { slack_id: slack_id(conn, tenant, name)?, name: name.to_owned() })
}

/// The same of somebody who voted.
pub fn voter(person: &Person) -> slack::approvals::Person {
    slack::approvals::Person { slack_id: id_of(&person.identities), name: person.id.clone() }
}

/// The Slack id behind a person's id or an identity as `github:alice`.
pub(crate) fn slack_id(conn: &mut Connection, tenant: &TenantId, name: &str) -> Result<Option<String>, StoreError> {
    let name = name.trim_start_matches('@');
    let names = match name.split_once(':') {
        Some((kind, id)) => {
            let known = identities::person_of(conn, tenant, kind, id)?;
            known.unwrap_or_else(|| Person::known_as(kind, id)).identities
        }
        None => {
            let known = identities::list(conn, tenant, Some(name), None, NAMES)?;
            known.iter().map(|one| format!("{}:{}", one.external_type, one.external_id)).collect()
        }
    };
    Ok(id_of(&names))
}

fn id_of(identities: &[String]) -> Option<String> {
    let mut ids = identities.iter().filter_map(|name| name.strip_prefix("slack:"));
    ids.find(|id| is_id(id, &['U', 'W'])).map(str::to_owned)
}

fn is_id(text: &str, kinds: &[char]) -> bool {
    text.len() >= 9
        && text.starts_with(kinds)
        && text.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_channel_is_known_by_its_name_or_its_id() {
        for (given, taken) in
            [("#ops", "#ops"), ("#C0123456789", "C0123456789"), ("C0123456789", "C0123456789"), ("ops", "ops")]
        {
            assert_eq!(channel(given), taken);
        }
    }

    #[test]
    fn only_ids_of_people_are_mentioned() {
        let of = |names: &[&str]| id_of(&names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>());
        assert_eq!(of(&["github:ada", "slack:U0ADA00001"]).as_deref(), Some("U0ADA00001"));
        assert_eq!(of(&["slack:channel", "slack:U1> <!channel"]), None);
    }
}
