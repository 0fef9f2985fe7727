//! A database that is another program's is left as it is.

use std::error::Error;

use store::migrate;
use testkit::database::Database;

#[test]
fn the_database_of_an_em_agent_1_is_refused_before_anything_is_written() {
    let ours = Database::fresh();
    let name = format!("former_{}", uuid::Uuid::new_v4().simple());
    let url = migrate::ensure_database(&ours.url, &name).expect("a database");
    migrate::execute(&url, "create table events_raw (id int); create table projects (id int)").expect("its tables");
    let refused = migrate::apply(&url, true).expect_err("refused");
    let why = refused.source().expect("a reason").to_string();
    assert!(why.contains("events_raw") && why.contains("DATABASE_URL"), "{why}");
    // Nothing of ours is there: what it would trip over is still to come.
    migrate::execute(&url, "create table tenants (id int); create table delivery_ledger (id int)").expect("no tables");
}
