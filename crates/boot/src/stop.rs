//! The stop signal: SIGTERM or Ctrl-C cancels one token that every loop of the process listens to.
//!
//! A process that is told to stop has [`DRAIN`] to finish what it began and [`SERVERS`] to stop its private servers:
//! 10 seconds in total, the time that container runtimes wait before they kill.

use std::future::Future;
use std::time::Duration;

use tokio::signal::unix::{SignalKind, signal};
pub use tokio_util::sync::CancellationToken;

/// How long work that was begun may take after the signal.
pub const DRAIN: Duration = Duration::from_millis(6500);
/// How long private servers may take to stop after that.
pub const SERVERS: Duration = Duration::from_millis(2500);

/// A token that the first SIGTERM or SIGINT cancels. Must be called inside the runtime.
pub fn on_signals() -> std::io::Result<CancellationToken> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let stop = CancellationToken::new();
    let told = stop.clone();
    tokio::spawn(async move {
        let name = tokio::select! {
            _ = terminate.recv() => "SIGTERM",
            _ = interrupt.recv() => "SIGINT",
        };
        tracing::info!(signal = name, "stopping: no new work is taken, what was begun is finished");
        told.cancel();
    });
    Ok(stop)
}

/// Waits for `work` to end, but not longer than [`DRAIN`] after `stop` is cancelled. `None`: it did not end in time.
pub async fn drained<T>(stop: &CancellationToken, work: impl Future<Output = T>) -> Option<T> {
    ended_within(DRAIN, stop, work).await
}

async fn ended_within<T>(drain: Duration, stop: &CancellationToken, work: impl Future<Output = T>) -> Option<T> {
    let deadline = async {
        stop.cancelled().await;
        tokio::time::sleep(drain).await;
    };
    tokio::select! {
        done = work => Some(done),
        () = deadline => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn work_that_ends_is_waited_for_and_work_that_hangs_is_left() {
        let stop = CancellationToken::new();
        stop.cancel();
        let short = async {
            tokio::task::yield_now().await;
            7
        };
        assert_eq!(ended_within(DRAIN, &stop, short).await, Some(7));
        let hangs = std::future::pending::<u8>();
        assert_eq!(ended_within(Duration::from_millis(1), &stop, hangs).await, None);
    }

    #[tokio::test]
    async fn without_the_signal_nothing_is_hurried() {
        let stop = CancellationToken::new();
        let longer_than_the_drain = tokio::time::sleep(Duration::from_millis(50));
        assert!(ended_within(Duration::ZERO, &stop, longer_than_the_drain).await.is_some());
    }
}
