//! The metrics API over rows that stand in the facts: numbers reckoned by hand.

mod behind;
pub(crate) mod facts;
mod five;
mod flow;
mod rows;
mod slices;
