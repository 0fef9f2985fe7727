//! The invariants of the metrics engine (P1 to P28 of its specification) on a real PostgreSQL: random histories go
//! through the generic normalizer, the entity tables, the engine and the queries of the API.
//!
//! A few cases each by default; `./dev test --long` asks for many more. What is about pure rules alone (P21 and P26 over
//! thousands of histories) stands beside the engine, `crates/domain`.

mod convergence;
mod counting;
mod history;
mod moves;
mod world;

use proptest::test_runner::Config;

/// Few cases unless many are asked for: each is a history of its own in the database.
pub(crate) fn few() -> Config {
    let cases = if testkit::servers::is_long_run() { 400 } else { 24 };
    Config { cases, max_shrink_iters: 300, failure_persistence: None, ..Config::default() }
}
