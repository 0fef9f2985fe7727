//! A world of its own for every test: a database from a migrated template, a stream, signed requests.
//!
//! Real PostgreSQL, real NATS, no in-memory twins. For tests and measurements only.

pub mod collector;
pub mod database;
pub mod embeddings;
pub mod facts;
pub mod folder;
pub mod github;
pub mod grafana;
pub mod history;
pub mod kill;
pub mod listening;
pub mod locks;
pub mod models;
pub mod nats;
pub mod opa;
pub mod ports;
pub mod prometheus;
pub mod prompts;
pub mod rest;
pub mod senders;
pub mod servers;
pub mod shelf;
pub mod slack;
pub mod vectors;
pub mod world;
