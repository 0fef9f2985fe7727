//! What is read elsewhere: making a crawl, having it run, seeing its runs. Its proofs come from the settings, never from here.

use actix_web::web::Payload;
use actix_web::{HttpRequest, HttpResponse, web};
use chrono::{DateTime, SubsecRound, Utc};
use domain::ids;
use domain::knowledge::DEFAULT_COLLECTION;
use knowledge::crawl::Plan;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use store::Connection;
use store::events::After;
use store::knowledge::crawls;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::super::deliveries::NoQuery;
use super::LONGEST_COLLECTION;
use crate::access::{Caller, Operator, Viewer};
use crate::body;
use crate::cursor::Scope;
use crate::fields::Fields;
use crate::page::{self, Page};
use crate::problem::{Code, Problem, ProblemBody};
use crate::query::{Asked, Faults};
use crate::state::Shared;

const WHAT: &str = "crawl";
/// Systems are not asked more often.
const SHORTEST_SECONDS: i64 = 60;
const LONGEST_SECONDS: i64 = 31_536_000;

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

/// What is shown of a list.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct CrawlQuery {
    /// Rows of a page, 1 to 200; 50 unless given.
    limit: Option<String>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
}

/// Crawls, newest first.
#[utoipa::path(get, path = "/v1/rag/crawls", tag = "knowledge", params(CrawlQuery),
    security(("bearer" = []), ("admin_key" = [])), responses(
    (status = 200, body = Page<Crawl>),
    (status = 400, body = ProblemBody, content_type = "application/problem+json"),
))]
pub(crate) async fn list(
    caller: Caller<Viewer>,
    state: Shared,
    Asked(query): Asked<CrawlQuery>,
) -> Result<HttpResponse, Problem> {
    let mut faults = Faults::default();
    let limit = page::limit(&mut faults, query.limit.as_deref());
    faults.none()?;
    let scope = Scope::new("rag_crawls", &caller.tenant, &());
    let after = scope.place(query.cursor.as_deref())?;
    let read = move |conn: &mut Connection| crawls::list(conn, &caller.tenant, after, limit + 1);
    let rows = state.store.call("crawl_list", read).await?;
    let place = |row: &crawls::Crawl| After { time: row.created_at, id: row.id };
    Ok(HttpResponse::Ok().json(Page::cut(rows, limit, scope, place, Crawl::from)))
}

/// Makes a crawl; it runs at once.
#[utoipa::path(post, path = "/v1/rag/crawls", tag = "knowledge", request_body = NewCrawl,
    security(("bearer" = []), ("admin_key" = [])), responses(
    (status = 201, body = Crawl),
    (status = 400, body = ProblemBody, content_type = "application/problem+json"),
    (status = 409, body = ProblemBody, content_type = "application/problem+json"),
))]
pub(crate) async fn create(
    caller: Caller<Operator>,
    state: Shared,
    request: HttpRequest,
    payload: Payload,
    Asked(NoQuery {}): Asked<NoQuery>,
) -> Result<HttpResponse, Problem> {
    let (sent, _share) = body::read(&state.memory, &request, payload, body::MOST_API_BYTES).await?;
    let usual = i64::try_from(state.settings.knowledge.crawl_interval.as_secs()).unwrap_or(LONGEST_SECONDS);
    let crawl = read(body::json(&sent)?, usual, caller.name(), Utc::now().trunc_subsecs(6))?;
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
    let mut fields = Fields::default();
    let kind = fields.word("kind", said.kind.as_deref(), &Plan::KINDS);
    if said.kind.is_none() {
        fields.add("kind", format!("`kind` is required: one of {}", Plan::KINDS.join(", ")));
    }
    let params = said.params.unwrap_or_else(|| json!({}));
    if let Some(Err(unfit)) = kind.map(|kind| Plan::read(kind, &params)) {
        fields.add("params", unfit.to_string());
    }
    let collection = fields.line("collection", said.collection.as_deref(), LONGEST_COLLECTION);
    let interval = said.interval_seconds.unwrap_or(usual);
    if interval != 0 && !(SHORTEST_SECONDS..=LONGEST_SECONDS).contains(&interval) && said.interval_seconds.is_some() {
        fields.add("interval_seconds", format!("`interval_seconds` is 0, or {SHORTEST_SECONDS} to {LONGEST_SECONDS}"));
    }
    fields.none()?;
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
    security(("bearer" = []), ("admin_key" = [])), responses(
    (status = 204, description = "It is gone"),
    (status = 404, body = ProblemBody, content_type = "application/problem+json"),
))]
pub(crate) async fn delete(
    caller: Caller<Operator>,
    state: Shared,
    id: web::Path<String>,
    Asked(NoQuery {}): Asked<NoQuery>,
) -> Result<HttpResponse, Problem> {
    let id = Uuid::try_parse(&id).map_err(|_| Problem::not_found(WHAT))?;
    let work = move |conn: &mut Connection| crawls::remove(conn, &caller.tenant, id);
    let was_there = state.store.call("crawl_delete", work).await?;
    if was_there { Ok(HttpResponse::NoContent().finish()) } else { Err(Problem::not_found(WHAT)) }
}

/// Has a crawl run as soon as a worker is free.
#[utoipa::path(post, path = "/v1/rag/crawls/{id}/run", tag = "knowledge", params(("id" = String, Path, description = "The crawl's id")),
    security(("bearer" = []), ("admin_key" = [])), responses(
    (status = 202, description = "It will; `runs` shows it"),
    (status = 404, body = ProblemBody, content_type = "application/problem+json"),
))]
pub(crate) async fn run(
    caller: Caller<Operator>,
    state: Shared,
    id: web::Path<String>,
    Asked(NoQuery {}): Asked<NoQuery>,
) -> Result<HttpResponse, Problem> {
    let id = Uuid::try_parse(&id).map_err(|_| Problem::not_found(WHAT))?;
    let now = Utc::now();
    let work = move |conn: &mut Connection| crawls::ask(conn, &caller.tenant, id, now);
    let was_there = state.store.call("crawl_ask", work).await?;
    if was_there { Ok(HttpResponse::Accepted().json(json!({"ok": true}))) } else { Err(Problem::not_found(WHAT)) }
}

/// Runs of a crawl, newest first.
#[utoipa::path(get, path = "/v1/rag/crawls/{id}/runs", tag = "knowledge",
    params(("id" = String, Path, description = "The crawl's id"), CrawlQuery),
    security(("bearer" = []), ("admin_key" = [])), responses(
    (status = 200, body = Page<Run>),
    (status = 404, body = ProblemBody, content_type = "application/problem+json"),
))]
pub(crate) async fn runs(
    caller: Caller<Viewer>,
    state: Shared,
    id: web::Path<String>,
    Asked(query): Asked<CrawlQuery>,
) -> Result<HttpResponse, Problem> {
    let id = Uuid::try_parse(&id).map_err(|_| Problem::not_found(WHAT))?;
    let mut faults = Faults::default();
    let limit = page::limit(&mut faults, query.limit.as_deref());
    faults.none()?;
    let scope = Scope::new("rag_crawl_runs", &caller.tenant, &id);
    let after = scope.place(query.cursor.as_deref())?;
    let read = move |conn: &mut Connection| {
        let Some(_) = crawls::one(conn, &caller.tenant, id)? else { return Ok(None) };
        crawls::runs(conn, &caller.tenant, id, after, limit + 1).map(Some)
    };
    let rows = state.store.call("crawl_runs", read).await?.ok_or_else(|| Problem::not_found(WHAT))?;
    let place = |row: &crawls::Run| After { time: row.started_at, id: row.id };
    Ok(HttpResponse::Ok().json(Page::cut(rows, limit, scope, place, Run::from)))
}
