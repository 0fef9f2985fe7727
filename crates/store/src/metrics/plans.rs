//! Holds the metrics' statements: with many facts, none of them reads a whole table of facts, events or changes.

use diesel::connection::SimpleConnection;
use diesel::sql_types::{Array, BigInt, Bool, Double, Nullable, Text, Timestamptz, Uuid as SqlUuid};
use diesel::{Connection, PgConnection, RunQueryDsl};
use domain::ids::TenantId;

use super::lead::Unit;
use super::recovery::Clock;
use super::{Narrowed, Slice, deployments, lead, narrowed, quality, recovery, rows, work};

const ROWS: &str = "
insert into dora_deployments (tenant_id, integration, deployment_id, service, team, repo, environment, tier, outcome, at, heads, kind,
                              changes, rework, failed, ancestry_gap, provisional_until)
select 'default', 'github', n::text, 's' || n % 200, 't' || n % 40, 'acme/r' || n % 200, 'production', 'production', 'success',
       now() - n * interval '10 minutes', 'acme/r@' || n, 'forward', 1, false, n % 20 = 0, false, now()
from generate_series(1, 40000) n;
insert into dora_changes (tenant_id, service, environment, repo, number, integration, deployment_id, tier, team, kind, at, deployed_at,
                          start_at, lead_s, is_bot, is_revert, is_hotfix, link_method, files_known)
select 'default', 's' || n % 200, 'production', 'acme/r' || n % 200, n::text, 'github', n::text, 'production', 't' || n % 40, 'change',
       now() - n * interval '10 minutes', now(), now(), n % 9999, false, false, false, 'graph', true
from generate_series(1, 40000) n;
insert into dora_commits (tenant_id, service, environment, repo, sha, integration, deployment_id, at, deployed_at, tier, team, shipped,
                          in_scope, lead_s, is_merge, is_bot)
select tenant_id, service, environment, repo, number, integration, deployment_id, at, deployed_at, tier, team, true, true, lead_s, false, false
from dora_changes;
insert into dora_failures (tenant_id, integration, deployment_id, service, team, environment, tier, failed_at, recovered_at, rt_s, methods)
select tenant_id, integration, deployment_id, service, team, environment, tier, at, at + interval '1 hour', 3600, '{window}'
from dora_deployments;
insert into dora_incidents (tenant_id, integration, incident_id, service, team, environment, tier, start_at, resolved_at, restore_s,
                            qualifies, attributed)
select tenant_id, 'pagerduty', deployment_id, service, team, environment, tier, at, at + interval '1 hour', 3600, true, true
from dora_deployments;
insert into changes (tenant_id, repo, number, opened_at, merged_at, registers)
select tenant_id, repo, number, at - interval '1 day', at, '{}' from dora_changes;
insert into events (tenant_id, id, delivery_id, integration, source, type, subject, time, data)
select 'default', gen_random_uuid(), gen_random_uuid(), 'github', '/github', 'change.merged', 'acme/r#' || n, now() - n * interval '10 minutes', '{}'
from generate_series(1, 40000) n;
analyze;";

/// Binds whatever a statement may have after the slice, and asks how the database would go about it.
fn plan(conn: &mut PgConnection, slice: &Slice, text: &str, rest: Rest) -> String {
    let tenant = TenantId::default();
    let query = narrowed(text, &tenant, slice);
    let begins = vec![slice.from];
    let shares = vec![0.5, 0.9];
    let query = match rest {
        Rest::Nothing => query,
        Rest::Flag => query.bind::<Bool, _>(false),
        Rest::FlagAndShare => query.bind::<Bool, _>(false).bind::<Double, _>(0.5),
        Rest::FlagSharesBegins => {
            query.bind::<Bool, _>(false).bind::<Array<Double>, _>(shares).bind::<Array<Timestamptz>, _>(begins)
        }
        Rest::SharesBegins => query.bind::<Array<Double>, _>(shares).bind::<Array<Timestamptz>, _>(begins),
        Rest::Page => paged(query),
        Rest::FlagPage => paged(query.bind::<Bool, _>(false)),
        Rest::FlagsPage => paged(query.bind::<Bool, _>(false).bind::<Bool, _>(true)),
        Rest::ListedPage => paged(
            query
                .bind::<Array<Text>, _>(Vec::<String>::new())
                .bind::<Array<Text>, _>(Vec::<String>::new())
                .bind::<Nullable<Bool>, _>(None::<bool>)
                .bind::<Nullable<Bool>, _>(None::<bool>),
        ),
    };
    crate::events::plans::plan(conn, query)
}

fn paged(query: Narrowed<'_>) -> Narrowed<'_> {
    query
        .bind::<Nullable<Timestamptz>, _>(None::<chrono::DateTime<chrono::Utc>>)
        .bind::<Nullable<SqlUuid>, _>(None::<uuid::Uuid>)
        .bind::<BigInt, _>(51_i64)
}

#[derive(Clone, Copy)]
enum Rest {
    Nothing,
    Flag,
    FlagAndShare,
    FlagSharesBegins,
    SharesBegins,
    Page,
    FlagPage,
    FlagsPage,
    ListedPage,
}

fn statements() -> Vec<(String, Rest)> {
    let lead = |unit| lead::totals_text(unit, "width_bucket(c.at, $11)", "group by 1", "true");
    let ended = |clock| recovery::totals_text(clock, "width_bucket(f.impact_or_end, $10)", "group by 1");
    let ended = |clock: Clock, column: &str| ended(clock).replace("impact_or_end", column);
    vec![
        (deployments::slots_text(), Rest::Nothing),
        (deployments::between_text(), Rest::Flag),
        (lead(Unit::Change), Rest::FlagSharesBegins),
        (lead(Unit::Commit), Rest::FlagSharesBegins),
        (lead::phases_text("true"), Rest::FlagAndShare),
        (ended(Clock::Finish, "recovered_at"), Rest::SharesBegins),
        (ended(Clock::Impact, "recovered_at"), Rest::SharesBegins),
        (ended(Clock::Incident, "resolved_at"), Rest::SharesBegins),
        (quality::text(), Rest::Nothing),
        (rows::deployments::ended_text(), Rest::ListedPage),
        (rows::changes::shipped_text(), Rest::FlagsPage),
        (rows::failures::text(), Rest::Page),
        (rows::incidents::text(), Rest::Page),
        (work::flow_text(), Rest::Flag),
        (work::list_text(work::Listed::Open), Rest::FlagPage),
        (work::list_text(work::Listed::Opened), Rest::FlagPage),
        (work::list_text(work::Listed::Merged), Rest::FlagPage),
    ]
}

#[test]
fn a_slice_of_a_week_walks_indexes() {
    let database = testkit::database::Database::fresh();
    let mut conn = PgConnection::establish(&database.url).expect("a connection");
    conn.batch_execute(ROWS).expect("rows");
    let now = chrono::DateTime::from_timestamp(chrono::Utc::now().timestamp(), 0).expect("a time");
    let any = Slice {
        from: now - chrono::TimeDelta::days(7),
        to: now,
        tiers: vec!["production".into()],
        services: Vec::new(),
        teams: Vec::new(),
        repos: Vec::new(),
        environment: None,
    };
    let slices = [
        any.clone(),
        Slice { services: vec!["s7".into()], ..any.clone() },
        Slice { teams: vec!["t7".into()], ..any.clone() },
        Slice {
            tiers: vec!["production".into(), "staging".into()],
            environment: Some("production".into()),
            ..any.clone()
        },
    ];
    for slice in &slices {
        for (text, rest) in statements() {
            let plan = plan(&mut conn, slice, &text, rest);
            for table in [
                "dora_deployments",
                "dora_changes",
                "dora_commits",
                "dora_failures",
                "dora_incidents",
                "events",
                "changes",
            ] {
                assert!(!plan.contains(&format!("Seq Scan on {table} ")), "{slice:?}\n{text}\n{plan}");
            }
        }
    }
}

/// Dashboards read the cuts from the table, the API from the code.
#[test]
fn the_table_of_benchmarks_holds_the_cuts_of_the_code() {
    use diesel::{ExpressionMethods, QueryDsl};
    use domain::metrics::{Metric, Scheme};

    use crate::schema::dora_benchmarks as b;
    let database = testkit::database::Database::fresh();
    let mut conn = PgConnection::establish(&database.url).expect("a connection");
    for (scheme, scheme_name) in Scheme::ALL {
        for (metric, metric_name) in Metric::ALL {
            let row: (f64, f64, f64) = b::table
                .filter(b::scheme.eq(scheme_name))
                .filter(b::metric.eq(metric_name))
                .select((b::elite, b::high, b::medium))
                .first(&mut conn)
                .expect("a row");
            let cuts = scheme.cuts(metric);
            for (stored, cut) in [row.0, row.1, row.2].into_iter().zip(cuts) {
                assert!((stored - cut).abs() < 1e-12, "{scheme_name} {metric_name}: {row:?} {cuts:?}");
            }
        }
    }
    let rows: i64 = b::table.count().get_result(&mut conn).expect("a count");
    assert_eq!(usize::try_from(rows), Ok(Metric::ALL.len() * Scheme::ALL.len()));
}
