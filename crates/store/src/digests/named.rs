//! What a subject means, as people write it: `github:1234`, `1234`, an event's id, a service, `acme/shop#12`, an address.
//! A word that means several is the latest of them: the material says which.

use diesel::sql_types::{Text, Uuid as SqlUuid};
use diesel::{OptionalExtension, PgConnection, RunQueryDsl};
use domain::dora::facts::Outside;
use domain::ids::TenantId;
use uuid::Uuid;

use crate::{StoreError, services, statement};

statement! {
    /// The latest deployment that ended with this id; of this service, to production rather than elsewhere.
    struct Deployments<'a> { tenant: Text = &'a str, id: Text = &'a str, of: Text = &'a str, service: Text = &'a str }
    returns (Text, Text);
    "select integration, deployment_id from (
       select 1 as place, integration, deployment_id, at from dora_deployments where tenant_id = ? and deployment_id = ?
       union all (
         select case tier when 'production' then 2 else 3 end, integration, deployment_id, at from dora_deployments
         where tenant_id = ? and service = ? order by 1, at desc limit 1)) d
     order by place, at desc, integration limit 1"
}

statement! {
    /// What an event is about, when it tells of a deployment.
    struct OfEvent<'a> { tenant: Text = &'a str, id: SqlUuid = Uuid }
    returns (Text, Text);
    "select d.integration, d.deployment_id from events e join dora_deployments d on d.tenant_id = e.tenant_id
       and d.integration = e.integration and d.deployment_id = e.data ->> 'deployment_id'
     where e.tenant_id = ? and e.id = ? and e.type like 'deployment.%'"
}

statement! {
    struct ThatDeployment<'a> { tenant: Text = &'a str, integration: Text = &'a str, id: Text = &'a str }
    returns (Text, Text);
    "select integration, deployment_id from dora_deployments where tenant_id = ? and integration = ? and deployment_id = ?"
}

/// The deployment that is meant, if it has ended.
pub(super) fn deployment(
    conn: &mut PgConnection,
    tenant: &TenantId,
    word: &str,
) -> Result<Option<Outside>, StoreError> {
    let tenant = tenant.as_str();
    let mut found: Option<(String, String)> = None;
    if let Ok(id) = Uuid::try_parse(word) {
        found = OfEvent { tenant, id }.get_result(conn).optional()?;
    }
    if let (None, Some((integration, id))) = (&found, word.split_once(':')) {
        found = ThatDeployment { tenant, integration, id }.get_result(conn).optional()?;
    }
    if found.is_none() {
        found = Deployments { tenant, id: word, of: tenant, service: word }.get_result(conn).optional()?;
    }
    Ok(found.map(|(integration, id)| Outside { integration, id }))
}

statement! {
    struct ThatIncident<'a> { tenant: Text = &'a str, integration: Text = &'a str, id: Text = &'a str }
    returns (Text, Text);
    "select integration, incident_id from incidents
     where tenant_id = ? and integration = ? and incident_id = ? and deleted is not true"
}

statement! {
    struct Incidents<'a> { tenant: Text = &'a str, id: Text = &'a str }
    returns (Text, Text);
    "select integration, incident_id from incidents where tenant_id = ? and incident_id = ? and deleted is not true
     order by coalesce(started_at, opened_at) desc nulls last, integration limit 1"
}

/// The incident that is meant.
pub(super) fn incident(conn: &mut PgConnection, tenant: &TenantId, word: &str) -> Result<Option<Outside>, StoreError> {
    let tenant = tenant.as_str();
    let mut found: Option<(String, String)> = None;
    if let Some((integration, id)) = word.split_once(':') {
        found = ThatIncident { tenant, integration, id }.get_result(conn).optional()?;
    }
    if found.is_none() {
        found = Incidents { tenant, id: word }.get_result(conn).optional()?;
    }
    Ok(found.map(|(integration, id)| Outside { integration, id }))
}

statement! {
    struct ThatChange<'a> { tenant: Text = &'a str, repo: Text = &'a str, number: Text = &'a str }
    returns (Text, Text);
    "select repo, number from changes where tenant_id = ? and repo = ? and number = ?"
}

/// The change that is meant: (repository, number).
pub(super) fn change(
    conn: &mut PgConnection,
    tenant: &TenantId,
    word: &str,
) -> Result<Option<(String, String)>, StoreError> {
    let Some((repo, number)) = change_of(word) else { return Ok(None) };
    Ok(ThatChange { tenant: tenant.as_str(), repo: &repo, number: &number }.get_result(conn).optional()?)
}

/// Repository and number of `acme/shop#12`, `acme/shop!12`, or of the address of a change.
fn change_of(word: &str) -> Option<(String, String)> {
    const MARKS: [&str; 4] = ["pull", "pulls", "merge_requests", "pull-requests"];
    let named = |repo: &str, number: &str| {
        let fits = !repo.is_empty() && !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit());
        fits.then(|| (repo.to_owned(), number.to_owned()))
    };
    let Some((_, address)) = word.split_once("://") else {
        let (repo, number) = word.rsplit_once(['#', '!'])?;
        return named(repo, number);
    };
    let path: Vec<&str> = address.split(['?', '#']).next()?.split('/').skip(1).filter(|part| *part != "-").collect();
    let mark = path.iter().rposition(|part| MARKS.contains(part))?;
    named(&path.get(..mark)?.join("/"), path.get(mark + 1)?)
}

/// The repositories of a service. `None`: nothing was seen of it.
pub(super) fn service(
    conn: &mut PgConnection,
    tenant: &TenantId,
    name: &str,
) -> Result<Option<Vec<String>>, StoreError> {
    if name.contains('\0') {
        return Ok(None);
    }
    let seen = services::seen(conn, tenant, &[name.to_owned()])?.remove(name).unwrap_or_default();
    Ok((seen.deployments + seen.incidents > 0).then_some(seen.repos))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_is_known_by_its_name_and_by_its_address() {
        let of = |word: &str| change_of(word).map(|(repo, number)| format!("{repo}#{number}"));
        for (word, name) in [
            ("acme/shop#12", "acme/shop#12"),
            ("acme/web/shop!7", "acme/web/shop#7"),
            ("https://github.com/acme/shop/pull/12/files?w=1#diff", "acme/shop#12"),
            ("https://gitlab.example/acme/web/shop/-/merge_requests/7", "acme/web/shop#7"),
            ("https://bitbucket.org/acme/shop/pull-requests/3", "acme/shop#3"),
        ] {
            assert_eq!(of(word).as_deref(), Some(name), "{word}");
        }
        for word in
            ["", "12", "acme/shop", "acme/shop#", "#1", "acme/shop#x", "https://github.com/acme/shop", "https://"]
        {
            assert_eq!(of(word), None, "{word}");
        }
    }
}
