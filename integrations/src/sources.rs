//! The sources that exist now: those that are built in, and plugins, which come and go while we run.

use std::sync::{Arc, PoisonError, RwLock};

use crate::ALL;
use crate::integration::Integration;

/// A list that everybody who holds a clone of it sees the same way.
#[derive(Clone, Debug)]
pub struct Sources(Arc<RwLock<Arc<[&'static Integration]>>>);

impl Default for Sources {
    fn default() -> Self {
        Self::built_in()
    }
}

impl Sources {
    pub fn built_in() -> Self {
        Self(Arc::new(RwLock::new(ALL.into())))
    }

    /// All of them, the built-in ones first.
    pub fn all(&self) -> Arc<[&'static Integration]> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub fn find(&self, name: &str) -> Option<&'static Integration> {
        self.all().iter().copied().find(|integration| integration.name == name)
    }

    /// Their names, for people.
    pub fn names(&self) -> Vec<&'static str> {
        self.all().iter().map(|integration| integration.name).collect()
    }

    /// Puts these beside the built-in ones, in the place of those that were there before.
    pub fn set_plugins(&self, plugins: &[&'static Integration]) {
        let all = ALL.iter().chain(plugins).copied().collect();
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = all;
    }
}
