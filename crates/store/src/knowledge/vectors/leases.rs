//! Chunks that wait for their vector. A row without a vector is a lease: somebody asks the model for it right now, or it could
//! not be had. Asking a model is the caller's business.

use chrono::{DateTime, Utc};
use diesel::sql_types::{Array, BigInt, Integer, Text, Timestamptz, Uuid as SqlUuid};
use diesel::{Connection as _, OptionalExtension, PgConnection, QueryableByName, RunQueryDsl, sql_query};
use domain::ids::TenantId;
use uuid::Uuid;

use super::literal;
use crate::StoreError;

/// A chunk whose vector is asked for.
#[derive(Clone, Debug, PartialEq, QueryableByName)]
pub struct Waiting {
    #[diesel(sql_type = SqlUuid)]
    pub document: Uuid,
    #[diesel(sql_type = Integer)]
    pub n: i32,
    /// Of the text: a chunk that has another one by then does not get this vector.
    #[diesel(sql_type = Text)]
    pub hash: String,
    /// The document's title and the chunk.
    #[diesel(sql_type = Text)]
    pub text: String,
}

/// Whose chunks wait, with the model as $1 and the time as $2.
const WAITS: &str = "left join chunk_vectors v on v.tenant_id = c.tenant_id and v.document = c.document and v.n = c.n
   where (v.model is null or v.model <> $1 or v.embedding is null and v.leased_until < $2)";

#[derive(QueryableByName)]
struct Tenant {
    #[diesel(sql_type = Text)]
    tenant_id: String,
}

/// Leases chunks of one tenant that have no vector of this model.
pub fn lease(
    conn: &mut PgConnection,
    model: &str,
    limit: i64,
    now: DateTime<Utc>,
    until: DateTime<Utc>,
) -> Result<Option<(TenantId, Vec<Waiting>)>, StoreError> {
    conn.transaction(|conn| {
        let first: Option<Tenant> = sql_query(format!("select c.tenant_id from chunks c {WAITS} limit 1"))
            .bind::<Text, _>(model)
            .bind::<Timestamptz, _>(now)
            .get_result(conn)
            .optional()?;
        let Some(Tenant { tenant_id }) = first else { return Ok(None) };
        let leased: Vec<Waiting> = sql_query(lease_text())
            .bind::<Text, _>(model)
            .bind::<Timestamptz, _>(now)
            .bind::<Timestamptz, _>(until)
            .bind::<Text, _>(&tenant_id)
            .bind::<BigInt, _>(limit)
            .load(conn)?;
        let tenant = tenant_id.parse().map_err(|_| StoreError::Corrupt("a chunk has no tenant".to_owned()))?;
        Ok(Some((tenant, leased)))
    })
}

fn lease_text() -> String {
    format!(
        "with waiting as (
           select c.tenant_id, c.document, c.n, c.collection, c.text from chunks c {WAITS} and c.tenant_id = $4
           order by c.document, c.n limit $5 for update of c skip locked
         ), leased as (
           insert into chunk_vectors as had (tenant_id, document, n, collection, model, leased_until)
           select tenant_id, document, n, collection, $1, $3 from waiting
           on conflict (tenant_id, document, n) do update
             set model = excluded.model, leased_until = excluded.leased_until, embedding = null, dimensions = null
             where had.model <> excluded.model or had.embedding is null and had.leased_until < $2
           returning had.document, had.n
         )
         select w.document, w.n, md5(w.text) as hash, d.title || E'\\n\\n' || w.text as text
         from leased l join waiting w on w.document = l.document and w.n = l.n
         join documents d on d.uid = w.document
         order by w.document, w.n"
    )
}

/// Keeps the vectors of leased chunks that have the same text still; returns how many.
pub fn put(
    conn: &mut PgConnection,
    tenant: &TenantId,
    model: &str,
    vectors: &[(Waiting, Vec<f32>)],
) -> Result<usize, StoreError> {
    let documents: Vec<Uuid> = vectors.iter().map(|(chunk, _)| chunk.document).collect();
    let numbers: Vec<i32> = vectors.iter().map(|(chunk, _)| chunk.n).collect();
    let hashes: Vec<&str> = vectors.iter().map(|(chunk, _)| chunk.hash.as_str()).collect();
    let written: Vec<String> = vectors.iter().map(|(_, vector)| literal(vector)).collect();
    let rows = sql_query(
        "update chunk_vectors v
         set embedding = given.vector::vector, dimensions = vector_dims(given.vector::vector), leased_until = null
         from unnest($3, $4, $5, $6) given (document, n, hash, vector)
         join chunks c on c.tenant_id = $1 and c.document = given.document and c.n = given.n and md5(c.text) = given.hash
         where v.tenant_id = $1 and v.document = given.document and v.n = given.n and v.model = $2",
    )
    .bind::<Text, _>(tenant.as_str())
    .bind::<Text, _>(model)
    .bind::<Array<SqlUuid>, _>(documents)
    .bind::<Array<Integer>, _>(numbers)
    .bind::<Array<Text>, _>(hashes)
    .bind::<Array<Text>, _>(written);
    Ok(rows.execute(conn)?)
}

/// Puts leased chunks off: the model had nothing for them, and is not asked again before this time.
pub fn put_off(
    conn: &mut PgConnection,
    tenant: &TenantId,
    chunks: &[Waiting],
    until: DateTime<Utc>,
) -> Result<(), StoreError> {
    let documents: Vec<Uuid> = chunks.iter().map(|chunk| chunk.document).collect();
    let numbers: Vec<i32> = chunks.iter().map(|chunk| chunk.n).collect();
    sql_query(
        "update chunk_vectors v set leased_until = $2 from unnest($3, $4) given (document, n)
         where v.tenant_id = $1 and v.document = given.document and v.n = given.n and v.embedding is null",
    )
    .bind::<Text, _>(tenant.as_str())
    .bind::<Timestamptz, _>(until)
    .bind::<Array<SqlUuid>, _>(documents)
    .bind::<Array<Integer>, _>(numbers)
    .execute(conn)?;
    Ok(())
}
