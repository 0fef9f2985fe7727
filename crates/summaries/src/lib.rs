//! Digests: facts in, words that can be checked out; by a model where there is one, by rule always.
//!
//! [`compose`] is the whole of it. What a model says is held against the facts (`domain::digests::check`); what does not
//! hold is never shown. Nothing here reads a database, and nothing is sent anywhere but to [`models::Models`].

mod compose;
pub mod goldens;
mod made;
mod parts;
pub mod prompts;
pub mod scores;
mod seen;

pub use compose::compose;
pub use made::{By, Made, Tokens};
