//! Signals: what people should look at, found by rules in what is known of changes, deployments, incidents and sources.
//!
//! One document ([docs/SIGNALS.md]) of rules, each of one of the [`KINDS`]. [`rules`] are the rules with their types, made
//! by [`read`]; [`evaluate`] finds over [`Facts`] that the caller has read; [`follow`] says which findings are new, which
//! are over, and which fire now. What follows from a signal is a policy's to say. Nothing here reads a raw payload.
//!
//! [docs/SIGNALS.md]: ../../../docs/SIGNALS.md

mod changes;
mod delivery;
mod evaluate;
mod facts;
mod kinds;
mod lifecycle;
mod read;
mod rules;
#[cfg(test)]
mod tests;

pub use crate::documents::Fault;
pub use evaluate::{Finding, evaluate};
pub use facts::{Facts, FailedDeployment, IncidentSeen, OpenChange, PipelineRun, SourceSeen};
pub use kinds::{KINDS, Kind, KindName, Needs, Parameter};
pub use lifecycle::{Known, State, Step, follow};
pub use rules::{Per, Rule, Rules};
