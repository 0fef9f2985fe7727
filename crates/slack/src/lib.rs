//! What we say to Slack, and what we understand of what Slack says to us.
//!
//! Everything but [`client`] is pure: texts, messages, modals, commands and payloads are functions of their arguments.
//! Nothing here knows the store, decides who may do what, or proves a signature: a payload is read after somebody else
//! proved it, and what stands in a button is looked up, never believed. Who posts says when: queues, pace and daily
//! caps are the worker's.
//!
//! [`text`] makes strings from outside harmless, [`blocks`] and [`views`] are Slack's own shapes, [`fit`] keeps them
//! within Slack's limits. [`approvals`], [`answers`] and [`home`] are what people read; [`commands`] and [`payloads`]
//! what people do; [`manifest`] is how the app comes to be.

pub mod answers;
pub mod approvals;
pub mod blocks;
pub mod client;
pub mod commands;
pub mod fit;
pub mod home;
pub mod manifest;
pub mod payloads;
pub mod text;
pub mod views;
