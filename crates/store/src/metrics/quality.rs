//! What the numbers do not know: incidents without a cause, gaps in the history, times that cannot be, unread events.

use diesel::sql_types::BigInt;
use diesel::{PgConnection, QueryableByName, RunQueryDsl};
use domain::ids::TenantId;

use super::{Slice, deploys_repo, narrowed, within};
use crate::StoreError;

/// Faults of the data in a slice.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, QueryableByName)]
pub struct Quality {
    /// Incidents that count and that nobody and no rule has put to a deployment. Those that are said to have come from
    /// no change are not among them.
    #[diesel(sql_type = BigInt)]
    pub unattributed_incidents: i64,
    /// Deployments whose predecessor's commits are unknown (rule L4).
    #[diesel(sql_type = BigInt)]
    pub ancestry_gaps: i64,
    /// Changes that are said to have been begun after they were deployed.
    #[diesel(sql_type = BigInt)]
    pub negative_lead_times: i64,
    /// Successes of which no commit is known.
    #[diesel(sql_type = BigInt)]
    pub deployments_without_sha: i64,
    /// Events that nothing could read, of the whole tenant: they name no service.
    #[diesel(sql_type = BigInt)]
    pub unmapped_events: i64,
}

/// Counts them.
pub fn of_slice(conn: &mut PgConnection, tenant: &TenantId, slice: &Slice) -> Result<Quality, StoreError> {
    Ok(narrowed(&text(), tenant, slice).get_result(conn)?)
}

pub(super) fn text() -> String {
    let of_incident_repos = "exists (select from incidents e where e.tenant_id = i.tenant_id
      and e.integration = i.integration and e.incident_id = i.incident_id and e.repo = any($7))";
    let deployments = within("d", "at", &deploys_repo("d"));
    format!(
        "select
          (select count(*) from dora_incidents i where {incidents} and i.qualifies and not i.attributed
             and not exists (select from incidents e where e.tenant_id = i.tenant_id and e.integration = i.integration
               and e.incident_id = i.incident_id and e.change_related is false)) as unattributed_incidents,
          (select count(*) from dora_deployments d where {deployments} and d.ancestry_gap) as ancestry_gaps,
          (select count(*) from dora_changes c where {changes} and c.lead_s < 0) as negative_lead_times,
          (select count(*) from dora_deployments d where {deployments} and d.outcome = 'success' and d.heads = '')
            as deployments_without_sha,
          (select count(*) from events where tenant_id = $1 and time >= $2 and time < $3 and type like '%.unmapped')
            as unmapped_events",
        incidents = within("i", "start_at", of_incident_repos),
        changes = within("c", "at", "c.repo = any($7)"),
    )
}
