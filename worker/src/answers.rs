//! What the bus is told of each message after the commit, and what is counted.
//!
//! An answer that gets lost does no harm: the message comes again and its mark says that it is done with.

use std::error::Error;
use std::time::Duration;

use bus::{BusError, Received};
use chrono::Utc;
use store::marks::Settled;

/// The pause before the second try; it doubles with every try.
const SECOND_TRY: Duration = Duration::from_secs(1);
const LONGEST_PAUSE: Duration = Duration::from_secs(600);

/// Answers messages by what became of them, both in the same order.
pub(crate) async fn answer(consumer: &'static str, received: &[Received], settled: &[Settled]) {
    for (message, outcome) in received.iter().zip(settled) {
        let result = note(consumer, message, outcome);
        metrics::counter!("consumer_processed_total", "consumer" => consumer, "result" => result).increment(1);
        lost(match outcome {
            Settled::Failed { attempts, .. } => message.nak(Some(pause(*attempts))).await,
            Settled::Processed | Settled::Duplicate | Settled::Dead { .. } => message.ack().await,
        });
    }
}

/// What an outcome is counted as.
const RESULTS: [&str; 4] = ["processed", "duplicate", "failed", "dead"];

/// Shows the counters before there is anything to count: the first dead letter is a rise then, too.
pub(crate) fn count_from_zero(consumer: &'static str) {
    metrics::counter!("dead_letters_total", "consumer" => consumer).increment(0);
    for result in RESULTS {
        metrics::counter!("consumer_processed_total", "consumer" => consumer, "result" => result).increment(0);
    }
}

/// Logs and measures one outcome; returns what it is counted as.
fn note(consumer: &'static str, message: &Received, outcome: &Settled) -> &'static str {
    let event = &message.event;
    match outcome {
        Settled::Processed if message.mark.replay.is_some() => "processed",
        Settled::Processed => {
            let taken = (Utc::now() - event.received_at()).to_std().unwrap_or_default();
            metrics::histogram!("event_to_effect_seconds", "consumer" => consumer).record(taken);
            "processed"
        }
        Settled::Duplicate => "duplicate",
        Settled::Failed { attempts, error } => {
            tracing::warn!(consumer, event = %event.id, attempts, error, "a message failed and is tried again");
            "failed"
        }
        Settled::Dead { error } => {
            tracing::error!(consumer, event = %event.id, tenant = %event.tenant, error, "a message is a dead letter now");
            metrics::counter!("dead_letters_total", "consumer" => consumer).increment(1);
            "dead"
        }
    }
}

/// These are not processed now: anybody may have them at once.
pub(crate) async fn give_back(received: &[Received]) {
    for message in received {
        lost(message.nak(None).await);
    }
}

/// These are being worked on: they must not go to anybody else yet.
pub(crate) async fn hold(received: &[Received]) {
    for message in received {
        lost(message.in_progress().await);
    }
}

fn pause(attempts: i32) -> Duration {
    let doublings = u32::try_from(attempts - 1).unwrap_or(0).min(16);
    (SECOND_TRY * 2u32.pow(doublings)).min(LONGEST_PAUSE)
}

fn lost(answered: Result<(), BusError>) {
    if let Err(error) = answered {
        tracing::debug!(error = &error as &dyn Error, "an answer was lost; the message comes again");
    }
}

#[cfg(test)]
mod tests {
    use boot::metrics::Metrics;

    use super::*;

    #[test]
    fn counters_are_there_before_there_is_anything_to_count() {
        let metrics = Metrics::install().expect("a recorder");
        count_from_zero("idle");
        let text = metrics.render();
        assert!(text.contains("dead_letters_total{consumer=\"idle\"} 0"), "{text}");
        assert!(text.contains("consumer_processed_total{consumer=\"idle\",result=\"failed\"} 0"), "{text}");
    }

    #[test]
    fn pauses_double_and_end_at_ten_minutes() {
        let seconds: Vec<u64> = [1, 2, 3, 4, 11, i32::MAX].map(|attempts| pause(attempts).as_secs()).to_vec();
        assert_eq!(seconds, [1, 2, 4, 8, 600, 600]);
    }
}
