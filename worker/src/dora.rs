//! Keeps the facts of the metrics: reckons the services that are dirty, until none is.
//!
//! It is woken at once when a consumer of this process has committed, and by a clock for what other processes did. Where
//! a service cannot be reckoned the others go on; it is tried again after a pause that doubles.

use std::collections::HashMap;
use std::error::Error;
use std::sync::Arc;
use std::time::{Duration, Instant};

use chrono::{TimeDelta, Utc};
use store::facts::{self, Reckoning, ServiceOf, Step};
use store::{Store, StoreError};
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

/// How often is looked for what other processes left to do.
const CLOCK: Duration = Duration::from_millis(250);
/// Services of one transaction.
const SERVICES: i64 = 64;
const FIRST_PAUSE: Duration = Duration::from_secs(1);
const LONGEST_PAUSE: Duration = Duration::from_secs(600);

/// Reckons until `stop`. `store` works as [`store::Role::App`]; `committed` rings when there may be something to do.
pub async fn run(store: Store, usual_window: TimeDelta, committed: Arc<Notify>, stop: CancellationToken) {
    metrics::counter!("dora_failures_total").increment(0);
    let mut waiting = Waiting::default();
    while !stop.is_cancelled() {
        if reckoned_some(&store, usual_window, &mut waiting).await {
            continue;
        }
        tokio::select! {
            () = committed.notified() => {}
            () = tokio::time::sleep(CLOCK) => {}
            () = stop.cancelled() => {}
        }
    }
}

/// Whether there was something to do: there may be more.
async fn reckoned_some(store: &Store, usual_window: TimeDelta, waiting: &mut Waiting) -> bool {
    let except = waiting.not_now(Instant::now());
    match reckon_once(store, Step { usual_window, limit: SERVICES, except, now: Utc::now() }).await {
        Ok(done) => {
            waiting.note(&done, Instant::now());
            done.services > 0 || !done.failed.is_empty()
        }
        Err(error) => {
            tracing::warn!(error = &error as &dyn Error, "the facts wait");
            false
        }
    }
}

/// Reckons once what is dirty, as far as it goes into one transaction.
pub async fn reckon_once(store: &Store, step: Step) -> Result<Reckoning, StoreError> {
    let done = store.call("facts_step", move |conn| facts::step(conn, &step)).await?;
    let now = Utc::now();
    for arrived in &done.arrived {
        let taken = (now - *arrived).to_std().unwrap_or_default();
        metrics::histogram!("event_to_effect_seconds", "consumer" => "dora").record(taken);
    }
    Ok(done)
}

/// Services that could not be reckoned: how often, and until when they are left alone.
#[derive(Default)]
struct Waiting(HashMap<ServiceOf, (u32, Instant)>);

impl Waiting {
    fn not_now(&self, now: Instant) -> std::collections::HashSet<ServiceOf> {
        self.0.iter().filter(|(_, (_, until))| *until > now).map(|(of, _)| of.clone()).collect()
    }

    /// Logs each failure, once more only when it is another try's; forgets those that went well.
    fn note(&mut self, done: &Reckoning, now: Instant) {
        for (of, error) in &done.failed {
            let tries = self.0.get(of).map_or(1, |(tries, _)| tries.saturating_add(1));
            if tries == 1 {
                tracing::error!(tenant = %of.tenant, service = of.service, error, "a service cannot be reckoned; its facts stay as they are");
            }
            metrics::counter!("dora_failures_total").increment(1);
            self.0.insert(of.clone(), (tries, now + pause(tries)));
        }
        let failed = |of: &ServiceOf| done.failed.iter().any(|(one, _)| one == of);
        self.0.retain(|of, (_, until)| failed(of) || *until > now || done.services == 0);
    }
}

fn pause(tries: u32) -> Duration {
    (FIRST_PAUSE * 2u32.pow(tries.saturating_sub(1).min(16))).min(LONGEST_PAUSE)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_fails_is_left_alone_for_longer_and_longer() {
        let of = ServiceOf { tenant: Default::default(), service: "shop".into() };
        let failed = || Reckoning { failed: vec![(of.clone(), "why".to_owned())], ..Reckoning::default() };
        let (mut waiting, start) = (Waiting::default(), Instant::now());
        waiting.note(&failed(), start);
        assert_eq!(waiting.not_now(start).len(), 1);
        let later = start + Duration::from_secs(1);
        assert!(waiting.not_now(later).is_empty());
        waiting.note(&failed(), later);
        assert_eq!(waiting.not_now(later + Duration::from_millis(1500)).len(), 1);
        assert_eq!(pause(40), LONGEST_PAUSE);
        let well = later + Duration::from_secs(3);
        waiting.note(&Reckoning { services: 1, ..Reckoning::default() }, well);
        assert!(waiting.0.is_empty(), "it went well: what comes next is a first failure again");
    }
}
