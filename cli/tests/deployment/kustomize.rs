//! Builds a kustomization as `kubectl apply -k` would, as far as ours go: resources, a namespace, generated ConfigMaps,
//! images, replicas and patches. A field that is not known here fails, so that nothing is left out in silence.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

use serde_json::{Map, Value, json};

use crate::files::{document, documents, list, root, string, text};

pub(crate) const FOLDERS: [&str; 2] = ["k8s/base", "k8s/overlays/production"];
/// Letters of the hash at the end of a generated name.
const HASH: usize = 10;
/// Kinds that live in no namespace.
const OF_THE_CLUSTER: [&str; 1] = ["Namespace"];

/// Everything that a folder is applied as.
pub(crate) fn build(folder: &Path) -> Vec<Value> {
    let file = folder.join("kustomization.yaml");
    let kustomization = document(&file);
    assert_eq!(kustomization["apiVersion"], "kustomize.config.k8s.io/v1beta1");
    assert_eq!(kustomization["kind"], "Kustomization");
    let mut objects: Vec<Value> =
        list(&kustomization["resources"]).iter().flat_map(|one| resource(folder, string(one))).collect();
    for (field, value) in kustomization.as_object().expect("fields") {
        match field.as_str() {
            "apiVersion" | "kind" | "resources" | "namespace" => {}
            "configMapGenerator" => list(value).iter().for_each(|one| generate(&mut objects, one)),
            "images" => list(value).iter().for_each(|one| name_image(&mut objects, one)),
            "replicas" => list(value).iter().for_each(|one| count(&mut objects, one)),
            "patches" => list(value).iter().for_each(|one| patch(folder, &mut objects, one)),
            other => panic!("{}: {other} is not understood here", file.display()),
        }
    }
    if let Some(namespace) = kustomization["namespace"].as_str() {
        for object in objects.iter_mut().filter(|object| !OF_THE_CLUSTER.contains(&string(&object["kind"]))) {
            object["metadata"]["namespace"] = json!(namespace);
        }
    }
    objects
}

/// A file of objects, or another kustomization.
fn resource(folder: &Path, name: &str) -> Vec<Value> {
    let path = folder.join(name);
    if path.is_dir() { build(&path) } else { documents(&path, &text(&path)) }
}

fn find<'o>(objects: &'o mut [Value], kind: &str, name: &str) -> &'o mut Value {
    let is_it = |object: &&mut Value| string(&object["kind"]) == kind && string(&object["metadata"]["name"]) == name;
    objects.iter_mut().find(is_it).unwrap_or_else(|| panic!("there is no {kind} {name}"))
}

fn generate(objects: &mut Vec<Value>, generator: &Value) {
    let pairs = list(&generator["literals"]).iter().map(|pair| string(pair).split_once('=').expect("name=value"));
    let data: Map<String, Value> = pairs.map(|(name, value)| (name.to_owned(), json!(value))).collect();
    let name = string(&generator["name"]);
    if generator["behavior"] == "merge" {
        find(objects, "ConfigMap", name)["data"].as_object_mut().expect("data").extend(data);
    } else {
        objects.push(json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}, "data": data}));
    }
}

fn containers(object: &mut Value) -> impl Iterator<Item = &mut Value> {
    let pod = object.pointer_mut("/spec/template/spec").and_then(Value::as_object_mut);
    let lists = pod.into_iter().flat_map(|pod| pod.iter_mut().filter(|(name, _)| name.ends_with("ontainers")));
    lists.flat_map(|(_, list)| list.as_array_mut().expect("a list").iter_mut())
}

fn name_image(objects: &mut [Value], image: &Value) {
    let mut found = 0;
    for container in objects.iter_mut().flat_map(containers) {
        let (name, tag) = string(&container["image"]).split_once(':').expect("name:tag");
        if name == string(&image["name"]) {
            let (name, tag) = (image["newName"].as_str().unwrap_or(name), image["newTag"].as_str().unwrap_or(tag));
            let named = match image["digest"].as_str() {
                Some(digest) => format!("{name}@{digest}"),
                None => format!("{name}:{tag}"),
            };
            container["image"] = json!(named);
            found += 1;
        }
    }
    assert!(found > 0, "no container has the image {image}");
}

fn count(objects: &mut [Value], replicas: &Value) {
    find(objects, "Deployment", string(&replicas["name"]))["spec"]["replicas"] = replicas["count"].clone();
}

fn patch(folder: &Path, objects: &mut [Value], patch: &Value) {
    let change = document(&folder.join(string(&patch["path"])));
    if let Some(steps) = change.as_array() {
        let target = &patch["target"];
        let object = find(objects, string(&target["kind"]), string(&target["name"]));
        steps.iter().for_each(|one| step(object, one));
    } else {
        merge(find(objects, string(&change["kind"]), string(&change["metadata"]["name"])), &change);
    }
}

/// One step of a JSON patch; adding goes to members of objects only.
fn step(object: &mut Value, step: &Value) {
    let (parent, last) = string(&step["path"]).rsplit_once('/').expect("a path");
    let parent = object.pointer_mut(parent).unwrap_or_else(|| panic!("{step}: there is no such place"));
    let member = last.replace("~1", "/").replace("~0", "~");
    let place = match (string(&step["op"]), parent) {
        ("add", Value::Object(members)) => members.entry(member).or_insert(Value::Null),
        ("replace", Value::Object(members)) => members.get_mut(&member).expect("something to replace"),
        ("replace", Value::Array(items)) => &mut items[member.parse::<usize>().expect("an index")],
        _ => panic!("{step} is not understood here"),
    };
    *place = step["value"].clone();
}

/// A strategic merge: members one by one, lists of named things by name, other lists as a whole.
fn merge(into: &mut Value, change: &Value) {
    match (into, change) {
        (Value::Object(members), Value::Object(changes)) => {
            for (name, change) in changes {
                merge(members.entry(name.clone()).or_insert(Value::Null), change);
            }
        }
        (Value::Array(items), Value::Array(changes)) if changes.iter().all(|one| one["name"].is_string()) => {
            for change in changes {
                match items.iter_mut().find(|item| item["name"] == change["name"]) {
                    Some(item) => merge(item, change),
                    None => items.push(change.clone()),
                }
            }
        }
        (into, change) => *into = change.clone(),
    }
}

/// What `kubectl` makes of it, without the hashes in generated names; `None` where there is none of today's.
fn by_kubectl(folder: &Path) -> Option<Vec<Value>> {
    let version = Command::new("kubectl").args(["version", "--client"]).output().ok()?;
    if !String::from_utf8_lossy(&version.stdout).contains("Kustomize Version: v5.") {
        return None;
    }
    let output = Command::new("kubectl").arg("kustomize").arg(folder).output().ok()?;
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let built = String::from_utf8_lossy(&output.stdout).into_owned();
    let is_hashed = |word: &&str| word.starts_with("em-agent-") && word.len() == "em-agent-".len() + HASH;
    let plain =
        built.split_whitespace().filter(is_hashed).fold(built.clone(), |text, name| text.replace(name, "em-agent"));
    Some(documents(folder, &plain))
}

/// Objects in an order of their own, each with its name.
fn by_name(objects: Vec<Value>) -> BTreeMap<String, Value> {
    objects.into_iter().map(|one| (format!("{} {}", one["kind"], one["metadata"]["name"]), one)).collect()
}

#[test]
fn what_is_checked_here_is_what_kubectl_applies() {
    for folder in FOLDERS.map(|folder| root().join(folder)) {
        match by_kubectl(&folder) {
            Some(applied) => assert_eq!(by_name(build(&folder)), by_name(applied)),
            None => eprintln!("there is no kubectl 1.27 or newer: nobody else has built {}", folder.display()),
        }
    }
}

#[test]
fn every_file_beside_a_kustomization_is_part_of_it() {
    for folder in FOLDERS.map(|folder| root().join(folder)) {
        let kustomization = text(&folder.join("kustomization.yaml"));
        for entry in std::fs::read_dir(&folder).expect("a folder of ours").flatten() {
            let name = entry.file_name().to_string_lossy().into_owned();
            assert!(name == "kustomization.yaml" || kustomization.contains(&name), "{name} is applied by nobody");
        }
    }
}
