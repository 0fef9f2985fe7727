//! The catalog: the document in force, its versions, and putting another in force.
//!
//! A document is taken whole or refused with everything that is wrong with it. `If-Match` keeps two people from writing
//! over each other; `dry_run` says what would change and changes nothing.

use actix_web::http::header::{ETAG, IF_MATCH};
use actix_web::{HttpRequest, HttpResponse};
use chrono::Utc;
use domain::catalog::{Catalog, Difference};
use domain::event::rfc3339;
use domain::ids::TenantId;
use policies::yaml;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use store::catalogs::{self, Applied, Effects, Version};
use store::{Connection, StoreError};
use utoipa::{IntoParams, ToSchema};

use crate::access::{Caller, Operator, Viewer};
use crate::cursor::unread;
use crate::faults::{Faults, unfit};
use crate::page::{Page, PageQuery, Portion};
use crate::problem::{Code, Problem, ProblemBody};
use crate::query::Asked;
use crate::sent::Sent;
use crate::state::Shared;

/// A thousand services have room in it.
const MOST_CATALOG_BYTES: usize = 1 << 20;

/// A catalog with where it comes from.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct InForce {
    /// 0: nobody has applied one yet.
    version: i64,
    applied_at: Option<String>,
    applied_by: Option<String>,
    /// docs/CATALOG.md says what it may hold.
    document: Value,
}

/// One version without its document.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Entry {
    version: i64,
    applied_at: String,
    applied_by: String,
}

/// What a document changed, or would change.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Change {
    /// The version in force now.
    version: i64,
    /// False: the document says what is in force already.
    changed: bool,
    dry_run: bool,
    services: Services,
    /// Only of a dry run.
    #[serde(skip_serializing_if = "Option::is_none")]
    moves: Option<Moves>,
}

/// Services that are new, gone, or described in another way.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Services {
    added: Vec<String>,
    removed: Vec<String>,
    changed: Vec<String>,
}

/// How many things would be another service's, in another tier, or counted where they were not.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Moves {
    deployments: i64,
    incidents: i64,
}

#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct CatalogQuery {
    /// This version instead of the one in force.
    version: Option<String>,
}

#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct PutQuery {
    /// `true`: only say what would change.
    dry_run: Option<String>,
}

/// The catalog in force, or one that was.
#[utoipa::path(get, path = "/v1/catalog", tag = "catalog", params(CatalogQuery),
    responses(
        (status = 200, body = InForce, headers(("ETag" = String, description = "The version, for `If-Match`"))),
        (status = 400, body = ProblemBody),
        (status = 404, body = ProblemBody),
    ))]
pub(crate) async fn show(
    caller: Caller<Viewer>,
    state: Shared,
    Asked(query): Asked<CatalogQuery>,
) -> Result<HttpResponse, Problem> {
    let mut faults = Faults::of_query();
    let asked = faults.number("version", query.version.as_deref(), 1..=i64::MAX, 0);
    faults.none()?;
    let read = move |conn: &mut Connection| match asked {
        0 => catalogs::latest(conn, &caller.tenant),
        version => catalogs::version(conn, &caller.tenant, version),
    };
    let found = state.store.call("catalog_show", read).await?;
    if asked > 0 && found.is_none() {
        return Err(Problem::not_found("version of the catalog"));
    }
    let in_force = found.map_or_else(InForce::none, InForce::from);
    Ok(HttpResponse::Ok().insert_header((ETAG, etag(in_force.version))).json(in_force))
}

/// Puts a document in force, or says what it would change.
#[utoipa::path(put, path = "/v1/catalog", tag = "catalog",
    params(PutQuery, ("If-Match" = Option<String>, Header, description = "The ETag of the version that this is to follow")),
    request_body(description = "The document, as docs/CATALOG.md describes it", content(
        (Object = "application/json"), (String = "application/yaml"))),
    responses(
        (status = 200, body = Change),
        (status = 400, body = ProblemBody),
        (status = 412, body = ProblemBody),
        (status = 413, body = ProblemBody),
    ))]
pub(crate) async fn put(
    caller: Caller<Operator>,
    state: Shared,
    request: HttpRequest,
    sent: Sent<MOST_CATALOG_BYTES>,
    Asked(query): Asked<PutQuery>,
) -> Result<HttpResponse, Problem> {
    let mut faults = Faults::of_query();
    let dry_run = faults.flag("dry_run", query.dry_run.as_deref(), false);
    faults.none()?;
    let over = followed(&request)?;
    let catalog = parsed(sent.bytes())?;
    let (tenant, by) = (caller.tenant.clone(), caller.name().to_owned());
    let work = move |conn: &mut Connection| Wanted { tenant, by, over, catalog }.put(conn, dry_run);
    let change = state.store.call("catalog_put", work).await?;
    let change = change.ok_or_else(|| {
        Problem::new(Code::NotCurrent, "another version is in force by now; read it, and send yours on top of it")
    })?;
    Ok(HttpResponse::Ok().insert_header((ETAG, etag(change.version))).json(change))
}

/// Every version, newest first.
#[utoipa::path(get, path = "/v1/catalog/history", tag = "catalog", params(PageQuery),
    responses(
        (status = 200, body = Page<Entry>),
        (status = 400, body = ProblemBody),
    ))]
pub(crate) async fn history(
    caller: Caller<Viewer>,
    state: Shared,
    Asked(query): Asked<PageQuery>,
) -> Result<HttpResponse, Problem> {
    let Portion { limit, cursor } = query.portion()?;
    let before: i64 = cursor.map_or(Ok(i64::MAX), |cursor| cursor.parse().map_err(|_| unread()))?;
    let read = move |conn: &mut Connection| catalogs::history(conn, &caller.tenant, before, limit + 1);
    let rows = state.store.call("catalog_history", read).await?;
    Ok(HttpResponse::Ok().json(Page::cut_at(rows, limit, |last| last.version.to_string(), Entry::from)))
}

impl InForce {
    fn none() -> Self {
        Self { version: 0, applied_at: None, applied_by: None, document: Catalog::default().document() }
    }
}

impl From<Version> for InForce {
    fn from(row: Version) -> Self {
        let Version { version, applied_at, applied_by, document } = row;
        Self { version, applied_at: Some(rfc3339(applied_at)), applied_by: Some(applied_by), document }
    }
}

impl From<Version> for Entry {
    fn from(row: Version) -> Self {
        Self { version: row.version, applied_at: rfc3339(row.applied_at), applied_by: row.applied_by }
    }
}

/// A document that somebody wants in force.
struct Wanted {
    tenant: TenantId,
    by: String,
    /// The version that it is to follow.
    over: Option<i64>,
    catalog: Catalog,
}

impl Wanted {
    /// None: it was to follow a version that is not in force.
    fn put(self, conn: &mut Connection, dry_run: bool) -> Result<Option<Change>, StoreError> {
        let Self { tenant, by, over, catalog } = self;
        let old = catalogs::current(conn, &tenant)?;
        let Difference { added, removed, changed } = old.difference(&catalog);
        let services = Services { added, removed, changed };
        if dry_run {
            let version = catalogs::latest(conn, &tenant)?.map_or(0, |latest| latest.version);
            let Effects { deployments, incidents } = catalogs::effects(conn, &tenant, &old, &catalog)?;
            let moves = Some(Moves { deployments, incidents });
            let change = Change { version, changed: *old != catalog, dry_run, services, moves };
            return Ok(Some(change).filter(|change| over.is_none_or(|over| over == change.version)));
        }
        let now = Utc::now();
        let applied = match over {
            Some(over) => catalogs::apply_over(conn, &tenant, over, &catalog, &by, now)?,
            None => Some(catalogs::apply(conn, &tenant, &catalog, &by, now)?),
        };
        Ok(applied.map(|Applied { version, changed }| Change { version, changed, dry_run, services, moves: None }))
    }
}

fn parsed(sent: &[u8]) -> Result<Catalog, Problem> {
    let text = std::str::from_utf8(sent).map_err(|_| Problem::unfit("", "the document is not UTF-8"))?;
    let document = yaml::read(text).map_err(|error| Problem::unfit("", error.to_string()))?;
    if document.is_null() {
        return Err(Problem::unfit("", "there is no document; `{}` is the one that says nothing"));
    }
    Catalog::parse(&document).map_err(unfit)
}

fn etag(version: i64) -> String {
    format!("\"{version}\"")
}

/// The version that the caller knows.
fn followed(request: &HttpRequest) -> Result<Option<i64>, Problem> {
    let Some(header) = request.headers().get(IF_MATCH) else { return Ok(None) };
    let version = header.to_str().ok().and_then(|text| text.trim().strip_prefix('"')?.strip_suffix('"')?.parse().ok());
    version.map(Some).ok_or_else(|| {
        Problem::new(Code::InvalidRequest, "If-Match holds one ETag as GET /v1/catalog gives it, like \"3\"")
    })
}
