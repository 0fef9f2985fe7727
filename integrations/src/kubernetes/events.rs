//! A core/v1 Event, as kubernetes-event-exporter sends it: with the cluster's name, and the labels of its object. What
//! kubewatch's webhook sends is known by its `eventmeta` and passed on.

use chrono::{DateTime, Utc};
use domain::event::Draft;
use domain::rules::Rules;
use domain::time;
use serde::Deserialize;

use super::kubewatch::{self, Meta};
use super::objects::{Fact, Labels, Object, word};
use crate::drafts::{MESSAGE, NAME, text};
use crate::integration::Unreadable;
use crate::json::Text;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Event<'a> {
    #[serde(borrow)]
    cluster_name: Option<Text<'a>>,
    #[serde(borrow)]
    involved_object: Option<Involved<'a>>,
    #[serde(borrow)]
    reason: Option<Text<'a>>,
    #[serde(borrow)]
    message: Option<Text<'a>>,
    #[serde(default, deserialize_with = "time::lenient")]
    event_time: Option<DateTime<Utc>>,
    #[serde(default, deserialize_with = "time::lenient")]
    first_timestamp: Option<DateTime<Utc>>,
    #[serde(default, deserialize_with = "time::lenient")]
    last_timestamp: Option<DateTime<Utc>>,
    series: Option<Series>,
    metadata: Option<Metadata>,
    /// What kubewatch's webhook has instead of all that.
    #[serde(borrow)]
    eventmeta: Option<Meta<'a>>,
    #[serde(borrow)]
    text: Option<Text<'a>>,
    #[serde(default, deserialize_with = "time::lenient")]
    time: Option<DateTime<Utc>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Series {
    #[serde(default, deserialize_with = "time::lenient")]
    last_observed_time: Option<DateTime<Utc>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Metadata {
    #[serde(default, deserialize_with = "time::lenient")]
    creation_timestamp: Option<DateTime<Utc>>,
}

#[derive(Deserialize)]
struct Involved<'a> {
    #[serde(borrow)]
    kind: Option<Text<'a>>,
    #[serde(borrow)]
    namespace: Option<Text<'a>>,
    #[serde(borrow)]
    name: Option<Text<'a>>,
    #[serde(borrow)]
    labels: Option<Labels<'a>>,
}

/// What a reason means. Any other is of no matter here, also among warnings.
const REASONS: &[(&str, &[&str])] = &[
    (
        "workload.degraded",
        &[
            "BackOff",
            "BackoffLimitExceeded",
            "CrashLoopBackOff",
            "DeadlineExceeded",
            "ErrImagePull",
            "Evicted",
            "Failed",
            "FailedAttachVolume",
            "FailedCreate",
            "FailedCreatePodSandBox",
            "FailedMount",
            "FailedScheduling",
            "ImagePullBackOff",
            "NodeNotReady",
            "OOMKilled",
            "OOMKilling",
            "ProgressDeadlineExceeded",
            "ReplicaSetCreateError",
            "SystemOOM",
            "Unhealthy",
        ],
    ),
    ("workload.recovered", &["NodeReady"]),
    ("workload.updated", &["DeploymentRollback", "ScalingReplicaSet", "SuccessfulRescale"]),
];

pub(super) fn draft(event: &Event<'_>, rules: &Rules) -> Result<Draft, Unreadable> {
    if let Some(meta) = &event.eventmeta {
        return kubewatch::message(meta, event.text.as_ref(), event.time, rules);
    }
    let involved = event.involved_object.as_ref();
    let object = Object {
        cluster: event.cluster_name.as_deref(),
        namespace: involved.and_then(|object| object.namespace.as_deref()),
        kind: involved.and_then(|object| object.kind.as_deref()).unwrap_or_default(),
        name: involved.and_then(|object| object.name.as_deref()).unwrap_or_default(),
        labels: involved.and_then(|object| object.labels.as_ref()),
    };
    if object.name.is_empty() || object.kind.is_empty() {
        return Err(object.unreadable("it names no object"));
    }
    let reason = event.reason.as_deref().unwrap_or_default();
    let Some((kind, _)) = REASONS.iter().find(|(_, reasons)| reasons.contains(&reason)) else {
        return Err(object.unreadable(format!("the reason {} has no mapping", word(reason))));
    };
    let fact = Fact {
        at: event.last_time(),
        reason: text(event.reason.as_ref(), NAME),
        message: text(event.message.as_ref(), MESSAGE),
        ..Fact::default()
    };
    Ok(object.draft(kind, fact, rules))
}

impl Event<'_> {
    /// When it happened last. Newer kinds of events have only `eventTime`, older ones only the timestamps.
    fn last_time(&self) -> Option<DateTime<Utc>> {
        let observed = self.series.as_ref().and_then(|series| series.last_observed_time);
        let created = self.metadata.as_ref().and_then(|metadata| metadata.creation_timestamp);
        observed.or(self.last_timestamp).or(self.event_time).or(self.first_timestamp).or(created)
    }
}
