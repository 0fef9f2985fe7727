//! A stream of its own per test, on the NATS of the run.

use bus::{Bus, BusOptions};

use crate::servers;

/// A stream name and subjects that no other test has.
pub struct Stream {
    pub options: BusOptions,
}

impl Stream {
    /// Names one; nothing is made yet.
    pub fn fresh() -> Self {
        let name = format!("T{}", uuid::Uuid::new_v4().simple());
        Self {
            options: BusOptions {
                url: servers::nats_url(),
                creds_file: None,
                subject_prefix: name.clone(),
                stream: name,
            },
        }
    }

    /// A connection to it.
    ///
    /// # Panics
    /// When NATS does not answer.
    pub async fn bus(&self) -> Bus {
        let bus = Bus::connect(&self.options).await.expect("a bus");
        assert!(bus.health().ok, "NATS answers: {}", bus.health().details);
        bus
    }

    /// Deletes the stream with all consumers, as an operator or a lost disk would.
    ///
    /// # Panics
    /// When it is not there.
    pub async fn lose(&self) {
        let client = async_nats::connect(&self.options.url).await.expect("connected");
        async_nats::jetstream::new(client).delete_stream(&self.options.stream).await.expect("deleted");
    }
}
