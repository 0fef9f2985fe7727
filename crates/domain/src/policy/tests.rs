//! What policies decide, and what is told of documents that do not fit.

use serde_json::{Value, json};

use super::*;
use crate::approvals::{Excluded, Of, Requirement};

fn policy(document: &Value) -> Policy {
    Policy::read(document).expect("a document that fits")
}

fn input(value: Value) -> Input {
    Input::read(&value).expect("an input that fits")
}

fn deploys() -> Value {
    json!({
        "version": 1,
        "name": "prod-deploy",
        "groups": {"sre": ["ada", "grace", "linus"], "owners": "mary"},
        "rules": [
            {"name": "docs-only", "kinds": ["deploy"], "when": "facts.paths.size() > 0 && facts.paths.all(p, p.startsWith('docs/'))", "then": {"auto_approve": true}},
            {"name": "risky", "kinds": "deploy*", "when": "facts.lines > 400 || 'risky' in facts.labels", "then": {
                "require": [{"votes": 2, "group": "sre"}, {"group": "owners"}], "exclude": ["requester", "authors"], "expires": "2h",
                "remind": ["50%"], "reason": {"approve": true}, "escalate": [{"after": "30m", "to": "#ops"}, {"after": "1h", "to": "sre"}],
                "deny_votes": 2, "sticky": true, "override_roles": ["admin"]}},
            {"name": "note", "kinds": ["stale_pr"], "then": {"action": "comment", "message": "Ping"}},
        ],
        "default": {"require": {"role": "approver"}, "expires": "4h"},
    })
}

#[test]
fn the_first_rule_that_matches_decides_and_says_why() {
    let policy = policy(&deploys());
    let docs = policy.decide(&input(json!({"kind": "deploy", "paths": ["docs/a.md"], "lines": 900, "labels": []})));
    assert_eq!((docs.rule.as_deref(), docs.action.as_str()), (Some("docs-only"), "allow"));
    assert!(docs.auto_approve && !docs.requires_approval && docs.error.is_none());
    assert_eq!(docs.explanation.len(), 2);
    assert_eq!(
        docs.reason,
        "rule `docs-only` matches: facts.paths.size() > 0 && facts.paths.all(p, p.startsWith('docs/'))"
    );

    let risky =
        policy.decide(&input(json!({"kind": "Deploy", "facts": {"paths": ["src/a.rs"], "lines": 512, "labels": []}})));
    assert_eq!((risky.rule.as_deref(), risky.requires_approval, risky.action.as_str()), (Some("risky"), true, "block"));
    let values: Vec<_> = risky.explanation.iter().map(|part| (part.rule.as_str(), part.value)).collect();
    assert_eq!(values, [("docs-only", Some(false)), ("risky", Some(true))]);
    assert_eq!(risky.effect.escalate[0].to, "#ops");
    assert_eq!(
        serde_json::to_value(&risky.effect).expect("JSON"),
        json!({
            "action": "block", "require": [{"votes": 2, "group": "sre"}, {"votes": 1, "group": "owners"}], "auto_approve": false,
            "exclude": ["requester", "authors"], "expires_seconds": 7200, "remind_percent": [50],
            "escalate": [{"after_seconds": 1800, "to": "#ops"}, {"after_seconds": 3600, "to": "sre"}],
            "reason": {"approve": true, "reject": false}, "deny_votes": 2, "sticky": true, "override_roles": ["admin"],
        })
    );

    let small = policy.decide(&input(json!({"kind": "deploy", "paths": ["a"], "lines": 1, "labels": ["x"]})));
    assert_eq!((small.rule, small.requires_approval), (None, true));
    assert_eq!(small.reason, "no rule matches `deploy`: the default applies");
    let stale = policy.decide(&input(json!({"kind": "stale_pr"})));
    assert_eq!((stale.action.as_str(), stale.reason.as_str(), stale.requires_approval), ("comment", "Ping", false));
}

#[test]
fn what_cannot_be_evaluated_asks_for_all_that_may_be_asked() {
    let policy = policy(&deploys());
    // Without `paths` nobody knows whether it is documentation only, without `labels` whether it is risky.
    let none = policy.decide(&input(json!({"kind": "deploy", "lines": 3})));
    assert_eq!((none.rule.as_deref(), none.requires_approval, none.auto_approve), (Some("docs-only"), true, false));
    assert!(none.error.as_deref().is_some_and(|error| error.contains("`paths` is missing")), "{:?}", none.error);
    assert_eq!(none.effect.require.len(), 3, "sre, owners and the default's approver");
    assert!(
        none.effect.reason.approve
            && !none.effect.reason.reject
            && !none.effect.sticky
            && none.effect.override_roles.contains("admin")
    );
    assert_eq!((none.effect.expires.num_hours(), none.effect.deny_votes), (2, 1));
    assert_eq!(none.explanation[0].value, None);

    let large = policy.decide(&input(json!({"kind": "deploy", "paths": [], "text": "x".repeat(70_000)})));
    assert!(large.requires_approval && large.error.is_some_and(|error| error.contains("larger than")));

    let allowing = json!({"version": 1, "rules": [{"name": "a", "when": "facts.x", "then": {"action": "allow"}}], "default": {"action": "allow"}});
    let decision = Policy::read(&allowing).expect("a policy").decide(&input(json!({"kind": "k", "x": 1})));
    assert!(decision.requires_approval && decision.action == "block", "{decision:?}");
    assert_eq!(decision.effect.require, Effect::usual().require);
}

#[test]
fn an_approval_gets_the_terms_of_its_decision() {
    let policy = policy(&deploys());
    let at = "2026-11-20T12:00:00Z".parse().expect("a time");
    let risky = input(json!({"kind": "deploy", "paths": ["a"], "lines": 512, "labels": []}));
    let terms = policy.decide(&risky).terms(&policy, at).expect("an approval");
    assert_eq!(terms.in_words(), "2 of @sre and 1 of @owners");
    assert_eq!(terms.groups["sre"], ["ada", "grace", "linus"]);
    assert_eq!(terms.exclude, [Excluded::Requester, Excluded::Authors]);
    let minutes: Vec<i64> =
        [terms.expires_at, terms.remind_at[0], terms.escalate[0].at].map(|time| (time - at).num_minutes()).to_vec();
    assert_eq!((minutes, terms.deny_votes, terms.sticky), (vec![120, 60, 30], 2, true));
    let from = terms.policy.expect("a policy");
    assert_eq!(
        (from.name.as_str(), from.version.as_str(), from.rule.as_deref()),
        ("prod-deploy", policy.version(), Some("risky"))
    );
    let docs = policy.decide(&input(json!({"kind": "deploy", "paths": ["docs/a.md"]})));
    assert!(docs.terms(&policy, at).is_some_and(|terms| terms.auto_approve));
    assert!(policy.decide(&input(json!({"kind": "stale_pr"}))).terms(&policy, at).is_none());
    let mut usual = Policy::none().decide(&input(json!({"kind": "x"}))).terms(&policy, at).expect("an approval");
    usual.policy = None;
    assert_eq!(usual, crate::approvals::Terms::usual(at), "what is usual is said once more, and the same");
}

#[test]
fn without_a_rule_it_needs_approval() {
    let nothing = policy(&json!({"version": 1}));
    let decision = nothing.decide(&input(json!({"kind": "launch"})));
    assert_eq!((decision.rule, decision.action.as_str(), decision.requires_approval), (None, "block", true));
    assert_eq!(decision.effect.require, [Requirement { votes: 1, of: Of::Role("approver".to_owned()) }]);
    assert_eq!(decision.reason, "no rule matches `launch`: it needs approval");
    let block = policy(&json!({"version": 1, "rules": [{"name": "no", "then": {"action": "block"}}]}));
    assert!(block.decide(&input(json!({"kind": "x"}))).requires_approval);
}

#[test]
fn the_shipped_policy_passes_its_own_tests_and_all_its_rules_are_tested() {
    let shipped = Policy::shipped();
    assert_eq!(shipped.name(), "default");
    let report = shipped.run_tests();
    let failed: Vec<_> = report.results.iter().filter(|result| !result.passed()).collect();
    assert!(report.passed() && report.results.len() == 13, "{failed:#?}");
    assert_eq!(report.untested, Vec::<String>::new());
}

#[test]
fn tests_tell_what_is_other_than_expected() {
    let document = json!({"version": 1, "rules": [
        {"name": "a", "kinds": ["x"], "then": {"action": "nudge"}}, {"name": "b", "kinds": ["y"], "then": {"action": "nudge"}}],
        "tests": [{"name": "t", "input": {"kind": "x"}, "expect": {"rule": "b", "action": "block", "requires_approval": true, "auto_approve": false, "error": false}}]});
    let report = policy(&document).run_tests();
    assert!(!report.passed());
    assert_eq!(
        report.results[0].differences,
        ["rule: expected b, got a", "action: expected block, got nudge", "requires_approval: expected true, got false"]
    );
    assert_eq!((report.untested, report.rules), (vec!["b".to_owned()], 2));
}

#[test]
fn the_version_is_that_of_the_content() {
    let one = policy(&json!({"version": 1, "name": "p", "default": {"action": "allow", "message": "x"}}));
    let same: Value =
        serde_json::from_str(r#"{"default":{"message":"x","action":"allow"},"name":"p","version":1}"#).expect("JSON");
    let other = policy(&json!({"version": 1, "name": "p", "default": {"action": "nudge"}}));
    assert_eq!((one.version(), one.version().len()), (policy(&same).version(), 64));
    assert_ne!(one.version(), other.version());
    assert_eq!(one.label(), format!("p@{}", &one.version()[..12]));
    assert_eq!(one.decide(&input(json!({"kind": "x"}))).policy, one.label());
}

#[test]
fn every_fault_is_told_with_its_place() {
    let wrong = json!({
        "version": 2,
        "rule": [],
        "groups": {"sre": ["ada"], "none": []},
        "rules": [
            {"name": "a", "when": "kind == ", "then": {"action": "x"}},
            {"name": "b", "kinds": [], "then": {}},
            {"name": "c", "then": {"action": "nudge", "expires": "4h"}},
            {"name": "d", "then": {"auto_approve": true, "require": [{"votes": 1, "role": "approver"}]}},
            {"name": "e", "then": {"require": [{"votes": 2, "group": "sre"}, {"group": "sree"}, {"role": "aprover"}, {"votes": 0}], "exclude": ["author"]}},
            {"name": "e", "then": {"require": [], "expires": "40d", "remind": ["150%", 50], "escalate": [{"after": "1h"}], "reason": {"approve": "yes"}}},
            {"wen": "true"},
            {"name": "f!", "then": {"action": "block", "expires": "1h", "escalate": [{"after": "2h", "to": "@ada"}]}},
        ],
        "tests": [{"name": "t", "input": {"knd": "x"}, "expect": {}}, {"name": "u", "input": {"kind": "x", "now": "soon"}, "expect": {"rule": "aa"}}],
    });
    let faults = Policy::read(&wrong).expect_err("a document that does not fit");
    for (pointer, part) in [
        ("/version", "1"),
        ("/rule", "did you mean `rules`?"),
        ("/groups/none", "at least one person"),
        ("/rules/0/when", "line 1, column"),
        ("/rules/1/kinds", "at least one kind"),
        ("/rules/1/then", "nothing follows"),
        ("/rules/2/then", "`expires` is for approvals"),
        ("/rules/3/then", "contradict"),
        ("/rules/4/then/require/0", "2 votes of a group of 1"),
        ("/rules/4/then/require/1/group", "did you mean `sre`?"),
        ("/rules/4/then/require/2/role", "did you mean `approver`?"),
        ("/rules/4/then/require/3", "either a `group` or a `role`"),
        ("/rules/4/then/require/3/votes", "from 1 to 20"),
        ("/rules/4/then/exclude", "did you mean `authors`?"),
        ("/rules/5", "two rules"),
        ("/rules/5/then/require", "1 to 10 parts"),
        ("/rules/5/then/expires", "from 1m to 30d"),
        ("/rules/5/then/remind/0", "50%"),
        ("/rules/5/then/remind/1", "50%"),
        ("/rules/5/then/escalate/0", "{after: 30m"),
        ("/rules/5/then/reason/approve", "true or false belongs here, not text"),
        ("/rules/6", "`name` is missing"),
        ("/rules/6", "`then` is missing"),
        ("/rules/6/wen", "did you mean `when`?"),
        ("/rules/7/name", "letters, digits"),
        ("/rules/7/then", "before `expires`"),
        ("/tests/0/input", "`kind` is missing"),
        ("/tests/0/expect", "at least one of"),
        ("/tests/1/input/now", "a time like"),
        ("/tests/1/expect/rule", "a rule"),
    ] {
        let told = faults.iter().any(|fault| fault.pointer.starts_with(pointer) && fault.detail.contains(part));
        assert!(told, "{pointer} {part}: {faults:#?}");
    }
    assert!(
        Policy::read(&json!([])).is_err() && Policy::read(&json!(null)).is_err() && Policy::read(&json!("x")).is_err()
    );
}

#[test]
fn who_wants_to_be_asked_first_is_even_where_the_policy_would_not() {
    let at = "2026-11-20T12:00:00Z".parse().expect("a time");
    let shipped = Policy::shipped();
    let asking = shipped.decide(&input(json!({"kind": "stale_pr"}))).asking();
    assert_eq!((asking.action.as_str(), asking.requires_approval), ("block", true));
    assert_eq!(asking.effect.require, Effect::usual().require);
    assert_eq!(asking.terms(&shipped, at).expect("an approval").in_words(), "1 approver");
    let all = policy(&json!({"version": 1, "rules": [{"name": "all", "then": {"auto_approve": true}}]}));
    let asking = all.decide(&input(json!({"kind": "x"}))).asking();
    assert!(asking.requires_approval && !asking.auto_approve && !asking.effect.auto_approve, "{asking:?}");
    let deploys = policy(&deploys());
    let risky = deploys.decide(&input(json!({"kind": "deploy", "paths": ["a"], "lines": 512, "labels": []})));
    assert_eq!(risky.clone().asking(), risky, "the policy asks already");
}
