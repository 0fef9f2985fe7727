//! Identities on a real PostgreSQL: one person may have many names, one name belongs to one person.

use diesel::PgConnection;
use domain::approvals::Person;
use domain::ids::TenantId;
use store::Role;
use store::events::After;
use store::identities::{Change, Identity, add, change, list, one, people_of, person_of, remove};
use testkit::database::Database;
use testkit::world::minute;
use uuid::Uuid;

fn conn(database: &Database) -> PgConnection {
    database.store(Role::App).open(Role::App).expect("a connection")
}

fn identity(number: u128, name: (&str, &str), person: &str, roles: &[&str]) -> Identity {
    let at = minute(i64::try_from(number).expect("small"));
    Identity {
        id: Uuid::from_u128(number),
        external_type: name.0.to_owned(),
        external_id: name.1.to_owned(),
        person_id: person.to_owned(),
        display_name: Some("Alice".to_owned()),
        roles: roles.iter().map(|role| (*role).to_owned()).collect(),
        is_bot: false,
        created_at: at,
        updated_at: at,
    }
}

#[test]
fn a_person_is_what_their_identities_add_up_to() {
    let database = Database::fresh();
    let (conn, tenant) = (&mut conn(&database), TenantId::default());
    for one in [
        identity(1, ("slack", "U1"), "p1", &["approver"]),
        identity(2, ("github", "Alice"), "p1", &["lead", "approver"]),
        identity(3, ("github", "bob"), "p2", &[]),
    ] {
        assert!(add(conn, &tenant, &one).expect("added"));
    }
    let alice = Person {
        id: "p1".to_owned(),
        roles: vec!["approver".to_owned(), "lead".to_owned()],
        identities: vec!["slack:U1".to_owned(), "github:Alice".to_owned()],
        ..Person::default()
    };
    assert_eq!(person_of(conn, &tenant, "github", "ALICE").expect("read"), Some(alice.clone()));
    assert_eq!(person_of(conn, &tenant, "gitlab", "alice").expect("read"), None);
    let both = people_of(conn, &tenant, &[("slack", "U1"), ("github", "bob"), ("github", "alice")]).expect("read");
    assert_eq!(both.iter().map(|one| one.id.as_str()).collect::<Vec<_>>(), ["p1", "p2"]);
    let other: TenantId = "other".parse().expect("a tenant");
    assert_eq!(person_of(conn, &other, "slack", "U1").expect("read"), None);
    assert!(add(conn, &other, &identity(1, ("slack", "U1"), "p9", &[])).expect("added"));
}

#[test]
fn the_same_name_is_taken_once_whatever_its_case() {
    let database = Database::fresh();
    let (conn, tenant) = (&mut conn(&database), TenantId::default());
    assert!(add(conn, &tenant, &identity(1, ("github", "Alice"), "p1", &[])).expect("added"));
    assert!(!add(conn, &tenant, &identity(2, ("github", "alice"), "p2", &[])).expect("refused"));
    assert!(add(conn, &tenant, &identity(3, ("gitlab", "alice"), "p2", &[])).expect("added"));
}

#[test]
fn identities_change_hands_and_are_forgotten() {
    let database = Database::fresh();
    let (conn, tenant) = (&mut conn(&database), TenantId::default());
    add(conn, &tenant, &identity(1, ("slack", "B1"), "slack:B1", &[])).expect("added");
    let to = Change { person_id: "p5".to_owned(), display_name: None, roles: Vec::new(), is_bot: true };
    let id = Uuid::from_u128(1);
    assert!(change(conn, &tenant, id, &to, minute(9)).expect("changed"));
    assert!(person_of(conn, &tenant, "slack", "B1").expect("read").is_some_and(|one| one.id == "p5" && one.is_bot));
    assert_eq!(one(conn, &tenant, id).expect("read").map(|one| one.updated_at), Some(minute(9)));
    assert!(remove(conn, &tenant, id).expect("removed"));
    assert!(!remove(conn, &tenant, id).expect("removed"));
    assert!(!change(conn, &tenant, id, &to, minute(9)).expect("changed"));
}

#[test]
fn pages_are_newest_first() {
    let database = Database::fresh();
    let (conn, tenant) = (&mut conn(&database), TenantId::default());
    for number in 1..=5 {
        let person = if number % 2 == 0 { "p2" } else { "p1" };
        add(conn, &tenant, &identity(number, ("slack", &format!("U{number}")), person, &[])).expect("added");
    }
    let ids = |rows: Vec<Identity>| rows.iter().map(|row| row.id.as_u128()).collect::<Vec<_>>();
    let first = list(conn, &tenant, None, None, 2).expect("read");
    let after = first.last().map(|row| After { time: row.created_at, id: row.id });
    assert_eq!(ids(first), [5, 4]);
    assert_eq!(ids(list(conn, &tenant, None, after, 2).expect("read")), [3, 2]);
    assert_eq!(ids(list(conn, &tenant, Some("p1"), None, 9).expect("read")), [5, 3, 1]);
}
