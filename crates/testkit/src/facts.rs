//! A history of facts as the engine would leave them, made by PostgreSQL itself: for tests of what reads facts, and for
//! benchmarks that need a million of them. The same sizes and end give the same rows.

use std::time::Duration;

use chrono::{DateTime, Utc};
use domain::ids::TenantId;
use store::{Role, Store, StoreError, StoreOptions};

const SEED: &str = include_str!("facts/seed.sql");

/// How much of a history. Each deployment ships about three changes; one in ten fails.
#[derive(Clone, Copy, Debug)]
pub struct History {
    pub services: u32,
    pub deployments: u32,
    pub days: u32,
    /// The last deployment ended just before it.
    pub until: DateTime<Utc>,
}

impl History {
    /// Enough for every panel to show something, in tens of milliseconds.
    pub fn small(until: DateTime<Utc>) -> Self {
        Self { services: 12, deployments: 1_500, days: 400, until }
    }

    /// A million facts: 230 000 deployments, as many changes as follow from them, and what belongs to those.
    pub fn million(until: DateTime<Utc>) -> Self {
        Self { services: 300, deployments: 230_000, days: 365, until }
    }

    /// Writes it, with its roll-ups, for a tenant that has no facts yet. The login of `url` owns the database.
    pub fn write(&self, url: &str, tenant: &TenantId) -> Result<(), StoreError> {
        let sql = SEED
            .replace(":services", &self.services.to_string())
            .replace(":deployments", &self.deployments.to_string())
            .replace(":days", &self.days.to_string())
            .replace(":until", &self.until.to_rfc3339())
            .replace(":tenant", tenant.as_str());
        store::migrate::execute(url, &sql)?;
        let options =
            StoreOptions { url: url.to_owned(), pool_size: 1, pool_timeout: Duration::from_secs(5), role: Role::App };
        store::rollups::rebuild(&mut Store::connect(&options)?.open(Role::App)?).map(|_| ())
    }
}
