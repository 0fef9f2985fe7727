//! The audit's chain on a real PostgreSQL: nobody changes a row, and a row that was changed is pointed at.

use diesel::connection::SimpleConnection;
use diesel::{Connection, PgConnection, RunQueryDsl, sql_query};
use domain::ids::TenantId;
use serde_json::json;
use store::audit::{AuditFilter, Entry, Tampered, append, list, verify};
use store::{Role, StoreError};
use testkit::database::Database;
use testkit::world::minute;

fn conn(database: &Database, role: Role) -> PgConnection {
    database.store(role).open(role).expect("a connection")
}

fn entry(number: i64) -> Entry {
    Entry {
        at: minute(number) + chrono::TimeDelta::nanoseconds(1_234_567),
        actor: format!("p{}", number % 2),
        action: "approval.vote".to_owned(),
        subject: format!("approval/{}", number % 3),
        detail: json!({"z": number, "a": [1.5, null, "ä\n", {"y": 1e300, "x": -0.1}]}),
    }
}

fn filled(rows: i64) -> (Database, TenantId) {
    let database = Database::fresh();
    let tenant = TenantId::default();
    let entries: Vec<Entry> = (1..=rows).map(entry).collect();
    let seq = append(&mut conn(&database, Role::App), &tenant, &entries).expect("appended");
    assert_eq!(seq, rows);
    (database, tenant)
}

/// As the owner of the tables, who can switch the trigger off.
fn tamper(database: &Database, sql: &str) {
    let sql = format!("alter table audit_log disable trigger user; {sql}; alter table audit_log enable trigger user");
    conn(database, Role::Owner).batch_execute(&sql).expect("tampered");
}

#[test]
fn each_tenant_has_a_chain_of_its_own_that_holds() {
    let (database, tenant) = filled(2500);
    let other: TenantId = "other".parse().expect("a tenant");
    let conn = &mut conn(&database, Role::App);
    assert_eq!(verify(conn, &other).expect("read"), Ok(0));
    assert_eq!(append(conn, &other, &[entry(1)]).expect("appended"), 1);
    assert_eq!(verify(conn, &tenant).expect("read"), Ok(2500));
    assert_eq!(verify(conn, &other).expect("read"), Ok(1));
    let of_subject = AuditFilter { subject: Some("approval/1".to_owned()), ..AuditFilter::default() };
    let rows = list(conn, &tenant, &of_subject, Some(8), 2).expect("read");
    assert_eq!(rows.iter().map(|row| row.seq).collect::<Vec<_>>(), [7, 4]);
    assert_eq!((rows[0].hash.len(), rows[0].actor.as_str()), (64, "p1"));
}

#[test]
fn nobody_changes_or_deletes_a_row() {
    let (database, _) = filled(3);
    for role in [Role::App, Role::Owner] {
        for sql in ["update audit_log set actor = 'x'", "delete from audit_log", "truncate audit_log"] {
            assert!(sql_query(sql).execute(&mut conn(&database, role)).is_err(), "{sql} as {role:?}");
        }
    }
}

#[test]
fn whatever_is_done_to_a_row_is_pointed_at() {
    for (sql, seq) in [
        ("update audit_log set actor = 'x' where seq = 3", 3),
        ("update audit_log set detail = replace(detail::text, '1.5', '1.6')::json where seq = 3", 3),
        ("update audit_log set at = at + interval '1 microsecond' where seq = 3", 3),
        ("update audit_log set tenant_id = 'other' where seq = 3", 3),
        ("delete from audit_log where seq = 3", 3),
        ("delete from audit_log where seq > 3", 4),
        ("delete from audit_log", 1),
        (
            "insert into audit_log select tenant_id, 6, at, actor, action, subject, detail, prev_hash, hash from audit_log where seq = 5",
            6,
        ),
        // The row and its hash, but not the hash that the next row holds.
        ("update audit_log set hash = decode(repeat('00', 32), 'hex') where seq = 3", 3),
        ("update audit_log set prev_hash = hash where seq = 4", 4),
        ("update audit_heads set hash = decode(repeat('00', 32), 'hex')", 5),
        ("delete from audit_heads", 1),
    ] {
        let (database, tenant) = filled(5);
        tamper(&database, sql);
        let found = verify(&mut conn(&database, Role::App), &tenant).expect("read");
        assert_eq!(found, Err(Tampered { seq }), "{sql}");
    }
}

#[test]
fn writers_at_the_same_time_make_one_chain_without_gaps() {
    let database = Database::fresh();
    let tenant = TenantId::default();
    std::thread::scope(|scope| {
        for writer in 0..16 {
            let (database, tenant) = (&database, &tenant);
            scope.spawn(move || {
                let conn = &mut conn(database, Role::App);
                for number in 0..20 {
                    append(conn, tenant, &[entry(writer * 20 + number)]).expect("appended");
                }
            });
        }
    });
    assert_eq!(verify(&mut conn(&database, Role::App), &tenant).expect("read"), Ok(320));
}

#[test]
fn what_is_rolled_back_leaves_no_gap() {
    let (database, tenant) = filled(2);
    let conn = &mut conn(&database, Role::App);
    let cut: Result<(), StoreError> = conn.transaction(|conn| {
        append(conn, &tenant, &[entry(3)])?;
        Err(StoreError::Stopped)
    });
    assert!(cut.is_err());
    assert_eq!(append(conn, &tenant, &[entry(4)]).expect("appended"), 3);
    assert_eq!(verify(conn, &tenant).expect("read"), Ok(3));
}
