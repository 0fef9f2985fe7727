//! Documents in chunks, as they are found again: [`search`] by words, [`vectors`] by meaning where PostgreSQL can.
//! [`crawls`] is what is read elsewhere again and again.
//!
//! A document is what its id says, within a collection: the same one with other content takes the place of the one before,
//! its chunks with it, in one transaction. Nothing is fetched or embedded in here.

pub mod crawls;
#[cfg(test)]
mod plans;
pub mod search;
pub mod vectors;

use chrono::{DateTime, Utc};
use diesel::sql_types::{Array, BigInt, Binary, Integer, Json, Nullable, Text, Timestamptz, Uuid as SqlUuid};
use diesel::{
    BoolExpressionMethods, Connection as _, ExpressionMethods, NullableExpressionMethods, OptionalExtension,
    PgConnection, QueryDsl, Queryable, QueryableByName, RunQueryDsl, Selectable, SelectableHelper, sql_query,
};
use domain::ids::TenantId;
use serde_json::Value;
use uuid::Uuid;

use crate::StoreError;
use crate::events::After;
use crate::schema::{chunks, documents as d};

/// A document that is kept, without its text.
#[derive(Clone, Debug, PartialEq, Queryable, Selectable)]
#[diesel(table_name = d)]
pub struct Document {
    pub collection: String,
    pub id: String,
    /// Ours; it stays when the content changes.
    pub uid: Uuid,
    pub source: String,
    pub url: Option<String>,
    pub title: String,
    pub language: String,
    pub revision: Option<String>,
    pub meta: Value,
    pub bytes: i32,
    pub chunk_count: i32,
    pub crawl_id: Option<Uuid>,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
}

/// A document to be kept.
#[derive(Clone, Debug, PartialEq)]
pub struct Brought {
    pub collection: String,
    pub id: String,
    pub source: String,
    pub url: Option<String>,
    pub title: String,
    /// One of `domain::knowledge::LANGUAGES`.
    pub language: &'static str,
    /// Of all that decides about the chunks.
    pub content_hash: [u8; 32],
    pub revision: Option<String>,
    pub meta: Value,
    /// Of its text.
    pub bytes: i32,
    pub crawl_id: Option<Uuid>,
    pub chunks: Vec<String>,
}

/// What became of a document that was brought.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kept {
    New,
    Changed,
    /// It was there with the same content.
    Same,
}

/// What a list is narrowed to. All that is set must hold.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Listed {
    pub collection: Option<String>,
    pub source: Option<String>,
}

/// Keeps a document, in place of the one with the same id.
pub fn keep(
    conn: &mut PgConnection,
    tenant: &TenantId,
    brought: &Brought,
    now: DateTime<Utc>,
) -> Result<Kept, StoreError> {
    conn.transaction(|conn| {
        let there: Option<Vec<u8>> = one_of(tenant, &brought.collection, &brought.id)
            .select(d::content_hash)
            .for_update()
            .first(conn)
            .optional()?;
        let is_same = there.as_deref() == Some(brought.content_hash.as_slice());
        if is_same {
            touch(conn, tenant, brought)?;
            return Ok(Kept::Same);
        }
        let uid = write(conn, tenant, brought, now)?;
        diesel::delete(chunks::table.filter(chunks::tenant_id.eq(tenant.as_str())).filter(chunks::document.eq(uid)))
            .execute(conn)?;
        write_chunks(conn, tenant, uid, brought)?;
        Ok(if there.is_some() { Kept::Changed } else { Kept::New })
    })
}

type Of<'a, T, C> = diesel::dsl::Filter<T, diesel::dsl::Eq<C, &'a str>>;
/// Documents with this tenant, collection and id: one, or none.
type OneOf<'a> = Of<'a, Of<'a, Of<'a, d::table, d::tenant_id>, d::collection>, d::id>;

fn one_of<'a>(tenant: &'a TenantId, collection: &'a str, id: &'a str) -> OneOf<'a> {
    d::table.filter(d::tenant_id.eq(tenant.as_str())).filter(d::collection.eq(collection)).filter(d::id.eq(id))
}

/// What may change without other chunks.
fn touch(conn: &mut PgConnection, tenant: &TenantId, brought: &Brought) -> Result<(), StoreError> {
    let beside = (
        d::source.eq(&brought.source),
        d::url.eq(&brought.url),
        d::revision.eq(&brought.revision),
        d::meta.eq(&brought.meta),
        d::crawl_id.eq(brought.crawl_id),
    );
    diesel::update(one_of(tenant, &brought.collection, &brought.id)).set(beside).execute(conn)?;
    Ok(())
}

#[derive(QueryableByName)]
struct Written {
    #[diesel(sql_type = SqlUuid)]
    uid: Uuid,
}

fn write(
    conn: &mut PgConnection,
    tenant: &TenantId,
    brought: &Brought,
    now: DateTime<Utc>,
) -> Result<Uuid, StoreError> {
    let written: Written = sql_query(
        "insert into documents (tenant_id, collection, id, source, url, title, language, content_hash, revision, meta, bytes,
                                chunk_count, crawl_id, created_at, updated_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $14)
         on conflict (tenant_id, collection, id) do update set
           source = excluded.source, url = excluded.url, title = excluded.title, language = excluded.language,
           content_hash = excluded.content_hash, revision = excluded.revision, meta = excluded.meta, bytes = excluded.bytes,
           chunk_count = excluded.chunk_count, crawl_id = excluded.crawl_id, updated_at = excluded.updated_at
         returning uid",
    )
    .bind::<Text, _>(tenant.as_str())
    .bind::<Text, _>(&brought.collection)
    .bind::<Text, _>(&brought.id)
    .bind::<Text, _>(&brought.source)
    .bind::<Nullable<Text>, _>(&brought.url)
    .bind::<Text, _>(&brought.title)
    .bind::<Text, _>(brought.language)
    .bind::<Binary, _>(brought.content_hash.as_slice())
    .bind::<Nullable<Text>, _>(&brought.revision)
    .bind::<Json, _>(&brought.meta)
    .bind::<Integer, _>(brought.bytes)
    .bind::<Integer, _>(i32::try_from(brought.chunks.len()).unwrap_or(i32::MAX))
    .bind::<Nullable<SqlUuid>, _>(brought.crawl_id)
    .bind::<Timestamptz, _>(now)
    .get_result(conn)?;
    Ok(written.uid)
}

fn write_chunks(conn: &mut PgConnection, tenant: &TenantId, uid: Uuid, brought: &Brought) -> Result<(), StoreError> {
    sql_query(
        "insert into chunks (tenant_id, document, n, collection, language, text, tsv)
         select $1, $2, chunk.n - 1, $3, $4, chunk.text,
                setweight(to_tsvector($4::regconfig, $5), 'A') || setweight(to_tsvector($4::regconfig, chunk.text), 'D')
         from unnest($6) with ordinality chunk (text, n)",
    )
    .bind::<Text, _>(tenant.as_str())
    .bind::<SqlUuid, _>(uid)
    .bind::<Text, _>(&brought.collection)
    .bind::<Text, _>(brought.language)
    .bind::<Text, _>(&brought.title)
    .bind::<Array<Text>, _>(&brought.chunks)
    .execute(conn)?;
    Ok(())
}

/// Forgets a document. `false`: there was none.
pub fn remove(conn: &mut PgConnection, tenant: &TenantId, collection: &str, id: &str) -> Result<bool, StoreError> {
    Ok(diesel::delete(one_of(tenant, collection, id)).execute(conn)? == 1)
}

/// One document of a collection, with its chunks as they stand.
pub fn one(
    conn: &mut PgConnection,
    tenant: &TenantId,
    collection: &str,
    id: &str,
) -> Result<Option<(Document, Vec<String>)>, StoreError> {
    let found: Option<Document> =
        one_of(tenant, collection, id).select(Document::as_select()).first(conn).optional()?;
    let Some(document) = found else { return Ok(None) };
    let of = chunks::tenant_id.eq(tenant.as_str()).and(chunks::document.eq(document.uid));
    let texts = chunks::table.filter(of).order(chunks::n).select(chunks::text).load(conn)?;
    Ok(Some((document, texts)))
}

/// Documents, those that changed last first, at most `limit`.
pub fn list(
    conn: &mut PgConnection,
    tenant: &TenantId,
    listed: &Listed,
    after: Option<After>,
    limit: i64,
) -> Result<Vec<Document>, StoreError> {
    let mut query = d::table.filter(d::tenant_id.eq(tenant.as_str())).into_boxed();
    if let Some(collection) = &listed.collection {
        query = query.filter(d::collection.eq(collection));
    }
    if let Some(source) = &listed.source {
        query = query.filter(d::source.eq(source));
    }
    if let Some(after) = after {
        query = query.filter(after.follows::<d::table>("(updated_at, uid) < ("));
    }
    let newest = query.order((d::updated_at.desc(), d::uid.desc())).limit(limit);
    Ok(newest.select(Document::as_select()).load(conn)?)
}

/// What a crawl keeps up to date: each document's id and the revision that was read.
pub fn of_crawl(
    conn: &mut PgConnection,
    tenant: &TenantId,
    crawl: Uuid,
) -> Result<Vec<(String, Option<String>)>, StoreError> {
    let of = d::tenant_id.eq(tenant.as_str()).and(d::crawl_id.nullable().eq(crawl));
    Ok(d::table.filter(of).select((d::id, d::revision)).load(conn)?)
}

/// Forgets documents that a crawl kept and that are gone; returns how many.
pub fn remove_gone(
    conn: &mut PgConnection,
    tenant: &TenantId,
    crawl: Uuid,
    gone: &[String],
) -> Result<usize, StoreError> {
    let of = d::tenant_id.eq(tenant.as_str()).and(d::crawl_id.nullable().eq(crawl));
    Ok(diesel::delete(d::table.filter(of).filter(d::id.eq_any(gone))).execute(conn)?)
}

/// How much there is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, QueryableByName)]
pub struct Counts {
    #[diesel(sql_type = BigInt)]
    pub documents: i64,
    #[diesel(sql_type = BigInt)]
    pub chunks: i64,
}

/// What a tenant has; `None`: all of them.
pub fn counts(conn: &mut PgConnection, tenant: Option<&TenantId>) -> Result<Counts, StoreError> {
    let counted = sql_query(
        "select count(*) as documents, coalesce(sum(chunk_count), 0)::bigint as chunks
         from documents where $1 is null or tenant_id = $1",
    );
    Ok(counted.bind::<Nullable<Text>, _>(tenant.map(TenantId::as_str)).get_result(conn)?)
}
