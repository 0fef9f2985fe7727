//! The migrated database against what the code says of it.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use diesel::sql_types::Text;
use diesel::{PgConnection, QueryableByName, RunQueryDsl, sql_query};
use store::Role;
use testkit::database::Database;

#[derive(QueryableByName)]
struct Column {
    #[diesel(sql_type = Text)]
    table_name: String,
    #[diesel(sql_type = Text)]
    column_name: String,
    #[diesel(sql_type = Text)]
    nullable: String,
}

/// Every table of ours with its columns, `?` behind those that may be null. Partitions and views are left out.
fn migrated(conn: &mut PgConnection) -> BTreeMap<String, BTreeSet<String>> {
    let columns: Vec<Column> = sql_query(
        "select c.table_name::text as table_name, c.column_name::text as column_name, c.is_nullable::text as nullable
         from information_schema.columns c
         join pg_class t on t.relname = c.table_name and t.relnamespace = 'public'::regnamespace
         where c.table_schema = 'public' and not t.relispartition and t.relkind in ('r', 'p') and c.table_name <> '__diesel_schema_migrations'",
    )
    .load(conn)
    .expect("the columns");
    let mut tables: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for Column { table_name, column_name, nullable } in columns {
        let mark = if nullable == "YES" { "?" } else { "" };
        tables.entry(table_name).or_default().insert(format!("{column_name}{mark}"));
    }
    tables
}

fn read(path: &Path) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    std::fs::read_to_string(&path).unwrap_or_else(|why| panic!("{}: {why}", path.display()))
}

/// What stands in a folder, by name.
fn entries(folder: &str) -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
    let listed = std::fs::read_dir(folder).expect("a folder");
    let mut found: Vec<PathBuf> = listed.map(|entry| entry.expect("an entry").path()).collect();
    found.sort();
    found
}

/// The same of `src/schema.rs` and what stands in its folder.
fn declared() -> BTreeMap<String, BTreeSet<String>> {
    let mut tables: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    let (mut table, mut sql_name) = (String::new(), None);
    let mut files = vec![read("src/schema.rs".as_ref())];
    files.extend(entries("src/schema").iter().map(|path| read(path)));
    for line in files.iter().flat_map(|file| file.lines()).map(str::trim) {
        if let Some((name, _)) = line.split_once(" (").filter(|_| line.ends_with(") {")) {
            name.clone_into(&mut table);
        } else if let Some(name) = line.strip_prefix("#[sql_name = \"").and_then(|rest| rest.strip_suffix("\"]")) {
            sql_name = Some(name.to_owned());
        } else if let Some((name, kind)) = line.split_once(" -> ") {
            let mark = if kind.starts_with("Nullable") { "?" } else { "" };
            let name = sql_name.take().unwrap_or_else(|| name.to_owned());
            tables.entry(table.clone()).or_default().insert(format!("{name}{mark}"));
        }
    }
    tables
}

#[test]
fn the_code_knows_every_table_and_column_that_the_migrations_make() {
    let database = Database::fresh();
    let mut migrated = migrated(&mut database.store(Role::App).open(Role::Owner).expect("a connection"));
    // diesel has no type for xid8; the stream's statements name this column themselves.
    assert!(migrated.get_mut("events").is_some_and(|columns| columns.remove("committed_by")));
    assert!(migrated.get_mut("chunks").is_some_and(|columns| columns.remove("tsv")));
    assert_eq!(migrated, declared());
}

#[test]
fn every_table_names_its_tenant() {
    let database = Database::fresh();
    let migrated = migrated(&mut database.store(Role::App).open(Role::Owner).expect("a connection"));
    assert!(migrated.len() > 15, "{migrated:?}");
    for (table, columns) in &migrated {
        assert!(columns.contains("tenant_id"), "{table} does not say whose its rows are");
    }
}

#[test]
fn every_view_names_its_tenant_and_is_described() {
    let database = Database::fresh();
    let conn = &mut database.store(Role::App).open(Role::Owner).expect("a connection");
    let columns: Vec<Column> = sql_query(
        "select table_name::text as table_name, column_name::text as column_name, '' as nullable
         from information_schema.columns where table_schema = 'public' and table_name like 'dora_v_%' order by ordinal_position",
    )
    .load(conn)
    .expect("the columns");
    let mut views: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for column in &columns {
        views.entry(&column.table_name).or_default().push(&column.column_name);
    }
    let page = include_str!("../../../docs/DASHBOARDS.md");
    let rows = page.lines().filter_map(|line| line.strip_prefix("| `dora_v_")?.split_once("` | "));
    let described: BTreeMap<String, Vec<&str>> = rows
        .map(|(name, row)| (format!("dora_v_{name}"), row.split('|').next().unwrap_or_default()))
        .map(|(name, columns)| (name, columns.split(',').map(|column| column.trim().trim_matches('`')).collect()))
        .collect();
    assert!(views.len() > 15, "{views:?}");
    assert!(views.values().all(|columns| columns[0] == "tenant"), "{views:?}");
    let views: BTreeMap<String, Vec<&str>> =
        views.into_iter().map(|(name, columns)| (name.to_owned(), columns)).collect();
    assert_eq!(described, views, "docs/DASHBOARDS.md and the migrations");
}

#[test]
fn the_read_only_role_reads_facts_and_neither_raw_bytes_nor_writes() {
    let database = Database::fresh();
    let conn = &mut database.store(Role::App).open(Role::Owner).expect("a connection");
    sql_query("reset role").execute(conn).expect("the login's own role");
    sql_query("set role em_readonly").execute(conn).expect("the read-only role");
    for allowed in ["events", "deployments", "changes", "commits", "dora_v_deployments", "approvals"] {
        assert!(sql_query(format!("select 1 from {allowed}")).execute(conn).is_ok(), "{allowed}");
    }
    for forbidden in [
        "select 1 from deliveries",
        "select 1 from rejected_samples",
        "delete from events",
        "select 1 from jobs",
        "select payload from approvals",
        "select 1 from audit_log",
        "select 1 from dora_deployments",
        "delete from dora_v_deployments",
    ] {
        assert!(sql_query(forbidden).execute(conn).is_err(), "{forbidden}");
    }
}

#[test]
fn what_the_migrations_make_they_can_take_back() {
    let database = Database::fresh();
    let conn = &mut database.store(Role::App).open(Role::Owner).expect("a connection");
    let folders = entries("../../migrations").into_iter().rev().filter(|path| path.is_dir());
    let newest_first: Vec<String> = folders.map(|folder| read(&folder.join("down.sql"))).collect();
    assert!(newest_first.len() > 10);
    for down in newest_first {
        diesel::connection::SimpleConnection::batch_execute(conn, &down).expect("it runs");
    }
    assert!(migrated(conn).is_empty());
}
