//! Every object is one that Kubernetes takes: read into the types that are generated from Kubernetes' own API, and written
//! again. What is lost on the way is a field that does not exist; what is new on the way is required and was not there;
//! what cannot be read has the wrong shape.

use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::core::v1::{ConfigMap, Namespace, Service, ServiceAccount};
use k8s_openapi::api::networking::v1::{Ingress, NetworkPolicy};
use k8s_openapi::api::policy::v1::PodDisruptionBudget;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::files::{root, string};
use crate::kustomize::{FOLDERS, build};

fn again<T: DeserializeOwned + Serialize>(object: &Value) -> Result<Value, serde_json::Error> {
    serde_json::to_value(serde_json::from_value::<T>(object.clone())?)
}

/// What Kubernetes understands of an object.
fn understood(object: &Value) -> Result<Value, String> {
    let read = match (string(&object["apiVersion"]), string(&object["kind"])) {
        ("v1", "ConfigMap") => again::<ConfigMap>(object),
        ("v1", "Namespace") => again::<Namespace>(object),
        ("v1", "Service") => again::<Service>(object),
        ("v1", "ServiceAccount") => again::<ServiceAccount>(object),
        ("apps/v1", "Deployment") => again::<Deployment>(object),
        ("networking.k8s.io/v1", "Ingress") => again::<Ingress>(object),
        ("networking.k8s.io/v1", "NetworkPolicy") => again::<NetworkPolicy>(object),
        ("policy/v1", "PodDisruptionBudget") => again::<PodDisruptionBudget>(object),
        other => return Err(format!("{other:?} is a kind that no test here knows")),
    };
    read.map_err(|error| error.to_string())
}

/// What is wrong with an object.
fn fault(object: &Value) -> Option<String> {
    match understood(object) {
        Err(what) => Some(what),
        Ok(read) => difference("", object, &read),
    }
}

/// The first place where what was read is not what was written.
fn difference(place: &str, written: &Value, read: &Value) -> Option<String> {
    match (written, read) {
        (Value::Object(written), Value::Object(read)) => {
            let known = |(name, value): (&String, &Value)| match read.get(name) {
                None => Some(format!("{place}/{name} is no field")),
                Some(read) => difference(&format!("{place}/{name}"), value, read),
            };
            let missing = read.keys().find(|name| !written.contains_key(*name));
            written.iter().find_map(known).or_else(|| missing.map(|name| format!("{place}/{name} is missing")))
        }
        (Value::Array(written), Value::Array(read)) if written.len() == read.len() => {
            let pairs = written.iter().zip(read).enumerate();
            pairs.into_iter().find_map(|(at, (written, read))| difference(&format!("{place}/{at}"), written, read))
        }
        _ if written == read => None,
        _ => Some(format!("{place}: {written} is read as {read}")),
    }
}

#[test]
fn kubernetes_knows_every_field_that_is_set() {
    for folder in FOLDERS {
        let objects = build(&root().join(folder));
        assert!(objects.len() > 10, "{folder} has only {} objects", objects.len());
        for object in objects {
            let name = format!("{folder}: {} {}", object["kind"], object["metadata"]["name"]);
            assert_eq!(fault(&object), None, "{name}");
        }
    }
}

#[test]
fn a_wrong_field_and_a_wrong_shape_are_seen() {
    let objects = build(&root().join("k8s/base"));
    let good = objects.into_iter().find(|object| object["kind"] == "Deployment").expect("a deployment");
    let container = "/spec/template/spec/containers/0";
    for (place, name, value, seen) in [
        (container, "readynessProbe", json!({}), "/readynessProbe is no field"),
        ("/spec/template/spec", "terminationGracePeriod", json!(20), "/terminationGracePeriod is no field"),
        ("/spec", "replicas", json!("2"), "invalid type"),
        ("/metadata", "labels", json!({"a": 1}), "invalid type"),
        (
            "/spec",
            "selector",
            json!({"matchExpressions": [{"key": "a"}]}),
            "/spec/selector/matchExpressions/0/operator is missing",
        ),
        ("", "kind", json!("Job"), "no test here knows"),
    ] {
        let mut bad = good.clone();
        bad.pointer_mut(place).expect("a place")[name] = value;
        let fault = fault(&bad).unwrap_or_default();
        assert!(fault.contains(seen), "{name}: {fault}");
    }
}
