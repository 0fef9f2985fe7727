//! Catalogs on a real PostgreSQL: versions, who may change what is in force while somebody goes by it, effects.

use std::sync::Arc;
use std::sync::mpsc::channel;
use std::time::Duration;

use chrono::{DateTime, Utc};
use diesel::connection::SimpleConnection;
use diesel::{Connection, PgConnection};
use domain::catalog::Catalog;
use domain::ids::TenantId;
use serde_json::{Value, json};
use store::catalogs::{Applied, Effects, apply, apply_over, current, effects, history, latest, version};
use store::{Role, named, services};
use testkit::database::Database;
use testkit::world::minute;

fn conn(database: &Database) -> PgConnection {
    database.store(Role::App).open(Role::App).expect("a connection")
}

fn catalog(document: &Value) -> Catalog {
    Catalog::parse(document).expect("a document that fits")
}

fn now() -> DateTime<Utc> {
    minute(0)
}

fn of_service(name: &str) -> Catalog {
    catalog(&json!({"services": {name: {"repos": ["acme/shop"]}}}))
}

#[test]
fn each_change_is_a_version_and_the_same_again_is_none() {
    let database = Database::fresh();
    let mut conn = conn(&database);
    let (tenant, other): (TenantId, TenantId) = (TenantId::default(), "other".parse().expect("a tenant"));
    assert_eq!(*current(&mut conn, &tenant).expect("read"), Catalog::default());
    for (name, expected) in [("a", (1, true)), ("a", (1, false)), ("b", (2, true))] {
        let applied = apply(&mut conn, &tenant, &of_service(name), "ada", now()).expect("applied");
        assert_eq!(applied, Applied { version: expected.0, changed: expected.1 });
        assert_eq!(*current(&mut conn, &tenant).expect("read"), of_service(name));
    }
    let same = [current(&mut conn, &tenant).expect("read"), current(&mut conn, &tenant).expect("read")];
    assert!(Arc::ptr_eq(&same[0], &same[1]), "a version is read once");
    assert_eq!(*current(&mut conn, &other).expect("read"), Catalog::default());
    assert_eq!(latest(&mut conn, &other).expect("read"), None);

    assert_eq!(apply_over(&mut conn, &tenant, 1, &of_service("c"), "ada", now()).expect("looked"), None);
    let applied = apply_over(&mut conn, &tenant, 2, &of_service("c"), "grace", now()).expect("looked");
    assert_eq!(applied, Some(Applied { version: 3, changed: true }));
    let versions: Vec<i64> = history(&mut conn, &tenant, 3, 5).expect("read").iter().map(|row| row.version).collect();
    assert_eq!(versions, [2, 1]);
    let third = version(&mut conn, &tenant, 3).expect("read").expect("a version");
    assert_eq!((third.applied_by.as_str(), third.document), ("grace", of_service("c").document()));
}

#[test]
fn who_goes_by_a_catalog_keeps_it_from_changing() {
    let database = Database::fresh();
    let (mut reader, mut writer) = (conn(&database), conn(&database));
    let tenant = TenantId::default();
    let (told, heard) = channel();
    let applying = reader
        .transaction(|conn| {
            assert_eq!(*current(conn, &tenant)?, Catalog::default());
            let tenant = tenant.clone();
            let applying = std::thread::spawn(move || {
                let applied = apply(&mut writer, &tenant, &of_service("a"), "ada", now()).expect("applied");
                told.send(applied).expect("heard");
            });
            assert!(heard.recv_timeout(Duration::from_millis(300)).is_err(), "it waits");
            assert_eq!(*current(conn, &TenantId::default())?, Catalog::default());
            Ok::<_, store::StoreError>(applying)
        })
        .expect("committed");
    assert_eq!(heard.recv().expect("applied").version, 1);
    applying.join().expect("ended");
    assert_eq!(*current(&mut reader, &TenantId::default()).expect("read"), of_service("a"));
}

fn seed(conn: &mut PgConnection) {
    conn.batch_execute(
        "insert into deployments (tenant_id, integration, deployment_id, service, repo, environment, tier, outcome, finished_at, counted_service, counted_tier, registers)
         select 'default', 'github', n::text, 'svc-' || n % 3, 'acme/shop', case when n % 2 = 0 then 'prod' else 'review/' || n end, 'production',
           'success', '2026-11-20T10:00:00Z'::timestamptz + n * interval '1 minute', 'svc-' || n % 3, 'production', '{}'
         from generate_series(1, 12) n;
         insert into deployments (tenant_id, integration, deployment_id, service, tier, registers)
           values ('default', 'gitlab', '5', 'elsewhere', 'other', '{}'), ('other', 'github', '99', 'svc-0', 'other', '{}');
         insert into incidents (tenant_id, integration, incident_id, service, labels, counted_service, registers)
         values ('default', 'pagerduty', 'Q1', 'API', '{shop}', 'svc-1', '{}'), ('default', 'pagerduty', 'Q2', null, null, null, '{}');",
    )
    .expect("seeded");
}

#[test]
fn effects_are_what_would_be_counted_otherwise() {
    let database = Database::fresh();
    let mut conn = conn(&database);
    seed(&mut conn);
    let tenant = TenantId::default();
    let none = Catalog::default();
    for (document, deployments, incidents) in [
        (json!({}), 0, 0),
        (json!({"services": {"svc-1": {}}}), 0, 0),
        (
            json!({"services": {"shop": {"deployments": [{"service": "svc-*"}], "incidents": [{"labels": "shop"}]}}}),
            12,
            1,
        ),
        (json!({"ignore": {"deployments": [{"environment": "review/*"}]}}), 6, 0),
        (json!({"environments": {"prod": "staging"}}), 6, 0),
    ] {
        let found = effects(&mut conn, &tenant, &none, &catalog(&document)).expect("looked");
        assert_eq!(found, Effects { deployments, incidents }, "{document}");
    }
}

#[test]
fn services_are_those_that_were_seen_and_those_that_are_given() {
    let database = Database::fresh();
    let mut conn = conn(&database);
    seed(&mut conn);
    let tenant = TenantId::default();
    let given = ["Zoo".to_owned(), "svc-1".to_owned()];
    let names = services::names(&mut conn, &tenant, &given, "", 10).expect("read");
    assert_eq!(names, ["Zoo", "svc-0", "svc-1", "svc-2"]);
    assert_eq!(services::names(&mut conn, &tenant, &given, "svc-0", 1).expect("read"), ["svc-1"]);
    let seen = services::seen(&mut conn, &tenant, &names).expect("read");
    assert_eq!(seen.keys().collect::<Vec<_>>(), ["svc-0", "svc-1", "svc-2"]);
    let one = &seen["svc-1"];
    assert_eq!((one.deployments, one.incidents, one.repos.as_slice()), (4, 1, ["acme/shop".to_owned()].as_slice()));
    assert_eq!(one.environments.first(), Some(&("prod".to_owned(), "production".to_owned())));
    assert_eq!(one.last.as_ref().map(|last| last.id.as_str()), Some("10"));
}

#[test]
fn a_word_means_an_id_with_or_without_its_integration() {
    let database = Database::fresh();
    let mut conn = conn(&database);
    seed(&mut conn);
    let tenant = TenantId::default();
    let all = ["github", "gitlab", "pagerduty"];
    let mut meant = |word: &str| -> Vec<String> {
        let deployments = named::deployments(&mut conn, &tenant, &all, word).expect("read");
        deployments.iter().map(ToString::to_string).collect()
    };
    assert_eq!(meant("5"), ["github:5", "gitlab:5"]);
    assert_eq!(meant("gitlab:5"), ["gitlab:5"]);
    assert_eq!(meant("7"), ["github:7"]);
    assert_eq!(meant("99"), Vec::<String>::new(), "another tenant's");
    assert_eq!(named::incidents(&mut conn, &tenant, &all, "Q1").expect("read")[0].to_string(), "pagerduty:Q1");
}
