//! Makes derived rows anew from the events: the result is what the consumers would have written.

use std::time::Duration;

use chrono::{TimeDelta, Utc};
use store::facts::{self, Reckoning};
use store::{Connection, Role, Store, StoreError};

/// Rebuilds the entity tables in one transaction; returns how many events they are made of. Consumers wait meanwhile,
/// readers see the old rows. All facts are dirty then: whoever reckons makes them anew, from the beginning.
pub async fn entities(store: &Store) -> Result<u64, StoreError> {
    let now = Utc::now();
    store.call("entities_rebuild", move |conn| store::entities::rebuild(conn, now)).await
}

/// Connections that facts are reckoned on at a time. Each has one core of the database to do, and one of this process.
const LANES: usize = 3;

/// Reckons the facts until nothing is dirty. A worker that is running waits for what is dirty from the beginning on, and
/// takes part in the rest.
pub async fn facts(store: &Store, usual_window: Duration) -> Result<Reckoning, StoreError> {
    let (window, now, lanes) = (window(usual_window), Utc::now(), store.clone());
    let work = move |conn: &mut Connection| {
        let mut lanes = (0..LANES).map(|_| lanes.open(Role::App)).collect::<Result<Vec<_>, _>>()?;
        facts::settle_in_lanes(conn, &mut lanes, window, now)
    };
    store.call("facts_settle", work).await
}

/// Makes the roll-ups of the facts anew; returns how many quarters of an hour they have.
pub async fn rollups(store: &Store) -> Result<usize, StoreError> {
    store.call("rollups_rebuild", store::rollups::rebuild).await
}

/// The setting as the rules take it.
pub(crate) fn window(usual: Duration) -> TimeDelta {
    TimeDelta::from_std(usual).unwrap_or(TimeDelta::MAX)
}
