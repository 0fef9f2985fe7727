//! What we do in other systems: on GitHub, at a pager, at addresses that people name.
//!
//! An [`effects::Action`] is read from a job, described for a dry run, and performed once. Nothing here knows the
//! database or the bus: who calls keeps the ledger, waits, repeats, and gives back what became of the try before. The
//! clock is an argument. What goes to Slack is handed to whoever posts there ([`effects::Tell`]).

pub mod codeowners;
pub mod effects;
pub mod github;
pub mod outcome;
pub mod page;
pub mod protection;
pub mod target;
pub mod webhook;
