//! Which tenants there are, remembered for a while: asked at every delivery and call that names one.

use std::collections::HashMap;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use domain::ids::TenantId;
use store::Store;

use crate::problem::Problem;

const REMEMBERED_FOR: Duration = Duration::from_secs(30);
/// Names that outsiders make up must not fill the memory.
const MOST_REMEMBERED: usize = 1024;

/// The tenants that were asked for lately.
pub(crate) struct Tenants {
    store: Store,
    seen: Mutex<HashMap<TenantId, (bool, Instant)>>,
}

impl Tenants {
    pub(crate) fn new(store: Store) -> Self {
        Self { store, seen: Mutex::default() }
    }

    /// `Ok` when the tenant exists. The default tenant always does: intake must not depend on one more query.
    pub(crate) async fn known(&self, tenant: &TenantId) -> Result<(), Problem> {
        if tenant.as_str() == TenantId::DEFAULT {
            return Ok(());
        }
        let there = match self.remembered(tenant) {
            Some(there) => there,
            None => {
                let asked = tenant.clone();
                let there = self.store.call("tenant_exists", move |conn| store::tenants::known(conn, &asked)).await?;
                self.remember(tenant, there);
                there
            }
        };
        if there { Ok(()) } else { Err(Problem::not_found("tenant")) }
    }

    fn remembered(&self, tenant: &TenantId) -> Option<bool> {
        let seen = self.seen.lock().ok()?;
        seen.get(tenant).filter(|(_, at)| at.elapsed() < REMEMBERED_FOR).map(|(there, _)| *there)
    }

    fn remember(&self, tenant: &TenantId, there: bool) {
        let Ok(mut seen) = self.seen.lock() else { return };
        if seen.len() >= MOST_REMEMBERED {
            seen.clear();
        }
        seen.insert(tenant.clone(), (there, Instant::now()));
    }
}
