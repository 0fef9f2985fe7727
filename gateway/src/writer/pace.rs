//! How fast deliveries are being committed, for an honest `Retry-After`.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// What a sender is told while the database is down: it is looked for at every batch.
pub(super) const WHEN_DOWN_SECONDS: u64 = 5;
/// Nobody is told to stay away for longer.
const LONGEST_SECONDS: u64 = 60;

/// Rows a second, smoothed over about ten commits.
#[derive(Default)]
pub(super) struct Pace {
    rows_per_second: AtomicU64,
}

impl Pace {
    pub(super) fn note(&self, rows: usize, took: Duration) {
        let now = rows as f64 / took.as_secs_f64().max(1e-6);
        let before = self.rows_per_second.load(Ordering::Relaxed) as f64;
        let smoothed = if before == 0.0 { now } else { before * 0.9 + now * 0.1 };
        self.rows_per_second.store(smoothed as u64, Ordering::Relaxed);
    }

    /// Whole seconds after which this many rows will be committed, at least 1.
    pub(super) fn seconds_for(&self, rows: usize) -> u64 {
        match self.rows_per_second.load(Ordering::Relaxed) {
            0 => WHEN_DOWN_SECONDS,
            pace => (rows as u64).div_ceil(pace).clamp(1, LONGEST_SECONDS),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_advice_follows_the_measured_pace() {
        let pace = Pace::default();
        assert_eq!(pace.seconds_for(4096), WHEN_DOWN_SECONDS, "nothing measured yet");
        pace.note(100, Duration::from_secs(1));
        assert_eq!(pace.seconds_for(1), 1);
        assert_eq!(pace.seconds_for(450), 5);
        assert_eq!(pace.seconds_for(1_000_000), LONGEST_SECONDS);
    }
}
