//! Sources that are files: draft.
mod jq;
