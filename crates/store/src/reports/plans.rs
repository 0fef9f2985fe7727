//! Holds what reports read: of many changes, deployments and incidents nothing reads them all.

use chrono::{DateTime, TimeDelta, Utc};
use diesel::connection::SimpleConnection;
use diesel::{Connection, PgConnection};

use super::shipped::{Ended, MergedChanges};
use super::{Incidents, MOST};
use crate::events::plans::plan;

/// Few incidents are open; what is asked for is a small part of the whole.
pub(crate) const ROWS: &str = "
insert into changes (tenant_id, repo, number, opened_at, merged_at, registers)
select 'default', 'acme/r' || n % 100, n::text, at, at, '{}' from generate_series(1, 30000) n, lateral (select now() - n * interval '1 hour' as at) t;
insert into incidents (tenant_id, integration, incident_id, opened_at, resolved_at, registers)
select 'default', 'pagerduty', n::text, at, case when n % 500 > 0 then at end, '{}'
from generate_series(1, 30000) n, lateral (select now() - n * interval '1 hour' as at) t;
insert into dora_deployments (tenant_id, integration, deployment_id, service, environment, tier, outcome, at, heads, changes, rework, failed,
                              ancestry_gap, provisional_until)
select 'default', 'github', n::text, 's' || n % 50, 'production', 'production', 'success', at, '', 0, false, false, false, at
from generate_series(1, 30000) n, lateral (select now() - n * interval '1 hour' as at) t;
analyze;";

#[test]
fn reports_walk_indexes() {
    let database = testkit::database::Database::fresh();
    let conn = &mut PgConnection::establish(&database.url).expect("a connection");
    conn.batch_execute(ROWS).expect("rows");
    let now: DateTime<Utc> = "2126-11-20T00:00:00Z".parse().expect("a time");
    let (tenant, from, limit, of_all) = ("default", Utc::now() - TimeDelta::days(14), MOST, true);
    let plans = [
        plan(conn, Ended { tenant, from, to: now, of_all, service: None, limit }),
        plan(conn, MergedChanges { tenant, from, to: now, of_all, repos: &[], limit }),
        plan(conn, Incidents { open_of: tenant, tenant, since: from, limit }),
    ];
    for plan in plans {
        for table in ["changes", "incidents", "dora_deployments"] {
            assert!(!plan.contains(&format!("Seq Scan on {table}")), "{plan}");
        }
    }
}
