//! Finding chunks by their words, each in its document's language.
//!
//! What has all the words of a question comes first, as `websearch_to_tsquery` reads it (quotes, `or`, `-`). Then, unless
//! the question has such signs, what has some of them: rare words count for more than those that many chunks have.

use diesel::sql_types::{Array, BigInt, Integer, Nullable, Text, Uuid as SqlUuid};
use diesel::{PgConnection, QueryableByName, RunQueryDsl, sql_query};
use domain::ids::TenantId;
use serde_json::Value;
use uuid::Uuid;

use crate::StoreError;

/// Where a chunk stands: its document and its number there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Place {
    pub document: Uuid,
    pub n: i32,
}

/// A chunk that was found, with what its document says of itself.
#[derive(Clone, Debug, PartialEq, QueryableByName)]
pub struct Found {
    #[diesel(sql_type = SqlUuid)]
    pub document: Uuid,
    #[diesel(sql_type = Integer)]
    pub n: i32,
    #[diesel(sql_type = Text)]
    pub text: String,
    #[diesel(sql_type = Text)]
    pub collection: String,
    #[diesel(sql_type = Text)]
    pub id: String,
    #[diesel(sql_type = Text)]
    pub title: String,
    #[diesel(sql_type = Text)]
    pub source: String,
    #[diesel(sql_type = Nullable<Text>)]
    pub url: Option<String>,
    #[diesel(sql_type = diesel::sql_types::Json)]
    pub meta: Value,
}

#[derive(QueryableByName)]
pub(super) struct PlaceRow {
    #[diesel(sql_type = SqlUuid)]
    document: Uuid,
    #[diesel(sql_type = Integer)]
    n: i32,
}

impl From<PlaceRow> for Place {
    fn from(row: PlaceRow) -> Self {
        Self { document: row.document, n: row.n }
    }
}

/// The languages that the tenant's chunks are in, by a walk over few of many rows.
const LANGUAGES: &str =
    "select distinct language from documents where tenant_id = $1 and ($2 is null or collection = $2)";

/// Chunks with the words of a question, the best first, at most `limit`. `collection`: only of that one.
pub fn by_words(
    conn: &mut PgConnection,
    tenant: &TenantId,
    collection: Option<&str>,
    question: &str,
    limit: i64,
) -> Result<Vec<Place>, StoreError> {
    let mut found = places(conn, with_all(), (tenant, collection), question, limit)?;
    let missing = limit.saturating_sub(i64::try_from(found.len()).unwrap_or(i64::MAX));
    if missing > 0 && !has_signs(question) {
        for place in places(conn, with_some(), (tenant, collection), question, limit)? {
            if !found.contains(&place) {
                found.push(place);
            }
        }
        found.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
    }
    Ok(found)
}

/// Whether the question says itself which words must be there.
fn has_signs(question: &str) -> bool {
    question.contains('"') || question.starts_with('-') || question.contains(" -")
}

fn places(
    conn: &mut PgConnection,
    text: String,
    (tenant, collection): (&TenantId, Option<&str>),
    question: &str,
    limit: i64,
) -> Result<Vec<Place>, StoreError> {
    let rows: Vec<PlaceRow> = sql_query(text)
        .bind::<Text, _>(tenant.as_str())
        .bind::<Nullable<Text>, _>(collection)
        .bind::<Text, _>(question)
        .bind::<BigInt, _>(limit)
        .load(conn)?;
    Ok(rows.into_iter().map(Place::from).collect())
}

/// All of the words, by the index of words.
pub(super) fn with_all() -> String {
    format!(
        "select c.document, c.n
         from ({LANGUAGES}) l cross join lateral (select websearch_to_tsquery(l.language::regconfig, $3) as asked) q
         join chunks c on c.tenant_id = $1 and c.language = l.language and c.tsv @@ q.asked and ($2 is null or c.collection = $2)
         order by ts_rank('{{0.3, 0.4, 0.6, 1.0}}', c.tsv, q.asked, 1) desc, c.document, c.n
         limit $4"
    )
}

/// Each word by itself: what it is worth is the logarithm of how few chunks have it, and more where the title has it.
pub(super) fn with_some() -> String {
    format!(
        "with words as materialized (
           select l.language, w.word, quote_literal(w.word)::tsquery as asked
           from ({LANGUAGES}) l
           cross join lateral (select u.lexeme as word from unnest(to_tsvector(l.language::regconfig, $3)) u limit {MOST_WORDS}) w
         ), hits as materialized (
           select w.language, w.word, c.document, c.n, ts_rank('{{0.5, 0.6, 0.8, 1.0}}', c.tsv, w.asked, 1) as rank
           from words w
           cross join lateral (
             select c.document, c.n, c.tsv from chunks c
             where c.tenant_id = $1 and c.language = w.language and c.tsv @@ w.asked and ($2 is null or c.collection = $2)
             limit {MOST_OF_A_WORD}
           ) c
         ), worth as (
           select language, word, ln(1 + (select count(distinct (document, n)) from hits)::float8 / count(*)) as worth
           from hits group by language, word
         )
         select h.document, h.n
         from hits h join worth w on w.language = h.language and w.word = h.word
         group by h.document, h.n
         order by sum(w.worth * (1 + h.rank)) desc, h.document, h.n
         limit $4"
    )
}

/// Of a question, and of the chunks that have one of its words: a word that more have tells little.
const MOST_WORDS: u32 = 24;
const MOST_OF_A_WORD: u32 = 5000;

pub(super) const SHOWN: &str = "
select c.document, c.n, c.text, d.collection, d.id, d.title, d.source, d.url, d.meta
from unnest($2, $3) place (document, n)
join chunks c on c.tenant_id = $1 and c.document = place.document and c.n = place.n
join documents d on d.uid = c.document and d.tenant_id = $1";

/// The chunks at these places that are there still, in no order.
pub fn shown(conn: &mut PgConnection, tenant: &TenantId, places: &[Place]) -> Result<Vec<Found>, StoreError> {
    let documents: Vec<Uuid> = places.iter().map(|place| place.document).collect();
    let numbers: Vec<i32> = places.iter().map(|place| place.n).collect();
    let shown = sql_query(SHOWN).bind::<Text, _>(tenant.as_str()).bind::<Array<SqlUuid>, _>(documents);
    Ok(shown.bind::<Array<Integer>, _>(numbers).load(conn)?)
}
