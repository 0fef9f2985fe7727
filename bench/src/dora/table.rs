//! Times of many runs as a row: median, 95 and 99 of a hundred.

/// Milliseconds.
pub(crate) struct Quantiles {
    pub(crate) p50: f64,
    pub(crate) p95: f64,
    pub(crate) p99: f64,
}

/// Sorts the times. Nearest rank: a time that was measured, never one between two.
pub(crate) fn quantiles(times: &mut [f64]) -> Quantiles {
    times.sort_by(f64::total_cmp);
    let at = |share: f64| {
        let place = (share * times.len() as f64).ceil() as usize;
        times.get(place.saturating_sub(1)).copied().unwrap_or(f64::NAN)
    };
    Quantiles { p50: at(0.5), p95: at(0.95), p99: at(0.99) }
}
