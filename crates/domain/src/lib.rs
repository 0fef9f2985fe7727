//! The words and rules of EM Agent: what an event is, what the sources' facts mean, how they add up to metrics.
//!
//! Everything here is a pure function of its arguments: no clock, no I/O, no randomness. Who needs "now" passes it.
//! Nothing here may know HTTP, SQL or NATS, and no other library's error type appears in a public signature.

pub mod approvals;
pub mod calendar;
pub mod canonical;
pub mod catalog;
pub mod cdevents;
pub mod data;
pub mod digests;
pub mod documents;
pub mod dora;
pub mod event;
pub mod ids;
pub mod inert;
pub mod knowledge;
pub mod metrics;
pub mod outages;
mod patterns;
pub mod policy;
pub mod redaction;
pub mod reports;
pub mod rules;
pub mod schedules;
pub mod signals;
pub mod text;
pub mod time;
