//! How often one caller may ask, and how often one source may send.
//!
//! Both are token buckets kept in this process's memory; several gateways allow several times as much. The number of
//! buckets is bounded: those that are full again are forgotten. Nothing here knows HTTP beyond the names of its fields.

use std::hash::Hash;
use std::net::IpAddr;
use std::num::NonZeroU32;
use std::sync::atomic::{AtomicU32, Ordering};

use boot::settings::LimitSettings;
use domain::ids::TenantId;
use governor::clock::{Clock, DefaultClock};
use governor::middleware::StateInformationMiddleware;
use governor::state::keyed::DefaultKeyedStateStore;
use governor::{Quota, RateLimiter};

/// Full buckets are forgotten after so many checks.
const CHECKS_BETWEEN_SWEEPS: u32 = 4096;

/// Whom a bucket belongs to.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum LimitKey {
    /// A proved caller.
    Subject(TenantId, String),
    /// Anybody else, by address; IPv6 by its /64, which one customer has whole.
    Address(IpAddr),
}

impl LimitKey {
    pub(crate) fn address(address: IpAddr) -> Self {
        match address {
            IpAddr::V6(v6) => Self::Address(IpAddr::V6((u128::from(v6) & !u128::from(u64::MAX)).into())),
            v4 => Self::Address(v4),
        }
    }
}

/// Where a caller stands after one request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Standing {
    /// Requests that fit into one window.
    pub(crate) limit: u32,
    pub(crate) window_seconds: u64,
    pub(crate) remaining: u32,
    /// Until the bucket is full again.
    pub(crate) reset_seconds: u64,
    /// `Some`: this request was one too many, and the next fits after so many seconds.
    pub(crate) retry_after_seconds: Option<u64>,
}

struct Buckets<K: Hash + Eq + Clone> {
    limiter: RateLimiter<K, DefaultKeyedStateStore<K>, DefaultClock, StateInformationMiddleware>,
    limit: NonZeroU32,
    window_seconds: u64,
    checks: AtomicU32,
}

impl<K: Hash + Eq + Clone> Buckets<K> {
    fn new(quota: Quota, limit: NonZeroU32, window_seconds: u64) -> Self {
        let limiter = RateLimiter::keyed(quota).with_middleware();
        Self { limiter, limit, window_seconds, checks: AtomicU32::new(0) }
    }

    fn check(&self, key: &K) -> Standing {
        if self.checks.fetch_add(1, Ordering::Relaxed) % CHECKS_BETWEEN_SWEEPS == CHECKS_BETWEEN_SWEEPS - 1 {
            self.limiter.retain_recent();
        }
        let (remaining, retry_after_seconds) = match self.limiter.check_key(key) {
            Ok(snapshot) => (snapshot.remaining_burst_capacity(), None),
            Err(until) => {
                let wait = until.wait_time_from(self.limiter.clock().now());
                (0, Some(whole_seconds(wait.as_secs_f64())))
            }
        };
        let limit = self.limit.get();
        let share_missing = f64::from(limit - remaining.min(limit)) / f64::from(limit);
        let reset_seconds = whole_seconds(share_missing * self.window_seconds as f64);
        Standing { limit, window_seconds: self.window_seconds, remaining, reset_seconds, retry_after_seconds }
    }
}

/// Up to the next whole second, at least one.
fn whole_seconds(seconds: f64) -> u64 {
    (seconds.ceil() as u64).max(1)
}

/// Both kinds of limits; `None` where a limit is off.
pub(crate) struct Limits {
    api: Option<Buckets<LimitKey>>,
    intake: Option<Buckets<(TenantId, &'static str)>>,
}

impl Limits {
    pub(crate) fn new(settings: &LimitSettings) -> Self {
        let api = NonZeroU32::new(settings.api_per_minute).filter(|_| settings.api_enabled);
        let intake = NonZeroU32::new(settings.intake_per_second);
        Self {
            api: api.map(|limit| Buckets::new(Quota::per_minute(limit), limit, 60)),
            intake: intake.map(|limit| Buckets::new(Quota::per_second(limit), limit, 1)),
        }
    }

    /// Counts one call to `/v1`; `None` when calls are not limited.
    pub(crate) fn check_api(&self, key: &LimitKey) -> Option<Standing> {
        self.api.as_ref().map(|buckets| buckets.check(key))
    }

    /// Counts one delivery. `Err` says after how many seconds the next one fits.
    pub(crate) fn check_intake(&self, tenant: &TenantId, source: &'static str) -> Result<(), u64> {
        let standing = self.intake.as_ref().map(|buckets| buckets.check(&(tenant.clone(), source)));
        standing.and_then(|standing| standing.retry_after_seconds).map_or(Ok(()), Err)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn limits(api_per_minute: u32, intake_per_second: u32) -> Limits {
        Limits::new(&LimitSettings { api_enabled: true, api_per_minute, max_payload_bytes: 1024, intake_per_second })
    }

    #[test]
    fn a_caller_is_refused_after_its_share_and_another_is_not() {
        let limits = limits(3, 0);
        let [ada, bob] = ["ada", "bob"].map(|name| LimitKey::Subject(TenantId::default(), name.to_owned()));
        let remaining: Vec<u32> = (0..3).filter_map(|_| limits.check_api(&ada)).map(|s| s.remaining).collect();
        assert_eq!(remaining, [2, 1, 0]);
        let refused = limits.check_api(&ada).expect("a standing");
        assert!(refused.retry_after_seconds.is_some_and(|seconds| (1..=20).contains(&seconds)), "{refused:?}");
        assert_eq!(refused.reset_seconds, 60);
        assert_eq!(limits.check_api(&bob).and_then(|s| s.retry_after_seconds), None);
    }

    #[test]
    fn the_same_subject_of_another_tenant_has_a_bucket_of_its_own() {
        let limits = limits(1, 0);
        let of = |tenant: &str| LimitKey::Subject(tenant.parse().expect("a tenant"), "ada".to_owned());
        assert_eq!(limits.check_api(&of("a")).and_then(|s| s.retry_after_seconds), None);
        assert_eq!(limits.check_api(&of("b")).and_then(|s| s.retry_after_seconds), None);
        assert!(limits.check_api(&of("a")).and_then(|s| s.retry_after_seconds).is_some());
    }

    #[test]
    fn intake_is_without_limit_unless_set_and_then_per_source() {
        let tenant = TenantId::default();
        assert!((0..10_000).all(|_| limits(1, 0).check_intake(&tenant, "github").is_ok()));
        let limits = limits(1, 1);
        assert_eq!(limits.check_intake(&tenant, "github"), Ok(()));
        assert_eq!(limits.check_intake(&tenant, "github"), Err(1));
        assert_eq!(limits.check_intake(&tenant, "generic"), Ok(()));
    }

    #[test]
    fn addresses_of_one_ipv6_network_share_a_bucket() {
        let of = |text: &str| LimitKey::address(text.parse().expect("an address"));
        assert_eq!(of("2001:db8:1:2::1"), of("2001:db8:1:2:ffff::9"));
        assert_ne!(of("2001:db8:1:2::1"), of("2001:db8:1:3::1"));
        assert_ne!(of("10.0.0.1"), of("10.0.0.2"));
    }
}
