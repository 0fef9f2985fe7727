//! What time does to approvals: it ends those that nobody decided, and asks for the reminders that are due.
//!
//! Every worker does it; what one works on the others pass over. Who ends an approval counts it, so each is counted once.
//! Nothing is said here: what is to be said is queued with the reminder, and [`crate::slack`] says it.

mod reminders;

use std::error::Error;
use std::time::Duration;

use chrono::{DateTime, Utc};
use domain::approvals::Status;
use store::approvals::{self, Approval};
use store::{Store, StoreError};
use tokio_util::sync::CancellationToken;

/// How often is looked for what is due.
const PAUSE: Duration = Duration::from_secs(2);
/// Approvals that one call ends or reminds of.
const LIMIT: i64 = 100;

/// Where people are told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Telling {
    /// Where goes what has no better place.
    pub default_channel: Option<String>,
}

/// Sweeps until `stop`. `store` works as [`store::Role::App`]. Without `telling` reminders pass unsaid.
pub async fn run(store: Store, telling: Option<Telling>, stop: CancellationToken) {
    metrics::counter!("approvals_decisions_total", "status" => Status::Expired.as_str()).increment(0);
    while !stop.is_cancelled() {
        match sweep_once(&store, telling.as_ref(), Utc::now()).await {
            Ok(done) if done.is_more() => continue,
            Ok(_) => {}
            Err(error) => {
                tracing::warn!(error = &error as &dyn Error, "approvals neither expire nor remind; it is tried again")
            }
        }
        tokio::select! {
            () = tokio::time::sleep(PAUSE) => {}
            () = stop.cancelled() => {}
        }
    }
}

/// What one sweep did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Swept {
    pub expired: usize,
    pub reminders: usize,
}

impl Swept {
    fn is_more(self) -> bool {
        self.expired == LIMIT as usize || self.reminders == LIMIT as usize
    }
}

/// Ends what is late and queues the reminders that are due, as far as one call goes.
pub async fn sweep_once(store: &Store, telling: Option<&Telling>, now: DateTime<Utc>) -> Result<Swept, StoreError> {
    let ended = store.call("approvals_expire", move |conn| approvals::expire_due(conn, now, LIMIT)).await?;
    ended.iter().for_each(count);
    let telling = telling.cloned();
    let remind = move |conn: &mut store::Connection| reminders::queue(conn, telling.as_ref(), now, LIMIT);
    let reminders = store.call("approvals_remind", remind).await?;
    Ok(Swept { expired: ended.len(), reminders })
}

fn count(ended: &Approval) {
    tracing::info!(approval = %ended.id, tenant = %ended.tenant, "an approval expired: nobody decided in time");
    metrics::counter!("approvals_decisions_total", "status" => ended.status.as_str()).increment(1);
    let waited = ended.decided_at.map(|at| (at - ended.created_at).to_std().unwrap_or_default());
    metrics::histogram!("approvals_latency_seconds").record(waited.unwrap_or_default());
}
