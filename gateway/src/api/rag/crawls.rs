//! What is read elsewhere: making a crawl, having it run, seeing its runs. Its proofs come from the settings, never from here.

use actix_web::{HttpResponse, web};
use chrono::{DateTime, Utc};
use domain::ids;
use domain::knowledge::DEFAULT_COLLECTION;
use knowledge::crawl::Plan;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use store::Connection;
use store::events::After;
use store::knowledge::crawls;
use utoipa::ToSchema;
use uuid::Uuid;

use super::LONGEST_COLLECTION;
use crate::access::{Caller, Operator, Viewer};
use crate::clock;
use crate::faults::Faults;
use crate::found::{found, gone, touched};
use crate::page::{List, Page, PageQuery};
use crate::problem::{Code, Problem, ProblemBody};
use crate::query::{Asked, NoQuery};
use crate::sent::Sent;
use crate::state::Shared;

const WHAT: &str = "crawl";
/// Systems are not asked more often.
const SHORTEST_SECONDS: i64 = 60;
const LONGEST_SECONDS: i64 = 31_536_000;

const CRAWLS: List<(), crawls::Crawl> = List {
    name: "rag_crawls",
    operation: "crawl_list",
    read: |conn, tenant, (), after, most| crawls::list(conn, tenant, after, most),
    place: |row| After { time: row.created_at, id: row.id },
};
const RUNS: List<Uuid, crawls::Run> = List {
    name: "rag_crawl_runs",
    operation: "crawl_runs",
    read: |conn, tenant, crawl, after, most| crawls::runs(conn, tenant, *crawl, after, most),
    place: |row| After { time: row.started_at, id: row.id },
};

/// What is read elsewhere.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Crawl {
    #[schema(value_type = String)]
    id: Uuid,
    /// `github`, `confluence`, `linear`, `shortcut` or `pagerduty`.
    kind: String,
    collection: String,
    #[schema(value_type = Object)]
    params: Value,
    /// 0: it runs only when somebody asks.
    interval_seconds: i32,
    /// When it runs next.
    next_at: Option<DateTime<Utc>>,
    created_at: DateTime<Utc>,
    created_by: String,
}

impl From<crawls::Crawl> for Crawl {
    fn from(row: crawls::Crawl) -> Self {
        let crawls::Crawl { id, kind, collection, params, interval_s: interval_seconds, next_at, .. } = row;
        let crawls::Crawl { created_at, created_by, .. } = row;
        Self { id, kind, collection, params, interval_seconds, next_at, created_at, created_by }
    }
}

/// One time that it was read.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CrawlRun)]
pub(crate) struct Run {
    #[schema(value_type = String)]
    id: Uuid,
    started_at: DateTime<Utc>,
    ended_at: Option<DateTime<Utc>>,
    /// `running`, `succeeded`, `partial` (a limit was met; the next goes on), `failed` or `interrupted`.
    result: String,
    error: Option<String>,
    /// Documents that were looked at, that were new or changed, and that were gone.
    seen: i32,
    changed: i32,
    deleted: i32,
    requests: i32,
    bytes: i64,
}

impl From<crawls::Run> for Run {
    fn from(row: crawls::Run) -> Self {
        let crawls::Run { id, started_at, ended_at, result, error, seen, changed, deleted, requests, bytes, .. } = row;
        Self { id, started_at, ended_at, result, error, seen, changed, deleted, requests, bytes }
    }
}

/// What is to be read.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewCrawl {
    /// `github`, `confluence`, `linear`, `shortcut` or `pagerduty`.
    kind: Option<String>,
    /// What of it: docs/KNOWLEDGE.md says for each kind.
    #[schema(value_type = Option<Object>)]
    params: Option<Value>,
    /// `default` unless given.
    collection: Option<String>,
    /// 60 seconds to a year; 0: only when somebody asks. `CRAWLER_INTERVAL_SEC` unless given.
    interval_seconds: Option<i64>,
}

/// Crawls, newest first.
#[utoipa::path(get, path = "/v1/rag/crawls", tag = "knowledge", params(PageQuery),
    responses(
    (status = 200, body = Page<Crawl>),
    (status = 400, body = ProblemBody),
))]
pub(crate) async fn list(
    caller: Caller<Viewer>,
    state: Shared,
    Asked(query): Asked<PageQuery>,
) -> Result<HttpResponse, Problem> {
    CRAWLS.answer(&state, caller.tenant, ((), query.portion()?), Crawl::from).await
}

/// Makes a crawl; it runs at once.
#[utoipa::path(post, path = "/v1/rag/crawls", tag = "knowledge", request_body = NewCrawl,
    responses(
    (status = 201, body = Crawl),
    (status = 400, body = ProblemBody),
    (status = 409, body = ProblemBody),
))]
pub(crate) async fn create(
    caller: Caller<Operator>,
    state: Shared,
    sent: Sent,
    _: NoQuery,
) -> Result<HttpResponse, Problem> {
    let usual = i64::try_from(state.settings.knowledge.crawl_interval.as_secs()).unwrap_or(LONGEST_SECONDS);
    let crawl = read(sent.json()?, usual, caller.name(), clock::now())?;
    let shown = Crawl::from(crawl.clone());
    let make = move |conn: &mut Connection| {
        store::transaction(conn, |conn| {
            if crawls::same(conn, &caller.tenant, (&crawl.kind, &crawl.params))?.is_some() {
                return Ok(false);
            }
            crawls::add(conn, &caller.tenant, &crawl).map(|()| true)
        })
    };
    if state.store.call("crawl_create", make).await? {
        return Ok(HttpResponse::Created().json(shown));
    }
    Err(Problem::new(Code::AlreadyThere, "there is a crawl with these parameters; have it run, or end it first"))
}

fn read(said: NewCrawl, usual: i64, by: &str, now: DateTime<Utc>) -> Result<crawls::Crawl, Problem> {
    let mut faults = Faults::of_body();
    let kind = faults.word("kind", said.kind.as_deref(), &Plan::KINDS);
    if said.kind.is_none() {
        faults.add("kind", format!("`kind` is required: one of {}", Plan::KINDS.join(", ")));
    }
    let params = said.params.unwrap_or_else(|| json!({}));
    if let Some(Err(unfit)) = kind.map(|kind| Plan::read(kind, &params)) {
        faults.add("params", unfit.to_string());
    }
    let collection = faults.line("collection", said.collection.as_deref(), LONGEST_COLLECTION);
    let interval = said.interval_seconds.unwrap_or(usual);
    if interval != 0 && !(SHORTEST_SECONDS..=LONGEST_SECONDS).contains(&interval) && said.interval_seconds.is_some() {
        faults.add("interval_seconds", format!("`interval_seconds` is 0, or {SHORTEST_SECONDS} to {LONGEST_SECONDS}"));
    }
    faults.none()?;
    Ok(crawls::Crawl {
        id: ids::row(now, Uuid::new_v4().into_bytes()),
        kind: kind.unwrap_or_default().to_owned(),
        collection: collection.unwrap_or_else(|| DEFAULT_COLLECTION.to_owned()),
        params,
        interval_s: i32::try_from(interval).unwrap_or(i32::MAX),
        next_at: Some(now),
        created_at: now,
        created_by: by.to_owned(),
    })
}

/// Ends a crawl; what it has read stays as it is.
#[utoipa::path(delete, path = "/v1/rag/crawls/{id}", tag = "knowledge", params(("id" = String, Path, description = "The crawl's id")),
    responses(
    (status = 204, description = "It is gone"),
    (status = 404, body = ProblemBody),
))]
pub(crate) async fn delete(
    caller: Caller<Operator>,
    state: Shared,
    id: web::Path<String>,
    _: NoQuery,
) -> Result<HttpResponse, Problem> {
    let remove = move |conn: &mut Connection, id| crawls::remove(conn, &caller.tenant, id);
    gone(&state, (WHAT, "crawl_delete"), &id, remove).await
}

/// Has a crawl run as soon as a worker is free.
#[utoipa::path(post, path = "/v1/rag/crawls/{id}/run", tag = "knowledge", params(("id" = String, Path, description = "The crawl's id")),
    responses(
    (status = 202, description = "It will; `runs` shows it"),
    (status = 404, body = ProblemBody),
))]
pub(crate) async fn run(
    caller: Caller<Operator>,
    state: Shared,
    id: web::Path<String>,
    _: NoQuery,
) -> Result<HttpResponse, Problem> {
    let now = Utc::now();
    let ask = move |conn: &mut Connection, id| crawls::ask(conn, &caller.tenant, id, now);
    touched(&state, (WHAT, "crawl_ask"), &id, ask).await?;
    Ok(HttpResponse::Accepted().json(json!({"ok": true})))
}

/// Runs of a crawl, newest first.
#[utoipa::path(get, path = "/v1/rag/crawls/{id}/runs", tag = "knowledge",
    params(("id" = String, Path, description = "The crawl's id"), PageQuery),
    responses(
    (status = 200, body = Page<Run>),
    (status = 404, body = ProblemBody),
))]
pub(crate) async fn runs(
    caller: Caller<Viewer>,
    state: Shared,
    id: web::Path<String>,
    Asked(query): Asked<PageQuery>,
) -> Result<HttpResponse, Problem> {
    let (tenant, portion) = (caller.tenant.clone(), query.portion()?);
    let one = move |conn: &mut Connection, id| crawls::one(conn, &tenant, id);
    let crawl = found(&state, (WHAT, "crawl_one"), &id, one).await?.id;
    RUNS.answer(&state, caller.tenant, (crawl, portion), Run::from).await
}
