//! Things as people name them: `github:1234`, or `1234` alone.

use diesel::sql_types::{Array, Text};
use diesel::{PgConnection, RunQueryDsl};
use domain::dora::facts::Outside;
use domain::ids::TenantId;

use crate::statement::record;
use crate::{StoreError, statement};

statement! {
    /// Deployments of these integrations with these ids, place by place.
    struct Deployments<'a> {
        tenant: Text = &'a str,
        integrations: Array<Text> = &'a [&'a str],
        ids: Array<Text> = &'a [&'a str],
    }
    returns (Text, Text);
    "select integration, deployment_id from deployments
     where tenant_id = ? and (integration, deployment_id) in (select * from unnest(?, ?)) order by 1, 2"
}

statement! {
    /// Incidents of these integrations with these ids, place by place.
    struct Incidents<'a> {
        tenant: Text = &'a str,
        integrations: Array<Text> = &'a [&'a str],
        ids: Array<Text> = &'a [&'a str],
    }
    returns (Text, Text);
    "select integration, incident_id from incidents
     where tenant_id = ? and (integration, incident_id) in (select * from unnest(?, ?)) order by 1, 2"
}

/// The deployments that a word may mean. `integrations` are all that there are.
pub fn deployments(
    conn: &mut PgConnection,
    tenant: &TenantId,
    integrations: &[&str],
    word: &str,
) -> Result<Vec<Outside>, StoreError> {
    let (integrations, ids) = meanings(integrations, word);
    let meant = Deployments { tenant: tenant.as_str(), integrations: &integrations, ids: &ids };
    Ok(meant.load(conn)?.into_iter().map(record!(Outside: integration, id)).collect())
}

/// The incidents that a word may mean.
pub fn incidents(
    conn: &mut PgConnection,
    tenant: &TenantId,
    integrations: &[&str],
    word: &str,
) -> Result<Vec<Outside>, StoreError> {
    let (integrations, ids) = meanings(integrations, word);
    let meant = Incidents { tenant: tenant.as_str(), integrations: &integrations, ids: &ids };
    Ok(meant.load(conn)?.into_iter().map(record!(Outside: integration, id)).collect())
}

/// The word as an id of any integration, and its rest as an id of the one that it begins with.
fn meanings<'a>(integrations: &[&'a str], word: &'a str) -> (Vec<&'a str>, Vec<&'a str>) {
    let alone = integrations.iter().map(|integration| (*integration, word));
    alone.chain(word.split_once(':')).unzip()
}
