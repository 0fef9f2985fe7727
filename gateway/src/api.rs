//! What `/v1` and its neighbours answer: one file per thing that is asked for.

pub(crate) mod agent;
pub(crate) mod ask;
pub(crate) mod callers;
pub(crate) mod catalog;
pub(crate) mod conversations;
pub(crate) mod deliveries;
pub(crate) mod digests;
pub(crate) mod docs;
pub(crate) mod event_stream;
pub(crate) mod events;
pub(crate) mod health;
pub(crate) mod incidents;
pub(crate) mod jobs;
pub(crate) mod key_results;
pub(crate) mod metrics;
pub(crate) mod objectives;
pub(crate) mod onboarding;
pub(crate) mod people;
pub(crate) mod projects;
pub(crate) mod rag;
pub(crate) mod replay;
pub(crate) mod reports;
pub(crate) mod services;
pub(crate) mod sources;
pub(crate) mod subscriptions;
pub(crate) mod usage;
