//! All that a set of rules looks at, of one moment.

use std::collections::BTreeSet;

use chrono::{DateTime, TimeDelta, Utc};
use diesel::PgConnection;
use domain::ids::TenantId;
use domain::signals::{Facts, FailedDeployment, IncidentSeen, Needs, OpenChange, PipelineRun, Rules, SourceSeen};

use crate::{StoreError, sources};

/// So many facts of a sort are looked at.
pub(super) const MOST_FACTS: i64 = 20_000;

/// What rules look at.
#[derive(Clone, Debug, Default)]
pub struct Known {
    changes: Vec<OpenChange>,
    failures: Vec<FailedDeployment>,
    incidents: Vec<IncidentSeen>,
    runs: Vec<PipelineRun>,
    sources: Vec<SourceSeen>,
}

impl Known {
    /// Only what the rules need, and only as far back as they look. `set_up` names the sources that may have sent something.
    pub fn read(
        conn: &mut PgConnection,
        tenant: &TenantId,
        rules: &Rules,
        set_up: &[&str],
        now: DateTime<Utc>,
    ) -> Result<Self, StoreError> {
        let needs: BTreeSet<Needs> = rules.needs();
        let mut known = Self::default();
        for need in needs {
            let since = now - rules.look_back(need).unwrap_or(TimeDelta::zero());
            match need {
                Needs::OpenChanges => known.changes = super::open_changes(conn, tenant, MOST_FACTS)?,
                Needs::FailedDeployments => known.failures = super::failed_deployments(conn, tenant, MOST_FACTS)?,
                Needs::Incidents => known.incidents = super::incidents(conn, tenant, since, MOST_FACTS)?,
                Needs::PipelineRuns => known.runs = super::pipeline_runs(conn, tenant, since, MOST_FACTS)?,
                Needs::Sources => {
                    let seen = sources::activity(conn, tenant, set_up, now)?.into_iter();
                    let seen =
                        seen.map(|one| SourceSeen { source: one.source, last_delivery_at: one.last_delivery_at });
                    known.sources = seen.collect();
                }
            }
        }
        Ok(known)
    }

    pub fn facts(&self) -> Facts<'_> {
        let Self { changes, failures, incidents, runs, sources } = self;
        Facts { changes, failures, incidents, runs, sources }
    }
}
