//! People, and what they are asked to allow: the policy asked, approvals proposed and decided, who is who, the audit.
//!
//! The rules are `domain::policy`'s and `domain::approvals`'s, and `store::approvals` asks them under a lock; here is only
//! who calls ([`asker`]), what a caller may say (`crate::fields`), and what is counted, once ([`counted`]).

pub(crate) mod again;
pub(crate) mod approvals;
pub(crate) mod asker;
pub(crate) mod audit;
pub(crate) mod counted;
pub(crate) mod decisions;
pub(crate) mod identities;
mod inputs;
pub(crate) mod notify;
pub(crate) mod policy;
pub(crate) mod proposals;
pub(crate) mod revivals;
pub(crate) mod signal_states;
pub(crate) mod signals;
pub(crate) mod simulation;
pub(crate) mod workflow_jobs;
pub(crate) mod workflows;

use crate::problem::{Code, Problem};

/// As callers call it.
pub(crate) const APPROVAL: &str = "approval";
/// Of what somebody gives as a reason.
pub(crate) const LONGEST_REASON: usize = 1000;

/// Reckons what may take a second, off the async threads.
async fn aside<T: Send + 'static>(reckon: impl FnOnce() -> T + Send + 'static) -> Result<T, Problem> {
    let reckoned = tokio::task::spawn_blocking(reckon).await;
    reckoned.map_err(|cut| Problem::new(Code::Unavailable, "the process is stopping").because(cut))
}
