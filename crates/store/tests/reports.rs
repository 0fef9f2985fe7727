//! What reports read, on a real PostgreSQL.

use chrono::{DateTime, TimeDelta, Utc};
use diesel::PgConnection;
use diesel::connection::SimpleConnection;
use domain::ids::TenantId;
use domain::reports::sprint::Progress;
use domain::reports::triage::triage;
use store::Role;
use store::reports::{facts, put_events, work_in_progress};
use store::standing::standing;
use testkit::database::Database;

struct World {
    conn: PgConnection,
    now: DateTime<Utc>,
    _database: Database,
}

impl World {
    fn fresh() -> Self {
        let database = Database::fresh();
        let conn = database.store(Role::App).open(Role::App).expect("a connection");
        Self { conn, now: "2026-11-20T12:00:00Z".parse().expect("a time"), _database: database }
    }

    /// Hours before now are written `{3}`.
    fn sql(&mut self, text: &str) {
        let mut text = text.to_owned();
        for hours in 0..200 {
            let at = (self.now - TimeDelta::hours(hours)).to_rfc3339();
            text = text.replace(&format!("{{{hours}}}"), &format!("'{at}'"));
        }
        self.conn.batch_execute(&text).expect("the statement");
    }
}

const KNOWN: &str = "
insert into changes (tenant_id, repo, number, title, opened_at, merged_at, closed_at, is_bot, subject, registers) values
  ('default', 'acme/shop', '1', 'Old', {100}, null, null, null, 'acme/shop#1', '{}'),
  ('default', 'acme/shop', '2', 'Merged', {30}, {5}, {5}, null, 'acme/shop#2', '{}'),
  ('default', 'acme/shop', '3', 'Merged before', {60}, {50}, {50}, null, null, '{}'),
  ('acme', 'acme/shop', '4', 'Of others', {30}, {5}, {5}, null, null, '{}');
insert into dora_deployments (tenant_id, integration, deployment_id, service, environment, tier, outcome, at, heads, kind, changes, rework, failed,
                              ancestry_gap, provisional_until) values
  ('default', 'github', '1', 'shop', 'production', 'production', 'success', {4}, '', 'forward', 2, false, true, false, {0}),
  ('default', 'github', '2', 'shop', 'staging', 'staging', 'success', {4}, '', 'forward', 2, false, false, false, {0}),
  ('default', 'github', '3', 'shop', 'production', 'production', 'failure', {90}, '', null, 0, false, false, false, {0});
insert into dora_failures (tenant_id, integration, deployment_id, service, environment, tier, failed_at, recovered_at, methods) values
  ('default', 'github', '1', 'shop', 'production', 'production', {4}, null, '{explicit}'),
  ('default', 'github', '0', 'shop', 'production', 'production', {40}, {39}, '{explicit}');
insert into deployments (tenant_id, integration, deployment_id, tier, subject, url, registers) values
  ('default', 'github', '1', 'production', 'acme/shop/production:1', 'https://a.example/1', '{}');
insert into incidents (tenant_id, integration, incident_id, title, opened_at, resolved_at, deleted, subject, registers) values
  ('default', 'pagerduty', 'open', 'Down', {100}, null, null, 'pagerduty:open', '{}'),
  ('default', 'pagerduty', 'over', 'Was down', {100}, {3}, null, null, '{}'),
  ('default', 'pagerduty', 'long over', 'Was down', {100}, {99}, null, null, '{}'),
  ('default', 'pagerduty', 'deleted', 'Not', {1}, null, true, null, '{}'),
  ('default', 'sentry', 'same', 'Down', {99}, null, null, null, '{}');
insert into incident_merges (tenant_id, integration, incident_id, into_integration, into_id, said_at, said_by) values
  ('default', 'sentry', 'same', 'pagerduty', 'open', {1}, 'ada');
insert into events (tenant_id, id, delivery_id, integration, source, type, subject, time, data) values
  ('default', '019a0000-0000-7000-8000-000000000001', gen_random_uuid(), 'github', '/', 'deployment.finished', 'acme/shop/production:1', {4}, '{}'),
  ('default', '019a0000-0000-7000-8000-000000000002', gen_random_uuid(), 'pagerduty', '/', 'incident.opened', 'pagerduty:open', {100}, '{}'),
  ('acme', '019a0000-0000-7000-8000-000000000003', gen_random_uuid(), 'pagerduty', '/', 'incident.opened', 'pagerduty:open', {100}, '{}');";

#[test]
fn facts_are_those_of_the_time_and_of_its_end() {
    let mut world = World::fresh();
    world.sql(KNOWN);
    let (now, tenant) = (world.now, TenantId::default());
    let known = facts(&mut world.conn, &tenant, now - TimeDelta::hours(24), now).expect("facts");
    let deployed: Vec<&str> = known.deployments.iter().map(|one| one.deployment_id.as_str()).collect();
    assert_eq!(deployed, ["1"], "to production, in the time");
    assert_eq!(known.deployments[0].url.as_deref(), Some("https://a.example/1"));
    let merged: Vec<&str> = known.merged.iter().map(|one| one.number.as_str()).collect();
    assert_eq!(merged, ["2"]);
    let incidents: Vec<&str> = known.incidents.iter().map(|one| one.incident_id.as_str()).collect();
    assert_eq!(incidents.len(), 2, "{incidents:?}");
    assert!(incidents.contains(&"open") && incidents.contains(&"over"));
    assert_eq!((known.open.len(), known.failures.len(), known.approvals.len()), (1, 1, 0));
    let mut urgent = triage(&known);
    put_events(&mut world.conn, &tenant, urgent.iter_mut()).expect("events");
    let told: Vec<(&str, usize)> = urgent.iter().map(|item| (item.subject.as_str(), item.event_ids.len())).collect();
    assert_eq!(told, [("pagerduty:open", 1), ("github:1", 1)], "and no other tenant's events");
    let nobody = facts(&mut world.conn, &"nobody".parse().expect("a tenant"), now - TimeDelta::hours(24), now);
    let nobody = nobody.expect("facts");
    assert!(nobody.merged.is_empty() && nobody.open.is_empty() && nobody.deployments.is_empty());
    put_events(&mut world.conn, &tenant, [].iter_mut()).expect("nothing to do");
}

#[test]
fn work_in_progress_is_known_where_a_change_is() {
    let mut world = World::fresh();
    let (now, tenant) = (world.now, TenantId::default());
    let day = now - TimeDelta::hours(24);
    assert_eq!(work_in_progress(&mut world.conn, &tenant, day, now).expect("read"), None);
    world.sql(KNOWN);
    let Some(Progress { latest, mean }) = work_in_progress(&mut world.conn, &tenant, day, now).expect("read") else {
        panic!("changes are known");
    };
    assert_eq!(latest, 1);
    assert!((mean - (2.0 * 19.0 + 5.0) / 24.0).abs() < 0.01, "{mean}");
}

#[test]
fn how_a_tenant_stands_is_counted() {
    let mut world = World::fresh();
    world.sql(KNOWN);
    let counted = standing(&mut world.conn, &TenantId::default(), world.now).expect("counts");
    assert_eq!((counted.approvals_pending, counted.incidents_open, counted.failures_open), (0, 2, 1));
    assert_eq!(counted.last_event_at, Some(world.now - TimeDelta::hours(4)));
    let nobody = standing(&mut world.conn, &"nobody".parse().expect("a tenant"), world.now).expect("counts");
    assert_eq!((nobody.incidents_open, nobody.last_event_at), (0, None));
}
