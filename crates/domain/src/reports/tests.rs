//! Reports over facts written by hand.

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::json;

use super::sprint::{Moved, Progress, progress, sprint_health};
use super::standup::standup;
use super::triage::triage;
use super::{Deployed, Facts, Incident, Merged, Number, Severity, Waiting};
use crate::signals::{FailedDeployment, OpenChange};

fn now() -> DateTime<Utc> {
    "2026-11-20T12:00:00Z".parse().expect("a time")
}

fn ago(hours: i64) -> DateTime<Utc> {
    now() - TimeDelta::hours(hours)
}

fn open(number: &str, hours: i64) -> OpenChange {
    OpenChange {
        repo: "acme/shop".to_owned(),
        number: number.to_owned(),
        title: Some(format!("Change {number}")),
        author: Some("ada".to_owned()),
        is_bot: false,
        draft: false,
        head: None,
        ticket_keys: Vec::new(),
        url: None,
        opened_at: ago(hours),
        ready_at: None,
        first_review_at: None,
        approved_at: None,
        teams: Vec::new(),
    }
}

fn deployed(id: &str, hours: i64, outcome: &str) -> Deployed {
    Deployed {
        integration: "github".to_owned(),
        deployment_id: id.to_owned(),
        service: "shop".to_owned(),
        environment: "production".to_owned(),
        outcome: outcome.to_owned(),
        kind: Some("forward".to_owned()),
        changes: 2,
        failed: false,
        at: ago(hours),
        url: None,
    }
}

fn failed(tier: &str, hours: i64) -> FailedDeployment {
    FailedDeployment {
        integration: "github".to_owned(),
        deployment_id: format!("f{hours}"),
        service: "shop".to_owned(),
        team: None,
        repo: None,
        environment: tier.to_owned(),
        tier: tier.to_owned(),
        title: None,
        url: None,
        failed_at: ago(hours),
        recovered_at: None,
    }
}

fn incident(id: &str, severity: Option<&str>, hours: i64, resolved: Option<i64>) -> Incident {
    Incident {
        integration: "pagerduty".to_owned(),
        incident_id: id.to_owned(),
        title: Some("Down".to_owned()),
        service: Some("shop".to_owned()),
        severity: severity.map(str::to_owned),
        began_at: ago(hours),
        resolved_at: resolved.map(ago),
        url: None,
    }
}

fn facts() -> Facts {
    let mut reviewed = open("3", 100);
    reviewed.first_review_at = Some(ago(2));
    Facts {
        from: ago(48),
        now: now(),
        deployments: vec![
            deployed("3", 1, "success"),
            Deployed { failed: true, kind: Some("rollback".to_owned()), ..deployed("2", 2, "success") },
            deployed("1", 30, "failure"),
        ],
        merged: vec![Merged {
            repo: "acme/shop".to_owned(),
            number: "9".to_owned(),
            title: None,
            author: None,
            url: None,
            merged_at: ago(3),
        }],
        open: vec![
            open("1", 200),
            open("2", 60),
            reviewed,
            OpenChange { draft: true, ..open("4", 99) },
            OpenChange { is_bot: true, ..open("5", 99) },
        ],
        failures: vec![failed("production", 5), failed("staging", 6)],
        incidents: vec![
            incident("Q1", Some("low"), 4, None),
            incident("Q2", None, 3, None),
            incident("Q3", None, 40, Some(26)),
        ],
        approvals: vec![Waiting {
            id: "a1".to_owned(),
            subject: "acme/shop".to_owned(),
            action: "deploy".to_owned(),
            asked_at: ago(1),
            expires_at: ago(-30),
        }],
    }
}

#[test]
fn a_standup_says_what_happened_and_what_is_stuck() {
    let made = standup(&facts(), ago(24), TimeDelta::hours(48));
    assert_eq!((made.stale_pr_count, made.wip_open_prs, made.pr_without_review_count), (2, 3, 2));
    assert_eq!(made.deployments_last_24h, 2, "that of 30 hours ago is not of the last day");
    assert_eq!(made.stale_pr_top[0].subject, "acme/shop#1", "the longest first");
    assert_eq!((made.stale_pr_top[0].severity, made.stale_pr_top[1].severity), (Severity::Warning, Severity::Info));
    assert_eq!(made.stale_pr_top[0].text, "Change 1 (by ada): nobody moved it for 8 d");
    let kinds: Vec<(&str, usize)> = made.sections.iter().map(|section| (section.kind, section.count)).collect();
    let expected = [
        ("incidents", 2),
        ("failed_deployments", 2),
        ("approvals", 1),
        ("deployments", 2),
        ("merged", 1),
        ("stale", 2),
        ("unreviewed", 2),
    ];
    assert_eq!(kinds, expected, "an incident that was over before is not told");
    let shop = &made.sections[3].items[0];
    assert_eq!(shop.text, "shop to production: 2 deployments, 4 changes, 1 rollback, 1 broke something");
    assert_eq!((shop.severity, shop.of.len()), (Severity::Warning, 2));
    assert_eq!(made.headline, "2 deployments, 1 change merged, 2 failures not put right, 2 incidents open, 2 stale");
    assert_eq!(made.worst(), Severity::Critical);
    let json = serde_json::to_value(&made).expect("JSON");
    assert_eq!(json["from"], "2026-11-19T12:00:00Z");
    assert_eq!(
        json["stale_pr_top"][1],
        json!({"subject": "acme/shop#2", "text": "Change 2 (by ada): nobody moved it for 2 d", "severity": "info",
               "at": "2026-11-18T00:00:00Z", "url": null, "event_ids": []})
    );
}

#[test]
fn nothing_known_is_a_report_without_sections() {
    let made = standup(&Facts { now: now(), ..Facts::default() }, ago(24), TimeDelta::hours(48));
    assert!(made.sections.is_empty() && made.worst() == Severity::Info);
    assert_eq!(made.headline, "0 deployments, 0 changes merged");
}

#[test]
fn a_sprint_has_numbers_or_says_that_there_are_none() {
    let number = |name: &str, value, n| Number {
        name: name.to_owned(),
        value,
        previous: None,
        unit: "ratio".to_owned(),
        n,
        band: None,
    };
    let numbers = vec![number("deployment_frequency", Some(1.5), 21), number("change_failure_rate", Some(0.25), 20)];
    let made = sprint_health(&facts(), numbers, Some(Progress { latest: 4, mean: 3.5 }));
    assert_eq!((made.window_days, made.total_deploys, made.avg_daily_deploys), (2, 21, Some(1.5)));
    assert_eq!((made.avg_change_fail_rate, made.latest_wip, made.avg_wip), (Some(0.25), Some(4), Some(3.5)));
    assert_eq!(made.headline, "21 deployments, 25 % of deployments failed, 2 stale");
    let none = sprint_health(&Facts { from: ago(24), now: now(), ..Facts::default() }, Vec::new(), None);
    let json = serde_json::to_value(&none).expect("JSON");
    for name in ["avg_daily_deploys", "avg_change_fail_rate", "latest_wip", "avg_wip"] {
        assert!(json[name].is_null(), "{name}: nothing known is not zero");
    }
}

#[test]
fn work_in_progress_is_weighed_by_time() {
    let moved = |hours, opened, ended| Moved { at: ago(hours), opened, ended };
    let moves = [moved(12, 2, 0), moved(6, 0, 1)];
    assert_eq!(progress(1, &moves, ago(24), now()), Some(Progress { latest: 2, mean: 1.75 }));
    assert_eq!(progress(3, &[], ago(24), now()), Some(Progress { latest: 3, mean: 3.0 }));
    assert_eq!(progress(3, &[], now(), now()), None);
}

#[test]
fn what_is_urgent_comes_first() {
    let subjects: Vec<String> = triage(&facts()).into_iter().map(|item| item.subject).collect();
    let expected = ["github:f5", "pagerduty:Q2", "acme/shop#1", "github:f6", "pagerduty:Q1", "a1"];
    assert_eq!(subjects, expected, "critical ones, then warnings, each the longest first");
    let mut late = facts();
    late.approvals[0].expires_at = now() + TimeDelta::minutes(20);
    let items = triage(&late);
    let approval = items.iter().find(|item| item.subject == "a1").expect("it waits");
    assert_eq!(approval.severity, Severity::Critical, "it is about to expire");
    assert!(approval.text.ends_with("expires in 20 min"), "{}", approval.text);
}
