//! kubewatch: its own webhook, and its CloudEvents, whose id is unique within one run of one kubewatch only.

use chrono::{DateTime, Utc};
use domain::event::Draft;
use domain::rules::Rules;
use domain::time;
use serde::Deserialize;
use serde_json::value::RawValue;

use super::objects::{Fact, Labels, Object, word, workload};
use crate::drafts::{MESSAGE, NAME, text};
use crate::integration::Unreadable;
use crate::json::{Text, list};

#[derive(Deserialize)]
pub(super) struct Meta<'a> {
    #[serde(borrow)]
    kind: Option<Text<'a>>,
    #[serde(borrow)]
    name: Option<Text<'a>>,
    #[serde(borrow)]
    namespace: Option<Text<'a>>,
    #[serde(borrow)]
    reason: Option<Text<'a>>,
}

#[derive(Deserialize)]
pub(super) struct CloudEvent<'a> {
    #[serde(default, deserialize_with = "time::lenient")]
    time: Option<DateTime<Utc>>,
    #[serde(borrow)]
    data: Option<Change<'a>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Change<'a> {
    #[serde(borrow)]
    operation: Option<Text<'a>>,
    #[serde(borrow)]
    kind: Option<Text<'a>>,
    #[serde(borrow)]
    obj: Option<Changed<'a>>,
    #[serde(borrow)]
    old_obj: Option<Changed<'a>>,
}

#[derive(Deserialize)]
struct Changed<'a> {
    #[serde(borrow)]
    metadata: Option<Metadata<'a>>,
    /// Of another shape in every kind of object.
    #[serde(borrow)]
    spec: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct Metadata<'a> {
    #[serde(borrow)]
    name: Option<Text<'a>>,
    #[serde(borrow)]
    namespace: Option<Text<'a>>,
    #[serde(borrow)]
    labels: Option<Labels<'a>>,
    #[serde(borrow)]
    annotations: Option<Annotations<'a>>,
    /// Goes up when the specification changes, and not when only the status does.
    generation: Option<i64>,
}

#[derive(Deserialize)]
struct Annotations<'a> {
    #[serde(borrow, rename = "deployment.kubernetes.io/revision")]
    revision: Option<Text<'a>>,
}

/// Kinds that are no objects but what happened to one.
const HAPPENINGS: [(&str, &str, &str); 4] = [
    ("Backoff", "Pod", "workload.degraded"),
    ("NodeNotReady", "Node", "workload.degraded"),
    ("NodeRebooted", "Node", "workload.updated"),
    ("NodeReady", "Node", "workload.recovered"),
];

impl<'a> Meta<'a> {
    /// What it is called: what happened, by the kind where that says so, else by the reason.
    pub(super) fn word(&self) -> Option<Text<'a>> {
        let happening = self.kind.as_deref().is_some_and(|kind| HAPPENINGS.iter().any(|(known, _, _)| *known == kind));
        if happening { self.kind.clone() } else { self.reason.clone().or_else(|| self.kind.clone()) }
    }
}

/// What was done to an object, in the words of the webhook, the CloudEvents and the API's verbs.
pub(super) fn done(verb: &str) -> Option<&'static str> {
    match verb.to_ascii_lowercase().as_str() {
        "create" | "created" => Some("workload.created"),
        "update" | "updated" | "patch" => Some("workload.updated"),
        "delete" | "deleted" => Some("workload.deleted"),
        _ => None,
    }
}

pub(super) fn message(
    meta: &Meta<'_>,
    said: Option<&Text<'_>>,
    at: Option<DateTime<Utc>>,
    rules: &Rules,
) -> Result<Draft, Unreadable> {
    let kind = meta.kind.as_deref().unwrap_or_default();
    let reason = meta.reason.as_deref().unwrap_or_default();
    let happening = HAPPENINGS.iter().find(|(known, _, _)| *known == kind);
    let object = Object {
        namespace: meta.namespace.as_deref().filter(|namespace| !namespace.is_empty()),
        kind: happening.map(|(_, kind, _)| *kind).or_else(|| workload(kind)).unwrap_or_default(),
        name: meta.name.as_deref().unwrap_or_default(),
        ..Object::default()
    };
    check(&object, kind)?;
    let Some(done) = happening.map(|(_, _, done)| *done).or_else(|| done(reason)) else {
        return Err(object.unreadable(format!("the reason {} has no mapping", word(reason))));
    };
    let fact = Fact { at, reason: text(meta.reason.as_ref(), NAME), message: text(said, MESSAGE), ..Fact::default() };
    Ok(object.draft(done, fact, rules))
}

pub(super) fn cloudevent(event: &CloudEvent<'_>, rules: &Rules) -> Result<Draft, Unreadable> {
    let change = event.data.as_ref().ok_or_else(|| Unreadable::new("it has no data"))?;
    let metadata = change.obj.as_ref().and_then(|object| object.metadata.as_ref());
    let (kind, operation) = (change.kind.as_deref().unwrap_or_default(), change.operation.as_deref());
    let object = Object {
        namespace: metadata.and_then(|metadata| metadata.namespace.as_deref()),
        kind: workload(kind).unwrap_or_default(),
        name: metadata.and_then(|metadata| metadata.name.as_deref()).unwrap_or_default(),
        labels: metadata.and_then(|metadata| metadata.labels.as_ref()),
        ..Object::default()
    };
    check(&object, kind)?;
    let Some(done) = operation.and_then(done) else {
        return Err(object.unreadable(format!("the operation {} has no mapping", word(operation.unwrap_or_default()))));
    };
    let before = change.old_obj.as_ref().and_then(|object| object.metadata.as_ref()?.generation);
    let generation = metadata.and_then(|metadata| metadata.generation);
    if done == "workload.updated" && generation.is_some() && generation == before {
        return Err(object.unreadable("only its status changed"));
    }
    let annotations = metadata.and_then(|metadata| metadata.annotations.as_ref());
    let fact = Fact {
        at: event.time,
        image: change.obj.as_ref().and_then(Changed::image),
        reason: text(change.operation.as_ref(), NAME),
        config_revision: annotations.and_then(|annotations| text(annotations.revision.as_ref(), NAME)),
        ..Fact::default()
    };
    Ok(object.draft(done, fact, rules))
}

fn check(object: &Object<'_>, kind: &str) -> Result<(), Unreadable> {
    if object.kind.is_empty() {
        return Err(object.unreadable(format!("objects of kind {} have no mapping", word(kind))));
    }
    if object.name.is_empty() {
        return Err(object.unreadable("it names no object"));
    }
    Ok(())
}

impl Changed<'_> {
    /// The image of the only container.
    fn image(&self) -> Option<String> {
        #[derive(Deserialize)]
        struct Spec<'a> {
            #[serde(borrow)]
            template: Option<Template<'a>>,
            #[serde(borrow, default, deserialize_with = "list")]
            containers: Vec<Container<'a>>,
        }
        #[derive(Deserialize)]
        struct Template<'a> {
            #[serde(borrow)]
            spec: Option<PodSpec<'a>>,
        }
        #[derive(Deserialize)]
        struct PodSpec<'a> {
            #[serde(borrow, default, deserialize_with = "list")]
            containers: Vec<Container<'a>>,
        }
        #[derive(Deserialize)]
        struct Container<'a> {
            #[serde(borrow)]
            image: Option<Text<'a>>,
        }
        let spec: Spec<'_> = serde_json::from_str(self.spec?.get()).ok()?;
        let containers = spec.template.and_then(|template| template.spec).map_or(spec.containers, |pod| pod.containers);
        match &containers[..] {
            [only] => text(only.image.as_ref(), NAME),
            _ => None,
        }
    }
}
