//! What must hold for whatever comes in at a source, and where to begin looking for what breaks it.
//!
//! One input is one delivery, written down as text ([`Input`]); a target is named `verify_<source>` or
//! `normalize_<source>`. What does not hold panics, which the fuzzer reports with the input. Nothing here knows how any
//! one source works.

mod inputs;
mod meaning;
mod seeds;
mod texts;
mod verifier;

use integrations::Integration;

pub use inputs::Input;
pub use meaning::check_meaning;
pub use seeds::write_seeds;
pub use verifier::Verifier;

/// The source that a target is for.
pub fn source(target: &str) -> &'static Integration {
    let name = target.split_once('_').map_or(target, |(_, name)| name);
    integrations::find(name).unwrap_or_else(|| panic!("there is no source {name}: take its targets out of Cargo.toml"))
}
