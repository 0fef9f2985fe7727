//! Finding chunks by their meaning: a vector for each, where PostgreSQL has the extension `vector` (pgvector).
//!
//! The table is made here and not by a migration, as a database without the extension must do as well. One model's
//! vectors count at a time: with another one, every chunk waits for its vector anew. Asking for vectors is `leases`'s.

mod leases;

use std::fmt::Write as _;

use diesel::connection::SimpleConnection;
use diesel::sql_types::{BigInt, Bool, Integer, Nullable, Text};
use diesel::{Connection as _, OptionalExtension, PgConnection, QueryableByName, RunQueryDsl, sql_query};
use domain::ids::TenantId;

use super::search::{Place, PlaceRow};
use crate::{Role, Store, StoreError};

pub use leases::{Waiting, lease, put, put_off};

/// Who comes first makes table and index; the number is arbitrary and ours.
const LOCK: i64 = 0x656d_6167_656e_7414;
/// Fewer vectors are compared one by one: that is exact, and fast enough.
pub const FEW: i64 = 20_000;
/// The index takes no longer ones.
const MOST_INDEXED_DIMENSIONS: i32 = 2000;

/// Why there are no vectors, for people.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lacking {
    /// The server has no such extension to load.
    NotInstalled,
    /// The login may not load it.
    NotAllowed,
}

impl Lacking {
    pub fn why(self) -> &'static str {
        match self {
            Self::NotInstalled => "PostgreSQL has no extension `vector`: install pgvector on its server",
            Self::NotAllowed => "the extension `vector` is not loaded: run `create extension vector` as a superuser",
        }
    }
}

#[derive(QueryableByName)]
struct Answer {
    #[diesel(sql_type = Bool)]
    yes: bool,
}

fn asks(conn: &mut PgConnection, question: &str) -> Result<bool, StoreError> {
    Ok(sql_query(format!("select {question} as yes")).get_result::<Answer>(conn)?.yes)
}

/// Makes what vectors need where it can be made; `None`: it is there. Blocking, on a connection of its own.
pub fn prepare(store: &Store) -> Result<Option<Lacking>, StoreError> {
    let conn = &mut store.open(Role::Owner)?;
    conn.batch_execute(&format!("select pg_advisory_lock({LOCK})"))?;
    let loaded = "exists (select from pg_extension where extname = 'vector')";
    if !asks(conn, loaded)? {
        if !asks(conn, "exists (select from pg_available_extensions where name = 'vector')")? {
            return Ok(Some(Lacking::NotInstalled));
        }
        // The login may be allowed what the owner of the tables is not.
        if conn.batch_execute("reset role; create extension if not exists vector").is_err() && !asks(conn, loaded)? {
            return Ok(Some(Lacking::NotAllowed));
        }
        conn.batch_execute(&format!("set role {}", Role::Owner.name()))?;
    }
    conn.batch_execute(
        "create table if not exists chunk_vectors (
           tenant_id     text        not null,
           document      uuid        not null,
           n             integer     not null,
           collection    text        not null,
           model         text        not null,
           dimensions    integer,
           embedding     vector,
           leased_until  timestamptz,
           primary key (tenant_id, document, n),
           foreign key (tenant_id, document, n) references chunks (tenant_id, document, n) on delete cascade
         );
         grant select, insert, update, delete on chunk_vectors to em_app",
    )?;
    Ok(None)
}

/// Whether there is a place for vectors.
pub fn is_ready(conn: &mut PgConnection) -> Result<bool, StoreError> {
    asks(conn, "to_regclass('chunk_vectors') is not null")
}

/// Chunks near a vector of the same model, the nearest first, at most `limit`; those that have nothing in common are left out.
pub fn nearest(
    conn: &mut PgConnection,
    tenant: &TenantId,
    collection: Option<&str>,
    (model, vector): (&str, &[f32]),
    limit: i64,
) -> Result<Vec<Place>, StoreError> {
    let dimensions = vector.len();
    // The walk through the index goes on until enough rows are the tenant's (pgvector 0.8 and newer).
    let patient = "select case when (select extversion from pg_extension where extname = 'vector') ~ '^0[.][0-7]([.]|$)' then null
                   else set_config('hnsw.iterative_scan', 'strict_order', true) end";
    let rows: Vec<PlaceRow> = conn.transaction::<_, StoreError, _>(|conn| {
        sql_query(patient).execute(conn)?;
        Ok(sql_query(format!(
            "select document, n from (
               select document, n, embedding::vector({dimensions}) <=> $4::vector({dimensions}) as distance
               from chunk_vectors
               where tenant_id = $1 and model = $2 and dimensions = {dimensions} and ($3 is null or collection = $3)
               order by embedding::vector({dimensions}) <=> $4::vector({dimensions}) limit $5
             ) near where distance < 1 order by distance, document, n"
        ))
        .bind::<Text, _>(tenant.as_str())
        .bind::<Text, _>(model)
        .bind::<Nullable<Text>, _>(collection)
        .bind::<Text, _>(literal(vector))
        .bind::<BigInt, _>(limit)
        .load(conn)?)
    })?;
    Ok(rows.into_iter().map(Place::from).collect())
}

/// How many chunks have a vector of this model; `None` as the tenant: all of them.
pub fn count(conn: &mut PgConnection, tenant: Option<&TenantId>, model: &str) -> Result<i64, StoreError> {
    #[derive(QueryableByName)]
    struct Count {
        #[diesel(sql_type = BigInt)]
        count: i64,
    }
    let counted = sql_query(
        "select count(*) as count from chunk_vectors
         where embedding is not null and model = $2 and ($1 is null or tenant_id = $1)",
    );
    let bound = counted.bind::<Nullable<Text>, _>(tenant.map(TenantId::as_str)).bind::<Text, _>(model);
    Ok(bound.get_result::<Count>(conn)?.count)
}

/// Makes the index for vectors of so many dimensions. Nobody waits for it; it is made once. Blocking, on a connection of its own.
pub fn ensure_index(store: &Store, dimensions: i32) -> Result<bool, StoreError> {
    if !(1..=MOST_INDEXED_DIMENSIONS).contains(&dimensions) {
        return Ok(false);
    }
    let conn = &mut store.open(Role::Owner)?;
    if !asks(conn, &format!("pg_try_advisory_lock({LOCK})"))? {
        return Ok(false);
    }
    let name = format!("chunk_vectors_near_{dimensions}");
    let valid = format!("exists (select from pg_index where indexrelid = to_regclass('{name}') and indisvalid)");
    if asks(conn, &valid)? {
        return Ok(false);
    }
    // One that a crash left half made would be in the way.
    conn.batch_execute(&format!("drop index if exists {name}"))?;
    conn.batch_execute(&format!(
        "create index concurrently {name} on chunk_vectors using hnsw ((embedding::vector({dimensions})) vector_cosine_ops)
         where dimensions = {dimensions}"
    ))?;
    Ok(true)
}

/// As pgvector reads it.
fn literal(vector: &[f32]) -> String {
    let mut text = String::with_capacity(vector.len() * 12 + 2);
    for (at, number) in vector.iter().enumerate() {
        let before = if at == 0 { '[' } else { ',' };
        // What is no number is nothing: a vector with it could not be compared.
        let number = if number.is_finite() { *number } else { 0.0 };
        let _ = write!(text, "{before}{number}");
    }
    text + "]"
}

/// How long the vectors are that there are; `None`: there are none.
pub fn dimensions(conn: &mut PgConnection) -> Result<Option<i32>, StoreError> {
    #[derive(QueryableByName)]
    struct Dimensions {
        #[diesel(sql_type = Integer)]
        dimensions: i32,
    }
    let some = sql_query("select dimensions from chunk_vectors where dimensions is not null limit 1");
    Ok(some.get_result::<Dimensions>(conn).optional()?.map(|row| row.dimensions))
}
