//! Gives chunks their vectors, and says how much there is: what is kept is found by its words at once, by its meaning soon after.

use std::error::Error;
use std::time::Duration;

use chrono::Utc;
use knowledge::Knowledge;
use knowledge::embed::Caught;
use store::knowledge::vectors::{self as kept, FEW};
use store::{Connection, Store, StoreError};
use tokio_util::sync::CancellationToken;

/// How often is looked for chunks without a vector.
const CLOCK: Duration = Duration::from_secs(10);
/// While the model does not answer, or there is no money left.
const PATIENCE: Duration = Duration::from_secs(60);

/// Embeds until `stop`. `store` works as [`store::Role::App`].
pub async fn run(store: Store, knowledge: Knowledge, stop: CancellationToken) {
    let mut ready = false;
    let mut told = false;
    while !stop.is_cancelled() {
        if !ready && knowledge.model().is_some() {
            ready = prepare(&store, &mut told).await;
        }
        let pause = pause(step(&store, &knowledge, ready).await);
        tokio::select! {
            () = tokio::time::sleep(pause) => {}
            () = stop.cancelled() => {}
        }
    }
}

/// Until the next look.
fn pause(caught: Result<Caught, StoreError>) -> Duration {
    match caught {
        Ok(Caught::Some(_)) => Duration::ZERO,
        Ok(Caught::Up) => CLOCK,
        Ok(Caught::Waits(why)) => {
            tracing::warn!(why, "chunks wait for their vectors; they are found by their words");
            PATIENCE
        }
        Err(error) => {
            tracing::warn!(error = &error as &dyn Error, "chunks wait for their vectors; it is tried again");
            CLOCK
        }
    }
}

/// Makes a place for vectors; says once where there can be none.
async fn prepare(store: &Store, told: &mut bool) -> bool {
    let owned = store.clone();
    let prepared = tokio::task::spawn_blocking(move || kept::prepare(&owned)).await;
    match prepared {
        Ok(Ok(None)) => return true,
        Ok(Ok(Some(lacking))) if !*told => {
            tracing::warn!(why = lacking.why(), "documents are found by their words only");
            *told = true;
        }
        Ok(Err(error)) => tracing::warn!(error = &error as &dyn Error, "vectors wait; it is tried again"),
        Ok(Ok(Some(_))) | Err(_) => {}
    }
    false
}

async fn step(store: &Store, knowledge: &Knowledge, ready: bool) -> Result<Caught, StoreError> {
    let caught = if ready { knowledge.catch_up(Utc::now()).await? } else { Caught::Up };
    if caught == Caught::Up {
        measure(store, knowledge.model().filter(|_| ready)).await?;
    }
    Ok(caught)
}

/// Tells the gauges, and makes the index once there are many vectors.
async fn measure(store: &Store, model: Option<String>) -> Result<(), StoreError> {
    let read = move |conn: &mut Connection| {
        let counts = store::knowledge::counts(conn, None)?;
        let embedded = model.map(|model| kept::count(conn, None, &model)).transpose()?;
        let dimensions = if embedded.unwrap_or(0) > FEW { kept::dimensions(conn)? } else { None };
        Ok((counts, embedded, dimensions))
    };
    let (counts, embedded, dimensions) = store.call("knowledge_measure", read).await?;
    let figure = |count: i64| f64::from(i32::try_from(count.max(0)).unwrap_or(i32::MAX));
    metrics::gauge!("knowledge_documents").set(figure(counts.documents));
    metrics::gauge!("knowledge_chunks_waiting").set(embedded.map_or(0.0, |embedded| figure(counts.chunks - embedded)));
    if let Some(dimensions) = dimensions {
        let owned = store.clone();
        let made = tokio::task::spawn_blocking(move || kept::ensure_index(&owned, dimensions)).await;
        if let Ok(made) = made {
            made?;
        }
    }
    Ok(())
}
