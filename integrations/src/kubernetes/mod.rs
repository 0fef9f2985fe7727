//! Kubernetes: what happens to workloads, told by kubernetes-event-exporter (core/v1 Events), by kubewatch (its webhook and
//! its CloudEvents) or by the API server's audit webhook (`EventList`).
//!
//! The body's shape says which; kubewatch sends CloudEvents as plain JSON. None of them signs anything. Only names, labels
//! and images are read of an object, and what a Secret holds is not even stored.

mod audit;
mod events;
mod kubewatch;
mod objects;
mod secrets;

use domain::event::Draft;
use domain::rules::Rules;
use serde::Deserialize;

use crate::integration::{Delivery, Field, Incoming, Integration, Normalizer, Sample, Setup, Unreadable, sample};
use crate::json::{self, Id, Text};
use crate::manners::{After, Manners};
use crate::schemes::ANY_TOKEN;

pub(crate) static KUBERNETES: Integration = Integration {
    name: "kubernetes",
    title: "Kubernetes",
    setup: Setup {
        paste: "kubernetes-event-exporter: receivers → webhook: endpoint, headers: X-Webhook-Token. \
                kubewatch: handler → webhook (or cloudevent) → url, with ?token=. \
                Audit: kubeconfig of --audit-webhook-config-file, with the secret as the user's token",
        ticks: "Exporter: events of type Warning, and reason ScalingReplicaSet. kubewatch: deployment, statefulSet, \
                daemonSet. Audit policy: level Metadata, verbs create, update, patch, delete on deployments, \
                statefulsets, daemonsets",
        docs: "https://kubernetes.io/docs/tasks/debug/debug-cluster/audit/",
    },
    manners: Manners {
        deadline_seconds: None,
        refused: After::GivesUp,
        limited: After::Retries,
        failed: After::Retries,
        note: "Only the API server's audit webhook sends again; the exporter and kubewatch send everything once.",
    },
    secret_setting: "KUBERNETES_WEBHOOK_SECRET",
    schemes: &[ANY_TOKEN],
    kind: Field::Read(kind),
    key: Field::Read(key),
    kept_body: Some(secrets::without),
    // A batch of audit events: 400 by default.
    max_body_bytes: 16 * 1024 * 1024,
    normalize: Normalizer::Coded(normalize),
    sends: &[("content-type", "application/json"), ("user-agent", "Go-http-client/1.1")],
    samples: SAMPLES,
    ..Integration::USUAL
};

#[rustfmt::skip]
static SAMPLES: &[Sample] = &[
    sample!("kubernetes/event/scaling.json", "ScalingReplicaSet"),
    sample!("kubernetes/event/back_off.json", "BackOff"),
    sample!("kubernetes/event/failed_scheduling.json", "FailedScheduling"),
    sample!("kubernetes/event/minimal.json", "OOMKilling"),
    sample!("kubernetes/event/node_ready.json", "NodeReady"),
    sample!("kubernetes/event/pulled.json", "Pulled"),
    sample!("kubernetes/audit/deployments.json", "EventList"),
    sample!("kubernetes/audit/nothing.json", "EventList"),
    sample!("kubernetes/audit/secrets.json", "EventList"),
    sample!("kubernetes/kubewatch/updated.json", "Updated"),
    sample!("kubernetes/kubewatch/backoff.json", "Backoff"),
    sample!("kubernetes/kubewatch/config_map.json", "Created"),
    sample!("kubernetes/kubewatch/node_not_ready.json", "NodeNotReady"),
    sample!("kubernetes/cloudevent/deployment.json", "KUBERNETES_TOPOLOGY_CHANGE"),
    sample!("kubernetes/cloudevent/deleted.json", "KUBERNETES_TOPOLOGY_CHANGE"),
    sample!("kubernetes/cloudevent/secret.json", "KUBERNETES_TOPOLOGY_CHANGE"),
    sample!("kubernetes/cloudevent/status_only.json", "KUBERNETES_TOPOLOGY_CHANGE"),
    sample!("kubernetes/other/unparsable.json", "unknown"),
];

/// What tells the shapes apart.
#[derive(Deserialize)]
struct Shape<'a> {
    #[serde(borrow)]
    specversion: Option<Text<'a>>,
    #[serde(borrow, rename = "type")]
    of_type: Option<Text<'a>>,
    #[serde(borrow)]
    kind: Option<Text<'a>>,
    #[serde(borrow)]
    reason: Option<Text<'a>>,
    #[serde(borrow)]
    eventmeta: Option<kubewatch::Meta<'a>>,
    metadata: Option<Metadata>,
    count: Option<i64>,
    series: Option<Series>,
}

#[derive(Deserialize)]
struct Metadata {
    uid: Option<Id>,
}

#[derive(Deserialize)]
struct Series {
    count: Option<i64>,
}

fn kind(incoming: &Incoming<'_>) -> Option<String> {
    let shape: Shape<'_> = json::read(incoming.body).ok()?;
    let word = match (&shape.specversion, &shape.eventmeta) {
        (Some(_), _) => shape.of_type,
        (None, Some(meta)) => meta.word(),
        (None, None) => shape.reason.or(shape.kind),
    };
    word.map(|word| word.to_string())
}

/// An Event is one object whose count goes up each time that it happens again.
fn key(incoming: &Incoming<'_>) -> Option<String> {
    let shape: Shape<'_> = json::read(incoming.body).ok()?;
    let uid = shape.metadata.filter(|_| shape.reason.is_some())?.uid?;
    let count = shape.series.and_then(|series| series.count).or(shape.count).unwrap_or_default();
    Some(format!("{}:{count}", uid.0))
}

fn normalize(delivery: &Delivery<'_>, rules: &Rules) -> Result<Vec<Draft>, Unreadable> {
    json::tolerating_repeats(delivery.body, |body| match delivery.kind {
        "EventList" => audit::drafts(&json::read(body)?, rules),
        "KUBERNETES_TOPOLOGY_CHANGE" => Ok(vec![kubewatch::cloudevent(&json::read(body)?, rules)?]),
        _ => Ok(vec![events::draft(&json::read(body)?, rules)?]),
    })
}
