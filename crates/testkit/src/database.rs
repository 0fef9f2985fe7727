//! A database per test, copied from a template that was migrated once.
//!
//! Advisory locks and notifications are database-wide, so a schema per test would not be apart. The template's name
//! holds a hash of the migrations: changed migrations make a new one.

use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use store::{Role, Store, StoreError, StoreOptions};

use crate::servers;

/// A fresh, migrated database; dropped with the test.
pub struct Database {
    pub url: String,
    name: String,
    admin: String,
}

impl Database {
    /// Makes one. Blocking: about 50 ms after the first.
    ///
    /// # Panics
    /// When the test servers cannot be reached: the message says why.
    pub fn fresh() -> Self {
        Self::fresh_on(servers::database_url())
    }

    /// Makes one on the server of this maintenance database.
    ///
    /// # Panics
    /// As [`Self::fresh`].
    pub fn fresh_on(admin: String) -> Self {
        let template = template(&admin);
        let name = format!("t_{}", uuid::Uuid::new_v4().simple());
        run(&admin, &format!("create database {name} template {template}")).expect("a database for the test");
        Self { url: store::migrate::url_of_database(&admin, &name), name, admin }
    }

    /// How to connect to it under a role.
    pub fn options(&self, role: Role) -> StoreOptions {
        StoreOptions { url: self.url.clone(), pool_size: 4, pool_timeout: Duration::from_secs(5), role }
    }

    /// A store that works under a role.
    pub fn store(&self, role: Role) -> Store {
        Store::connect(&self.options(role)).expect("a store")
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        // The server is thrown away after the run: a database that stays behind does no harm.
        let _ = run(&self.admin, &format!("drop database if exists {} with (force)", self.name));
    }
}

fn run(url: &str, sql: &str) -> Result<(), StoreError> {
    store::migrate::execute(url, sql)
}

/// Makes the template once per server, however many test processes ask for it.
fn template(admin: &str) -> String {
    static TEMPLATES: Mutex<BTreeMap<String, String>> = Mutex::new(BTreeMap::new());
    let mut templates = TEMPLATES.lock().unwrap_or_else(PoisonError::into_inner);
    let make = || {
        let mut hash = DefaultHasher::new();
        store::migrate::fingerprint().hash(&mut hash);
        let name = format!("template_{:016x}", hash.finish());
        store::migrate::once(admin, &name, |url| store::migrate::apply(url, true).map(|_| ())).expect("the template");
        name
    };
    templates.entry(admin.to_owned()).or_insert_with(make).clone()
}
