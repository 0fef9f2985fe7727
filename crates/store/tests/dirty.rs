//! What has to be reckoned anew after what: each rule against facts as they may stand.

use chrono::{DateTime, Utc};
use diesel::connection::SimpleConnection;
use diesel::sql_types::{Nullable, Text};
use diesel::{Connection, PgConnection, QueryableByName, RunQueryDsl, sql_query};
use domain::catalog::Catalog;
use domain::dora::Entities;
use domain::event::Event;
use domain::ids::TenantId;
use serde_json::{Value, json};
use store::{Role, catalogs, entities};
use testkit::database::Database;
use testkit::world::{event, minute};

struct World {
    database: Database,
    conn: PgConnection,
}

#[derive(QueryableByName, Debug)]
struct Dirty {
    #[diesel(sql_type = Text)]
    service: String,
    #[diesel(sql_type = Nullable<Text>)]
    contents: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    incidents: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    cause: Option<String>,
}

/// Minutes since midnight, as text; `-infinity` as it is.
const MINUTES: &str = "select service,
    case when isfinite(contents_from) then (extract(epoch from contents_from - date_trunc('day', contents_from)) / 60)::int::text
         else contents_from::text end as contents,
    case when isfinite(incidents_from) then (extract(epoch from incidents_from - date_trunc('day', incidents_from)) / 60)::int::text
         else incidents_from::text end as incidents,
    cause::text as cause
  from dora_dirty order by service, contents_from, incidents_from, cause";

impl World {
    fn new() -> Self {
        let database = Database::fresh();
        let conn = database.store(Role::App).open(Role::App).expect("a connection");
        Self { database, conn }
    }

    fn run(&mut self, sql: &str) {
        self.conn.batch_execute(sql).expect("done");
    }

    /// What an event makes dirty: (service, contents from, incidents from) in minutes, with no other cause than it.
    fn told(&mut self, kind: &str, at_minute: i64, data: Value) -> Vec<(String, String, String)> {
        self.all_told(&[event(kind, at_minute, &data)])
    }

    fn all_told(&mut self, events: &[Event]) -> Vec<(String, String, String)> {
        let sum = Entities::of(events).expect("readable");
        self.conn.transaction(|conn| entities::keep(conn, &sum, Utc::now())).expect("kept");
        let rows = self.dirty();
        let causes: Vec<String> = events.iter().map(|event| event.id.to_string()).collect();
        let is_cause = |row: &Dirty| row.cause.as_ref().is_some_and(|cause| causes.contains(cause));
        assert!(rows.iter().all(is_cause), "{rows:?}");
        rows.into_iter().map(line).collect()
    }

    /// Takes what is dirty, as whoever reckons does.
    fn dirty(&mut self) -> Vec<Dirty> {
        let rows = sql_query(MINUTES).load(&mut self.conn).expect("rows");
        self.run("delete from dora_dirty");
        rows
    }

    /// A success that the facts have already: of a service, at a minute, of some commits of acme/shop.
    fn reckoned(&mut self, id: &str, service: &str, at_minute: i64, shas: &[&str]) {
        let at = minute(at_minute).to_rfc3339();
        self.told("deployment.finished", at_minute, success(id, service, at_minute, shas.first().copied()));
        self.run(&format!(
            "insert into dora_deployments (tenant_id, integration, deployment_id, service, environment, tier, outcome, at,
               heads, changes, rework, failed, ancestry_gap, provisional_until)
             values ('default', 'github', '{id}', '{service}', 'prod', 'production', 'success', '{at}', '', 0, false, false,
               false, '{at}')"
        ));
        for sha in shas {
            self.run(&format!(
                "insert into dora_commits values ('default', '{service}', 'prod', 'acme/shop', '{sha}', 'github', '{id}',
                   '{at}', '{at}', 'production', null, true, true, null, false, false)"
            ));
        }
    }
}

fn line(row: Dirty) -> (String, String, String) {
    (row.service, row.contents.unwrap_or_default(), row.incidents.unwrap_or_default())
}

fn success(id: &str, service: &str, at_minute: i64, sha: Option<&str>) -> Value {
    let mut data = json!({
        "repo": "acme/shop", "service": service, "environment": "prod", "environment_tier": "production",
        "deployment_id": id, "outcome": "success", "at": minute(at_minute),
    });
    if let Some(sha) = sha {
        data["commit_sha"] = json!(sha);
    }
    data
}

fn contents(service: &str, minute: i64) -> (String, String, String) {
    (service.to_owned(), minute.to_string(), String::new())
}

fn incidents(service: &str, minute: i64) -> (String, String, String) {
    (service.to_owned(), String::new(), minute.to_string())
}

fn push(branch: &str, before: &str, shas: &[&str], at: DateTime<Utc>) -> Value {
    let commits: Vec<Value> = shas.iter().map(|sha| json!({"sha": sha})).collect();
    json!({"repo": "acme/shop", "ref": format!("refs/heads/{branch}"), "before": before, "after": shas.last(), "commits": commits,
        "pushed_at": at, "default_branch": "main"})
}

#[test]
fn a_deployment_counts_from_its_end_and_from_where_it_was() {
    let mut world = World::new();
    let begun = json!({"repo": "acme/shop", "deployment_id": "d1", "at": minute(1), "environment": "prod"});
    assert_eq!(world.told("deployment.started", 1, begun), [], "it has not ended");
    assert_eq!(world.told("deployment.finished", 5, success("d1", "shop", 5, None)), [contents("shop", 5)]);
    world.reckoned("d2", "shop", 10, &[]);
    let moved = [contents("checkout", 10), contents("shop", 10)];
    assert_eq!(world.told("deployment.updated", 12, success("d2", "checkout", 12, None)), moved, "to another service");
    let failed = json!({"repo": "acme/shop", "deployment_id": "d1", "outcome": "failure", "at": minute(20)});
    assert_eq!(world.told("deployment.finished", 20, failed), [contents("shop", 20)]);
}

#[test]
fn each_event_of_a_batch_is_a_cause_of_its_own() {
    let mut world = World::new();
    let one = event("deployment.finished", 5, &success("d1", "shop", 5, None));
    let other = event("deployment.finished", 7, &success("d2", "shop", 7, None));
    assert_eq!(world.all_told(&[one, other]), [contents("shop", 5), contents("shop", 7)]);
}

#[test]
fn a_push_of_what_was_not_deployed_makes_nothing_dirty() {
    let mut world = World::new();
    world.reckoned("d1", "shop", 5, &["a1"]);
    assert_eq!(world.told("commits.pushed", 6, push("main", "a1", &["b2", "c3"], minute(6))), []);
    let merged = json!({"repo": "acme/shop", "number": 1, "landed_sha": "c3", "merged_at": minute(6), "head": "x", "base": "main"});
    assert_eq!(world.told("change.merged", 6, merged), []);
}

#[test]
fn a_commit_that_was_deployed_counts_from_its_deployment_on() {
    let mut world = World::new();
    world.reckoned("d1", "shop", 5, &["a1"]);
    world.reckoned("d2", "admin", 9, &["a1", "b2"]);
    let late = push("main", "z0", &["a1"], minute(3));
    assert_eq!(world.told("commits.pushed", 30, late), [contents("admin", 9), contents("shop", 5)]);
    let parent = json!({"repo": "acme/shop", "commits": [{"sha": "b2", "parents": ["a9"]}]});
    assert_eq!(world.told("commits.pushed", 30, parent), [contents("admin", 9)]);
}

#[test]
fn a_push_to_the_branch_of_a_shipped_change_counts_unless_it_came_after_the_merge() {
    let mut world = World::new();
    world.reckoned("d1", "shop", 9, &["c3"]);
    let merged = json!({"repo": "acme/shop", "number": 1, "landed_sha": "c3", "merged_at": minute(8), "head": "x", "base": "main"});
    assert_eq!(world.told("change.merged", 8, merged), [contents("shop", 9)]);
    assert_eq!(world.told("commits.pushed", 30, push("x", "a1", &["f6"], minute(4))), [contents("shop", 9)]);
    assert_eq!(world.told("commits.pushed", 30, push("x", "f6", &["e7"], minute(20))), [], "the next work");
    assert_eq!(world.told("commits.pushed", 30, push("y", "a1", &["d8"], minute(4))), [], "another branch");
}

#[test]
fn a_change_counts_where_its_commit_or_a_pick_of_it_or_its_push_was_deployed() {
    let mut world = World::new();
    let pick =
        json!({"repo": "acme/shop", "commits": [{"sha": "e5", "trailers": ["(cherry picked from commit cc33cc33)"]}]});
    world.told("commits.pushed", 2, pick);
    world.told("commits.pushed", 3, push("main", "a1", &["bb22bb22", "cc33cc33"], minute(3)));
    world.reckoned("d1", "shop", 5, &["bb22bb22"]);
    world.reckoned("d2", "hotfixes", 6, &["e5"]);
    let merged =
        json!({"repo": "acme/shop", "number": 1, "landed_sha": "cc33cc33", "merged_at": minute(3), "base": "main"});
    assert_eq!(world.told("change.merged", 3, merged), [contents("hotfixes", 6), contents("shop", 5)]);
}

#[test]
fn a_change_counts_where_the_facts_have_it_wherever_it_is_said_to_have_landed_now() {
    let mut world = World::new();
    world.reckoned("d1", "shop", 5, &["a1"]);
    let at = minute(5).to_rfc3339();
    world.run(&format!(
        "insert into dora_changes (tenant_id, service, environment, repo, number, integration, deployment_id, tier, kind, at,
           deployed_at, start_at, lead_s, is_bot, is_revert, is_hotfix, link_method, files_known)
         values ('default', 'shop', 'prod', 'acme/shop', '1', 'github', 'd1', 'production', 'change', '{at}', '{at}', '{at}', 0,
           false, false, false, 'graph', false)"
    ));
    let elsewhere = json!({"repo": "acme/shop", "number": 1, "landed_sha": "b2"});
    assert_eq!(world.told("change.updated", 7, elsewhere), [contents("shop", 5)]);
}

#[test]
fn a_later_change_from_the_same_branch_began_after_the_earlier_one() {
    let mut world = World::new();
    world.reckoned("d1", "shop", 9, &["c3"]);
    let later = json!({"repo": "acme/shop", "number": 2, "landed_sha": "c3", "merged_at": minute(8), "head": "x", "base": "main"});
    world.told("change.merged", 8, later);
    let earlier =
        json!({"repo": "acme/shop", "number": 1, "opened_at": minute(1), "closed_at": minute(2), "head": "x"});
    assert_eq!(world.told("change.closed", 2, earlier), [contents("shop", 9)]);
}

#[test]
fn a_change_counts_where_a_branch_was_deployed_whose_commit_is_not_known() {
    let mut world = World::new();
    let mut of_branch = success("d1", "shop", 30, None);
    of_branch["components"] = json!([{"sha": "unknown", "ref": "main"}]);
    world.told("deployment.finished", 30, of_branch);
    let merged = |number: i64, at: i64| json!({"repo": "acme/shop", "number": number, "landed_sha": "c3", "merged_at": minute(at), "base": "main"});
    assert_eq!(world.told("change.merged", 20, merged(1, 20)), [contents("shop", 30)]);
    assert_eq!(world.told("change.merged", 31, merged(2, 31)), [], "merged after it");
    world.told("commits.pushed", 29, push("main", "a1", &["unknown"], minute(29)));
    assert_eq!(world.told("change.merged", 20, merged(3, 20)), [], "the graph knows by now");
}

#[test]
fn an_artifact_counts_where_it_was_deployed() {
    let mut world = World::new();
    let mut image = success("d1", "shop", 30, None);
    image["components"] = json!([{"image_digest": "sha256:1"}]);
    world.told("deployment.finished", 30, image);
    let published = |digest: &str| json!({"repo": "acme/shop", "digest": digest, "sha": "a1"});
    assert_eq!(world.told("artifact.published", 1, published("sha256:1")), [contents("shop", 30)]);
    assert_eq!(world.told("artifact.published", 1, published("sha256:2")), []);
}

#[test]
fn an_incident_counts_for_its_service_and_for_the_one_it_had() {
    let mut world = World::new();
    let opened = |service: &str, at: i64| json!({"incident_id": "i1", "service": service, "opened_at": minute(at)});
    assert_eq!(world.told("incident.opened", 9, opened("shop", 8)), [incidents("shop", 8)]);
    let at = minute(8).to_rfc3339();
    world.run(&format!(
        "insert into dora_incidents (tenant_id, integration, incident_id, service, tier, start_at, qualifies, attributed)
         values ('default', 'github', 'i1', 'shop', 'production', '{at}', true, false)"
    ));
    let moved = world.told("incident.updated", 10, opened("admin", 10));
    assert_eq!(moved, [incidents("admin", 8), incidents("shop", 8)]);
    assert_eq!(world.told("incident.updated", 11, json!({"incident_id": "i2", "title": "whose?"})), []);
}

#[test]
fn an_incident_counts_for_the_service_of_what_is_said_to_have_caused_it() {
    let mut world = World::new();
    world.reckoned("d1", "shop", 5, &["a1"]);
    world.reckoned("d2", "admin", 6, &["b2"]);
    let caused =
        |id: &str, by: Value| json!({"incident_id": id, "service": "x", "opened_at": minute(8), "caused_by": by});
    let both = |service: &str| [incidents(service, 8), incidents("x", 8)];
    assert_eq!(world.told("incident.opened", 8, caused("i1", json!({"deployment": "d1"}))), both("shop"));
    assert_eq!(world.told("incident.opened", 8, caused("i2", json!({"deployment": "github:d2"}))), both("admin"));
    assert_eq!(world.told("incident.opened", 8, caused("i3", json!({"deployment": "gitlab:d2"}))), [incidents("x", 8)]);
    assert_eq!(world.told("incident.opened", 8, caused("i4", json!({"sha": "b2"}))), both("admin"));
    let known_later = world.told("deployment.updated", 9, success("d2", "admin", 6, Some("b2")));
    let both = [("admin".to_owned(), "6".to_owned(), "8".to_owned()), incidents("x", 8)];
    assert_eq!(known_later, both, "the incident's service gives it up to the deployment's");
}

#[test]
fn a_link_counts_for_both_of_its_ends() {
    let mut world = World::new();
    world.reckoned("d1", "shop", 5, &["a1"]);
    world.told("incident.opened", 8, json!({"incident_id": "i1", "service": "admin", "opened_at": minute(8)}));
    let both = [incidents("admin", 8), incidents("shop", 8)];
    let link = |incident: &str, deployment: &str| json!({"incident_id": incident, "deployment_id": deployment});
    assert_eq!(world.told("link.set", 9, link("github:i1", "d1")), both);
    assert_eq!(world.told("link.removed", 10, link("github:i1", "d1")), both);
    assert_eq!(world.told("link.set", 9, link("github:i2", "d1")), [], "until there is such an incident");
    let opened = json!({"incident_id": "i2", "service": "admin", "opened_at": minute(9)});
    assert_eq!(world.told("incident.opened", 9, opened), [incidents("admin", 9), incidents("shop", 9)]);
}

#[test]
fn a_catalog_gives_rows_to_others_and_everything_is_reckoned_anew() {
    let mut world = World::new();
    world.reckoned("d1", "shop", 5, &["a1"]);
    world.told("incident.opened", 8, json!({"incident_id": "i1", "service": "acme/shop", "opened_at": minute(8)}));
    let document = json!({"services": {"storefront": {"repos": ["acme/shop"], "deployments": [{"service": "shop"}]}}});
    let catalog = Catalog::parse(&document).expect("a catalog");
    let tenant = TenantId::default();
    assert!(catalogs::apply(&mut world.conn, &tenant, &catalog, "test", Utc::now()).expect("applied").changed);
    let all = |service: &str| (service.to_owned(), "-infinity".to_owned(), "-infinity".to_owned());
    let dirty: Vec<_> = world.dirty().into_iter().map(line).collect();
    assert_eq!(dirty, [all("acme/shop"), all("shop"), all("storefront")], "new ones, and those that the facts know");
    assert_eq!(world.told("deployment.finished", 9, success("d3", "shop", 9, None)), [contents("storefront", 9)]);
}

#[test]
fn a_rebuild_counts_as_the_catalog_says_and_has_everything_reckoned_anew() {
    let mut world = World::new();
    world.reckoned("gone", "shop", 5, &[]);
    let events = [event("deployment.finished", 5, &success("d1", "admin", 5, None))];
    let keeps: Vec<_> = events.iter().cloned().map(testkit::world::delivery_of).collect();
    let mut intake = world.database.store(Role::Ingest).open(Role::Ingest).expect("a connection");
    store::intake::accept(&mut intake, &keeps).expect("kept");
    assert_eq!(entities::rebuild(&mut world.conn, Utc::now()).expect("rebuilt"), 1);
    let all = |service: &str| (service.to_owned(), "-infinity".to_owned(), "-infinity".to_owned());
    let dirty: Vec<_> = world.dirty().into_iter().map(line).collect();
    assert_eq!(dirty, [all("admin"), all("shop")], "the facts still know the one that is gone");
}
