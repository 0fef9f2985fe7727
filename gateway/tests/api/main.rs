//! The gateway over HTTP, against a real database and a real bus.

mod lists;
mod routes;
mod stream;
mod world;
