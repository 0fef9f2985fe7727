//! What rules find, and what is told of documents that do not fit.

use chrono::{DateTime, TimeDelta, Utc};
use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;

fn at(text: &str) -> DateTime<Utc> {
    text.parse().expect("a time")
}

fn now() -> DateTime<Utc> {
    at("2026-11-20T12:00:00Z")
}

fn ago(hours: i64) -> DateTime<Utc> {
    now() - TimeDelta::hours(hours)
}

fn rule(document: Value) -> Rule {
    let mut rules = Rules::read(&json!({"rules": [document]})).expect("a rule that fits");
    rules.rules.pop().expect("one rule")
}

fn change(number: u32, opened_hours_ago: i64) -> OpenChange {
    OpenChange {
        repo: "acme/shop".to_owned(),
        number: number.to_string(),
        title: Some("New cart".to_owned()),
        author: Some("ada".to_owned()),
        is_bot: false,
        draft: false,
        head: Some("feature/cart".to_owned()),
        ticket_keys: Vec::new(),
        url: None,
        opened_at: ago(opened_hours_ago),
        ready_at: None,
        first_review_at: None,
        approved_at: None,
        teams: vec!["core".to_owned()],
    }
}

fn subjects(rule: Value, facts: &Facts<'_>) -> Vec<String> {
    evaluate(&self::rule(rule), facts, now()).into_iter().map(|finding| finding.subject).collect()
}

#[test]
fn changes_that_nobody_moves_are_stale() {
    let changes = [
        change(1, 48),
        change(2, 47),
        OpenChange { first_review_at: Some(ago(3)), ..change(3, 90) },
        OpenChange { draft: true, ..change(4, 90) },
        OpenChange { is_bot: true, ..change(5, 91) },
        OpenChange { repo: "other/x".to_owned(), teams: Vec::new(), ..change(6, 92) },
    ];
    let facts = Facts { changes: &changes, ..Facts::default() };
    let stale = |rule| subjects(rule, &facts);
    assert_eq!(stale(json!({"kind": "stale_pr"})), ["other/x#6", "acme/shop#1"]);
    assert_eq!(
        stale(json!({"kind": "stale_pr", "older_than_hours": 2.5})),
        ["other/x#6", "acme/shop#1", "acme/shop#2", "acme/shop#3"]
    );
    assert_eq!(stale(json!({"kind": "stale_pr", "repo": "ACME/*"})), ["acme/shop#1"]);
    assert_eq!(
        stale(json!({"kind": "stale_pr", "team": ["core", "x"], "drafts": true, "bots": true})),
        ["acme/shop#5", "acme/shop#4", "acme/shop#1"]
    );
    let row = &evaluate(&rule(json!({"kind": "stale_pr"})), &facts, now())[1];
    assert_eq!(
        serde_json::to_value(row).expect("JSON"),
        json!({
            "subject": "acme/shop#1", "since": "2026-11-18T12:00:00Z", "repo": "acme/shop", "number": "1", "title": "New cart",
            "author": "ada", "opened_at": "2026-11-18T12:00:00Z", "teams": ["core"], "idle_hours": 48.0, "age_hours": 48.0,
        })
    );
}

#[test]
fn changes_wait_for_a_review_since_they_were_ready() {
    let changes = [
        change(1, 12),
        OpenChange { ready_at: Some(ago(11)), ..change(2, 50) },
        OpenChange { first_review_at: Some(ago(1)), ..change(3, 50) },
        OpenChange { approved_at: Some(ago(1)), ..change(4, 50) },
        OpenChange { draft: true, ..change(5, 50) },
    ];
    let facts = Facts { changes: &changes, ..Facts::default() };
    assert_eq!(subjects(json!({"kind": "pr_without_review"}), &facts), ["acme/shop#1"]);
    assert_eq!(
        subjects(json!({"kind": "pr_without_review", "older_than_hours": 0}), &facts),
        ["acme/shop#1", "acme/shop#2"]
    );
}

#[test]
fn a_ticket_is_named_in_title_branch_or_text() {
    let changes = [
        OpenChange { title: Some("SHOP-12 cart".to_owned()), ..change(1, 1) },
        OpenChange { head: Some("feature/PAY2-3-refund".to_owned()), ..change(2, 1) },
        OpenChange { ticket_keys: vec!["OPS-7".to_owned()], ..change(3, 1) },
        OpenChange { title: None, head: None, ..change(4, 1) },
        change(5, 2),
    ];
    let facts = Facts { changes: &changes, ..Facts::default() };
    assert_eq!(subjects(json!({"kind": "no_ticket_link"}), &facts), ["acme/shop#5", "acme/shop#4"]);
    assert_eq!(subjects(json!({"kind": "no_ticket_link", "limit": 1}), &facts), ["acme/shop#5"]);
    let ours = json!({"kind": "no_ticket_link", "ticket_pattern": "^SHOP-[0-9]+"});
    assert_eq!(subjects(ours, &facts).len(), 4);
}

#[test]
fn work_in_progress_is_counted_and_only_what_is_too_much_is_told() {
    let mut changes: Vec<OpenChange> = (1..=5).map(|number| change(number, i64::from(number))).collect();
    let limited = json!({"kind": "wip_limit_exceeded"});
    assert_eq!(subjects(limited.clone(), &Facts { changes: &changes, ..Facts::default() }), Vec::<String>::new());
    changes.push(OpenChange {
        repo: "acme/pay".to_owned(),
        author: Some("grace".to_owned()),
        draft: true,
        teams: vec![],
        ..change(6, 6)
    });
    let facts = Facts { changes: &changes, ..Facts::default() };
    let found = evaluate(&rule(limited), &facts, now());
    assert_eq!(found.len(), 1);
    let row = &found[0].row;
    assert_eq!(
        (&row["wip"], &row["limit"], &row["exceeded"], &row["day"]),
        (&json!(6), &json!(5), &json!(true), &json!("2026-11-20"))
    );
    assert_eq!((&row["changes"][0], found[0].since), (&json!("acme/pay#6"), ago(1)));
    for (per, expected) in [("repo", "wip:acme/shop"), ("author", "wip:ada"), ("team", "wip:core")] {
        assert_eq!(subjects(json!({"kind": "wip_limit_exceeded", "limit": 4, "per": per}), &facts), [expected]);
    }
    assert_eq!(subjects(json!({"kind": "wip_limit_exceeded", "drafts": false}), &facts), Vec::<String>::new());
}

#[test]
fn a_failed_deployment_is_open_until_something_puts_it_right() {
    let failure = |id: &str, environment: &str, hours: i64| FailedDeployment {
        integration: "github".to_owned(),
        deployment_id: id.to_owned(),
        service: "checkout".to_owned(),
        team: Some("core".to_owned()),
        repo: Some("acme/shop".to_owned()),
        environment: environment.to_owned(),
        tier: if environment == "qa" { "testing" } else { "production" }.to_owned(),
        title: None,
        url: None,
        failed_at: ago(hours),
        recovered_at: None,
    };
    let failures = [
        failure("2", "prod", 3),
        failure("1", "prod", 5),
        failure("3", "qa", 5),
        FailedDeployment { recovered_at: Some(ago(1)), ..failure("4", "eu", 5) },
        FailedDeployment { failed_at: now(), ..failure("5", "us", 0) },
    ];
    let facts = Facts { failures: &failures, ..Facts::default() };
    let found = evaluate(&rule(json!({"kind": "failed_deployment_open"})), &facts, now());
    assert_eq!(found.len(), 1);
    assert_eq!((found[0].subject.as_str(), found[0].since), ("deployment:checkout/prod", ago(5)));
    assert_eq!((&found[0].row["failures"], &found[0].row["deployment_id"]), (&json!(2), &json!("1")));
    let all = json!({"kind": "failed_deployment_open", "tier": ["production", "testing"], "older_than_hours": 0, "service": "check*"});
    assert_eq!(subjects(all, &facts).len(), 3);
    assert_eq!(subjects(json!({"kind": "failed_deployment_open", "team": "web"}), &facts).len(), 0);
}

#[test]
fn incidents_wait_for_the_deployment_that_caused_them() {
    let incident = |id: &str, hours: i64| IncidentSeen {
        integration: "pagerduty".to_owned(),
        incident_id: id.to_owned(),
        title: None,
        service: None,
        team: None,
        severity: Some("sev1".to_owned()),
        url: None,
        started_at: ago(hours),
        resolved_at: Some(ago(1)),
        qualifies: true,
        attributed: false,
    };
    let incidents = [
        incident("a", 24),
        incident("b", 23),
        IncidentSeen { attributed: true, ..incident("c", 30) },
        IncidentSeen { qualifies: false, ..incident("d", 30) },
        incident("e", 30 * 24),
    ];
    let facts = Facts { incidents: &incidents, ..Facts::default() };
    assert_eq!(subjects(json!({"kind": "incident_unattributed"}), &facts), ["incident:pagerduty/a"]);
    assert_eq!(subjects(json!({"kind": "incident_unattributed", "within_days": 31}), &facts).len(), 2);
    assert_eq!(subjects(json!({"kind": "incident_unattributed", "service": "*"}), &facts).len(), 0, "it has none");
}

#[test]
fn a_pipeline_is_flaky_that_comes_out_both_ways_on_a_commit() {
    let run = |sha: u32, outcome: &str, hours: i64| PipelineRun {
        repo: "acme/shop".to_owned(),
        pipeline: "ci".to_owned(),
        sha: sha.to_string(),
        outcome: outcome.to_owned(),
        finished_at: ago(hours),
        url: None,
        teams: Vec::new(),
    };
    let mut runs = vec![run(9, "failure", 1), run(9, "cancelled", 1), run(8, "success", 1)];
    for sha in 1..=3 {
        runs.extend([run(sha, "failure", 10), run(sha, "success", 9 - i64::from(sha))]);
    }
    let flaky = |runs: &[PipelineRun]| {
        evaluate(&rule(json!({"kind": "flaky_pipeline"})), &Facts { runs, ..Facts::default() }, now())
    };
    let found = flaky(&runs);
    assert_eq!(found[0].subject, "pipeline:acme/shop/ci");
    let row = &found[0].row;
    assert_eq!((&row["flaky_commits"], &row["runs"], &row["flake_rate"]), (&json!(3), &json!(8), &json!(0.6)));
    runs.retain(|run| run.sha != "3" || run.outcome == "success");
    assert!(flaky(&runs).is_empty());
    assert!(flaky(&[run(1, "failure", 200), run(1, "success", 1)]).is_empty());
}

#[test]
fn a_source_is_silent_that_has_sent_before() {
    let source =
        |name: &str, last: Option<DateTime<Utc>>| SourceSeen { source: name.to_owned(), last_delivery_at: last };
    let sources = [
        source("github", Some(ago(24))),
        source("jira", Some(ago(23))),
        source("slack", None),
        source("gitlab", Some(ago(90))),
    ];
    let facts = Facts { sources: &sources, ..Facts::default() };
    assert_eq!(subjects(json!({"kind": "source_silent"}), &facts), ["source:gitlab", "source:github"]);
    assert_eq!(subjects(json!({"kind": "source_silent", "source": "github"}), &facts), ["source:github"]);
}

#[test]
fn every_fault_is_told_with_its_place() {
    let wrong = json!({"rule": [], "rules": [
        {"kind": "stale"},
        {"name": "x"},
        {"kind": "stale_pr", "older_than_hours": "two"},
        {"kind": "stale_pr", "older_then_hours": 2, "limit": 3},
        {"kind": "no_ticket_link", "pattern": "(a"},
        {"kind": "wip_limit_exceeded", "limit": -1, "per": "person"},
        {"kind": "failed_deployment_open", "tier": "prod", "cooldown": "1s"},
        {"kind": "flaky_pipeline", "within_days": 400, "repeat": 4},
        {"kind": 7},
        "stale_pr",
    ]});
    let faults = Rules::read(&wrong).expect_err("a document that does not fit");
    for (pointer, part) in [
        ("/rule", "did you mean `rules`?"),
        ("/rules/0/kind", "did you mean `stale_pr`?"),
        ("/rules/0/kind", "source_silent"),
        ("/rules/1", "`kind` is missing"),
        ("/rules/2/older_than_hours", "a number of hours"),
        ("/rules/3/older_then_hours", "did you mean `older_than_hours`?"),
        ("/rules/3/limit", "is not known"),
        ("/rules/3", "two rules have this name"),
        ("/rules/4/pattern", "unclosed group"),
        ("/rules/5/limit", "0 to 1000"),
        ("/rules/5/per", "all, team, repo, author"),
        ("/rules/6/tier", "production, staging"),
        ("/rules/6/cooldown", "from 1m to 90d"),
        ("/rules/7/within_days", "1 to 90"),
        ("/rules/7/repeat", "a time like"),
        ("/rules/8/kind", "text belongs here"),
        ("/rules/9", "a rule like"),
    ] {
        let told = faults.iter().any(|fault| fault.pointer == pointer && fault.detail.contains(part));
        assert!(told, "{pointer} {part}: {faults:#?}");
    }
    assert!(Rules::read(&json!({})).is_err() && Rules::read(&json!(null)).is_err() && Rules::read(&json!(1)).is_err());
    assert!(Rules::read(&json!({"rules": []})).is_ok_and(|rules| rules.rules.is_empty()));
}

#[test]
fn each_default_in_the_table_is_one_that_can_be_written() {
    for kind in KINDS {
        let written = kind.parameters.iter().filter(|parameter| !parameter.default.is_empty()).map(|parameter| {
            let value = serde_json::from_str(parameter.default).unwrap_or_else(|_| json!(parameter.default));
            (parameter.name.to_owned(), value)
        });
        let mut document: serde_json::Map<String, Value> = written.collect();
        document.insert("kind".to_owned(), json!(kind.name));
        let (said, silent) = (rule(Value::Object(document)), rule(json!({"kind": kind.name})));
        assert_eq!(format!("{said:?}"), format!("{silent:?}"), "{}", kind.name);
        assert_eq!(Kind::named(kind.name).map(|known| known.id), Some(kind.id));
    }
    let shipped = Rules::shipped();
    assert_eq!(shipped.rules.len(), 7);
    assert_eq!(shipped.needs().len(), 5);
}

proptest! {
    #[test]
    fn the_order_of_facts_means_nothing(mut numbers in proptest::collection::vec((0u32..20, 0i64..100, any::<bool>()), 0..12), kind in 0usize..4) {
        numbers.sort();
        numbers.dedup_by_key(|(number, ..)| *number);
        let mut changes: Vec<OpenChange> = numbers.iter().map(|(number, hours, bot)| OpenChange { is_bot: *bot, ..change(*number, *hours) }).collect();
        let rule = rule(json!({"kind": KINDS[kind].name}));
        let found = |changes: &[OpenChange]| evaluate(&rule, &Facts { changes, ..Facts::default() }, now());
        let before = found(&changes);
        changes.reverse();
        prop_assert_eq!(before, found(&changes));
    }
}
