//! Says now and then how much of the budgets for models is used: also when a day begins and nobody asks anything.

use std::error::Error;
use std::time::Duration;

use models::Models;
use tokio::time::{MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;

const LOOK: Duration = Duration::from_secs(30);

/// Measures until `stop`.
pub async fn run(models: Models, stop: CancellationToken) {
    let mut look = interval(LOOK);
    look.set_missed_tick_behavior(MissedTickBehavior::Skip);
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            _ = look.tick() => {
                if let Err(error) = models.measure().await {
                    tracing::debug!(error = &error as &dyn Error, "budgets for models are not measured");
                }
            }
        }
    }
}
