//! What is counted of slots.

use super::Ran;

const RESULTS: [&str; 4] = ["done", "failed", "missed", "lost"];

/// Shows the counters before there is anything to count.
pub(super) fn begin() {
    for result in RESULTS {
        count(result, 0);
    }
}

pub(super) fn ran(ran: &Ran) {
    match ran {
        Ran::Done(_) => count("done", 1),
        Ran::Failed(_) => count("failed", 1),
        Ran::Lost => count("lost", 1),
    }
}

/// Slots that nobody makes any more.
pub(super) fn gone(missed: usize, failed: usize) {
    count("missed", u64::try_from(missed).unwrap_or(0));
    count("failed", u64::try_from(failed).unwrap_or(0));
}

fn count(result: &'static str, how_many: u64) {
    metrics::counter!("digest_runs_total", "result" => result).increment(how_many);
}
