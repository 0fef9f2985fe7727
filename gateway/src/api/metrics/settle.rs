//! Whether everything that was received has been computed, and waiting until it has.
//!
//! An event goes from the outbox over the bus to the consumer, which marks services as dirty in the transaction that
//! keeps what it said; the marks go when the facts are written. Looked at in that order, nothing can slip past.

use std::time::Duration;

use domain::ids::TenantId;
use tokio::time::Instant;

use crate::faults::Faults;
use crate::problem::Problem;
use crate::state::State;

const LONGEST_WAIT_SECONDS: i64 = 30;
/// The consumer that keeps the entities (worker).
const CONSUMER: &str = "entities";
const BETWEEN_LOOKS: Duration = Duration::from_millis(100);

/// How long the caller would wait.
pub(super) fn patience(faults: &mut Faults, wait: Option<&str>) -> Duration {
    Duration::from_secs(faults.number("wait", wait, 0..=LONGEST_WAIT_SECONDS, 0).unsigned_abs())
}

/// Whether everything that was received has been computed; looks again until it has, or the time is up.
pub(super) async fn settled(state: &State, tenant: &TenantId, patience: Duration) -> Result<bool, Problem> {
    let deadline = Instant::now() + patience;
    loop {
        let settled = is_settled(state, tenant).await?;
        if settled || Instant::now() >= deadline || state.is_draining() {
            return Ok(settled);
        }
        tokio::time::sleep(BETWEEN_LOOKS).await;
    }
}

/// While the bus is away nobody knows: not settled.
async fn is_settled(state: &State, tenant: &TenantId) -> Result<bool, Problem> {
    if state.store.call("outbox_backlog", store::outbox::backlog).await?.rows > 0 {
        return Ok(false);
    }
    if !state.bus.consumer_lag(CONSUMER).await.is_ok_and(|lag| lag == 0) {
        return Ok(false);
    }
    let tenant = tenant.clone();
    let left = state.store.call("dora_watermark", move |conn| store::facts::watermark(conn, &tenant)).await?;
    Ok(left.dirty_count == 0)
}
