//! Holds what is asked often: with many approvals, nothing reads the whole table.

use chrono::{DateTime, Utc};
use diesel::connection::SimpleConnection;
use diesel::{Connection, PgConnection};
use domain::approvals::Status;
use domain::ids::TenantId;
use uuid::Uuid;

use super::{ApprovalFilter, effects, page, posts, sweeps};
use crate::events::After;
use crate::events::plans::plan;

/// A few are pending or owe something; most are over.
const ROWS: &str = "
insert into approvals (tenant_id, id, subject, action, payload, content_hash, status, version, terms, authors, created_at, expires_at,
                       decided_at, overridden, effect, effect_attempts, effect_at, next_reminder_at)
select 'default', gen_random_uuid(), 'acme/r' || n % 900, 'deploy', '{}', '', case when n % 100 = 0 then 'pending' else 'approved' end,
       1, '{}', '{}', at, at + interval '1 hour', case when n % 100 = 0 then null else at end, false,
       case when n % 100 = 1 then 'failed' else 'none' end, 1, case when n % 100 = 1 then at end, case when n % 100 = 0 then at end
from generate_series(1, 30000) n, lateral (select now() - n * interval '1 minute' as at) t;
insert into approval_posts (tenant_id, approval_id, channel, ts, kind, posted_at, stale)
select tenant_id, id, 'C1', '1', 'request', created_at, status = 'pending' from approvals;
insert into jobs (tenant_id, id, kind, params, status, created_at)
select tenant_id, id, 'effect', '{}', 'queued', created_at from approvals;
analyze;";

#[test]
fn what_is_asked_often_walks_indexes() {
    let database = testkit::database::Database::fresh();
    let conn = &mut PgConnection::establish(&database.url).expect("a connection");
    conn.batch_execute(ROWS).expect("rows");
    let now: DateTime<Utc> = "2026-11-20T00:00:00Z".parse().expect("a time");
    let tenant = TenantId::default();
    let after = Some(After { time: now, id: Uuid::from_u128(1) });
    let pending = ApprovalFilter { status: Some(Status::Pending), ..ApprovalFilter::default() };
    let subject = ApprovalFilter { subject: Some("acme/r1".to_owned()), ..ApprovalFilter::default() };
    let mut plans = Vec::new();
    for filter in [ApprovalFilter::default(), pending, subject] {
        plans.push(plan(conn, page(&tenant, &filter, None, 51)));
        plans.push(plan(conn, page(&tenant, &filter, after, 51)));
    }
    plans.push(plan(conn, sweeps::late(now, 100)));
    plans.push(plan(conn, sweeps::due(now, 100)));
    plans.push(plan(conn, posts::stale(100)));
    let take = effects::Take { now, limit: 10, until: now, started: now, leased: now, running: "running" };
    plans.push(plan(conn, take));
    for plan in plans {
        assert!(!plan.contains("Seq Scan on"), "{plan}");
    }
}
