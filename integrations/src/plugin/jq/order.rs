//! Which of two values comes first: null, booleans, numbers, texts, lists, objects. Every look burns fuel, and never
//! changes its answer: sorting needs a whole order to the end.

use std::cmp::Ordering;

use super::fuel;
use super::value::Value;

impl Ord for Value {
    fn cmp(&self, other: &Self) -> Ordering {
        fuel::burn(1);
        match (self, other) {
            (Self::Whole(left), Self::Whole(right)) => left.cmp(right),
            (Self::Float(left), Self::Float(right)) => floats(*left, *right),
            (Self::Whole(left), Self::Float(right)) => whole_and_float(*left, *right),
            (Self::Float(left), Self::Whole(right)) => whole_and_float(*right, *left).reverse(),
            (Self::Text(left), Self::Text(right)) => {
                fuel::burn_text(left.len().min(right.len()));
                left.cmp(right)
            }
            (Self::Array(left), Self::Array(right)) => left.items.cmp(&right.items),
            (Self::Object(left), Self::Object(right)) => left
                .members
                .keys()
                .cmp(right.members.keys())
                .then_with(|| left.members.values().cmp(right.members.values())),
            _ => self.rank().cmp(&other.rank()),
        }
    }
}

/// Below every other number stands what is none, as in jq; a whole order, because sorting needs one.
fn floats(left: f64, right: f64) -> Ordering {
    left.partial_cmp(&right).unwrap_or_else(|| right.is_nan().cmp(&left.is_nan()))
}

/// Exact, where a whole number has more digits than a float.
fn whole_and_float(whole: i128, float: f64) -> Ordering {
    if float.is_nan() {
        return Ordering::Greater;
    }
    // The cast holds at both ends of what an i128 can be.
    whole.cmp(&(float.trunc() as i128)).then_with(|| floats(0.0, float.fract()))
}

impl PartialOrd for Value {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Value {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Value {}
