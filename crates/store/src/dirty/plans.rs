//! Holds what is asked with every batch: with many rows, none of it reads a whole big table.

use chrono::Utc;
use diesel::connection::SimpleConnection;
use diesel::{Connection, PgConnection};
use uuid::Uuid;

use super::{code, deployments, incidents};
use crate::events::plans::plan;

const ROWS: &str = "
insert into commits (tenant_id, repo, sha, picked_from, registers)
select 'default', 'r' || n % 50, 'c' || n, case n % 100 when 0 then 'c' || n - 1 end, '{}' from generate_series(1, 30000) n;
insert into branch_commits select 'default', 'r' || n % 50, 'main', 'c' || n, now(), 'c' || n, true, '{}' from generate_series(1, 30000) n;
insert into changes (tenant_id, repo, number, head, landed_sha, merged_at, registers)
select 'default', 'r' || n % 50, n, 'h' || n % 900, 'c' || n, now() - n * interval '1 minute', '{}' from generate_series(1, 30000) n;
insert into deployments (tenant_id, integration, deployment_id, tier, outcome, finished_at, counted_service, registers)
select 'default', 'github', n, 'production', 'success', now() - n * interval '1 hour', 's' || n % 50, '{}' from generate_series(1, 30000) n;
insert into deployment_components (tenant_id, integration, deployment_id, repo, sha, ref, registers)
select 'default', 'github', n, 'r' || n % 50, 'c' || n, 'main', '{}' from generate_series(1, 30000) n;
insert into deployment_images (tenant_id, integration, deployment_id, image_digest, registers)
select 'default', 'github', n, 'd' || n, '{}' from generate_series(1, 30000) n;
insert into incidents (tenant_id, integration, incident_id, caused_deployment, caused_sha, opened_at, registers)
select 'default', 'pagerduty', n, case n % 10 when 0 then n::text end, 'c' || n, now(), '{}' from generate_series(1, 30000) n;
insert into incident_links select 'default', n, 'github:' || n, false, now(), null, '{}' from generate_series(1, 30000) n;
insert into dora_deployments (tenant_id, integration, deployment_id, service, environment, tier, outcome, at, heads, changes, rework,
  failed, ancestry_gap, provisional_until)
select tenant_id, integration, deployment_id, counted_service, 'prod', 'production', 'success', finished_at, '', 0, false, false, false,
  finished_at from deployments;
insert into dora_commits select 'default', 's' || n % 50, 'prod', 'r' || n % 50, 'c' || n, 'github', n, now(), now(), 'production', null,
  true, true, 0, false, false from generate_series(1, 30000) n;
insert into dora_changes (tenant_id, service, environment, repo, number, integration, deployment_id, tier, kind, at, deployed_at,
  start_at, lead_s, is_bot, is_revert, is_hotfix, link_method, files_known)
select 'default', 's' || n % 50, 'prod', 'r' || n % 50, n, 'github', n, 'production', 'change', now(), now(), now(), 0, false, false,
  false, 'graph', true from generate_series(1, 30000) n;
insert into dora_incidents (tenant_id, integration, incident_id, service, tier, start_at, qualifies, attributed)
select 'default', 'pagerduty', n, 's' || n % 50, 'production', now(), true, true from generate_series(1, 30000) n;
insert into dora_links select 'default', 'pagerduty', n, 'github', n, 'window' from generate_series(1, 30000) n;
analyze;";

const BIG: [&str; 13] = [
    "commits",
    "branch_commits",
    "changes",
    "deployments",
    "deployment_components",
    "deployment_images",
    "incidents",
    "incident_links",
    "dora_deployments",
    "dora_commits",
    "dora_changes",
    "dora_incidents",
    "dora_links",
];

#[test]
fn what_is_asked_with_every_batch_walks_indexes() {
    let database = testkit::database::Database::fresh();
    let mut conn = PgConnection::establish(&database.url).expect("a connection");
    conn.batch_execute(ROWS).expect("rows");
    let words = |word: &'static str| vec![word; 20];
    let (tenant, cause) = (|| words("default"), || vec![Uuid::nil(); 20]);
    let (repo, number) = (|| words("r1"), || words("51"));
    let key = || (words("github"), words("7"));
    let ((integration, deployment_id), (_, other)) = (key(), key());
    let plans = [
        plan(&mut conn, deployments::Deployments { tenant: tenant(), integration, deployment_id, cause: cause() }),
        plan(&mut conn, deployments::Artifacts { tenant: tenant(), digest: words("d9"), cause: cause() }),
        plan(&mut conn, code::Commits { tenant: tenant(), repo: repo(), sha: words("c51"), cause: cause() }),
        plan(
            &mut conn,
            code::Pushes {
                tenant: tenant(),
                repo: repo(),
                branch: words("h51"),
                at: vec![Utc::now(); 20],
                cause: cause(),
            },
        ),
        plan(&mut conn, code::Changes { tenant: tenant(), repo: repo(), number: number(), cause: cause() }),
        plan(&mut conn, code::Unknown { tenant: tenant(), repo: repo(), number: number(), cause: cause() }),
        plan(&mut conn, incidents::OfLinks { tenant: tenant(), incident: words("pagerduty:7"), cause: cause() }),
        plan(
            &mut conn,
            incidents::OfDeployments {
                tenant: tenant(),
                integration: words("github"),
                deployment_id: other,
                cause: cause(),
            },
        ),
        plan(
            &mut conn,
            incidents::Incidents {
                tenant: tenant(),
                integration: words("pagerduty"),
                incident_id: words("7"),
                cause: cause(),
            },
        ),
    ];
    for plan in plans {
        let walked = BIG.iter().find(|table| plan.contains(&format!("Seq Scan on {table} ")));
        assert!(walked.is_none(), "{walked:?}\n{plan}");
    }
}
