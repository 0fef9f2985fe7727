//! The gateway: HTTP in. It takes deliveries, keeps them before it answers, and serves what was made of them.
//!
//! [`server::start`] binds; `routes::ROUTES` shows every URL; `observe` wraps every request and `admit` the door of
//! `/v1`. One file per room under `api`; intake is `intake` and `writer`. Neither SQL nor subjects appear here: rows
//! come from `store`, messages go through `relay`.

pub mod access;
mod admit;
mod api;
mod body;
mod certificates;
mod clock;
mod commands;
mod cursor;
mod faults;
mod found;
mod idempotent;
mod intake;
mod limits;
mod observe;
mod openapi;
mod ourselves;
mod page;
mod problem;
mod query;
mod rejects;
mod reports;
pub mod routes;
mod sent;
pub mod server;
pub mod simulate;
mod slack;
mod state;
mod tenants;
mod traceparent;
mod writer;

pub use server::{Parts, Running, StartError, start};
