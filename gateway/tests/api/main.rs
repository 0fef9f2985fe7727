//! The gateway over HTTP, against a real database and a real bus.

mod ask;
mod catalog;
mod cors;
mod digests;
mod doors;
mod former;
mod handshakes;
mod incidents;
mod lists;
mod locks;
mod metrics;
mod migrating;
mod pages;
mod people;
mod rag;
mod reports;
mod rooms;
mod routes;
mod slack;
mod stream;
mod tenants;
mod turned_away;
mod usage;
mod words;
mod world;
