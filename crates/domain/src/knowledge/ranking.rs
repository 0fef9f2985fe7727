//! One order out of several: reciprocal rank fusion. What stands high in several lists stands highest.

use std::collections::BTreeMap;

/// The constant of the method: the larger, the less the first places count for.
const K: f64 = 60.0;

/// Something that was found, with what all lists together say of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Ranked<T> {
    pub what: T,
    /// From 0 to 1: 1 stands first in every list.
    pub score: f64,
}

/// The best first; what has the same score goes by its own order.
pub fn fuse<T: Ord + Clone>(lists: &[Vec<T>]) -> Vec<Ranked<T>> {
    let mut sums: BTreeMap<T, f64> = BTreeMap::new();
    for list in lists {
        let mut place = 0.0;
        for (at, what) in list.iter().enumerate() {
            // Each counts once a list, where it stands first.
            if list[..at].contains(what) {
                continue;
            }
            place += 1.0;
            *sums.entry(what.clone()).or_default() += 1.0 / (K + place);
        }
    }
    let most = lists.iter().filter(|list| !list.is_empty()).map(|_| 1.0 / (K + 1.0)).sum::<f64>();
    let mut ranked: Vec<Ranked<T>> =
        sums.into_iter().map(|(what, sum)| Ranked { what, score: (sum / most).min(1.0) }).collect();
    ranked.sort_by(|a, b| b.score.total_cmp(&a.score).then_with(|| a.what.cmp(&b.what)));
    ranked
}

#[cfg(test)]
mod tests {
    use super::*;

    fn order(lists: &[Vec<&'static str>]) -> Vec<&'static str> {
        fuse(lists).into_iter().map(|ranked| ranked.what).collect()
    }

    #[test]
    fn what_both_lists_have_stands_before_what_one_has() {
        assert_eq!(order(&[vec!["a", "b", "c"], vec!["d", "b"]]), ["b", "a", "d", "c"]);
        assert_eq!(order(&[vec!["a", "b"]]), ["a", "b"]);
        assert!(order(&[]).is_empty());
    }

    #[test]
    fn scores_lie_between_nothing_and_one() {
        let ranked = fuse(&[vec!["a", "b"], vec!["a"], vec![]]);
        assert!((ranked[0].score - 1.0).abs() < 1e-9);
        assert!(ranked[1].score > 0.0 && ranked[1].score < 0.5);
    }

    #[test]
    fn what_a_list_repeats_counts_once() {
        assert_eq!(order(&[vec!["a", "b", "b", "b"], vec!["a"]]), ["a", "b"]);
        assert_eq!(fuse(&[vec!["b", "b"]]), fuse(&[vec!["b"]]));
    }
}
