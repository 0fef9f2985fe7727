//! Holds what rules for signals and simulations read: with many facts, none of it reads a whole big table. A look happens every
//! few minutes.

use chrono::{DateTime, Utc};
use diesel::connection::SimpleConnection;
use diesel::{BoolExpressionMethods, Connection, ExpressionMethods, PgConnection, QueryDsl};
use domain::ids::TenantId;

use super::known::MOST_FACTS;
use super::states::{SignalFilter, page};
use super::{Failed, Incidents, Open, Runs};
use crate::events::After;
use crate::events::plans::plan;
use crate::history::{Deployed, Merged};
use crate::schema::signal_states;

/// Most changes are merged, most failures recovered, most signals over; a build in eight events.
const ROWS: &str = "
insert into dora_deployments (tenant_id, integration, deployment_id, service, team, repo, environment, tier, outcome, at, heads, kind,
                              changes, rework, failed, ancestry_gap, provisional_until)
select 'default', 'github', n::text, 's' || n % 200, 't' || n % 40, 'acme/r' || n % 200, 'production', 'production', 'success',
       now() - n * interval '10 minutes', 'acme/r@' || n, 'forward', 1, false, n % 20 = 0, false, now()
from generate_series(1, 40000) n;
insert into deployments (tenant_id, integration, deployment_id, title, registers, tier)
select tenant_id, integration, deployment_id, 'a deployment', '{}', tier from dora_deployments;
insert into dora_failures (tenant_id, integration, deployment_id, service, team, environment, tier, failed_at, recovered_at, rt_s, methods)
select tenant_id, integration, deployment_id, service, team, environment, tier, at,
       case when deployment_id::int % 400 > 0 then at + interval '1 hour' end, case when deployment_id::int % 400 > 0 then 3600 end, '{window}'
from dora_deployments;
insert into dora_incidents (tenant_id, integration, incident_id, service, team, environment, tier, start_at, resolved_at, restore_s,
                            qualifies, attributed)
select tenant_id, 'pagerduty', deployment_id, service, team, environment, tier, at, at + interval '1 hour', 3600, true, true
from dora_deployments;
insert into incidents (tenant_id, integration, incident_id, title, registers)
select tenant_id, integration, incident_id, 'an incident', '{}' from dora_incidents;
insert into changes (tenant_id, repo, number, opened_at, merged_at, registers)
select tenant_id, repo, deployment_id, at - interval '1 day', case when deployment_id::int % 100 > 0 then at end, '{}' from dora_deployments;
insert into events (tenant_id, id, delivery_id, integration, source, type, subject, time, repo, data)
select 'default', gen_random_uuid(), gen_random_uuid(), 'github', '/github', case when n % 8 = 0 then 'build.finished' else 'change.merged' end,
       'acme/r#' || n, now() - n * interval '10 minutes', 'acme/r' || n % 200, '{\"name\": \"ci\", \"head_sha\": \"a\", \"outcome\": \"success\"}'
from generate_series(1, 40000) n;
insert into signal_states (tenant_id, id, rule, kind, subject, since, facts, opened_at, last_seen_at, closed_at, fired)
select 'default', gen_random_uuid(), 'rule ' || n % 20, 'stale_pr', 'acme/r#' || n, at, '{}', at, at, case when n % 200 > 0 then at end, 1
from generate_series(1, 40000) n, lateral (select now() - n * interval '10 minutes' as at) t;
analyze;";

const BIG: [&str; 8] = [
    "dora_deployments",
    "deployments",
    "dora_failures",
    "dora_incidents",
    "incidents",
    "changes",
    "events",
    "signal_states",
];

fn look(conn: &mut PgConnection, since: DateTime<Utc>) -> Vec<(&'static str, String)> {
    let (tenant, limit) = ("default", MOST_FACTS);
    let orphaned = signal_states::table
        .filter(signal_states::tenant_id.eq(tenant))
        .filter(signal_states::closed_at.is_null())
        .filter(signal_states::rule.ne_all(["rule 1", "rule 2"]));
    let known = signal_states::table
        .filter(signal_states::tenant_id.eq(tenant))
        .filter(signal_states::rule.eq("rule 1"))
        .filter(signal_states::closed_at.is_null().or(signal_states::subject.eq_any(["acme/r#1", "acme/r#21"])));
    vec![
        ("open changes", plan(conn, Open { first: tenant, next: tenant, tenant, limit })),
        ("failed deployments", plan(conn, Failed { tenant, limit })),
        ("incidents", plan(conn, Incidents { tenant, since, limit })),
        ("pipeline runs", plan(conn, Runs { first: tenant, next: tenant, tenant, since, limit })),
        ("known", plan(conn, known.select(signal_states::subject))),
        ("of rules that are no more", plan(conn, orphaned.select(signal_states::subject))),
    ]
}

fn lists(conn: &mut PgConnection) -> Vec<(&'static str, String)> {
    let tenant = TenantId::default();
    let after = Some(After { time: Utc::now(), id: uuid::Uuid::nil() });
    let some = |text: &str| Some(text.to_owned());
    let filters = [
        ("open", SignalFilter { open: Some(true), ..SignalFilter::default() }),
        ("all", SignalFilter::default()),
        ("of a rule", SignalFilter { open: Some(true), rule: some("rule 1"), ..SignalFilter::default() }),
        ("of a subject", SignalFilter { subject: some("acme/r#3"), ..SignalFilter::default() }),
    ];
    filters.into_iter().map(|(name, filter)| (name, plan(conn, page(&tenant, &filter, after, 51)))).collect()
}

#[test]
fn a_look_reads_no_whole_table() {
    let database = testkit::database::Database::fresh();
    let conn = &mut PgConnection::establish(&database.url).expect("a connection");
    conn.batch_execute(ROWS).expect("rows");
    let since = Utc::now() - chrono::TimeDelta::days(7);
    let simulated = [
        ("deployed", plan(conn, Deployed { tenant: "default", since, limit: 2000 })),
        ("merged", plan(conn, Merged { tenant: "default", since, limit: 2000 })),
    ];
    let plans = look(conn, since).into_iter().chain(lists(conn)).chain(simulated);
    let whole: Vec<String> = plans
        .filter(|(_, plan)| BIG.iter().any(|table| plan.contains(&format!("Seq Scan on {table} "))))
        .map(|(name, plan)| format!("{name}:\n{plan}"))
        .collect();
    assert!(whole.is_empty(), "{}", whole.join("\n\n"));
}
