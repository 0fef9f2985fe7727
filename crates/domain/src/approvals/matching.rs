//! Who meets which requirement: each person one at most, and as many places filled as can be.

/// Gives people to requirements. `may[person]` lists the requirements that the person can meet, `places[requirement]`
/// how many it takes. Answers who meets each one, in the order of the people, who are placed first come, first served.
pub(super) fn assign(may: &[Vec<usize>], places: &[u32]) -> Vec<Vec<usize>> {
    let mut given: Vec<Vec<usize>> = vec![Vec::new(); places.len()];
    for person in 0..may.len() {
        place(person, may, places, &mut given, &mut vec![false; places.len()]);
    }
    for people in &mut given {
        people.sort_unstable();
    }
    given
}

/// Finds a place for the person, where need be by moving others (an augmenting path).
fn place(person: usize, may: &[Vec<usize>], places: &[u32], given: &mut [Vec<usize>], seen: &mut [bool]) -> bool {
    for &requirement in &may[person] {
        if std::mem::replace(&mut seen[requirement], true) {
            continue;
        }
        if given[requirement].len() < places[requirement] as usize {
            given[requirement].push(person);
            return true;
        }
        for seat in 0..given[requirement].len() {
            if place(given[requirement][seat], may, places, given, seen) {
                given[requirement][seat] = person;
                return true;
            }
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn somebody_who_can_do_more_makes_room() {
        // Ann can meet both, Bob only the first: Ann moves to the second.
        assert_eq!(assign(&[vec![0, 1], vec![0]], &[1, 1]), [vec![1], vec![0]]);
        assert_eq!(assign(&[vec![0], vec![0], vec![0]], &[2, 1]), [vec![0, 1], vec![]]);
        assert_eq!(assign(&[], &[1]), [Vec::<usize>::new()]);
    }

    /// The most places that can be filled, by trying everything.
    fn most(may: &[Vec<usize>], places: &mut [u32]) -> usize {
        let Some((first, rest)) = may.split_first() else { return 0 };
        let mut best = most(rest, places);
        for &requirement in first {
            if places[requirement] > 0 {
                places[requirement] -= 1;
                best = best.max(1 + most(rest, places));
                places[requirement] += 1;
            }
        }
        best
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn no_other_way_fills_more(
            may in prop::collection::vec(prop::sample::subsequence(vec![0usize, 1, 2], 0..=3), 0..7),
            mut places in prop::collection::vec(0u32..4, 3),
        ) {
            let given = assign(&may, &places);
            let mut placed: Vec<usize> = given.iter().flatten().copied().collect();
            for (requirement, people) in given.iter().enumerate() {
                prop_assert!(people.len() <= places[requirement] as usize);
                prop_assert!(people.iter().all(|person| may[*person].contains(&requirement)));
            }
            prop_assert_eq!(placed.len(), most(&may, &mut places));
            placed.sort_unstable();
            placed.dedup();
            prop_assert_eq!(placed.len(), given.iter().map(Vec::len).sum::<usize>());
        }
    }
}
