//! A PostgreSQL that lets us not in, has not what we need, or takes nothing.

use store::migrate::execute;
use testkit::database::Database;
use testkit::servers;

use super::{PATIENCE, Watched};
use crate::support::{World, eventually};

/// Everybody who can be asked says this sentence of this database, and a delivery is not kept.
async fn all_say(url: String, sentence: &str) -> Watched {
    let watched = Watched::start(World::on(url, servers::nats_url()));
    let said = watched.check();
    assert!(said.starts_with("Some(1)") && said.contains(sentence), "{sentence}: {said}");
    watched.logs(sentence).await;
    watched.logs("PostgreSQL cannot be used; it is tried again").await;
    let (ready, health) = (watched.get("/ready").await, watched.get("/health").await);
    assert_eq!((&ready["ready"], &ready["reason"]), (&false.into(), &sentence.into()), "{ready}");
    assert_eq!((&health["status"], &health["db"]["details"]), (&"degraded".into(), &sentence.into()), "{health}");
    let (status, answer) = watched.send(1).await;
    assert_eq!((status, answer["type"].as_str()), (503, Some("urn:em-agent:problem:not-kept")), "{answer}");
    watched
}

/// The same server as somebody else.
fn as_user(url: &str, user: &str) -> String {
    url.replacen("//postgres@", &format!("//{user}@"), 1)
}

fn unique(name: &str) -> String {
    format!("{name}_{}", uuid::Uuid::new_v4().simple())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_that_is_not_there_or_not_set_up_is_told_and_used_once_it_is() {
    let name = unique("later");
    let url = store::migrate::url_of_database(&servers::database_url(), &name);
    let watched =
        all_say(url.clone(), "PostgreSQL has no such database; create it, or check its name in DATABASE_URL").await;
    store::migrate::ensure_database(&servers::database_url(), &name).expect("a database");
    watched.logs("the database is not set up for this version; run `em-agent migrate`").await;
    let migrated = watched.world.run(&["migrate", "--wait"]);
    assert!(migrated.status.success(), "{}", String::from_utf8_lossy(&migrated.stderr));
    watched.logs("PostgreSQL can be used again").await;
    eventually("it is ready", PATIENCE, || async { watched.get("/ready").await["ready"] == true }).await;
    assert_eq!(watched.send(1).await.0, 200);
    watched.logs("deliveries are kept again").await;
    drop(watched);
    execute(&servers::database_url(), &format!("drop database {name} with (force)")).expect("dropped");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_login_that_is_unknown_or_may_not_work_as_our_roles_is_told() {
    let database = Database::fresh();
    let stranger = as_user(&database.url, &unique("stranger"));
    all_say(stranger, "PostgreSQL does not know the user of DATABASE_URL; check its name").await;
    let login = unique("login");
    execute(&database.url, &format!("create role {login} login")).expect("a role");
    let sentence =
        "the login of DATABASE_URL may not work as em_app, em_ingest, em_relay and em_owner; grant it these roles";
    let watched = all_say(as_user(&database.url, &login), sentence).await;
    execute(&database.url, &format!("grant em_app, em_ingest, em_relay, em_owner to {login}")).expect("granted");
    watched.logs("PostgreSQL can be used again").await;
    assert_eq!(watched.send(1).await.0, 200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_without_a_free_connection_is_told() {
    let database = Database::fresh();
    let login = unique("login");
    execute(&database.url, &format!("create role {login} login connection limit 0")).expect("a role");
    let sentence = "PostgreSQL has no connection left; raise max_connections, or lower DB_POOL_SIZE";
    all_say(as_user(&database.url, &login), sentence).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_that_only_reads_is_told_and_used_once_it_takes_writes() {
    let database = Database::fresh();
    let watched = Watched::start(World::on(database.url.clone(), servers::nats_url()));
    assert_eq!(watched.send(1).await.0, 200);
    let read_only = |on: &str| {
        let (name, _) =
            database.url.rsplit_once("/t_").map(|(_, rest)| rest.split_once('?').expect("options")).expect("a name");
        let set = format!("alter database t_{name} set default_transaction_read_only = {on}");
        let end = "select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()";
        execute(&database.url, &format!("set transaction_read_only = off; {set}; {end}")).expect("set");
    };
    read_only("on");
    let sentence =
        "PostgreSQL takes no writes; check that it is no standby and that default_transaction_read_only is off";
    watched.logs(sentence).await;
    let (status, answer) = watched.send(2).await;
    assert_eq!((status, answer["type"].as_str()), (503, Some("urn:em-agent:problem:not-kept")), "{answer}");
    assert_eq!(watched.get("/ready").await["reason"], sentence);
    assert_eq!(watched.get("/health").await["db"]["details"], sentence);
    read_only("off");
    eventually("it is ready", PATIENCE, || async { watched.get("/ready").await["ready"] == true }).await;
    assert_eq!(watched.send(2).await.0, 200);
    watched.logs("deliveries are kept again").await;
    assert!(watched.times("deliveries cannot be kept") <= 2, "{}", watched.log.read("gateway"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_schema_that_is_behind_or_ahead_is_told() {
    let database = Database::fresh();
    let newest = "select max(version) from __diesel_schema_migrations";
    execute(
        &database.url,
        &format!("update __diesel_schema_migrations set version = '99990101000001' where version = ({newest})"),
    )
    .expect("another version");
    let watched = Watched::start(World::on(database.url.clone(), servers::nats_url()));
    watched.logs("the database lacks migrations of this version; run `em-agent migrate`").await;
    assert!(watched.check().contains("1 migrations are not applied"), "{}", watched.check());
    drop(watched);
    let ahead = Database::fresh();
    execute(&ahead.url, "insert into __diesel_schema_migrations (version) values ('99990101000001')").expect("a row");
    let watched = Watched::start(World::on(ahead.url.clone(), servers::nats_url()));
    watched.logs("the database was migrated by a newer version; upgrade this process soon").await;
    assert!(watched.check().contains("a newer version has migrated it (99990101000001)"), "{}", watched.check());
    assert_eq!(watched.send(1).await.0, 200, "neighbouring versions run side by side");
}
