//! What is behind a headline: the same number again, and every row with its reason; one deployment from all sides.

use serde_json::{Value, json};

use super::facts::{WEEK, a_week};
use crate::world::{World, problem};

#[tokio::test]
async fn every_headline_is_that_of_its_rows() {
    let world = World::new().await;
    world.sql(&a_week());
    for (metric, name, rows, counted) in [
        ("deployment-frequency", "deployment_frequency", 10, 8),
        ("lead-time", "lead_time", 5, 4),
        ("change-failure-rate", "change_failure_rate", 10, 7),
        ("recovery-time", "recovery_time", 2, 2),
        ("rework-rate", "rework_rate", 10, 8),
        ("restore-time", "restore_time", 1, 1),
    ] {
        for options in [
            "",
            "&count_redeploys=false",
            "&percentile=90&scheme=2021",
            "&tz=Asia/Tokyo&working_days=true",
            "&fdrt_start=impact",
        ] {
            let answer = world.get(&format!("/v1/metrics/dora/{metric}/explain?{WEEK}{options}")).await;
            assert_eq!(
                (&answer["metric"], &answer["matches"]),
                (&name.into(), &true.into()),
                "{metric} {options}: {answer}"
            );
            assert_eq!(answer["data"].as_array().map(Vec::len), Some(rows));
            let five = world.get(&format!("/v1/metrics/dora?{WEEK}{options}")).await;
            for (member, value) in answer["headline"].as_object().expect("an object") {
                assert_eq!(value, &five[name][member], "{metric} {member}");
            }
        }
        let answer = world.get(&format!("/v1/metrics/dora/{metric}/explain?{WEEK}")).await;
        let data = answer["data"].as_array().expect("rows").clone();
        assert_eq!(data.iter().filter(|row| row["counted"] == true).count(), counted, "{metric}");
        assert!(data.iter().all(|row| row["reason"].is_string() && row["events"].is_array()), "{answer}");
    }
    let commits = world.get(&format!("/v1/metrics/dora/lead-time/explain?{WEEK}&lead_unit=commit")).await;
    assert_eq!((&commits["matches"], commits["data"].as_array().map(Vec::len)), (&true.into(), Some(3)));
    let unknown = world.answer("/v1/metrics/dora/happiness/explain").await;
    let unknown = problem(unknown, 404, "not-found").await;
    assert!(unknown["detail"].as_str().is_some_and(|detail| detail.contains("rework-rate")), "{unknown}");
}

#[tokio::test]
async fn a_row_says_why_it_counts() {
    let world = World::new().await;
    world.sql(&a_week());
    let answer = world.get(&format!("/v1/metrics/dora/change-failure-rate/explain?{WEEK}")).await;
    let reason = |id: &str| -> (bool, String) {
        let rows = answer["data"].as_array().expect("rows").iter();
        let row: Vec<&Value> = rows.filter(|row| row["deployment_id"] == id).collect();
        (row[0]["counted"] == true, row[0]["reason"].as_str().unwrap_or_default().to_owned())
    };
    assert_eq!(reason("d2"), (true, "it failed: rollback, window".into()));
    assert_eq!(reason("d3"), (false, "rollbacks are no changes".into()));
    assert!(!reason("d9").0);
    let leads = world.get(&format!("/v1/metrics/dora/lead-time/explain?{WEEK}")).await;
    let negative =
        leads["data"].as_array().expect("rows").iter().find(|row| row["number"] == "5").expect("the change").clone();
    assert_eq!((&negative["counted"], &negative["value"]), (&false.into(), &json!(-60.0)));
}

#[tokio::test]
async fn one_deployment_is_shown_from_all_sides() {
    let world = World::new().await;
    world.sql(&a_week());
    world.sql(
        "insert into dora_links (tenant_id, integration, incident_id, deployment_integration, deployment_id, method)
         values ('default', 'pagerduty', 'i1', 'github', 'd2', 'window');
         insert into dora_remediations (tenant_id, service, integration, deployment_id, culprit_integration, culprit_id, method, at)
         values ('default', 'shop', 'github', 'd3', 'github', 'd2', 'rollback', '2026-11-02T14:00:00Z');
         insert into deployment_components (tenant_id, integration, deployment_id, repo, sha, registers)
         values ('default', 'github', 'd2', 'acme/shop', 'a', '{}');
         insert into dora_audit (tenant_id, at, fact, key, before, after, causes)
         values ('default', now(), 'deployment', 'github:d2', '{\"failed\":false}', '{\"failed\":true}', '{01938f5e-3f0a-7c11-9d4e-000000000009}')",
    );
    let found = world.get("/v1/deployments/github/d2").await;
    assert_eq!(
        (&found["deployment"], &found["failed"], &found["failed_by"]),
        (&"github:d2".into(), &true.into(), &json!(["rollback", "window"]))
    );
    assert_eq!(found["contents"].as_array().map(Vec::len), Some(2));
    assert!(found["contents"][0]["why"].as_str().is_some_and(|why| why.contains("history")), "{found}");
    assert_eq!(
        (&found["incidents"][0]["incident_id"], &found["incidents"][0]["methods"]),
        (&"i1".into(), &json!(["window"]))
    );
    assert_eq!(
        found["mended_by"],
        json!([{"deployment": "github:d3", "method": "rollback", "at": "2026-11-02T14:00:00Z"}])
    );
    assert_eq!((&found["mends"], &found["failure"]["recovery_s"]), (&json!([]), &json!(7200.0)));
    assert_eq!(found["commits"].as_array().map(Vec::len), Some(3));
    assert_eq!((&found["audit"][0]["after"]["failed"], &found["components"][0]["sha"]), (&true.into(), &"a".into()));
    let rollback = world.get("/v1/deployments/github/d3").await;
    assert_eq!((&rollback["mends"][0]["deployment"], &rollback["target"]), (&"github:d2".into(), &"github:d1".into()));
    assert_eq!(rollback["failure"], Value::Null);

    world.sql("update dora_deployments set deployment_id = 'shop/prod:7' where deployment_id = 'd1'");
    assert_eq!(world.get("/v1/deployments/github/shop%2Fprod:7").await["deployment_id"], "shop/prod:7");
    for lost in ["github/unknown", "gitlab/d2", "github/%00"] {
        problem(world.answer(&format!("/v1/deployments/{lost}")).await, 404, "not-found").await;
    }
    let failed = world.get(&format!("/v1/deployments?{WEEK}&failed=true&outcome=success")).await;
    assert_eq!(failed["data"].as_array().map(Vec::len), Some(2));
    let kinds = world.get(&format!("/v1/deployments?{WEEK}&kind=rollback,hotfix&rework=true")).await;
    assert_eq!(kinds["data"].as_array().map(Vec::len), Some(2));
    problem(world.answer("/v1/deployments?kind=sideways").await, 400, "invalid-request").await;
}
