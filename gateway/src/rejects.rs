//! The sample of refused deliveries: bounded in rate, in size and in memory, written aside from the path of deliveries.
//!
//! A flood of refusals costs one counter each and a row a second per source and reason at most.

use std::collections::HashMap;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use bytes::Bytes;
use chrono::Utc;
use domain::ids::{DeliveryId, TenantId};
use integrations::Integration;
use store::Store;
use store::intake::hash16;
use store::rejected::{self, Rejected};
use tokio::sync::mpsc;
use uuid::Uuid;

use crate::intake::Ending;

/// One sample per source and reason in this time.
const BETWEEN_SAMPLES: Duration = Duration::from_secs(1);
const WAITING_SAMPLES: usize = 64;
const BODY_HEAD_BYTES: usize = 256;
/// Samples that a tenant keeps.
const KEPT_SAMPLES: i64 = 1000;

/// A delivery that was turned away.
pub(crate) struct Reject {
    pub(crate) tenant: TenantId,
    pub(crate) integration: &'static Integration,
    pub(crate) ending: Ending,
    pub(crate) reason: &'static str,
    pub(crate) headers: Vec<(String, String)>,
    /// As far as it was read.
    pub(crate) body: Bytes,
}

/// Takes samples and writes them in the background.
pub(crate) struct Rejects {
    queue: mpsc::Sender<Rejected>,
    last: Mutex<HashMap<(&'static str, &'static str), Instant>>,
}

impl Rejects {
    /// Starts the writer of samples; it ends with this value.
    pub(crate) fn start(store: Store) -> Self {
        let (queue, mut samples) = mpsc::channel::<Rejected>(WAITING_SAMPLES);
        tokio::spawn(async move {
            while let Some(sample) = samples.recv().await {
                let written = store.call("rejected_add", move |conn| rejected::add(conn, &sample, KEPT_SAMPLES)).await;
                if let Err(error) = written {
                    tracing::debug!(error = &error as &dyn std::error::Error, "a sample of a refusal is lost");
                }
            }
        });
        Self { queue, last: Mutex::default() }
    }

    /// Notes a refusal, if none like it was noted just now.
    pub(crate) fn note(&self, reject: Reject) {
        if !self.is_due(reject.integration.name, reject.reason) {
            return;
        }
        let sample = Rejected {
            tenant: reject.tenant,
            id: DeliveryId::new(Utc::now(), Uuid::new_v4().into_bytes()),
            source: reject.integration.name.to_owned(),
            reason: format!("{}: {}", reject.ending.label(), reject.reason),
            headers: serde_json::json!(reject.headers),
            body_hash: hash16(&[&reject.body]),
            body_head: reject.body[..reject.body.len().min(BODY_HEAD_BYTES)].to_vec(),
            body_bytes: i64::try_from(reject.body.len()).unwrap_or(i64::MAX),
        };
        // A full queue loses a sample, never a delivery.
        drop(self.queue.try_send(sample));
    }

    fn is_due(&self, source: &'static str, reason: &'static str) -> bool {
        let Ok(mut last) = self.last.lock() else { return false };
        let now = Instant::now();
        let due = last.get(&(source, reason)).is_none_or(|at| now - *at >= BETWEEN_SAMPLES);
        if due {
            last.insert((source, reason), now);
        }
        due
    }
}
