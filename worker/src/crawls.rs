//! Reads what crawls say, when they are due or somebody asked: one run of a crawl at a time, in the whole installation.
//!
//! A run that a worker left behind is taken up by another when its lease ends; what was kept stays kept. A crawl that failed comes
//! again with its interval, or after a while.

use std::error::Error;
use std::time::Duration;

use boot::Settings;
use chrono::{DateTime, TimeDelta, Utc};
use domain::ids::{self, TenantId};
use domain::knowledge::DEFAULT_COLLECTION;
use knowledge::crawl::{Crawler, Ended, Plan};
use serde_json::json;
use store::knowledge::crawls::{self, Crawl, Leased};
use store::{Connection, Store, StoreError};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

/// How often is looked whether a crawl is due.
const CLOCK: Duration = Duration::from_secs(5);
/// Longer than any step of a run: each step keeps it.
const LEASE: TimeDelta = TimeDelta::minutes(10);
/// What met a limit goes on soon.
const SOON: TimeDelta = TimeDelta::minutes(5);

/// Runs crawls until `stop`. `store` works as [`store::Role::App`].
pub async fn run(store: Store, crawler: Crawler, settings: Settings, stop: CancellationToken) {
    begin(&store, &settings).await;
    while !stop.is_cancelled() {
        let ran = tokio::select! {
            ran = run_once(&store, &crawler, Utc::now) => ran,
            () = stop.cancelled() => return,
        };
        let pause = if was_due(&ran) { Duration::ZERO } else { CLOCK };
        tokio::select! {
            () = tokio::time::sleep(pause) => {}
            () = stop.cancelled() => {}
        }
    }
}

async fn begin(store: &Store, settings: &Settings) {
    for kind in Plan::KINDS {
        for result in ["succeeded", "partial", "failed"] {
            metrics::counter!("crawl_runs_total", "kind" => kind, "result" => result).increment(0);
        }
    }
    if let Err(error) = ensure_of_settings(store, settings, Utc::now()).await {
        tracing::warn!(
            error = &error as &dyn Error,
            "the crawl of CRAWL_GH_REPO is not made; it is with the next start"
        );
    }
}

/// Whether there may be more to run at once.
fn was_due(ran: &Result<Option<Ended>, StoreError>) -> bool {
    match ran {
        Ok(ended) => ended.is_some(),
        Err(error) => {
            tracing::warn!(error = error as &dyn Error, "crawls wait; they are tried again");
            false
        }
    }
}

/// Runs the crawl that is due; `None`: none is.
pub async fn run_once(
    store: &Store,
    crawler: &Crawler,
    clock: impl Fn() -> DateTime<Utc> + Send + Sync,
) -> Result<Option<Ended>, StoreError> {
    let now = clock();
    let run = ids::row(now, Uuid::new_v4().into_bytes());
    let lease = move |conn: &mut Connection| crawls::lease_next(conn, run, now, LEASE);
    let Some(leased) = store.call("crawl_lease", lease).await? else { return Ok(None) };
    let ended = crawler.run(&leased, &clock).await?;
    if ended.is_ours {
        end(store, leased, ended.clone(), clock()).await?;
    }
    Ok(Some(ended))
}

async fn end(store: &Store, leased: Leased, ended: Ended, now: DateTime<Utc>) -> Result<(), StoreError> {
    let kind = Plan::KINDS.into_iter().find(|kind| *kind == leased.kind).unwrap_or("other");
    metrics::counter!("crawl_runs_total", "kind" => kind, "result" => ended.result).increment(1);
    if let Some(why) = ended.error.as_deref().filter(|_| ended.result == "failed") {
        tracing::warn!(crawl = %leased.id, kind, why, "a crawl failed; GET /v1/rag/crawls/{{id}}/runs has it");
    }
    let interval = TimeDelta::seconds(i64::from(leased.interval_s));
    let next_at = match ended.result {
        "partial" => Some(now + SOON),
        _ if leased.interval_s > 0 => Some(now + interval),
        _ => None,
    };
    let work = move |conn: &mut Connection| {
        crawls::end(conn, &leased, (ended.result, ended.error.as_deref()), next_at, now).map(|_| ())
    };
    store.call("crawl_end", work).await
}

/// The crawl that the settings name (`CRAWL_GH_OWNER`, `CRAWL_GH_REPO`) is there.
pub async fn ensure_of_settings(store: &Store, settings: &Settings, now: DateTime<Utc>) -> Result<(), StoreError> {
    let Some((owner, repo)) = &settings.knowledge.github_repo else { return Ok(()) };
    let params = json!({"owner": owner, "repo": repo, "ref": "HEAD"});
    let interval = settings.knowledge.crawl_interval.as_secs();
    let crawl = Crawl {
        id: ids::row(now, Uuid::new_v4().into_bytes()),
        kind: "github".to_owned(),
        collection: DEFAULT_COLLECTION.to_owned(),
        params,
        interval_s: i32::try_from(interval).unwrap_or(i32::MAX),
        next_at: Some(now),
        created_at: now,
        created_by: "settings".to_owned(),
    };
    let make = move |conn: &mut Connection| {
        let tenant = TenantId::default();
        store::transaction(conn, |conn| match crawls::same(conn, &tenant, (&crawl.kind, &crawl.params))? {
            Some(_) => Ok(()),
            None => crawls::add(conn, &tenant, &crawl),
        })
    };
    store.call("crawl_of_settings", make).await
}
