//! Digests made with a model that behaves in every way, and what comes of it.

mod behaviours;
mod fake;
mod hostile;
mod scored;
