//! What a run of a mapping may cost. Every step and every value it touches burns fuel, so the same program on the same
//! body always ends at the same place: no clock decides. Once it is spent every step fails, and the run's result,
//! whatever it is, does not count.
//!
//! A run has a thread of its own with a large stack: how deep it is there is the one other limit.

use std::cell::Cell;

/// A step is one unit, a value one, a text one for every 16 bytes.
pub(super) const FUEL: usize = 500_000;
/// A call keeps its frame and its arguments: they are freed one inside the other, on the stack.
pub(super) const CALL: usize = 16;
pub(super) const TEXT_BYTES_PER_UNIT: usize = 16;

/// Address space, not memory: only what is used of it is ever there. Reading a program takes more than running it,
/// as a text of some kilobytes can be nested as deep as it is long. The stack of a run is small enough for the system to
/// keep it for the next run.
pub(super) const TO_READ: usize = 256 << 20;
pub(super) const TO_RUN: usize = 32 << 20;
/// How deep steps may be nested; the rest is for freeing what they built.
const DEEPEST_STEP: usize = 10 << 20;

thread_local! {
    static LEFT: Cell<usize> = const { Cell::new(0) };
    static SPENT: Cell<Option<Spent>> = const { Cell::new(None) };
    static BOTTOM: Cell<usize> = const { Cell::new(0) };
}

/// Which limit a run has met.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Spent {
    Steps,
    Nesting,
}

/// Runs on a stack of its own, with a full tank. `None`: it panicked, or there is no thread for it.
pub(super) fn run<T: Send>(stack_bytes: usize, work: impl FnOnce() -> T + Send) -> Option<T> {
    let start = || {
        LEFT.set(FUEL);
        SPENT.set(None);
        BOTTOM.set(stack_address());
        work()
    };
    std::thread::scope(|scope| {
        let thread = std::thread::Builder::new().stack_size(stack_bytes).spawn_scoped(scope, start).ok()?;
        thread.join().ok()
    })
}

/// Burns fuel; `false` when there is not enough left.
pub(super) fn burn(units: usize) -> bool {
    let left = LEFT.get().checked_sub(units);
    LEFT.set(left.unwrap_or(0));
    if left.is_none() {
        stop(Spent::Steps);
    }
    spent().is_none()
}

pub(super) fn stop(limit: Spent) {
    if spent().is_none() {
        SPENT.set(Some(limit));
    }
}

pub(super) fn spent() -> Option<Spent> {
    SPENT.get()
}

/// A step; `false` when it may not be made.
pub(super) fn step(units: usize) -> bool {
    // Stacks grow downwards on every machine that we build for; elsewhere fuel alone counts.
    if BOTTOM.get().saturating_sub(stack_address()) > DEEPEST_STEP {
        stop(Spent::Nesting);
    }
    burn(units)
}

pub(super) fn burn_text(bytes: usize) -> bool {
    burn(1 + bytes / TEXT_BYTES_PER_UNIT)
}

#[inline(never)]
fn stack_address() -> usize {
    let here = 0_u8;
    std::ptr::from_ref(&here).addr()
}
