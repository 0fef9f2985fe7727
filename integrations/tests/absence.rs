//! What a sender may leave out. Older servers, apps and people send less than the documentation shows, or `null`: a
//! delivery counts as long as it says what happened to what, and what it does not say is absent from its events.

use std::collections::BTreeMap;

use domain::event::Draft;
use domain::rules::Rules;
use integrations::{ALL, Headers, Integration, Sample, find, normalize};
use serde_json::{Map, Value};

fn drafts(source: &str, kind: &str, body: &str) -> Vec<Draft> {
    let integration = find(source).expect("a source");
    normalize(integration, kind, &Headers::default(), body.as_bytes(), &Rules::default())
}

/// Every member of every object, as the JSON pointers to it.
fn members(value: &Value, at: &str, found: &mut Vec<String>) {
    let inner: Vec<(String, &Value)> = match value {
        Value::Object(map) => map.iter().map(|(name, value)| (name.clone(), value)).collect(),
        Value::Array(list) => list.iter().enumerate().map(|(place, value)| (place.to_string(), value)).collect(),
        _ => return,
    };
    for (name, value_inside) in inner {
        let path = format!("{at}/{}", name.replace('~', "~0").replace('/', "~1"));
        members(value_inside, &path, found);
        if value.is_object() {
            found.push(path);
        }
    }
}

/// The object that holds a member, and the member's name.
fn holder<'a>(body: &'a mut Value, pointer: &str) -> (&'a mut Map<String, Value>, String) {
    let (object, name) = pointer.rsplit_once('/').expect("a pointer");
    let name = name.replace("~1", "/").replace("~0", "~");
    (body.pointer_mut(object).and_then(Value::as_object_mut).expect("an object"), name)
}

/// The members without which a sample means nothing any more: those that are missed, and those that must not be null.
fn essential(integration: &Integration, sample: &Sample) -> Option<Vec<String>> {
    let headers: Headers<'_> = sample.headers.iter().map(|(name, value)| (*name, value.as_bytes())).collect();
    let is_unmapped = |body: &[u8]| {
        let drafts = normalize(integration, sample.kind, &headers, body, &Rules::default());
        drafts.iter().all(|draft| draft.kind.is_unmapped())
    };
    let whole: Value = serde_json::from_slice(sample.body).ok().filter(|_| !is_unmapped(sample.body))?;
    let mut pointers = Vec::new();
    members(&whole, "", &mut pointers);
    let misses = |pointer: &String| {
        let (mut without, mut with_null) = (whole.clone(), whole.clone());
        let (object, name) = holder(&mut without, pointer);
        object.remove(&name);
        let (object, name) = holder(&mut with_null, pointer);
        object.insert(name, Value::Null);
        let [missed, null] = [without, with_null].map(|body| is_unmapped(body.to_string().as_bytes()));
        assert_eq!(missed, null, "{}: {pointer} may be missing but not null, or the other way round", sample.path);
        missed
    };
    let mut found: Vec<String> =
        pointers.into_iter().filter(misses).map(|pointer| pointer[1..].replace('/', ".")).collect();
    found.sort();
    Some(found)
}

/// What an event cannot exist without must be there, and nothing else. The list of it is read by people: a member that
/// comes to it makes deliveries mean nothing that meant something before.
#[test]
fn only_what_an_event_cannot_exist_without_must_be_there() {
    for integration in ALL {
        let mut listed: BTreeMap<&str, Vec<String>> = BTreeMap::new();
        for sample in integration.samples {
            // The first of a folder that means something is its plainest: one of each kind is enough.
            if !listed.contains_key(sample.folder())
                && let Some(found) = essential(integration, sample)
            {
                listed.insert(sample.folder(), found);
            }
        }
        insta::with_settings!({ prepend_module_to_snapshot => false, omit_expression => true }, {
            insta::assert_json_snapshot!(format!("essential_{}", integration.name), listed);
        });
    }
}

/// Kind, body beside the repository, and the event: type, subject, data beside the repository.
const SMALLEST: &[(&str, &str, &str, &str, &str)] = &[
    (
        "push",
        r#""ref":"refs/heads/main""#,
        "commits.pushed",
        "acme/shop@refs/heads/main",
        r#""branch":"main","ref":"refs/heads/main""#,
    ),
    ("pull_request", r#""pull_request":{"number":7}"#, "change.updated", "acme/shop#7", r#""number":7"#),
    (
        "pull_request",
        r#""action":"closed","pull_request":{"number":7,"merged":true}"#,
        "change.merged",
        "acme/shop#7",
        r#""number":7"#,
    ),
    (
        "pull_request_review",
        r#""review":{"state":"approved"},"pull_request":{"number":7}"#,
        "change.updated",
        "acme/shop#7",
        r#""number":7,"review_state":"approved""#,
    ),
    (
        "deployment",
        r#""deployment":{"id":9}"#,
        "deployment.updated",
        "acme/shop/:9",
        r#""service":"acme/shop","deployment_id":"9","state":"created","components":[{"repo":"acme/shop"}]"#,
    ),
    (
        "deployment_status",
        r#""deployment":{"id":"9"},"deployment_status":{"state":"success"}"#,
        "deployment.finished",
        "acme/shop/:9",
        r#""service":"acme/shop","deployment_id":"9","state":"success","outcome":"success","components":[{"repo":"acme/shop"}]"#,
    ),
    (
        "workflow_run",
        r#""action":"completed","workflow_run":{"id":5}"#,
        "build.finished",
        "acme/shop!/5",
        r#""run_id":"5""#,
    ),
    (
        "workflow_job",
        r#""workflow_job":{"id":5,"status":"in_progress"}"#,
        "build.started",
        "acme/shop!/5",
        r#""run_id":"5""#,
    ),
    ("check_run", r#""action":"created","check_run":{"id":5}"#, "build.queued", "acme/shop!/5", r#""run_id":"5""#),
    ("issues", r#""issue":{"number":3}"#, "ticket.updated", "github:acme/shop#3", r#""key":"acme/shop#3""#),
    (
        "release",
        r#""action":"published","release":{"tag_name":"v1"}"#,
        "release.published",
        "github:acme/shop@v1",
        r#""tag":"v1""#,
    ),
];

#[test]
fn the_smallest_bodies_say_what_happened_and_nothing_that_they_do_not_know() {
    for (kind, body, expected, subject, data) in SMALLEST {
        let found = drafts("github", kind, &format!(r#"{{{body},"repository":{{"full_name":"acme/shop"}}}}"#));
        assert_eq!(found.len(), 1, "{kind}");
        assert_eq!((found[0].kind.as_str(), &*found[0].subject, found[0].time), (*expected, *subject, None), "{kind}");
        assert_eq!(found[0].data.to_json().get(), format!(r#"{{"repo":"acme/shop",{data}}}"#), "{kind}");
    }
}

#[test]
fn a_field_that_is_sent_twice_counts_as_it_stands_last() {
    let twice =
        r#"{"ref":"refs/heads/a","ref":"refs/heads/b","repository":{"full_name":"x/y","full_name":"acme/shop"}}"#;
    assert_eq!(drafts("github", "push", twice)[0].subject, "acme/shop@refs/heads/b");
    let twice = r#"{"kind":"link","kind":"image","digest":"a","digest":"b","repo":"acme/shop","sha":"c0ffee1"}"#;
    assert_eq!(drafts("generic", "facts", twice)[0].subject, "generic:b");
}

#[test]
fn null_in_a_list_is_nothing() {
    let body = r#"{"issue":{"number":3,"labels":[null,{"name":null},{"name":"incident"}]},"repository":{"full_name":"acme/shop"}}"#;
    let found = drafts("github", "issues", body);
    assert_eq!(found[0].kind.as_str(), "incident.updated");
    assert_eq!(found[0].data.common.labels, ["incident"]);
    let body = r#"{"ref":"refs/heads/main","commits":[null,{"message":"no id"},{"id":"c0ffee1","added":null},{"id":"c0ffee2","added":[]}],"repository":{"full_name":"acme/shop"}}"#;
    assert!(
        drafts("github", "push", body)[0]
            .data
            .to_json()
            .get()
            .contains(r#""commits":[{"sha":"c0ffee1"},{"sha":"c0ffee2","files":[]}]"#)
    );
}

#[test]
fn a_branch_came_or_went_also_where_only_the_zeros_say_so() {
    let zeros = "0".repeat(40);
    let types = |before: &str, after: &str| -> Vec<String> {
        let body = format!(
            r#"{{"ref":"refs/heads/x","before":"{before}","after":"{after}","repository":{{"full_name":"a/b"}}}}"#
        );
        drafts("github", "push", &body).iter().map(|draft| draft.kind.to_string()).collect()
    };
    assert_eq!(types(&zeros, "c0ffee1"), ["branch.created", "commits.pushed"]);
    assert_eq!(types("c0ffee1", &zeros), ["branch.deleted"]);
    assert_eq!(types("c0ffee1", "c0ffee2"), ["commits.pushed"]);
}

/// All fields of an event stand in one object: two parts of it must not bring the same one.
#[test]
fn no_event_says_a_field_twice() {
    for integration in ALL {
        for sample in integration.samples {
            let headers: Headers<'_> = sample.headers.iter().map(|(name, value)| (*name, value.as_bytes())).collect();
            for draft in normalize(integration, sample.kind, &headers, sample.body, &Rules::default()) {
                let data = draft.data.to_json();
                let read: Value = serde_json::from_str(data.get()).expect("JSON");
                assert_eq!(read.to_string().len(), data.get().len(), "{}: {}", sample.path, data.get());
            }
        }
    }
}
