//! What documents say, and what they may not say.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;

fn catalog(document: &Value) -> Catalog {
    Catalog::parse(document).expect("a document that fits")
}

fn faults(document: &Value) -> Vec<(String, String)> {
    let faults = Catalog::parse(document).expect_err("a document that does not fit");
    faults.into_iter().map(|fault| (fault.pointer, fault.detail)).collect()
}

fn at(text: &str) -> DateTime<Utc> {
    text.parse().expect("a time")
}

fn shop() -> Value {
    json!({
        "version": 1,
        "services": {
            "checkout": {
                "repos": {"acme/mono": ["services/checkout/**", "libs/pay"]},
                "environments": {"eu-1": "production"},
                "deployments": [{"repo": "acme/mono", "environment": "checkout-*"}],
                "incidents": [{"integration": "pagerduty", "service": "Checkout API"}, {"labels": ["checkout"]}, {"title": "*checkout*"}],
                "incident_window": "90m",
                "incident_severities": ["critical", "SEV-1"],
            },
            "billing": {"repos": ["acme/billing"], "deployments": [{"service": "billing-*"}]},
            "search": {"repos": {"acme/mono": "services/search/"}},
        },
        "teams": {
            "payments": {"owns": ["checkout", {"service": "billing", "to": "2026-06-30"}], "members": ["ada"]},
            "core": {"owns": [{"service": "billing", "from": "2026-07-01"}]},
        },
        "environments": {"prod-eu": "production", "canary-*": "other", "prod*": "staging"},
        "ignore": {"deployments": [{"environment": "review/*"}]},
        "bots": ["my-bot", "*-ci"],
        "hotfix": ["hotfix", "Urgent"],
    })
}

fn counted(catalog: &Catalog, named: &DeploymentNamed<'_>) -> Option<(String, Tier)> {
    catalog.deployment(named).map(|counted| (counted.service, counted.tier))
}

#[test]
fn without_a_document_a_service_is_what_it_is_called() {
    let none = Catalog::default();
    let named = DeploymentNamed { service: Some("pay"), repo: Some("acme/pay"), ..DeploymentNamed::default() };
    assert_eq!(counted(&none, &named), Some(("pay".into(), Tier::Other)));
    let by_repo = DeploymentNamed { service: None, tier: Some(Tier::Staging), ..named };
    assert_eq!(counted(&none, &by_repo), Some(("acme/pay".into(), Tier::Staging)));
    assert_eq!(counted(&none, &DeploymentNamed::default()), None);
    assert_eq!(none.incident(&IncidentNamed { repo: Some("acme/pay"), ..Default::default() }), Some("acme/pay".into()));
    let rules = none.rules("pay", TimeDelta::hours(24));
    assert_eq!((rules.incident_window, rules.hotfix_words), (TimeDelta::hours(24), vec!["hotfix".to_owned()]));
    assert_eq!(catalog(&json!({})), none);
    assert_eq!(none.document(), json!({"version": 1}));
}

#[test]
fn the_more_specific_claim_wins() {
    let shop = catalog(&shop());
    let of = |service, repo, environment| {
        let named = DeploymentNamed {
            integration: "github",
            service,
            repo,
            environment,
            tier: Some(Tier::Testing),
            title: None,
        };
        counted(&shop, &named)
    };
    let some = |service: &str, tier| Some((service.to_owned(), tier));
    let mono = Some("acme/mono");
    assert_eq!(of(None, mono, Some("checkout-live")), some("checkout", Tier::Testing), "by a selector");
    assert_eq!(of(None, mono, Some("other")), some("acme/mono", Tier::Testing), "shared by two: nobody's");
    assert_eq!(of(Some("search"), mono, Some("x")), some("search", Tier::Testing), "by its own name");
    assert_eq!(of(None, Some("acme/billing"), Some("PROD-EU")), some("billing", Tier::Production));
    assert_eq!(of(Some("web"), Some("acme/billing"), Some("prod-us")), some("billing", Tier::Staging));
    assert_eq!(of(Some("Billing-Worker"), None, Some("canary-1")), some("billing", Tier::Other));
    assert_eq!(of(Some("checkout"), None, Some("eu-1")), some("checkout", Tier::Production), "its own environment");
    assert_eq!(of(Some("search"), None, Some("eu-1")), some("search", Tier::Testing), "another's environment");
    assert_eq!(of(Some("checkout"), None, Some("review/12")), None, "left out");
    let own = json!({"services": {"a": {"deployments": [{"environment": "x*"}]}, "b": {"deployments": [{"environment": "x*", "title": "*b*"}]}}});
    let named = DeploymentNamed { environment: Some("x1"), title: Some("The B job"), ..Default::default() };
    assert_eq!(counted(&catalog(&own), &named), some("b", Tier::Other));
}

#[test]
fn incidents_are_recognized_by_any_selector() {
    let shop = catalog(&shop());
    let labels = ["Checkout".to_owned()];
    for named in [
        IncidentNamed { integration: "pagerduty", service: Some("checkout api"), ..Default::default() },
        IncidentNamed { labels: &labels, ..Default::default() },
        IncidentNamed { title: Some("The Checkout is down"), ..Default::default() },
        IncidentNamed { service: Some("checkout"), ..Default::default() },
    ] {
        assert_eq!(shop.incident(&named).as_deref(), Some("checkout"), "{named:?}");
    }
    assert_eq!(shop.incident(&IncidentNamed { integration: "opsgenie", title: Some("?"), ..Default::default() }), None);
    let other = IncidentNamed { integration: "opsgenie", service: Some("Checkout API"), ..Default::default() };
    assert_eq!(shop.incident(&other).as_deref(), Some("Checkout API"));
}

#[test]
fn rules_are_the_services_own_else_everybodys() {
    let rules = catalog(&shop()).rules("checkout", TimeDelta::hours(24));
    assert_eq!(rules.incident_window, TimeDelta::minutes(90));
    assert_eq!(rules.paths["acme/mono"], ["libs/pay", "libs/pay/**", "services/checkout/**"]);
    assert_eq!(rules.hotfix_words, ["urgent", "hotfix"].map(str::to_owned));
    let counts = |severity| severity_counts(&rules.severities, severity);
    assert!(counts(Some("sev1")) && counts(Some("Critical")) && !counts(Some("sev2")) && !counts(None));
    assert!(severity_counts(&[], None));
    let all = catalog(
        &json!({"incident_window": "off", "hotfix": [], "services": {"a": {"incident_window": "2d"}, "b": null}}),
    );
    assert_eq!(all.rules("a", TimeDelta::hours(24)).incident_window, TimeDelta::days(2));
    assert_eq!(all.rules("b", TimeDelta::hours(24)).incident_window, TimeDelta::zero());
    assert_eq!(all.rules("unknown", TimeDelta::hours(24)).hotfix_words, Vec::<String>::new());
}

#[test]
fn a_date_is_owned_to_its_end() {
    let shop = catalog(&shop());
    let owner = |time| shop.team_at("billing", at(time));
    assert_eq!(owner("2020-01-01T00:00:00Z"), Some("payments"));
    assert_eq!(owner("2026-06-30T23:59:59.999999Z"), Some("payments"));
    assert_eq!(owner("2026-07-01T00:00:00Z"), Some("core"));
    assert_eq!(shop.team_at("search", at("2026-07-01T00:00:00Z")), None);
    let owners = shop.rules("billing", TimeDelta::zero()).owners;
    assert_eq!(owners.iter().map(|owner| owner.team.as_str()).collect::<Vec<_>>(), ["payments", "core"]);
    assert_eq!((owners[0].to, owners[1].from), (owners[1].from, Some(at("2026-07-01T00:00:00Z"))));
    assert!(shop.is_bot("My-Bot") && shop.is_bot("deploy-ci") && !shop.is_bot("ada"));
}

#[test]
fn every_fault_is_told_with_its_place() {
    let wrong = json!({
        "version": 2,
        "sevices": {},
        "services": {
            "a": {"repo": ["x"], "incident_window": "soon", "environments": {"prod": "prodution"}, "deployments": [{}, {"enviroment": "x"}]},
            "b ": {"repos": [1], "incidents": [{"labels": []}]},
        },
        "teams": {"t": {"owns": [{"from": "yesterday"}, {"service": "a", "from": "2026-02-01", "to": "2026-01-01"}]}},
    });
    let faults = faults(&wrong);
    let told = |pointer: &str, part: &str| {
        assert!(
            faults.iter().any(|(at, detail)| at == pointer && detail.contains(part)),
            "{pointer} {part}: {faults:#?}"
        );
    };
    told("/version", "1");
    told("/sevices", "did you mean `services`?");
    told("/services/a/repo", "did you mean `repos`?");
    told("/services/a/incident_window", "24h");
    told("/services/a/environments/prod", "did you mean `production`?");
    told("/services/a/deployments/0", "at least one of");
    told("/services/a/deployments/1/enviroment", "did you mean `environment`?");
    told("/services/b ", "without blanks");
    told("/services/b /repos/0", "not a number; put it into quotes");
    told("/services/b /incidents/0/labels", "at least one");
    told("/teams/t/owns/0", "`service` is missing");
    told("/teams/t/owns/0/from", "2026-06-30");
    told("/teams/t/owns/1", "must not lie before");
    assert_eq!(faults.len(), 13);
}

#[test]
fn two_services_cannot_claim_the_same_thing_alike() {
    for (document, pointer) in [
        (json!({"services": {"a": {"repos": ["acme/x"]}, "b": {"repos": "ACME/x"}}}), "/services/b/repos"),
        (
            json!({"services": {"a": {"deployments": [{"title": "X"}]}, "b": {"deployments": [{"title": "x"}]}}}),
            "/services/b/deployments",
        ),
        (
            json!({"services": {"a": {"incidents": [{"labels": ["x", "y"]}]}, "b": {"incidents": [{"labels": ["y", "x"]}]}}}),
            "/services/b/incidents",
        ),
        (
            json!({"teams": {"s": {"owns": ["a"]}, "t": {"owns": [{"service": "a", "from": "2026-01-01"}]}}}),
            "/teams/t/owns",
        ),
        (json!({"environments": {"Prod": "production", "prod": "other"}}), "/environments/prod"),
    ] {
        let faults = faults(&document);
        assert_eq!(faults.iter().map(|(at, _)| at.as_str()).collect::<Vec<_>>(), [pointer], "{faults:?}");
    }
    catalog(&json!({"services": {"a": {"repos": {"acme/x": ["a/**"]}}, "b": {"repos": {"acme/x": ["b/**"]}}}}));
    catalog(&json!({"services": {"a": {"repos": ["acme/x"]}, "b": {"repos": ["acme/*"]}}}));
}

#[test]
fn the_usual_form_reads_back_as_the_same_catalog() {
    let shop = catalog(&shop());
    let document = shop.document();
    assert_eq!(catalog(&document), shop);
    assert_eq!(catalog(&document).document(), document);
    assert_eq!(document["services"]["checkout"]["incident_window"], "90m");
    assert_eq!(document["teams"]["payments"]["owns"][0], json!({"service": "billing", "to": "2026-06-30"}));
    let other = catalog(
        &json!({"services": {"checkout": {}, "search": {"repos": {"acme/mono": "services/search/"}}, "new": {}}}),
    );
    let words = |all: &[&str]| all.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>();
    let difference = shop.difference(&other);
    assert_eq!(difference.added, words(&["new"]));
    assert_eq!(difference.removed, words(&["billing"]));
    assert_eq!(difference.changed, words(&["checkout"]));
}

/// Any JSON of the words that documents are made of.
fn near_documents() -> impl Strategy<Value = Value> {
    const WORDS: &[&str] = &[
        "version",
        "services",
        "teams",
        "environments",
        "repos",
        "owns",
        "deployments",
        "incidents",
        "service",
        "title",
        "labels",
        "production",
        "24h",
        "a",
        "b*",
        "acme/x",
        "2026-01-01",
        "from",
        "to",
        "ignore",
        "bots",
        "",
        "*",
    ];
    let word = || prop::sample::select(WORDS).prop_map(str::to_owned);
    let leaf = prop_oneof![
        word().prop_map(Value::from),
        Just(Value::Null),
        (0..3i64).prop_map(Value::from),
        any::<bool>().prop_map(Value::from)
    ];
    leaf.prop_recursive(5, 40, 5, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::btree_map(word(), inner, 0..5).prop_map(|all| Value::Object(all.into_iter().collect())),
        ]
    })
}

/// The same document with all its lists turned around.
fn reversed(value: &Value) -> Value {
    match value {
        Value::Array(all) => all.iter().rev().map(reversed).collect(),
        Value::Object(all) => {
            Value::Object(all.iter().rev().map(|(name, value)| (name.clone(), reversed(value))).collect())
        }
        other => other.clone(),
    }
}

proptest! {
    #[test]
    fn no_document_panics_and_order_means_nothing(document in near_documents()) {
        match Catalog::parse(&document) {
            Ok(catalog) => {
                prop_assert_eq!(&Catalog::parse(&catalog.document()).expect("its own form"), &catalog);
                prop_assert_eq!(&Catalog::parse(&reversed(&document)).expect("in any order"), &catalog);
            }
            Err(faults) => {
                prop_assert!(!faults.is_empty());
                prop_assert!(faults.iter().all(|fault| document.pointer(&fault.pointer).is_some()), "{:?}", faults);
                prop_assert!(Catalog::parse(&reversed(&document)).is_err());
            }
        }
    }

    #[test]
    fn order_does_not_decide_whose_a_deployment_is(
        selectors in prop::collection::btree_map("[ab]", prop::collection::vec(("[xy*]{1,3}", "[xy*]{1,3}"), 1..4), 1..3),
        title in "[xy]{0,3}", environment in "[xy]{0,3}",
    ) {
        let services = |turn: bool| {
            let list = |pairs: &Vec<(String, String)>| {
                let mut all: Vec<Value> = pairs.iter().map(|(title, environment)| json!({"title": title, "environment": environment})).collect();
                if turn { all.reverse(); }
                json!({"deployments": all})
            };
            json!({"services": selectors.iter().map(|(name, pairs)| (name.clone(), list(pairs))).collect::<serde_json::Map<_, _>>()})
        };
        let (Ok(one), Ok(other)) = (Catalog::parse(&services(false)), Catalog::parse(&services(true))) else { return Ok(()) };
        let named = DeploymentNamed { title: Some(&title), environment: Some(&environment), repo: Some("r"), ..Default::default() };
        prop_assert_eq!(one.deployment(&named), other.deployment(&named));
    }
}

#[test]
fn a_time_zone_is_one_that_there_is() {
    let said = Catalog::parse(&json!({"timezone": "Europe/Berlin"})).expect("a document");
    assert_eq!(said.document()["timezone"], "Europe/Berlin");
    let faults = Catalog::parse(&json!({"timezone": "Mars/Olympus"})).expect_err("no such zone");
    assert!(faults.len() == 1 && faults[0].pointer == "/timezone", "{faults:?}");
}
