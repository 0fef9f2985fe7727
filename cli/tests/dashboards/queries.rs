//! Runs every panel, variable and annotation that asks PostgreSQL, as the read-only role, over a seeded history.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use domain::ids::TenantId;
use serde_json::Value;
use testkit::database::Database;
use testkit::facts::History;
use testkit::grafana::{Reader, View, dashboards, panels, queries, text};

use crate::source;

fn until() -> DateTime<Utc> {
    "2026-11-01T12:00:00Z".parse().expect("a time")
}

/// A database with a history, seen as Grafana's login sees it.
pub(crate) struct Seeded {
    reader: Reader,
    pub(crate) database: Database,
}

impl Seeded {
    pub(crate) fn new() -> Self {
        let database = Database::fresh();
        History::small(until()).write(&database.url, &TenantId::default()).expect("a history");
        Self { reader: Reader::connect(&database.url), database }
    }

    pub(crate) fn rows(&mut self, sql: &str) -> Result<Vec<Value>, String> {
        self.reader.rows(sql)
    }
}

/// A dashboard as it is opened first, over this many days of the history.
pub(crate) fn opened(dashboard: &Value, days: i64) -> View {
    testkit::grafana::opened(dashboard, until(), days)
}

/// Panels that a good day may leave empty.
fn may_be_empty() -> Vec<(String, String)> {
    let sources = source::dashboards();
    let panels = sources.iter().flat_map(|(name, source)| source.panel.iter().map(move |panel| (name, panel)));
    let empty = panels.filter(|(_, panel)| panel.may_be_empty);
    empty.map(|(name, panel)| (name.clone(), panel.title.clone())).collect()
}

/// Whether a row says anything beside its words: a number, a time.
fn says_something(row: &Value) -> bool {
    let columns = row.as_object().expect("a row");
    columns.get("value").unwrap_or(&Value::Bool(true)) != &Value::Null && columns.values().any(|value| !value.is_null())
}

#[test]
fn every_query_runs_and_shows_something() {
    let mut seeded = Seeded::new();
    let empty = may_be_empty();
    let mut ran = 0;
    for (name, dashboard) in dashboards() {
        let mut view = opened(&dashboard, 30);
        if view.chosen.contains_key("deployment") {
            view = view.choosing("deployment", &[&most_told(&mut seeded)]);
        }
        for (place, sql) in queries(&dashboard) {
            let sql = view.sql(&sql).unwrap_or_else(|why| panic!("{name}, {place}: {why}"));
            let rows = seeded.rows(&sql).unwrap_or_else(|why| panic!("{name}, {place}: {why}"));
            let quiet = empty.contains(&(name.clone(), place.clone()));
            assert!(quiet || rows.iter().any(says_something), "{name}, {place} is empty:\n{sql}");
            ran += 1;
        }
    }
    assert!(ran > 60, "only {ran} queries");
}

/// The deployment that most can be told of: it failed, with an incident.
fn most_told(seeded: &mut Seeded) -> String {
    let sql = "select d.deployment from dora_v_deployments d join dora_v_links l using (integration, deployment_id) order by d.changes desc, d.at limit 1";
    text(&seeded.rows(sql).expect("a deployment")[0]["deployment"]).to_owned()
}

#[test]
fn the_inspector_tells_all_of_a_deployment_that_failed() {
    let mut seeded = Seeded::new();
    let dashboard = &dashboards()["inspector"];
    let view = opened(dashboard, 30).choosing("deployment", &[&most_told(&mut seeded)]);
    for (place, sql) in queries(dashboard) {
        let rows = seeded.rows(&view.sql(&sql).expect("a query")).expect(&place);
        assert!(!rows.is_empty(), "{place} is empty");
    }
}

/// Choices that a person may make, one at a time.
fn choices() -> Vec<(&'static str, &'static [&'static str])> {
    let services: &[&str] = &["service-001", "service-004"];
    let mut choices: Vec<(&str, &[&str])> = vec![
        ("service", services),
        ("service", &["O'Brien\\'s \"; drop table x; -- ${team:sqlstring}"]),
        ("team", &["team-01"]),
        ("repo", &["acme/service-003"]),
        ("tier", &["staging"]),
        ("tenant", &["nobody"]),
        ("deployment", &["no such thing"]),
        ("unit", &["commit"]),
        ("bots", &["exclude"]),
        ("tz", &["Asia/Kolkata"]),
        ("tz", &["Pacific/Auckland"]),
    ];
    for (name, values) in [
        ("bucket", &["day", "week", "month"][..]),
        ("compare", &["quarter", "year"]),
        ("scheme", &["2023", "2021", "none"]),
        ("percentile", &["75", "90", "95"]),
    ] {
        choices.extend(values.iter().map(|value| (name, std::slice::from_ref(value))));
    }
    choices
}

#[test]
fn every_query_runs_whatever_is_chosen() {
    let mut seeded = Seeded::new();
    for (name, dashboard) in dashboards() {
        let queries = queries(&dashboard);
        let mut views: Vec<View> = [1, 60, 120, 3_650].map(|days| opened(&dashboard, days)).into();
        let first = opened(&dashboard, 30);
        let made = choices().into_iter().filter(|(variable, _)| first.chosen.contains_key(*variable));
        views.extend(made.map(|(variable, values)| first.choosing(variable, values)));
        for view in views {
            for (place, sql) in &queries {
                let sql = view.sql(sql).unwrap_or_else(|why| panic!("{name}, {place}: {why}"));
                seeded.rows(&sql).unwrap_or_else(|why| panic!("{name}, {place}, {:?}: {why}", view.chosen));
            }
        }
    }
}

#[test]
fn series_are_in_the_order_of_time_and_hold_numbers() {
    let mut seeded = Seeded::new();
    for (name, dashboard) in dashboards() {
        let view = opened(&dashboard, 30);
        let charts =
            panels(&dashboard).filter(|panel| ["timeseries", "state-timeline"].contains(&text(&panel["type"])));
        for panel in charts {
            let Some(sql) = panel["targets"][0]["rawSql"].as_str() else { continue };
            let rows = seeded.rows(&view.sql(sql).expect("a query")).expect("rows");
            let times: Vec<&str> = rows.iter().map(|row| text(&row["time"])).collect();
            assert!(!times.contains(&""), "{name}, {}: a row without a time", panel["title"]);
            assert!(times.is_sorted(), "{name}, {}: not in order", panel["title"]);
            let words =
                |row: &Value| row.as_object().expect("a row").iter().filter(|(_, value)| value.is_string()).count();
            let allowed = if panel["targets"][0]["format"] == "time_series" { 2 } else { 1 };
            assert!(
                rows.iter().all(|row| words(row) <= allowed),
                "{name}, {}: words among the numbers",
                panel["title"]
            );
        }
    }
}

#[test]
fn chained_variables_narrow_what_can_be_chosen() {
    let mut seeded = Seeded::new();
    let dashboard = &dashboards()["overview"];
    let queries: BTreeMap<String, String> = queries(dashboard).into_iter().collect();
    let all = opened(dashboard, 30);
    let mut count = |view: &View, name: &str| {
        let sql = view.sql(&queries[&format!("variable {name}")]).expect("a query");
        seeded.rows(&sql).expect("rows").len()
    };
    assert_eq!((count(&all, "team"), count(&all, "service"), count(&all, "repo")), (2, 12, 12));
    assert_eq!(count(&all.choosing("team", &["team-01"]), "service"), 6);
    assert_eq!(count(&all.choosing("service", &["service-001"]), "repo"), 1);
}

#[test]
fn what_is_validated_is_equal() {
    let mut seeded = Seeded::new();
    let dashboard = &dashboards()["validation"];
    for (place, sql) in queries(dashboard) {
        let rows = seeded.rows(&opened(dashboard, 30).sql(&sql).expect("a query")).expect("rows");
        let verdicts: Vec<&Value> = rows.iter().filter_map(|row| row.get("verdict")).collect();
        assert!(verdicts.iter().all(|verdict| *verdict == "equal"), "{place}: {rows:?}");
    }
}

#[test]
fn a_long_range_of_the_whole_tenant_says_nearly_the_same_from_its_roll_ups() {
    let mut seeded = Seeded::new();
    let few = "create or replace function dora_v_exact_limit() returns bigint language sql immutable parallel safe as 'select 100::bigint'";
    store::migrate::execute(&seeded.database.url, few).expect("a lower limit");
    let dashboard = &dashboards()["overview"];
    let lead = panels(dashboard).filter(|panel| panel["title"] == "Lead time").nth(1).expect("the panel");
    let sql = text(&lead["targets"][0]["rawSql"]);
    let rolled = opened(dashboard, 300).choosing("bucket", &["month"]);
    // All services by name: the same rows, one by one.
    let services: Vec<String> = (0..12).map(|number| format!("service-{number:03}")).collect();
    let exact = rolled.choosing("service", &services.iter().map(String::as_str).collect::<Vec<_>>());
    let mut read = |view: &View| seeded.rows(&view.sql(sql).expect("a query")).expect("rows");
    let (rolled, exact) = (read(&rolled), read(&exact));
    assert_eq!(rolled.len(), exact.len());
    // The first and last months of a range are cut at days by one and at moments by the other.
    for (told, exact) in rolled.iter().zip(&exact).skip(1).take(rolled.len() - 2) {
        let ratio = told["p50"].as_f64().expect("a number") / exact["p50"].as_f64().expect("a number");
        assert!((0.94..1.06).contains(&ratio), "{told} instead of {exact}");
    }
}
