//! Whether the database can be used, told in the log: when it cannot and why, when it can again, and how its schema stands
//! to this program. A process starts and goes on without it; nobody should have to wait for a delivery to hear of it.

use std::error::Error;
use std::time::{Duration, Instant};

use boot::stop::CancellationToken;
use domain::outages::Outage;
use store::migrate::{Standing, standing};
use store::{Store, StoreError};

const PAUSE: Duration = Duration::from_secs(5);

/// Looks now and then until `stop`.
pub(crate) fn watch(store: Store, url: String, stop: CancellationToken) {
    let mut watched = Watched { store, url, away: Outage::default(), behind: Outage::default(), is_compared: false };
    tokio::spawn(async move {
        while !stop.is_cancelled() {
            watched.look().await;
            tokio::select! {
                () = tokio::time::sleep(PAUSE) => {}
                () = stop.cancelled() => {}
            }
        }
    });
}

struct Watched {
    store: Store,
    url: String,
    away: Outage,
    behind: Outage,
    /// Whether the schema fits, or it cannot be told.
    is_compared: bool,
}

impl Watched {
    async fn look(&mut self) {
        let usable = self.store.call("ping", store::readiness::takes_writes).await;
        // Who brings it back may bring another one.
        self.is_compared &= usable.is_ok();
        tell_use(&mut self.away, usable.as_ref().err());
        if usable.is_ok() && !self.is_compared {
            self.compare().await;
        }
    }

    async fn compare(&mut self) {
        let url = self.url.clone();
        let Ok(stands) = tokio::task::spawn_blocking(move || standing(&url)).await else { return };
        self.is_compared = !matches!(&stands, Ok(stands) if !stands.pending.is_empty());
        match stands {
            Ok(Standing { pending, unknown }) => {
                tell_pending(&mut self.behind, &pending);
                tell_unknown(&unknown);
            }
            Err(error @ StoreError::TooOld(_)) => tracing::error!("{error}"),
            // The next look says what is wrong; or this login may not see which migrations there are.
            Err(error) => tracing::debug!(error = &error as &dyn Error, "the schema is not compared"),
        }
    }
}

fn tell_use(away: &mut Outage, error: Option<&StoreError>) {
    match error {
        Some(error) if away.goes_on(&error.to_string(), Instant::now()) => {
            tracing::error!(error = error as &dyn Error, "PostgreSQL cannot be used; it is tried again");
        }
        None if away.is_over() => tracing::info!("PostgreSQL can be used again"),
        _ => {}
    }
}

fn tell_pending(behind: &mut Outage, pending: &[String]) {
    if pending.is_empty() {
        if behind.is_over() {
            tracing::info!("the schema is up to date");
        }
    } else if behind.goes_on("pending", Instant::now()) {
        let missing = pending.join(" ");
        tracing::error!(missing, "the database lacks migrations of this version; run `em-agent migrate`");
    }
}

fn tell_unknown(unknown: &[String]) {
    if !unknown.is_empty() {
        let newer = unknown.join(" ");
        tracing::warn!(newer, "the database was migrated by a newer version; upgrade this process soon");
    }
}
