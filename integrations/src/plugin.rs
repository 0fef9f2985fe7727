//! Sources without compiling: a plugin is one TOML file (`docs/PLUGINS.md`).
//!
//! The file is read as it is written ([`file`]) and checked ([`check`]) into an [`Integration`] like any other: its
//! proofs become schemes ([`proofs`]), its mappings a program ([`jq`]). A delivery is what the mapping of its kind makes
//! of it ([`mappings`]): objects that are read strictly into the nouns of `domain` ([`events`], [`nouns`], [`shape`]).
//! Nothing here may look for files, read a clock, or take longer than its limits.

mod cases;
mod check;
mod events;
mod file;
mod jq;
mod keep;
mod mappings;
mod misfit;
mod nouns;
mod proofs;
mod shape;

use domain::event::Draft;
use domain::rules::Rules;

use crate::headers::Headers;
use crate::integration::{Integration, Normalizer, Unreadable};
use crate::walk::kept_headers;

pub use cases::{Case, folder};
pub use mappings::{Explained, Mappings};
pub use nouns::noun_fields;

/// A plugin that is ready to take deliveries.
#[derive(Clone, Copy, Debug)]
pub struct Plugin {
    integration: &'static Integration,
    mappings: &'static Mappings,
}

/// What is wrong with a plugin's file, and where.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {what}")]
pub struct Fault {
    pub line: usize,
    pub what: String,
}

impl Plugin {
    /// The plugin of a file's text. Reading the same text again costs nothing; see [`keep`] for what another costs.
    pub fn read(text: &str) -> Result<Self, Fault> {
        let integration = keep::once(text, || check::check(text))?;
        match integration.normalize {
            Normalizer::Mapped(mappings) => Ok(Self { integration, mappings }),
            Normalizer::Coded(_) => Err(Fault { line: 1, what: "it is no plugin".to_owned() }),
        }
    }

    pub fn name(&self) -> &'static str {
        self.integration.name
    }

    /// The source, for whoever verifies, names and stores deliveries.
    pub fn integration(&self) -> &'static Integration {
        self.integration
    }

    pub fn mappings(&self) -> &'static Mappings {
        self.mappings
    }

    /// The events of a verified delivery.
    pub fn normalize(
        &self,
        kind: &str,
        headers: &Headers<'_>,
        body: &[u8],
        rules: &Rules,
    ) -> Result<Vec<Draft>, Unreadable> {
        self.mappings.normalize(kind, &kept_headers(self.integration, headers), body, rules)
    }

    /// As [`Self::normalize`], for the author of the plugin: what is said may quote the body.
    pub fn explain(
        &self,
        kind: &str,
        headers: &Headers<'_>,
        body: &[u8],
        rules: &Rules,
    ) -> Result<Vec<Draft>, Explained> {
        self.mappings.explain(kind, &kept_headers(self.integration, headers), body, rules)
    }
}

#[cfg(test)]
mod tests;
