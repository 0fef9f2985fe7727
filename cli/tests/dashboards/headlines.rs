//! The headlines of the overview are those of the API: the same values, bands and scores, from the queries that the API
//! itself asks.

use domain::ids::TenantId;
use domain::metrics::scores::Scores;
use domain::metrics::{Band, Metric, Scheme, ratio};
use serde_json::Value;
use store::metrics::lead::{self, Unit, Which};
use store::metrics::recovery::{self, Clock};
use store::metrics::{Slice, deployments};
use store::{Connection, Role};
use testkit::grafana::{View, dashboards, panels, text};

use crate::queries::{Seeded, opened};

const DAYS: i64 = 30;

/// What the API would say, in the order of [`Metric::ALL`].
fn of_the_api(conn: &mut Connection, slice: &Slice, which: Which, share: f64) -> [Option<f64>; 5] {
    let tenant = TenantId::default();
    let slots = deployments::slots(conn, &tenant, slice).expect("slots");
    let sum = |of: fn(&deployments::Slot) -> i64| slots.iter().map(of).sum::<i64>();
    let (successes, rollbacks) = (sum(|slot| slot.deployments), sum(|slot| slot.rollbacks));
    let first = |found: lead::Durations| found.percentiles.and_then(|values| values.first().copied());
    [
        (successes > 0).then(|| successes as f64 / DAYS as f64),
        first(lead::total(conn, &tenant, slice, which, &[share]).expect("lead times")),
        ratio(sum(|slot| slot.failed), successes - rollbacks),
        first(recovery::total(conn, &tenant, slice, Clock::Finish, &[share]).expect("recoveries")),
        ratio(sum(|slot| slot.rework), successes),
    ]
}

/// The panels that show the five, in the order of [`Metric::ALL`].
const PANELS: [&str; 5] = ["Deployment frequency", "Lead time", "Change failure rate", "Recovery time", "Rework rate"];

fn row(seeded: &mut Seeded, dashboard: &Value, view: &View, title: &str) -> Value {
    let panel = panels(dashboard).find(|panel| panel["title"] == title).expect("the panel");
    let sql = view.sql(text(&panel["targets"][0]["rawSql"])).expect("a query");
    seeded.rows(&sql).expect("rows").swap_remove(0)
}

fn same(told: &Value, expected: Option<f64>) -> bool {
    match (told.as_f64(), expected) {
        (Some(told), Some(expected)) => (told - expected).abs() <= 1e-9 * expected.abs().max(1.0),
        (told, expected) => told == expected,
    }
}

#[test]
fn headlines_bands_and_scores_are_those_of_the_api() {
    let mut seeded = Seeded::new();
    let mut conn = seeded.database.store(Role::App).open(Role::App).expect("a connection");
    let dashboard = &dashboards()["overview"];
    let all = opened(dashboard, DAYS);
    let services = ["service-001", "service-004"];
    let cases = [
        (all.clone(), Unit::Change, false, "50", vec![]),
        (all.choosing("bots", &["exclude"]).choosing("percentile", &["90"]), Unit::Change, true, "90", vec![]),
        (
            all.choosing("service", &services).choosing("unit", &["commit"]),
            Unit::Commit,
            false,
            "50",
            services.to_vec(),
        ),
        (all.choosing("service", &["nobody"]), Unit::Change, false, "50", vec!["nobody"]),
    ];
    for (view, unit, exclude_bots, percentile, services) in cases {
        let slice = Slice {
            from: view.from,
            to: view.to,
            tiers: vec!["production".to_owned()],
            services: services.into_iter().map(str::to_owned).collect(),
            teams: vec![],
            repos: vec![],
            environment: None,
        };
        let share = percentile.parse::<f64>().expect("a number") / 100.0;
        let expected = of_the_api(&mut conn, &slice, Which { unit, exclude_bots }, share);
        for (((metric, name), title), expected) in Metric::ALL.into_iter().zip(PANELS).zip(expected) {
            let told = row(&mut seeded, dashboard, &view, title);
            assert!(same(&told["value"], expected), "{name}: {told} instead of {expected:?}");
            let band = serde_json::to_value(Band::of(metric, Scheme::default(), expected)).expect("a word");
            assert_eq!(told["band"], band, "{name}: {told}");
        }
        let told = row(&mut seeded, dashboard, &view, "Scores");
        let scores = Scores::of(expected);
        for (column, score) in [
            ("frequency", scores.deployment_frequency),
            ("lead", scores.lead_time),
            ("recovery", scores.recovery_time),
            ("failures", scores.change_failure_rate),
            ("rework", scores.rework_rate),
            ("throughput", scores.throughput),
            ("stability", scores.stability),
            ("overall", scores.overall),
        ] {
            assert!(same(&told[column], score), "{column}: {told} instead of {score:?}");
        }
    }
}
