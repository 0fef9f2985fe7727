//! SQL that pages show is planned by a migrated database: tables, columns and functions that it names are there.

use diesel::{RunQueryDsl, sql_query};
use store::Role;
use testkit::database::Database;

use crate::pages::{FORMER, Page, nothing_of, pages};

/// The queries of a page with their lines: in blocks of SQL each up to its `;`, in backticks what begins with `select`.
fn queries(page: &Page) -> Vec<(usize, String)> {
    let mut queries = Vec::new();
    for block in page.blocks().into_iter().filter(|block| block.language == "sql") {
        queries.extend(block.text.split(';').map(|query| (block.line, query.trim().to_owned())));
    }
    queries.extend(page.spans().into_iter().map(|span| (span.line, span.text)));
    queries.retain(|(_, query)| query.starts_with("select ") || query.starts_with("with "));
    queries
}

#[test]
fn every_query_fits_the_migrated_database() {
    let database = Database::fresh();
    let mut conn = database.store(Role::Owner).open(Role::Owner).expect("a connection");
    let (mut seen, mut found) = (0, Vec::new());
    for page in pages().into_iter().filter(|page| page.name != FORMER) {
        for (line, query) in queries(&page) {
            seen += 1;
            let said = sql_query(format!("explain {query}")).execute(&mut conn).err();
            found.extend(said.map(|said| format!("{}:{line}: {said}: {query}", page.name)));
        }
    }
    assert!(seen > 8, "found only {seen} queries");
    nothing_of("PostgreSQL does not take these", &found);
}
