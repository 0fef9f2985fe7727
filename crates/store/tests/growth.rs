//! Young tables are analyzed, known ones are left alone.

use std::time::{Duration, Instant};

use diesel::connection::SimpleConnection;
use store::{Role, growth};
use testkit::database::Database;

#[test]
fn a_table_that_filled_up_is_analyzed_once() {
    let database = Database::fresh();
    let mut conn = database.store(Role::Owner).open(Role::Owner).expect("a connection");
    let rows = "insert into commits (tenant_id, repo, sha, registers)
        select 'default', 'acme/shop', n::text, '{}' from generate_series(1, 2000) n";
    conn.batch_execute(rows).expect("rows");
    // PostgreSQL counts changes a moment after they are committed.
    let deadline = Instant::now() + Duration::from_secs(30);
    let mut wanted = [1, 0].into_iter().peekable();
    while let Some(count) = wanted.peek() {
        assert!(Instant::now() < deadline, "never {count} tables");
        if growth::analyze(&mut conn).expect("looked") == *count {
            wanted.next();
        }
    }
}
