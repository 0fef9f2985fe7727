//! What the evaluation of a condition may cost. Loops and copies burn fuel; once it is spent loops run empty, and the
//! result, whatever it is, does not count. No clock decides: a busy machine changes nothing about what a condition means.

use std::cell::Cell;

/// A part of a loop's body is one unit each time, a value one, a text one for every 16 bytes.
const FUEL: usize = 200_000;
pub(super) const TEXT_BYTES_PER_UNIT: usize = 16;

thread_local! {
    static LEFT: Cell<Option<usize>> = const { Cell::new(Some(0)) };
}

/// Runs with a full tank; `None` when it was not enough.
pub(super) fn run<T>(work: impl FnOnce() -> T) -> Option<T> {
    LEFT.set(Some(FUEL));
    let done = work();
    LEFT.get().map(|_| done)
}

/// Burns fuel; `false` when there is not enough left, then and ever after.
pub(super) fn burn(units: usize) -> bool {
    let left = LEFT.get().and_then(|left| left.checked_sub(units));
    LEFT.set(left);
    left.is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn once_spent_nothing_counts() {
        assert_eq!(run(|| burn(FUEL)), Some(true));
        assert_eq!(run(|| burn(FUEL + 1) || burn(0)), None);
        assert_eq!(run(|| 1), Some(1));
    }
}
