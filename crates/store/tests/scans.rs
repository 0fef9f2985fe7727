//! What workers ask many times a minute, and what pages of lists ask, walks indexes in tables that grow for good.
//!
//! PostgreSQL counts the scans of each table within a transaction: whoever reads a whole table is seen, however many
//! statements it takes.

use chrono::{DateTime, TimeDelta, Utc};
use diesel::connection::SimpleConnection;
use diesel::sql_types::Text;
use diesel::{Connection, PgConnection, QueryableByName, RunQueryDsl, sql_query};
use domain::ids::TenantId;
use store::audit::AuditFilter;
use store::{Role, audit, conversations, effects, job_attempts, job_leases, jobs, llm_calls, protections};
use testkit::database::Database;
use uuid::Uuid;

/// A year of a busy tenant: nearly everything is over.
const ROWS: &str = "
    insert into jobs (tenant_id, id, kind, params, status, created_at, due_at)
        select 'default', gen_random_uuid(), 'workflow', '{}', case when n % 5000 = 0 then 'queued' else 'succeeded' end,
               now() - n * interval '1 minute', now() - interval '1 minute' from generate_series(1, 20000) n;
    insert into job_attempts (tenant_id, job_id, attempt, began_at)
        select tenant_id, id, 1, created_at from jobs;
    insert into effects (tenant_id, key, job_id, kind, state, attempts, first_tried_at, last_tried_at)
        select tenant_id, md5(id::text), id, 'comment', 'done', 1, created_at, created_at from jobs;
    insert into protections (tenant_id, repo, run_id, environment, state, facts, due_at, requested_at)
        select 'default', 'acme/shop', n, 'production', case when n % 5000 = 0 then 'waiting' else 'over' end, '{}',
               now() - interval '1 minute', now() from generate_series(1, 20000) n;
    insert into conversations (tenant_id, id, person, channel, title, created_at, updated_at)
        select 'default', gen_random_uuid(), 'p' || n % 500, 'C' || n % 50, 'Why?', now() - n * interval '1 hour',
               now() - n * interval '1 hour' from generate_series(1, 20000) n;
    insert into llm_calls (tenant_id, id, created_at, purpose, model, provider, prompt, input_tokens, cached_tokens,
            output_tokens, reasoning_tokens, estimated, cost_micro_usd, price_version, latency_ms, tries, status)
        select 'default', gen_random_uuid(), now() - n * interval '10 minutes', 'digest', 'm', 'openai', 'digest/3', 1, 0,
               1, 0, false, 1, '1', 1, 1, 'ok' from generate_series(1, 20000) n;
    insert into audit_log (tenant_id, seq, at, actor, action, subject, detail, prev_hash, hash)
        select 'default', n, now(), 'p' || n % 50, 'approval.decided', 's' || n, '{}', '', '' from generate_series(1, 20000) n;
    analyze";
const BIG: &str = "jobs, job_attempts, effects, protections, conversations, llm_calls, audit_log";

#[derive(QueryableByName)]
struct Scanned {
    #[diesel(sql_type = Text)]
    relname: String,
}

type Ask = fn(&mut PgConnection, DateTime<Utc>) -> bool;

fn tenant() -> TenantId {
    TenantId::default()
}

const ASKED: [(&str, Ask); 9] = [
    ("a job that is due", |conn, now| job_leases::lease_next(conn, &["workflow"], now, TimeDelta::minutes(1)).is_ok()),
    ("jobs that act and are not over", |conn, _| jobs::acting(conn).is_ok()),
    ("the tries of a job", |conn, _| job_attempts::list(conn, &tenant(), Uuid::nil(), 50).is_ok()),
    ("an effect by its key", |conn, _| effects::one(conn, &tenant(), "0").is_ok()),
    ("a deployment that waits", |conn, now| protections::take(conn, now, TimeDelta::minutes(1)).is_ok()),
    ("what a person asked last in a channel", |conn, now| {
        conversations::recent(conn, &tenant(), ("p1", "C1"), now - TimeDelta::hours(1)).is_ok()
    }),
    ("conversations of a person", |conn, _| conversations::list(conn, &tenant(), Some("p1"), None, 50).is_ok()),
    ("a day's calls to models", |conn, now| llm_calls::used(conn, &tenant(), (now - TimeDelta::days(1), now)).is_ok()),
    ("the last of the audit", |conn, _| audit::list(conn, &tenant(), &AuditFilter::default(), None, 50).is_ok()),
];

/// The big tables that it reads as a whole. On a connection of its own: what others of this session have read may still
/// wait to be told, and would be counted with it.
fn scanned(database: &Database, ask: Ask) -> Vec<String> {
    let mut conn = owner(database);
    let mut found = Vec::new();
    conn.transaction::<(), diesel::result::Error, _>(|conn| {
        assert!(ask(conn, Utc::now()), "it is answered");
        let sql = "select relname::text as relname from pg_stat_xact_user_tables
            where seq_scan > 0 and relname = any(string_to_array($1, ', ')) order by 1";
        let rows: Vec<Scanned> = sql_query(sql).bind::<Text, _>(BIG).load(conn)?;
        found = rows.into_iter().map(|row| row.relname).collect();
        Err(diesel::result::Error::RollbackTransaction)
    })
    .expect_err("nothing is left of it");
    found
}

fn owner(database: &Database) -> store::Connection {
    database.store(Role::Owner).open(Role::Owner).expect("a connection")
}

#[test]
fn what_is_asked_all_the_time_reads_no_whole_table() {
    let database = Database::fresh();
    owner(&database).batch_execute(ROWS).expect("rows");
    let whole: Vec<(&str, Vec<String>)> = ASKED
        .iter()
        .map(|(what, ask)| (*what, scanned(&database, *ask)))
        .filter(|(_, found)| !found.is_empty())
        .collect();
    assert!(whole.is_empty(), "these read whole tables: {whole:?}");
    let all: Ask = |conn, _| sql_query("select count(kind) from jobs").execute(conn).is_ok();
    assert_eq!(scanned(&database, all), ["jobs"], "a whole table is seen");
}
