//! What Slack is shown of what the store keeps: approvals as people see them, and who people are in Slack.
//!
//! Gateway and worker both show approvals, and must show them alike. Nothing here posts, decides or changes a row: values
//! of the store go in, plain values of `slack` come out.

pub mod approvals;
pub mod digests;
pub mod news;
pub mod people;
