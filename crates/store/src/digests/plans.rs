//! Holds what digests read: of many changes, deployments, incidents and events nothing reads them all.

use chrono::{DateTime, TimeDelta, Utc};
use diesel::connection::SimpleConnection;
use diesel::{Connection, PgConnection};

use super::proofs::{Events, MOST as MOST_EVENTS, Services, Shipped};
use super::window::{Failed, Incidents, Open};
use crate::events::plans::plan;
use crate::reports::MOST;
use crate::reports::plans::ROWS as REPORTED;
use crate::reports::shipped::{Ended, MergedChanges};

/// Beside what reports read.
const ROWS: &str = "
insert into dora_failures (tenant_id, integration, deployment_id, service, environment, tier, failed_at, recovered_at, methods)
select 'default', 'github', n::text, 's', 'production', 'production', at, at, '{window}'
from generate_series(1, 30000) n, lateral (select now() - n * interval '1 hour' as at) t;
insert into dora_changes (tenant_id, service, environment, repo, number, integration, deployment_id, tier, kind, at, deployed_at, start_at, lead_s,
                          is_bot, is_revert, is_hotfix, link_method, files_known)
select 'default', 's', 'production', 'acme/r' || n % 100, n::text, 'github', n::text, 'production', 'change', now(), now(), now(), 1, false, false,
  false, 'graph', true from generate_series(1, 30000) n;
insert into events (tenant_id, id, delivery_id, integration, source, type, subject, time, data)
select 'default', gen_random_uuid(), gen_random_uuid(), 'github', '/github', 'change.opened', 'p' || n, now(), '{}'
from generate_series(1, 30000) n;
analyze;";

#[test]
fn digests_walk_indexes() {
    let database = testkit::database::Database::fresh();
    let conn = &mut PgConnection::establish(&database.url).expect("a connection");
    conn.batch_execute(&[REPORTED, ROWS].concat()).expect("rows");
    let to: DateTime<Utc> = Utc::now();
    let (tenant, from, limit) = ("default", to - TimeDelta::days(14), MOST);
    let (of_all, service, repos) = (true, None, Vec::new());
    let subjects = vec!["p1".to_owned(), "p2".to_owned()];
    let now = Open {
        tenant,
        merged_of: tenant,
        merged_since: to,
        is_past: false,
        closed_of: tenant,
        closed_since: to,
        to,
        of_all,
        repos: &repos,
        limit,
    };
    let plans = [
        plan(conn, Ended { tenant, from, to, of_all, service, limit }),
        plan(conn, MergedChanges { tenant, from, to, of_all, repos: &repos, limit }),
        plan(conn, now),
        plan(conn, Failed { tenant, again: tenant, recovered_since: to, to, of_all, service, limit }),
        plan(conn, Incidents { open_of: tenant, tenant, since: from, to, of_all, service, limit }),
        plan(conn, Events { subjects: &subjects, tenant, to, limit: i64::try_from(MOST_EVENTS).expect("few") }),
        plan(conn, Services { repos: vec!["acme/r1"], tenant, again: tenant }),
        plan(conn, Shipped { tenant, repos: vec!["acme/r1"], numbers: vec!["1"] }),
    ];
    for plan in plans {
        for table in ["changes", "incidents", "dora_deployments", "dora_failures", "dora_changes", "events"] {
            assert!(!plan.contains(&format!("Seq Scan on {table}")), "{plan}");
        }
    }
}
