//! Percentiles by linear interpolation over raw values: PostgreSQL's `percentile_cont`, to the last bit that matters.

/// The value below which `share` (0 to 1) of the values lie; none without values. Values that are no numbers are left
/// out. Sorts in place.
pub fn percentile(values: &mut [f64], share: f64) -> Option<f64> {
    values.sort_unstable_by(f64::total_cmp);
    of_sorted(values, share)
}

/// The same of values that are sorted already.
pub fn of_sorted(sorted: &[f64], share: f64) -> Option<f64> {
    let last = sorted.len().checked_sub(1)?;
    let rank = share.clamp(0.0, 1.0) * last as f64;
    let (below, above) = (rank.floor() as usize, rank.ceil() as usize);
    let (low, high) = (*sorted.get(below)?, *sorted.get(above)?);
    Some(low + (high - low) * (rank - rank.floor()))
}

/// The mean; none without values.
pub fn mean(values: &[f64]) -> Option<f64> {
    (!values.is_empty()).then(|| values.iter().sum::<f64>() / values.len() as f64)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn it_interpolates_between_neighbours() {
        assert_eq!(percentile(&mut [], 0.5), None);
        assert_eq!(percentile(&mut [7.0], 0.95), Some(7.0));
        assert_eq!(percentile(&mut [4.0, 1.0, 3.0, 2.0], 0.5), Some(2.5));
        assert_eq!(percentile(&mut [10.0, 20.0, 30.0, 40.0, 50.0], 0.9), Some(46.0));
        assert_eq!(percentile(&mut [1.0, 2.0], 0.0), Some(1.0));
        assert_eq!(percentile(&mut [1.0, 2.0], 1.0), Some(2.0));
        assert_eq!((mean(&[]), mean(&[1.0, 2.0])), (None, Some(1.5)));
    }

    fn values() -> impl Strategy<Value = Vec<f64>> {
        prop::collection::vec(-1e9..1e9f64, 1..40)
    }

    proptest! {
        /// P24: the lower median of mirrored values would be another one.
        #[test]
        fn the_median_of_mirrored_values_is_the_mirrored_median(mut values in values()) {
            let mut mirrored: Vec<f64> = values.iter().map(|value| -value).collect();
            let (median, other) = (percentile(&mut values, 0.5).expect("some"), percentile(&mut mirrored, 0.5).expect("some"));
            prop_assert!((median + other).abs() <= 1e-6, "{median} {other}");
        }

        /// P8: the median of all lies between the medians of the parts.
        #[test]
        fn pooled_medians_lie_between_those_of_the_slices(mut a in values(), mut b in values()) {
            let mut pooled = [a.clone(), b.clone()].concat();
            let (x, y) = (percentile(&mut a, 0.5).expect("some"), percentile(&mut b, 0.5).expect("some"));
            let all = percentile(&mut pooled, 0.5).expect("some");
            prop_assert!(x.min(y) <= all && all <= x.max(y), "{x} {y} {all}");
        }

        #[test]
        fn higher_shares_are_never_lower(mut values in values(), a in 0.0..1.0f64, b in 0.0..1.0f64) {
            let (low, high) = (percentile(&mut values, a.min(b)), percentile(&mut values, a.max(b)));
            prop_assert!(low <= high);
        }
    }
}
