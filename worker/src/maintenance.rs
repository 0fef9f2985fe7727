//! What has to be done now and then: partitions ahead, retention, and the gauges that nobody else sets.
//!
//! Every worker does it; the store lets one at a time make or drop partitions.

use std::error::Error;
use std::time::Duration;

use bus::Bus;
use chrono::{DateTime, Utc};
use store::{
    Connection, Store, StoreError, budgets, facts, growth, jobs, llm_calls, model_cache, outbox, partitions, retention,
};
use tokio::time::{MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;

use crate::consumers::CONSUMER_NAMES;

const MEASURE: Duration = Duration::from_secs(5);
const TIDY: Duration = Duration::from_secs(3600);

/// Maintains until `stop`. `owner` works as [`store::Role::Owner`], `store` as [`store::Role::App`].
pub async fn run(store: Store, owner: Store, bus: Bus, retention_days: u32, stop: CancellationToken) {
    let mut measure = interval(MEASURE);
    let mut tidy_up = interval(TIDY);
    measure.set_missed_tick_behavior(MissedTickBehavior::Skip);
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            _ = measure.tick() => {
                gauges(&store, &bus).await;
                look_at_young_tables(&owner).await;
            }
            _ = tidy_up.tick() => {
                if let Err(error) = tidy(&owner, retention_days).await {
                    tracing::error!(error = &error as &dyn Error, "partitions and retention wait for a minute");
                    tidy_up.reset_after(Duration::from_secs(60));
                }
            }
        }
    }
}

/// Makes the partitions of the coming days and drops what has been kept long enough.
pub async fn tidy(owner: &Store, retention_days: u32) -> Result<(), StoreError> {
    let now = Utc::now();
    let made =
        owner.call("partitions_ensure", move |conn| partitions::ensure(conn, now, partitions::DAYS_AHEAD)).await?;
    if !made.is_empty() {
        tracing::info!(partitions = made.join(" "), "partitions were made");
    }
    let dropped = owner.call("retention_apply", move |conn| retention::apply(conn, now, retention_days)).await?;
    for day in dropped.iter().flat_map(|dropped| &dropped.days) {
        tracing::info!(partition = day.partition, bytes = day.bytes, "a day was kept long enough and dropped");
    }
    owner.call("models_sweep", move |conn| sweep_models(conn, now)).await?;
    Ok(())
}

/// Calls to models and their kept answers that are old enough, and holds on budgets that nobody will settle.
fn sweep_models(conn: &mut Connection, now: DateTime<Utc>) -> Result<usize, StoreError> {
    Ok(budgets::sweep(conn, now)? + llm_calls::sweep(conn, now)? + model_cache::sweep(conn, now)?)
}

async fn look_at_young_tables(owner: &Store) {
    if let Err(error) = owner.call("growth_analyze", growth::analyze).await {
        tracing::warn!(error = &error as &dyn Error, "young tables are not analyzed: queries may be slow");
    }
}

async fn gauges(store: &Store, bus: &Bus) {
    pool(store);
    backlogs(store).await;
    acting(store).await;
    for name in CONSUMER_NAMES {
        match bus.consumer_lag(name).await {
            Ok(lag) => metrics::gauge!("consumer_lag", "consumer" => name).set(lag as f64),
            Err(error) => tracing::debug!(error = &error as &dyn Error, consumer = name, "the lag is not measured"),
        }
    }
}

fn pool(store: &Store) {
    let pool = store.gauges();
    metrics::gauge!("db_connection_pool_size").set(pool.size as f64);
    metrics::gauge!("db_connection_pool_in_use").set(pool.in_use as f64);
    metrics::gauge!("db_connection_pool_waiting").set(pool.waiting as f64);
}

/// What is owed to the bus, and what is not reckoned yet.
async fn backlogs(store: &Store) {
    match store.call("outbox_backlog", outbox::backlog).await {
        Ok(backlog) => {
            metrics::gauge!("outbox_rows").set(backlog.rows as f64);
            metrics::gauge!("outbox_oldest_seconds").set(backlog.age_seconds(Utc::now()));
        }
        Err(error) => tracing::debug!(error = &error as &dyn Error, "the outbox is not measured"),
    }
    match store.call("facts_backlog", facts::backlog).await {
        Ok(backlog) => {
            metrics::gauge!("dora_dirty_rows").set(backlog.dirty_count as f64);
            metrics::gauge!("dora_dirty_oldest_seconds").set(backlog.age_seconds(Utc::now()));
        }
        Err(error) => tracing::debug!(error = &error as &dyn Error, "what is dirty is not measured"),
    }
}

/// Jobs that act and are not over.
async fn acting(store: &Store) {
    match store.call("jobs_acting", jobs::acting).await {
        Ok((waiting, oldest)) => {
            let age = oldest.map_or(0.0, |oldest| (Utc::now() - oldest).as_seconds_f64().max(0.0));
            metrics::gauge!("workflow_jobs_waiting").set(waiting as f64);
            metrics::gauge!("workflow_jobs_oldest_seconds").set(age);
        }
        Err(error) => tracing::debug!(error = &error as &dyn Error, "jobs that act are not measured"),
    }
}
