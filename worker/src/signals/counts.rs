//! What is counted of signals. Whoever keeps a look counts it; how many are open every worker measures.

use std::collections::BTreeMap;
use std::error::Error;
use std::time::Duration;

use domain::approvals::Status;
use domain::signals::{KINDS, Kind};
use store::Store;
use store::approvals::Approval;
use store::signals::looks;
use store::signals::states::{self, Kept};

const OPEN: &str = "signals_open";
const OPENED: &str = "signals_opened_total";
const FIRED: &str = "signals_fired_total";
const DURATION: &str = "signals_look_duration_seconds";
const LAST: &str = "signals_last_look_timestamp_seconds";
const ASKED: &str = "workflows_auto_vs_hitl_total";
const DECISIONS: &str = "approvals_decisions_total";
const LATENCY: &str = "approvals_latency_seconds";

/// A rate is seen from the first on only where the series was there before it.
pub(super) fn begin() {
    for kind in KINDS {
        metrics::counter!(OPENED, "kind" => kind.name).increment(0);
        metrics::counter!(FIRED, "kind" => kind.name).increment(0);
    }
    for mode in ["auto", "hitl"] {
        metrics::counter!(ASKED, "mode" => mode).increment(0);
    }
}

pub(super) fn looked(took: Duration) {
    metrics::histogram!(DURATION).record(took);
}

pub(super) fn kept(kind: &'static Kind, kept: &Kept) {
    metrics::counter!(OPENED, "kind" => kind.name).increment(kept.opened as u64);
    metrics::counter!(FIRED, "kind" => kind.name).increment(kept.fired as u64);
    metrics::counter!(ASKED, "mode" => "auto").increment(kept.queued as u64);
    kept.approvals.iter().for_each(proposed);
}

/// An approval was proposed. The policy itself may have approved it.
pub(crate) fn proposed(approval: &Approval) {
    let mode = if approval.status == Status::Approved { "auto" } else { "hitl" };
    metrics::counter!(ASKED, "mode" => mode).increment(1);
    if approval.status.is_end() {
        metrics::counter!(DECISIONS, "status" => approval.status.as_str()).increment(1);
        let waited = approval.decided_at.map(|at| (at - approval.created_at).to_std().unwrap_or_default());
        metrics::histogram!(LATENCY).record(waited.unwrap_or_default());
    }
}

/// How many are open, and when the tenant that waits longest was looked at last.
pub(super) async fn measure(store: &Store) {
    let read = |conn: &mut store::Connection| Ok((states::open_by_kind(conn)?, looks::last_ended(conn)?));
    match store.call("signals_measure", read).await {
        Ok((open, last)) => {
            let open: BTreeMap<String, i64> = open.into_iter().collect();
            for kind in KINDS {
                let count = open.get(kind.name).copied().unwrap_or_default();
                metrics::gauge!(OPEN, "kind" => kind.name).set(count as f64);
            }
            if let Some(last) = last {
                metrics::gauge!(LAST).set(last.timestamp() as f64);
            }
        }
        Err(error) => tracing::debug!(error = &error as &dyn Error, "signals are not measured"),
    }
}
