//! Publishes what was just committed, from memory, and clears its outbox rows when the bus has acknowledged all of it.

use bus::{Bus, BusError};
use domain::event::Event;
use domain::ids::{Mark, ReplayId};
use futures::stream::{FuturesUnordered, StreamExt};
use store::Store;
use store::outbox::{self, Committed};
use tokio::sync::mpsc;
use uuid::Uuid;

/// Commits whose acknowledgements may be outstanding: keeps the bus busy and the memory bounded.
const COMMITS_IN_FLIGHT: usize = 32;
/// Outbox rows cleared by one statement.
const CLEAR_ROWS: usize = 512;

/// Ends when nobody can hand over any more and everything handed over was tried.
pub(crate) async fn run(store: Store, bus: Bus, mut queue: mpsc::Receiver<Committed>) {
    let (done, to_clear) = mpsc::channel(CLEAR_ROWS);
    let clearing = tokio::spawn(clear_acknowledged(store, to_clear));
    let mut in_flight = FuturesUnordered::new();
    loop {
        tokio::select! {
            Some(cleared) = in_flight.next() => note(&done, cleared).await,
            next = queue.recv(), if in_flight.len() < COMMITS_IN_FLIGHT => match next {
                Some(committed) => in_flight.push(publish_commit(bus.clone(), committed)),
                None => break,
            },
        }
    }
    while let Some(cleared) = in_flight.next().await {
        note(&done, cleared).await;
    }
    drop(done);
    if clearing.await.is_err() {
        tracing::warn!("acknowledged outbox rows were not cleared; they are published once more");
    }
}

async fn note(done: &mpsc::Sender<Uuid>, cleared: Result<Uuid, BusError>) {
    match cleared {
        // The receiver ends only with us.
        Ok(outbox_id) => drop(done.send(outbox_id).await),
        Err(error) => tracing::debug!(error = &error as &dyn std::error::Error, "left to the sweep"),
    }
}

async fn publish_commit(bus: Bus, committed: Committed) -> Result<Uuid, BusError> {
    let mut published = publish_all(&bus, &committed.events, None, 0).await;
    if matches!(published, Err(BusError::NoStream)) {
        // The first commits of a new installation come before the watch has made the stream.
        bus.ensure_stream().await?;
        published = publish_all(&bus, &committed.events, None, 0).await;
    }
    published.map(|()| committed.outbox_id)
}

/// Sends all events, then awaits all acknowledgements.
pub(crate) async fn publish_all(
    bus: &Bus,
    events: &[Event],
    replay: Option<ReplayId>,
    again: i16,
) -> Result<(), BusError> {
    let mut acks = Vec::with_capacity(events.len());
    for event in events {
        acks.push(bus.publish(event, Mark { event: event.id, replay }, again).await?);
    }
    for ack in acks {
        ack.await?;
        metrics::counter!("bus_published_total").increment(1);
    }
    Ok(())
}

/// Clears in batches as large as what was acknowledged while the last statement ran.
async fn clear_acknowledged(store: Store, mut acknowledged: mpsc::Receiver<Uuid>) {
    let mut ids = Vec::with_capacity(CLEAR_ROWS);
    while acknowledged.recv_many(&mut ids, CLEAR_ROWS).await > 0 {
        let batch = std::mem::take(&mut ids);
        let cleared = store.call("outbox_clear", move |conn| outbox::clear(conn, &batch)).await;
        if let Err(error) = cleared {
            tracing::warn!(error = &error as &dyn std::error::Error, "outbox rows stay: published once more later");
        }
    }
}
