//! What README and docs say is held against the program: command lines, addresses, settings, metrics, problem codes,
//! links, files, examples and SQL as whole classes, single promises by `promises/*.toml`.
//!
//! Each failure names the page, the line and what to do. Whoever writes a page needs nothing here but a promise's row.

mod addresses;
mod commands;
mod examples;
mod lines;
mod links;
mod names;
mod pages;
mod promises;
mod statements;
