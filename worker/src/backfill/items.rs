//! Things that an API lists, as they are worked on, and names as its queries take them.

use domain::text::percent_encoded;
use integrations::history::time_of;
use serde_json::Value;

use super::progress::Item;

/// A thing with its time and number; none where it has not both.
pub(super) fn item(object: Value, time: &str, id: &str) -> Option<Item> {
    Some(Item { at: time_of(&object, time)?, id: object[id].as_u64()?, object })
}

/// A branch's name in a query.
pub(super) fn encoded(branch: &str) -> String {
    percent_encoded(branch, b"-._~/")
}

#[cfg(test)]
mod tests {
    use super::encoded;

    #[test]
    fn a_branch_is_spelled_so_that_a_query_can_hold_it() {
        assert_eq!(encoded("release/1.x"), "release/1.x");
        assert_eq!(encoded("a&b=ü#"), "a%26b%3D%C3%BC%23");
    }
}
