//! The name that was probably meant.

/// The nearest of the names, when it is near: a slip for each three letters, where two letters that changed places are
/// one slip.
pub(super) fn nearest(typed: &str, names: impl Iterator<Item = &'static str>) -> Option<&'static str> {
    let typed: Vec<char> = typed.chars().take(40).collect();
    let far = |name: &'static str| (slips(&typed, &name.chars().collect::<Vec<char>>()), name);
    let (slips, name) = names.map(far).min()?;
    (slips <= name.chars().count().div_ceil(3).min(3)).then_some(name)
}

/// How many letters must be put in, taken out, changed or swapped with the next.
fn slips(from: &[char], to: &[char]) -> usize {
    let mut before = vec![0; to.len() + 1];
    let mut row: Vec<usize> = (0..=to.len()).collect();
    for (i, letter) in from.iter().enumerate() {
        let mut next = vec![i + 1];
        for (j, other) in to.iter().enumerate() {
            let changed = row[j] + usize::from(letter != other);
            let mut least = changed.min(row[j + 1] + 1).min(next[j] + 1);
            if i > 0 && j > 0 && from[i - 1] == *other && *letter == to[j - 1] {
                least = least.min(before[j - 1] + 1);
            }
            next.push(least);
        }
        before = std::mem::replace(&mut row, next);
    }
    row[to.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn near_names_are_found_and_far_ones_are_not() {
        let names = || ["approvals", "approve", "status", "dora", "ask"].into_iter();
        for (typed, meant) in [
            ("stauts", Some("status")),
            ("aprove", Some("approve")),
            ("approval", Some("approvals")),
            ("dorra", Some("dora")),
            ("aks", Some("ask")),
            ("deploy", None),
            ("x", None),
            ("", None),
        ] {
            assert_eq!(nearest(typed, names()), meant, "{typed}");
        }
        assert_eq!(nearest(&"é".repeat(10_000), names()), None);
    }
}
