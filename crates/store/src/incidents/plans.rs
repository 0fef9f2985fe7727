//! Holds the queries of incidents: with many rows, none of them reads a whole big table.

use diesel::connection::SimpleConnection;
use diesel::{Connection, PgConnection};
use domain::dora::facts::Outside;
use domain::ids::TenantId;
use uuid::Uuid;

use super::{Listed, page, timeline};
use crate::events::After;
use crate::events::plans::plan;

const ROWS: &str = "
insert into incidents (tenant_id, integration, incident_id, severity, opened_at, started_at, resolved_at, counted_service, subject, registers)
select 'default', 'pagerduty', n::text, 'high', now() - n * interval '1 hour', now() - n * interval '1 hour', now(), 's' || n % 20, 'p' || n, '{}'
from generate_series(1, 30000) n;
insert into dora_incidents (tenant_id, integration, incident_id, tier, start_at, qualifies, attributed)
select tenant_id, integration, incident_id, 'production', started_at, true, false from incidents;
insert into incident_merges (tenant_id, integration, incident_id, into_integration, into_id, said_at, said_by)
select tenant_id, integration, incident_id, 'sentry', 'x' || incident_id, now(), 'ada' from incidents where incident_id::int % 3 = 0;
insert into incident_links (tenant_id, incident, deployment, removed, said_at, registers)
select tenant_id, 'pagerduty:' || incident_id, 'github:1', false, now(), '{}' from incidents;
insert into events (tenant_id, id, delivery_id, integration, source, type, subject, time, data)
select 'default', gen_random_uuid(), gen_random_uuid(), 'pagerduty', '/pagerduty', 'incident.opened', 'p' || n, now(), '{}'
from generate_series(1, 30000) n;
analyze;";

#[test]
fn lists_and_timelines_walk_indexes() {
    let database = testkit::database::Database::fresh();
    let mut conn = PgConnection::establish(&database.url).expect("a connection");
    conn.batch_execute(ROWS).expect("rows");
    let tenant = TenantId::default();
    let after = Some(After { time: chrono::Utc::now() - chrono::TimeDelta::days(9), id: Uuid::from_u128(1) });
    let all = Listed::default();
    let narrowed = Listed { from: after.map(|after| after.time), ..Listed::default() };
    let main = || vec![Outside::new("pagerduty", "7"), Outside::new("pagerduty", "9")];
    let plans = [
        plan(&mut conn, page(&tenant, &all, None, 51)),
        plan(&mut conn, page(&tenant, &all, after, 51)),
        plan(&mut conn, page(&tenant, &narrowed, None, 51)),
        plan(&mut conn, timeline::page(&tenant, main(), None, 51)),
    ];
    for plan in plans {
        for table in ["incidents", "dora_incidents", "incident_merges", "incident_links", "events"] {
            assert!(!plan.contains(&format!("Seq Scan on {table} ")), "{plan}");
        }
    }
}
