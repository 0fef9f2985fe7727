//! When a model is left alone: after so many failures in a row nobody asks it for a while, then one try tells. Pure; one for each
//! model, in each process.

use chrono::{DateTime, TimeDelta, Utc};

/// Failures in a row that open it.
const MOST_FAILURES: u32 = 5;
/// How long it stays open, and how long the one try may take to tell.
const PAUSE: TimeDelta = TimeDelta::seconds(30);

/// Whether a model is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Breaker {
    Closed {
        failures: u32,
    },
    Open {
        until: DateTime<Utc>,
    },
    /// One try is under way; where nobody hears of it, another may begin then.
    Trying {
        until: DateTime<Utc>,
    },
}

impl Default for Breaker {
    fn default() -> Self {
        Self::Closed { failures: 0 }
    }
}

impl Breaker {
    /// Whether the model may be asked now. Whoever is let through says what came of it.
    pub(crate) fn lets_through(&mut self, now: DateTime<Utc>) -> bool {
        match *self {
            Self::Closed { .. } => true,
            Self::Open { until } | Self::Trying { until } if now >= until => {
                *self = Self::Trying { until: now + PAUSE };
                true
            }
            Self::Open { .. } | Self::Trying { .. } => false,
        }
    }

    pub(crate) fn succeeded(&mut self) {
        *self = Self::default();
    }

    pub(crate) fn failed(&mut self, now: DateTime<Utc>) {
        *self = match *self {
            Self::Closed { failures } if failures + 1 < MOST_FAILURES => Self::Closed { failures: failures + 1 },
            Self::Closed { .. } | Self::Open { .. } | Self::Trying { .. } => Self::Open { until: now + PAUSE },
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> DateTime<Utc> {
        DateTime::UNIX_EPOCH + TimeDelta::seconds(seconds)
    }

    fn opened() -> Breaker {
        let mut breaker = Breaker::default();
        (0..MOST_FAILURES).for_each(|_| breaker.failed(at(0)));
        breaker
    }

    #[test]
    fn failures_in_a_row_open_it_and_a_success_between_does_not_let_them_add_up() {
        let mut breaker = Breaker::default();
        for _ in 0..3 {
            (1..MOST_FAILURES).for_each(|_| breaker.failed(at(0)));
            assert!(breaker.lets_through(at(0)));
            breaker.succeeded();
        }
        assert!(!opened().lets_through(at(29)));
    }

    #[test]
    fn after_a_pause_one_try_tells() {
        let mut breaker = opened();
        assert!(breaker.lets_through(at(30)));
        assert!(!breaker.lets_through(at(31)), "only one");
        breaker.failed(at(32));
        assert!(!breaker.lets_through(at(61)));
        assert!(breaker.lets_through(at(62)));
        breaker.succeeded();
        assert_eq!(breaker, Breaker::default());
    }

    #[test]
    fn a_try_that_nobody_hears_of_keeps_the_others_out_only_for_a_while() {
        let mut breaker = opened();
        assert!(breaker.lets_through(at(30)));
        assert!(!breaker.lets_through(at(59)));
        assert!(breaker.lets_through(at(60)));
    }
}
