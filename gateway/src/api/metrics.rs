//! Delivery metrics: the five of DORA with what stands behind them, and how work flows. All of it reads facts.
//!
//! [`query`] reads what is asked for, [`settle`] waits until everything received is computed; each call then has a file.
//! Nothing here decides what counts: that is the engine's (crates/domain/src/dora), docs/metrics.md tells.

mod behind;
pub(crate) mod code_quality;
pub(crate) mod deployments;
pub(crate) mod dora;
pub(crate) mod explain;
mod facts;
mod figures;
pub(crate) mod flow;
mod flow_rows;
pub(crate) mod frequency;
pub(crate) mod incidents;
mod inspector;
pub(crate) mod lead_time;
mod lists;
mod measure;
mod query;
mod reasons;
mod recompute;
mod settle;
mod trends;
mod views;
pub(crate) mod weeks;
mod whole;
