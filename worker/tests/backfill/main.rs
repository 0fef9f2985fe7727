//! Backfills from APIs that answer as their documentation says, into a real PostgreSQL.

mod github;
mod github_shop;
mod gitlab;
mod troubles;
mod world;
