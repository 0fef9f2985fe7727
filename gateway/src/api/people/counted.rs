//! Counts what people and policies did. Each end of an approval is told to one caller only, and that one counts it here.

use chrono::{DateTime, Utc};
use domain::approvals::Status;
use store::approvals::{Answer, Approval, Done};

const DECISIONS: &str = "approvals_decisions_total";
const LATENCY: &str = "approvals_latency_seconds";
const OVERRIDES: &str = "approvals_override_total";
const ASKED: &str = "workflows_auto_vs_hitl_total";

/// A rate is seen from the first on only where the series was there before it.
pub(crate) fn begin() {
    for status in Status::ALL.iter().filter(|status| status.is_end()) {
        metrics::counter!(DECISIONS, "status" => status.as_str()).increment(0);
    }
    for mode in ["auto", "hitl"] {
        metrics::counter!(ASKED, "mode" => mode).increment(0);
    }
    overruled().increment(0);
    drop(metrics::histogram!(LATENCY));
}

/// Something was asked for: it happens by itself, or people are asked first.
pub(super) fn asked(by_itself: bool) {
    let mode = if by_itself { "auto" } else { "hitl" };
    metrics::counter!(ASKED, "mode" => mode).increment(1);
}

/// An approval was proposed. The policy itself may have approved it.
pub(crate) fn proposed(approval: &Approval) {
    asked(approval.status == Status::Approved);
    if approval.status.is_end() {
        ended(approval);
    }
}

/// A command was given at `now`. Whoever comes too late ends an approval as expired: its time of decision is theirs.
pub(crate) fn answered(answer: &Answer, now: DateTime<Utc>) {
    let approval = &answer.approval;
    let expired_now = approval.status == Status::Expired && approval.decided_at == Some(now);
    if answer.done == Ok(Done::Ended) || expired_now {
        ended(approval);
    }
}

fn ended(approval: &Approval) {
    metrics::counter!(DECISIONS, "status" => approval.status.as_str()).increment(1);
    if let Some(decided_at) = approval.decided_at {
        metrics::histogram!(LATENCY).record((decided_at - approval.created_at).as_seconds_f64().max(0.0));
    }
    if approval.overridden {
        overruled().increment(1);
    }
}

/// Whoever overrides takes a pending approval and leaves an approved one.
fn overruled() -> metrics::Counter {
    metrics::counter!(OVERRIDES, "from" => Status::Pending.as_str(), "to" => Status::Approved.as_str())
}
