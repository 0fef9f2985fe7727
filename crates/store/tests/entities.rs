//! The entity tables on a real PostgreSQL: any order, any cutting into batches, and a rebuild give the same rows.

use chrono::Utc;
use diesel::connection::SimpleConnection;
use diesel::sql_types::Text;
use diesel::{Connection, PgConnection, QueryableByName, RunQueryDsl, sql_query};
use domain::dora::Entities;
use domain::event::Event;
use serde_json::json;
use store::Role;
use store::entities;
use store::intake::{Keep, accept};
use testkit::database::Database;
use testkit::world::{delivery_of, event, minute};

const TABLES: [&str; 14] = [
    "commits",
    "commit_edges",
    "branch_commits",
    "ref_moves",
    "changes",
    "deployments",
    "deployment_statuses",
    "deployment_components",
    "deployment_images",
    "deployment_contents",
    "artifacts",
    "incidents",
    "incident_links",
    "quality_reports",
];

#[derive(QueryableByName)]
struct Line {
    #[diesel(sql_type = Text)]
    line: String,
}

/// Every row of every entity table as text.
fn rows(conn: &mut PgConnection) -> Vec<String> {
    let of_table = |table: &&str| {
        let lines = sql_query(format!("select '{table} ' || row_to_json(t)::text as line from {table} t order by 1"));
        lines.load::<Line>(conn).expect("rows").into_iter().map(|row| row.line).collect::<Vec<_>>()
    };
    TABLES.iter().flat_map(of_table).collect()
}

fn add(conn: &mut PgConnection, events: &[Event]) {
    let sum = Entities::of(events).expect("readable");
    conn.transaction(|conn| entities::keep(conn, &sum, Utc::now())).expect("kept");
}

fn clear(conn: &mut PgConnection) {
    TABLES.iter().for_each(|table| conn.batch_execute(&format!("delete from {table}")).expect("cleared"));
}

/// A log in which most things are said several times, by facts of the same and of other times.
fn log() -> Vec<Event> {
    let mut log = Vec::new();
    for number in 0..40i64 {
        let (key, word, at) = (number % 4, number % 3, minute(number % 7));
        let verb = ["opened", "merged", "reopened", "closed", "reviewed"][(number % 5) as usize];
        log.push(event(&format!("change.{verb}"), number % 7, &json!({
            "repo": "acme/shop", "number": key, "title": format!("title {word}"), "author": {"login": format!("ada{word}"), "bot": false},
            "merged_at": (verb == "merged").then_some(at), "closed_at": (number % 5 > 2).then_some(at), "revision": (word > 0).then_some(at),
        }).as_object().map(|all| all.iter().filter(|(_, v)| !v.is_null()).map(|(k, v)| (k.clone(), v.clone())).collect()).expect("an object")));
        log.push(event("commits.pushed", number % 7, &json!({
            "repo": "acme/shop", "ref": "main", "before": format!("{key}a"), "after": format!("{word}b"), "forced": number % 2 == 0,
            "pushed_at": at, "commits": [{"sha": format!("{word}b"), "parents": [format!("{key}p")], "author": {"login": format!("ada{key}"), "bot": false},
            "message_head": format!("Add \"{word}\" \\o/"), "files": [format!("a \"{key}\", b\\c,{{d}}"), ""]}],
        })));
        let mut deployment = json!({
            "repo": "acme/shop", "environment": format!("prod-{word}"), "environment_tier": "production", "deployment_id": format!("d{key}"),
            "state": format!("state {word}"), "at": at, "commit_sha": format!("{word}c"), "contains": [["acme/shop", format!("{number}c")]],
            "components": [{"sha": format!("{word}c"), "ref": format!("v{number}")}, {"image_digest": format!("sha256:{word}")}], "fixes": [format!("d{word}")],
        });
        if number % 2 == 0 {
            deployment["outcome"] = json!(["success", "failure", "success"][word as usize]);
        }
        log.push(event("deployment.updated", number % 7, &deployment));
        log.extend(of_quality(number));
    }
    log
}

fn of_quality(number: i64) -> [Event; 3] {
    let (key, word, minute) = (number % 4, number % 3, number % 7);
    let verb = ["opened", "resolved", "reopened", "updated"][(number % 4) as usize];
    let incident = json!({
        "incident_id": format!("i{key}"), "title": format!("title {word}"), "service": "shop", "labels": [format!("l{word}")],
        "caused_by": {"deployment": format!("d{word}")}, "deleted": word == 0,
    });
    let (link, report) = (["set", "removed"][(number % 2) as usize], ["passed", "failed"][(number % 2) as usize]);
    let [incident, link] = [
        event(&format!("incident.{verb}"), minute, &incident),
        event(
            &format!("link.{link}"),
            minute,
            &json!({"incident_id": format!("i{key}"), "deployment_id": format!("d{word}")}),
        ),
    ];
    let last = match number % 2 {
        0 => event(
            "artifact.published",
            minute,
            &json!({"digest": format!("sha256:{word}"), "repo": "acme/shop", "sha": format!("{key}c")}),
        ),
        _ => event(&format!("quality_gate.{report}"), minute, &json!({"project": "shop"})),
    };
    [incident, link, last]
}

#[test]
fn any_order_and_any_cutting_give_the_same_rows() {
    let database = Database::fresh();
    let mut conn = database.store(Role::App).open(Role::App).expect("a connection");
    let log = log();
    add(&mut conn, &log);
    let expected = rows(&mut conn);
    assert!(expected.len() > 30, "{} rows", expected.len());
    for (step, size) in [(7, 1), (11, 5), (1, 17), (239, 64)] {
        clear(&mut conn);
        // 240 events: a step that shares no factor with their number visits each once.
        let order: Vec<Event> = (0..log.len()).map(|place| log[(place * step) % log.len()].clone()).collect();
        order.chunks(size).for_each(|batch| add(&mut conn, batch));
        add(&mut conn, &order[..order.len() / 2]);
        assert_eq!(rows(&mut conn), expected, "step {step}, batches of {size}");
    }
}

#[test]
fn lists_are_kept_as_they_were_said() {
    let database = Database::fresh();
    let mut conn = database.store(Role::App).open(Role::App).expect("a connection");
    add(&mut conn, &log());
    let files = rows(&mut conn).into_iter().find(|row| row.starts_with("commits")).expect("a commit");
    assert!(files.contains(r#""files":["a \"3\", b\\c,{d}",""]"#), "{files}");
}

#[test]
fn two_workers_that_add_at_the_same_time_give_the_same_rows() {
    let database = Database::fresh();
    let store = database.store(Role::App);
    let mut conn = store.open(Role::App).expect("a connection");
    let log = log();
    add(&mut conn, &log);
    let expected = rows(&mut conn);
    clear(&mut conn);
    std::thread::scope(|scope| {
        for worker in 0..3usize {
            let (store, log) = (store.clone(), &log);
            scope.spawn(move || {
                let mut conn = store.open(Role::App).expect("a connection");
                let mine: Vec<Event> = log.iter().skip(worker).step_by(3).rev().cloned().collect();
                mine.chunks(4).for_each(|batch| add(&mut conn, batch));
            });
        }
    });
    assert_eq!(rows(&mut conn), expected);
}

#[test]
fn a_rebuild_gives_the_rows_that_were_there() {
    let database = Database::fresh();
    let store = database.store(Role::App);
    let mut conn = store.open(Role::App).expect("a connection");
    let log = log();
    let unreadable = event("change.opened", 3, &json!({"repo": "acme/shop", "number": "many"}));
    let keeps: Vec<Keep> = log.iter().chain([&unreadable]).cloned().map(delivery_of).collect();
    accept(&mut store.open(Role::Ingest).expect("a connection"), &keeps).expect("kept");
    log.chunks(9).for_each(|batch| add(&mut conn, batch));
    let incremental = rows(&mut conn);
    let spoiled =
        "delete from deployment_statuses; update changes set title = 'spoiled'; update incidents set registers = '{}';
        insert into commits (tenant_id, repo, sha, registers) values ('default', 'acme/none', 'c', '{}');
        insert into deployment_contents values ('default', 'github', 'none', 'acme/none', 'c')";
    for spoiled in [spoiled, "delete from changes", "select 1"] {
        conn.batch_execute(spoiled).expect("spoiled");
        assert_eq!(entities::rebuild(&mut conn, Utc::now()).expect("rebuilt"), 241);
        assert_eq!(rows(&mut conn), incremental, "after {spoiled}");
    }
    let versions = |conn: &mut PgConnection| {
        let newest = sql_query("select max(xmin::text::bigint)::text as line from deployments");
        newest.get_result::<Line>(conn).expect("a version").line
    };
    let before = versions(&mut conn);
    entities::rebuild(&mut conn, Utc::now()).expect("rebuilt");
    assert_eq!(versions(&mut conn), before, "what is right is not written");
    clear(&mut conn);
    assert_eq!(entities::rebuild(&mut conn, Utc::now()).expect("rebuilt"), 241);
    assert_eq!(rows(&mut conn), incremental, "from nothing");
}
