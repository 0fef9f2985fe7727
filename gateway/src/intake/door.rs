//! What the intake handlers share: live secrets, rules, known tenants, counters, the sample of refusals.

use std::collections::HashMap;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Instant;

use boot::Settings;
use chrono::Utc;
use domain::ids::TenantId;
use domain::rules::Rules;
use integrations::{Integration, Options, Secrets, Sources};
use secrecy::ExposeSecret;

use super::Ending;
use crate::rejects::Rejects;
use crate::tenants::Tenants;

/// One value per process.
pub(crate) struct Door {
    pub(crate) rules: Arc<Rules>,
    pub(crate) tenants: Tenants,
    pub(crate) rejects: Rejects,
    settings: Arc<Settings>,
    /// By name of the source; plugins join when they are first asked for.
    known: RwLock<HashMap<&'static str, Arc<Known>>>,
    none: Arc<Secrets>,
    /// The one header whose name an operator chooses. Kept as long as the process.
    timestamp_header: Option<&'static str>,
}

/// What is kept of one source.
struct Known {
    secrets: Arc<Secrets>,
    /// Seconds since 1970; 0: none yet.
    last_delivery: AtomicI64,
}

impl Door {
    pub(crate) fn new(settings: Arc<Settings>, sources: &Sources, tenants: Tenants, rejects: Rejects) -> Self {
        let named = settings.sources.grafana_timestamp_header.clone();
        let door = Self {
            rules: Arc::new(settings.rules.clone()),
            tenants,
            rejects,
            known: RwLock::default(),
            none: Arc::default(),
            timestamp_header: named.map(|name| &*name.leak()),
            settings,
        };
        for integration in sources.all().iter() {
            door.known(integration);
        }
        door
    }

    /// The live secrets of a tenant's source. Secrets from the environment are the default tenant's: another tenant
    /// must not be able to use them, nor anybody else to deliver into it unsigned.
    pub(crate) fn secrets(&self, tenant: &TenantId, integration: &Integration) -> Arc<Secrets> {
        if tenant.as_str() == TenantId::DEFAULT { self.known(integration).secrets.clone() } else { self.none.clone() }
    }

    /// Counts one delivery's end.
    pub(crate) fn count(&self, integration: &'static Integration, ending: Ending, started: Instant) {
        let source = integration.name;
        metrics::counter!("webhook_deliveries_total", "source" => source, "result" => ending.label()).increment(1);
        if matches!(ending, Ending::Accepted | Ending::Unmapped | Ending::Duplicate) {
            metrics::histogram!("webhook_ack_duration_seconds", "source" => source).record(started.elapsed());
            self.known(integration).last_delivery.store(Utc::now().timestamp(), Ordering::Relaxed);
        }
    }

    /// Sets `integration_last_delivery_seconds`: how long ago this process took each source's newest delivery.
    pub(crate) fn set_gauges(&self) {
        let now = Utc::now().timestamp();
        for (source, known) in self.known.read().unwrap_or_else(PoisonError::into_inner).iter() {
            let last = known.last_delivery.load(Ordering::Relaxed);
            if last > 0 {
                metrics::gauge!("integration_last_delivery_seconds", "source" => *source).set((now - last) as f64);
            }
        }
    }

    fn known(&self, integration: &Integration) -> Arc<Known> {
        let found = self.known.read().unwrap_or_else(PoisonError::into_inner).get(integration.name).cloned();
        found.unwrap_or_else(|| {
            let fresh = Arc::new(Known { secrets: Arc::new(self.live(integration)), last_delivery: AtomicI64::new(0) });
            self.count_from_zero(integration.name);
            let mut all = self.known.write().unwrap_or_else(PoisonError::into_inner);
            all.entry(integration.name).or_insert(fresh).clone()
        })
    }

    fn live(&self, integration: &Integration) -> Secrets {
        let (name, sources) = (integration.name, &self.settings.sources);
        let secrets = sources.secrets(name).iter().map(|secret| secret.expose_secret().as_bytes().to_vec());
        let secrets = Secrets {
            live: secrets.collect(),
            allow_unsigned: sources.allows_unsigned(name),
            options: Options {
                token_in_url: sources.token_in_url.contains(name),
                timestamp_header: self.timestamp_header.filter(|_| integration.takes_named_header()),
                topics: if integration.takes_sns() { sources.sns_topics.clone() } else { Vec::new() },
                allow_sha1: sources.sns_allow_sha1,
                authorities: Vec::new(),
            },
        };
        if !secrets.live.is_empty() && !integration.schemes.iter().any(|scheme| secrets.can_use(scheme)) {
            let setting = integration.secret_setting;
            tracing::warn!(
                source = name,
                setting,
                "the secret has no form that this source signs with: all of its deliveries are refused"
            );
        }
        secrets
    }

    /// A rate is seen from the first refusal on only where the counter was there before it.
    fn count_from_zero(&self, source: &'static str) {
        let enabled = if self.settings.sources.enabled(source) { 1.0 } else { 0.0 };
        metrics::gauge!("integration_enabled", "source" => source).set(enabled);
        for ending in Ending::ALL {
            metrics::counter!("webhook_deliveries_total", "source" => source, "result" => ending.label()).increment(0);
        }
    }
}
