//! Holds what every worker asks twice a second: with many messages said, nothing reads them all.

use chrono::{DateTime, Utc};
use diesel::connection::SimpleConnection;
use diesel::{Connection, PgConnection};

use super::{Abandon, Next, POST};
use crate::events::plans::plan;

/// A few wait; most were said.
const ROWS: &str = "
insert into slack_messages (tenant_id, approval_id, kind, key, place, state, tries, due_at, created_at)
select 'default', gen_random_uuid(), 'request', 'request', '#ops', case when n % 500 = 0 then 'waiting' else 'sent' end, 1, at, at
from generate_series(1, 30000) n, lateral (select now() - n * interval '1 minute' as at) t;
insert into slack_paces (tenant_id, what, until) select '*', 'C' || n, now() from generate_series(1, 1000) n;
analyze;";

#[test]
fn what_is_due_is_found_by_index() {
    let database = testkit::database::Database::fresh();
    let conn = &mut PgConnection::establish(&database.url).expect("a connection");
    conn.batch_execute(ROWS).expect("rows");
    let now: DateTime<Utc> = "2026-11-20T00:00:00Z".parse().expect("a time");
    let plans = [plan(conn, Next { method: POST, now, due: now }), plan(conn, Abandon { error: "gone", now })];
    for plan in plans {
        assert!(!plan.contains("Seq Scan on slack_messages"), "{plan}");
    }
}
