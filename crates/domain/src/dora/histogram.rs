//! Lead times in logarithmic buckets: histograms of days and tenants can be added up, percentiles of raw values cannot.
//!
//! A percentile out of buckets is within 1 % of the exact one (property P27); whoever shows it marks it with "~". Pure arithmetic.

/// A bucket's end is this much above its beginning.
pub const GROWTH: f64 = 1.02;

/// The bucket of everything below one second.
pub const BELOW_ONE_SECOND: i16 = -1;

/// The bucket that holds this many seconds: `b` holds from 1.02^b up to 1.02^(b+1). Negative ones belong in none.
pub fn bucket(seconds: f64) -> i16 {
    if seconds < 1.0 {
        return BELOW_ONE_SECOND;
    }
    // A century is in bucket 1105.
    (seconds.ln() / GROWTH.ln()).floor() as i16
}

/// What stands for a bucket's values, in seconds: the middle in which the greatest error to either side is the same.
pub fn middle(bucket: i16) -> f64 {
    if bucket <= BELOW_ONE_SECOND { 0.5 } else { GROWTH.powf(f64::from(bucket) + 0.5) }
}

/// The percentile (`share` from 0 to 1) by linear interpolation between ranks, of buckets in ascending order with how many
/// values each holds. None when they hold nothing.
pub fn percentile(buckets: &[(i16, u64)], share: f64) -> Option<f64> {
    let values: u64 = buckets.iter().map(|(_, count)| count).sum();
    let last = values.checked_sub(1)?;
    let rank = share.clamp(0.0, 1.0) * last as f64;
    let (below, above) = (at(buckets, rank.floor() as u64)?, at(buckets, rank.ceil() as u64)?);
    Some(below + (above - below) * rank.fract())
}

/// The value of a rank, counted from 0.
fn at(buckets: &[(i16, u64)], rank: u64) -> Option<f64> {
    let mut counted = 0;
    let found = buckets.iter().find(|(_, count)| {
        counted += count;
        counted > rank
    });
    found.map(|(bucket, _)| middle(*bucket))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    fn exact(values: &mut [f64], share: f64) -> f64 {
        values.sort_by(f64::total_cmp);
        let rank = share * (values.len() - 1) as f64;
        let (below, above) = (values[rank.floor() as usize], values[rank.ceil() as usize]);
        below + (above - below) * rank.fract()
    }

    proptest! {
        #[test]
        fn p27_a_percentile_of_buckets_is_within_one_percent(
            mut values in prop::collection::vec((0.0..22.0_f64).prop_map(f64::exp), 1..200),
            share in 0.0..=1.0_f64,
        ) {
            let mut buckets = BTreeMap::new();
            for value in &values {
                *buckets.entry(bucket(*value)).or_insert(0) += 1;
            }
            let buckets: Vec<(i16, u64)> = buckets.into_iter().collect();
            let (told, exact) = (percentile(&buckets, share).expect("values"), exact(&mut values, share));
            prop_assert!((told / exact - 1.0).abs() <= 0.01, "{told} instead of {exact}");
        }
    }

    #[test]
    fn nothing_has_no_percentile_and_what_is_below_a_second_is_half_of_one() {
        assert_eq!(percentile(&[], 0.5), None);
        assert_eq!(percentile(&[(3, 0)], 0.5), None);
        assert_eq!(percentile(&[(bucket(0.0), 2)], 0.9), Some(0.5));
        assert_eq!((bucket(0.99), bucket(1.0), bucket(1.021)), (-1, 0, 1));
    }
}
