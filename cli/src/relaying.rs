//! The relay of one process: what is committed reaches the bus.

use boot::stop::CancellationToken;
use bus::Bus;
use relay::{Relay, RelayTasks};
use store::{Role, Store};

use crate::failure::Failure;

/// One publishes, one sweeps.
const CONNECTIONS: u32 = 2;

pub(crate) struct Relaying {
    pub(crate) relay: Relay,
    tasks: RelayTasks,
    stop: CancellationToken,
}

impl Relaying {
    pub(crate) fn start(store: &Store, bus: &Bus) -> Result<Self, Failure> {
        let stop = CancellationToken::new();
        let store = store.working_as(Role::Relay, CONNECTIONS)?;
        let (relay, tasks) = Relay::start(store, bus.clone(), &::worker::CONSUMER_NAMES, stop.clone());
        Ok(Self { relay, tasks, stop })
    }

    /// Publishes what was handed over and ends. For after those who hand over have ended.
    pub(crate) async fn drain(self) {
        self.stop.cancel();
        // Publishing ends with the last one who could hand something over.
        drop(self.relay);
        self.tasks.ended().await;
    }
}
