//! A 2xx is worth what its commit waited for: whatever a database was set to, ours wait for the disk.

use diesel::sql_types::Text;
use diesel::{QueryableByName, RunQueryDsl, sql_query};
use store::Role;
use testkit::database::Database;

#[derive(QueryableByName)]
struct Shown {
    #[diesel(sql_type = Text)]
    synchronous_commit: String,
}

fn of(database: &Database, role: Role) -> String {
    let mut conn = database.store(role).open(role).expect("a connection");
    let shown: Shown = sql_query("show synchronous_commit").get_result(&mut conn).expect("a setting");
    shown.synchronous_commit
}

#[test]
fn what_is_answered_waits_for_the_disk_whatever_the_database_says() {
    let database = Database::fresh();
    let address = database.url.split('?').next().unwrap_or_default();
    let (_, name) = address.rsplit_once('/').expect("a name");
    let hurried = format!("alter database {name} set synchronous_commit = off");
    store::migrate::execute(&database.url, &hurried).expect("a setting");
    for role in [Role::Owner, Role::Ingest, Role::App] {
        assert_eq!(of(&database, role), "on", "{role:?}");
    }
    assert_eq!(of(&database, Role::Relay), "off", "what it forgets late is published once more");
}
