//! Holds what a question asks: of many chunks, only those with its words are read.

use diesel::connection::SimpleConnection;
use diesel::sql_types::{Array, BigInt, Integer, Nullable, Text, Uuid as SqlUuid};
use diesel::{Connection, PgConnection, sql_query};
use uuid::Uuid;

use super::search::{SHOWN, with_all, with_some};
use crate::events::plans::plan;

/// Each word stands in a few chunks, one of them in all.
const ROWS: &str = "
insert into documents (tenant_id, collection, id, source, title, language, content_hash, meta, bytes, chunk_count, created_at, updated_at)
select 'default', 'c' || n % 3, n::text, 'api', 'Page ' || n, 'english', '', '{}', 1, 30, now(), now() from generate_series(1, 1000) n;
insert into chunks (tenant_id, document, n, collection, language, text, tsv)
select 'default', d.uid, n, d.collection, 'english', '', to_tsvector('english', 'page oven' || (d.id::int * 30 + n) % 6000 || ' lamp' || n)
from documents d, generate_series(1, 30) n;
analyze;";

#[test]
fn questions_walk_the_index_of_words() {
    let database = testkit::database::Database::fresh();
    let conn = &mut PgConnection::establish(&database.url).expect("a connection");
    conn.batch_execute(ROWS).expect("rows");
    for collection in [None, Some("c1")] {
        for text in [with_all(), with_some()] {
            let asked = sql_query(text).bind::<Text, _>("default").bind::<Nullable<Text>, _>(collection);
            let plan = plan(conn, asked.bind::<Text, _>("oven7 lamp3").bind::<BigInt, _>(20));
            assert!(plan.contains("chunks_by_words") && !plan.contains("Seq Scan on chunks"), "{plan}");
        }
    }
    let shown = sql_query(SHOWN).bind::<Text, _>("default");
    let shown = shown.bind::<Array<SqlUuid>, _>(vec![Uuid::nil()]).bind::<Array<Integer>, _>(vec![0]);
    let plan = plan(conn, shown);
    assert!(!plan.contains("Seq Scan on chunks") && !plan.contains("Seq Scan on documents"), "{plan}");
}
