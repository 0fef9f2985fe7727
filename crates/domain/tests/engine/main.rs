//! The engine of the metrics, asked from outside: worlds of commits, changes, deployments and incidents, and the facts
//! that follow from them.

mod contents;
mod failures;
mod kinds;
mod linking;
mod properties;
mod random;
mod stretch;
mod world;
