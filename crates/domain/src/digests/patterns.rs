//! Patterns that are written here: each is built once, and a test holds that each can be.

use regex::Regex;

/// None never happens: a test builds them all. Who asks takes it for "found", so that nothing passes unseen.
pub(super) fn built(pattern: &str) -> Option<Regex> {
    Regex::new(pattern).ok()
}
