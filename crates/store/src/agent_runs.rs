//! Runs of agents: jobs that use one tool, or answer and propose. What they found stands in the job's progress; leasing them
//! is `job_leases`'s.

use chrono::{DateTime, Utc};
use diesel::PgConnection;
use domain::ids::{ReplayId, TenantId};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Uuid;

use crate::StoreError;
use crate::jobs::{self, Job};

/// The kind of a job that uses one tool.
pub const TOOL: &str = "agent_tool";
/// The kind of a job that answers, or proposes what was asked for.
pub const RUN: &str = "agent_run";

/// What is to be done: the `params` of both.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct AgentRun {
    /// None: the agent chooses.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tool: Option<String>,
    /// A tool's arguments, or what an agent is asked.
    pub input: Value,
    /// Who asked: the actor of the audit.
    pub by: String,
    /// Whose proposal it is. None: nobody's, access is open.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub requested_by: Option<String>,
    /// Whether they may propose.
    pub may_propose: bool,
}

impl AgentRun {
    /// The kind of its job.
    pub fn kind(&self) -> &'static str {
        if self.tool.is_some() { TOOL } else { RUN }
    }
}

/// Queues a run under `id`.
pub fn ask(
    conn: &mut PgConnection,
    tenant: &TenantId,
    id: ReplayId,
    run: &AgentRun,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    jobs::queue(conn, tenant, (id, run.kind()), run, now)
}

/// One run of this tenant.
pub fn one(conn: &mut PgConnection, tenant: &TenantId, id: Uuid) -> Result<Option<Job>, StoreError> {
    Ok(jobs::one(conn, tenant, id)?.filter(|job| [TOOL, RUN].contains(&job.kind.as_str())))
}
