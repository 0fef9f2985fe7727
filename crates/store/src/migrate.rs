//! Applies the migrations, once, whoever comes first; tells whether a database has them all.

mod compared;

use std::error::Error;

use chrono::{DateTime, Utc};
use diesel::connection::SimpleConnection;
use diesel::migration::{Migration, MigrationSource, MigrationVersion};
use diesel::pg::Pg;
use diesel::{PgConnection, QueryableByName, RunQueryDsl, sql_query};
use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};

use crate::{Role, StoreError, address, partitions};

pub use compared::{Standing, standing};

const MIGRATIONS: EmbeddedMigrations = embed_migrations!("../../migrations");

/// Only one process may migrate a database at a time; the number is arbitrary and ours.
const MIGRATION_LOCK: i64 = 0x656d_6167_656e_7401;

#[derive(QueryableByName)]
struct Answer {
    #[diesel(sql_type = diesel::sql_types::Bool)]
    yes: bool,
}

/// Applies what is missing and returns the versions that were applied.
///
/// While another process migrates this waits for it (`wait`), or fails at once. Table locks are waited for two
/// seconds only, so that a migration behind a long query does not stop intake.
pub fn apply(url: &str, wait: bool) -> Result<Vec<String>, StoreError> {
    let mut conn = address::open(url)?;
    compared::must_be_new_enough(&mut conn)?;
    while !takes_lock(&mut conn)? {
        if !wait {
            return Err(failed("another process is migrating this database; run again with --wait".into()));
        }
        conn.batch_execute("select pg_sleep(0.2)")?;
    }
    refuse_another_programs(&mut conn)?;
    conn.batch_execute("set lock_timeout = '2s'")?;
    let applied = conn.run_pending_migrations(MIGRATIONS).map_err(failed)?;
    Ok(applied.iter().map(MigrationVersion::to_string).collect())
}

/// Asked again and again, never waited for in one statement: its snapshot would hold up a `create index concurrently` of
/// the process that has the lock, and both would wait for each other.
fn takes_lock(conn: &mut PgConnection) -> Result<bool, StoreError> {
    let ask = sql_query(format!("select pg_try_advisory_lock({MIGRATION_LOCK}) as yes"));
    Ok(ask.get_result::<Answer>(conn)?.yes)
}

/// EM Agent 1 has tables of the same names: among them the first migrations would pass and a later one fail, half way.
fn refuse_another_programs(conn: &mut PgConnection) -> Result<(), StoreError> {
    let theirs = "select to_regclass('events_raw') is not null
                     and to_regclass('__diesel_schema_migrations') is null as yes";
    if sql_query(theirs).get_result::<Answer>(conn)?.yes {
        let why = "this is the database of an EM Agent 1 (it has events_raw); name one of its own in DATABASE_URL";
        return Err(failed(why.into()));
    }
    Ok(())
}

/// Makes a database ready to be served from: [`apply`], then the partitions of the coming days.
pub fn prepare(url: &str, wait: bool, now: DateTime<Utc>) -> Result<Vec<String>, StoreError> {
    let applied = apply(url, wait)?;
    let mut conn = address::open(url)?;
    conn.batch_execute(&format!("set role {}", Role::Owner.name()))?;
    partitions::ensure(&mut conn, now, partitions::DAYS_AHEAD)?;
    Ok(applied)
}

/// Makes the database `name` on the server of `admin_url` where it is missing; returns its URL.
pub fn ensure_database(admin_url: &str, name: &str) -> Result<String, StoreError> {
    let mut conn = address::open(admin_url)?;
    let there = sql_query("select exists (select from pg_database where datname = $1) as yes")
        .bind::<diesel::sql_types::Text, _>(name)
        .get_result::<Answer>(&mut conn)?
        .yes;
    if !there {
        conn.batch_execute(&format!("create database \"{}\"", name.replace('"', "")))?;
    }
    Ok(url_of_database(admin_url, name))
}

/// Makes the database `name` and fills it by `fill`, once: later callers, in any process, find it ready.
///
/// It is made under a working name and renamed when it is complete, so that a crash leaves no half-filled one.
pub fn once(admin_url: &str, name: &str, fill: impl FnOnce(&str) -> Result<(), StoreError>) -> Result<(), StoreError> {
    let mut conn = address::open(admin_url)?;
    conn.batch_execute(&format!("select pg_advisory_lock({})", MIGRATION_LOCK + 1))?;
    let there = sql_query("select exists (select from pg_database where datname = $1) as yes")
        .bind::<diesel::sql_types::Text, _>(name)
        .get_result::<Answer>(&mut conn)?
        .yes;
    if !there {
        let working = format!("{name}_in_work");
        conn.batch_execute(&format!("drop database if exists {working}"))?;
        fill(&ensure_database(admin_url, &working)?)?;
        conn.batch_execute(&format!("alter database {working} rename to {name}"))?;
    }
    Ok(())
}

/// Runs statements without results on a connection of its own.
pub fn execute(url: &str, sql: &str) -> Result<(), StoreError> {
    Ok(address::open(url)?.batch_execute(sql)?)
}

/// What tells this program's set of migrations from another's: their names.
pub fn fingerprint() -> Vec<String> {
    let migrations: Vec<Box<dyn Migration<Pg>>> = MigrationSource::migrations(&MIGRATIONS).unwrap_or_default();
    migrations.iter().map(|migration| migration.name().to_string()).collect()
}

/// The URL of another database of the same server.
pub fn url_of_database(url: &str, name: &str) -> String {
    let (address, options) = url.split_once('?').map_or((url, None), |(address, options)| (address, Some(options)));
    let scheme_end = address.find("://").map_or(0, |at| at + 3);
    let server = address[scheme_end..].find('/').map_or(address, |slash| &address[..scheme_end + slash]);
    let options = options.map(|options| format!("?{options}")).unwrap_or_default();
    format!("{server}/{name}{options}")
}

/// Whether a power loss could take what was committed: the settings that a promise of durability rests on.
pub fn durability_faults(conn: &mut PgConnection) -> Result<Vec<&'static str>, StoreError> {
    let mut faults = Vec::new();
    for (setting, fault) in [
        ("fsync", "fsync is off: a power loss can lose or corrupt what was answered with 200"),
        ("full_page_writes", "full_page_writes is off: a power loss can corrupt pages"),
    ] {
        let on = sql_query("select current_setting($1) = 'on' as yes")
            .bind::<diesel::sql_types::Text, _>(setting)
            .get_result::<Answer>(conn)?
            .yes;
        if !on {
            faults.push(fault);
        }
    }
    Ok(faults)
}

fn failed(error: Box<dyn Error + Send + Sync>) -> StoreError {
    StoreError::Migration(error)
}

#[cfg(test)]
mod tests {
    use super::url_of_database;

    #[test]
    fn the_url_of_another_database_keeps_server_and_options() {
        for (url, expected) in [
            ("postgresql://u:p@h:5432/postgres?host=/tmp/x", "postgresql://u:p@h:5432/em?host=/tmp/x"),
            ("postgresql:///postgres?host=/tmp/x", "postgresql:///em?host=/tmp/x"),
            ("postgresql://h", "postgresql://h/em"),
        ] {
            assert_eq!(url_of_database(url, "em"), expected);
        }
    }
}
