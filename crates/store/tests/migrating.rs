//! Two processes that migrate one database: the second waits, and stands in nobody's way while it does.

use std::time::{Duration, Instant};

use diesel::connection::SimpleConnection;
use diesel::sql_types::Bool;
use diesel::{Connection, PgConnection, QueryableByName, RunQueryDsl, sql_query};
use testkit::database::Database;

/// The number of `store::migrate`'s lock.
const LOCK: i64 = 0x656d_6167_656e_7401;

#[derive(QueryableByName)]
struct Answer {
    #[diesel(sql_type = Bool)]
    yes: bool,
}

fn somebody_waits(conn: &mut PgConnection) -> bool {
    let asked = "select exists (select from pg_stat_activity where datname = current_database()
                 and pid <> pg_backend_pid() and query ~ 'pg_sleep|advisory_lock') as yes";
    sql_query(asked).get_result::<Answer>(conn).expect("an answer").yes
}

#[test]
fn an_index_is_built_concurrently_while_another_process_waits_to_migrate() {
    let database = Database::fresh();
    let mut first = PgConnection::establish(&database.url).expect("a connection");
    first.batch_execute(&format!("select pg_advisory_lock({LOCK})")).expect("the lock");
    let url = database.url.clone();
    let second = std::thread::spawn(move || store::migrate::apply(&url, true));
    let deadline = Instant::now() + Duration::from_secs(30);
    while !somebody_waits(&mut first) {
        assert!(Instant::now() < deadline, "nobody waits for the lock");
    }

    first.batch_execute("create index concurrently as_a_migration_would on commits (repo)").expect("an index");
    first.batch_execute(&format!("select pg_advisory_unlock({LOCK})")).expect("the lock is free");
    assert_eq!(second.join().expect("no panic").expect("its turn came"), Vec::<String>::new());
}

#[test]
fn who_does_not_want_to_wait_is_told_so() {
    let database = Database::fresh();
    let mut first = PgConnection::establish(&database.url).expect("a connection");
    first.batch_execute(&format!("select pg_advisory_lock({LOCK})")).expect("the lock");
    let refused = store::migrate::apply(&database.url, false).expect_err("somebody else migrates");
    let text = std::iter::successors(Some(&refused as &dyn std::error::Error), |error| error.source());
    let text: Vec<String> = text.map(ToString::to_string).collect();
    assert!(text.iter().any(|line| line.contains("--wait")), "{text:?}");
}
