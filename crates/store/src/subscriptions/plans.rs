//! Holds what every worker asks every few seconds: with much history and many messages said, nothing reads them all.

use chrono::{DateTime, TimeDelta, Utc};
use diesel::connection::SimpleConnection;
use diesel::{Connection, PgConnection};

use super::news::{Deployments, Incidents};
use crate::events::plans::plan;

const ROWS: &str = "
insert into channel_subscriptions (tenant_id, id, service, channel, created_at, created_by)
select 'default', gen_random_uuid(), 's' || n % 30, '#c' || n % 7, now() - interval '1 year', 'ada' from generate_series(1, 40) n
on conflict do nothing;
insert into incidents (tenant_id, integration, incident_id, counted_service, opened_at, resolved_at, registers)
select 'default', 'pagerduty', n::text, 's' || n % 50, at, case when n % 500 > 0 then at end, '{}'
from generate_series(1, 30000) n, lateral (select now() - n * interval '1 hour' as at) t;
insert into dora_deployments (tenant_id, integration, deployment_id, service, environment, tier, outcome, at, heads, changes, rework, failed,
                              ancestry_gap, provisional_until)
select 'default', 'github', n::text, 's' || n % 50, 'production', 'production', 'success', at, '', 0, false, false, false, at
from generate_series(1, 30000) n, lateral (select now() - n * interval '1 hour' as at) t;
insert into slack_messages (tenant_id, kind, key, place, content, state, tries, due_at, created_at)
select 'default', 'note', 'deployment github:' || n || ' success', '#c' || n % 7, '{}', 'sent', 1, now(), now() from generate_series(1, 30000) n;
analyze;";

#[test]
fn news_walk_indexes() {
    let database = testkit::database::Database::fresh();
    let conn = &mut PgConnection::establish(&database.url).expect("a connection");
    conn.batch_execute(ROWS).expect("rows");
    let (since, now): (DateTime<Utc>, _) = (Utc::now() - TimeDelta::hours(1), Utc::now());
    let incidents = Incidents {
        opened_since: since,
        opened_until: now,
        resolved_since: since,
        resolved_until: now,
        key: "incident",
        limit: 100,
    };
    let plans = [plan(conn, Deployments { since, until: now, key: "deployment", limit: 100 }), plan(conn, incidents)];
    for plan in plans {
        for table in ["incidents", "dora_deployments", "slack_messages"] {
            assert!(!plan.contains(&format!("Seq Scan on {table}")), "{plan}");
        }
    }
}
