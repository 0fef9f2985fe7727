//! What the intake handlers share: live secrets, rules, known tenants, counters, the sample of refusals.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Instant;

use boot::settings::SourceSettings;
use chrono::Utc;
use domain::ids::TenantId;
use domain::rules::Rules;
use integrations::{Integration, Secrets};
use secrecy::ExposeSecret;

use super::Ending;
use crate::rejects::Rejects;
use crate::tenants::Tenants;

/// One value per process.
pub struct Door {
    pub(crate) rules: Arc<Rules>,
    pub(crate) tenants: Tenants,
    pub(crate) rejects: Rejects,
    secrets: HashMap<&'static str, Arc<Secrets>>,
    none: Arc<Secrets>,
    last_delivery: HashMap<&'static str, AtomicI64>,
}

impl Door {
    pub fn new(sources: &SourceSettings, rules: Rules, tenants: Tenants, rejects: Rejects) -> Self {
        let live = |name: &str| Secrets {
            live: sources.secrets(name).iter().map(|secret| secret.expose_secret().as_bytes().to_vec()).collect(),
            allow_unsigned: sources.allows_unsigned(name),
        };
        for integration in integrations::ALL {
            let enabled = if sources.enabled(integration.name) { 1.0 } else { 0.0 };
            metrics::gauge!("integration_enabled", "source" => integration.name).set(enabled);
            // A rate is seen from the first refusal on only where the counter was there before it.
            for ending in Ending::ALL {
                metrics::counter!("webhook_deliveries_total", "source" => integration.name, "result" => ending.label())
                    .increment(0);
            }
        }
        Self {
            rules: Arc::new(rules),
            tenants,
            rejects,
            secrets: integrations::ALL.iter().map(|one| (one.name, Arc::new(live(one.name)))).collect(),
            none: Arc::new(Secrets { live: Vec::new(), allow_unsigned: false }),
            last_delivery: integrations::ALL.iter().map(|one| (one.name, AtomicI64::new(0))).collect(),
        }
    }

    /// The live secrets of a tenant's source. Secrets from the environment are the default tenant's: another tenant
    /// must not be able to use them, nor anybody else to deliver into it unsigned.
    pub(crate) fn secrets(&self, tenant: &TenantId, integration: &Integration) -> Arc<Secrets> {
        let of_environment = tenant.as_str() == TenantId::DEFAULT;
        let secrets = if of_environment { self.secrets.get(integration.name) } else { None };
        secrets.unwrap_or(&self.none).clone()
    }

    /// Counts one delivery's end.
    pub(crate) fn count(&self, integration: &'static Integration, ending: Ending, started: Instant) {
        let source = integration.name;
        metrics::counter!("webhook_deliveries_total", "source" => source, "result" => ending.label()).increment(1);
        if matches!(ending, Ending::Accepted | Ending::Unmapped | Ending::Duplicate) {
            metrics::histogram!("webhook_ack_duration_seconds", "source" => source).record(started.elapsed());
            if let Some(last) = self.last_delivery.get(source) {
                last.store(Utc::now().timestamp(), Ordering::Relaxed);
            }
        }
    }

    /// Sets `integration_last_delivery_seconds`: how long ago this process took each source's newest delivery.
    pub(crate) fn set_gauges(&self) {
        let now = Utc::now().timestamp();
        for (source, last) in &self.last_delivery {
            let last = last.load(Ordering::Relaxed);
            if last > 0 {
                metrics::gauge!("integration_last_delivery_seconds", "source" => *source).set((now - last) as f64);
            }
        }
    }
}
