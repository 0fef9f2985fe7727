//! A workload that something happened to, in whatever way it was told: where it runs, what it is called, and the event.

use chrono::{DateTime, Utc};
use domain::data::{Actor, Body, Common, Workload};
use domain::event::Draft;
use domain::rules::Rules;
use domain::text::clean;
use serde::Deserialize;

use crate::drafts::{NAME, draft, plain, text};
use crate::integration::Unreadable;
use crate::json::Text;

/// Kinds of objects that run something, with the names of their resources in the API.
const WORKLOADS: [(&str, &str); 8] = [
    ("CronJob", "cronjobs"),
    ("DaemonSet", "daemonsets"),
    ("Deployment", "deployments"),
    ("Job", "jobs"),
    ("Pod", "pods"),
    ("ReplicaSet", "replicasets"),
    ("Rollout", "rollouts"),
    ("StatefulSet", "statefulsets"),
];

/// The workload's kind, of its kind or its resource, in whatever case.
pub(super) fn workload(word: &str) -> Option<&'static str> {
    let is = |name: &str| name.eq_ignore_ascii_case(word);
    WORKLOADS.iter().find(|(kind, resource)| is(kind) || is(resource)).map(|(kind, _)| *kind)
}

/// Labels that say what a workload is part of.
#[derive(Default, Deserialize)]
pub(super) struct Labels<'a> {
    #[serde(borrow, rename = "app.kubernetes.io/name")]
    name: Option<Text<'a>>,
    #[serde(borrow)]
    app: Option<Text<'a>>,
    #[serde(borrow)]
    environment: Option<Text<'a>>,
    #[serde(borrow)]
    env: Option<Text<'a>>,
}

/// Which object.
#[derive(Default)]
pub(super) struct Object<'a> {
    pub(super) cluster: Option<&'a str>,
    pub(super) namespace: Option<&'a str>,
    pub(super) kind: &'a str,
    pub(super) name: &'a str,
    pub(super) labels: Option<&'a Labels<'a>>,
}

/// What happened to it.
#[derive(Default)]
pub(super) struct Fact {
    pub(super) at: Option<DateTime<Utc>>,
    pub(super) image: Option<String>,
    pub(super) reason: Option<String>,
    pub(super) message: Option<String>,
    pub(super) config_revision: Option<String>,
    pub(super) actor: Option<Actor>,
}

impl Object<'_> {
    /// The cluster where one is named, else the namespace.
    pub(super) fn scope(&self) -> Option<String> {
        plain(self.cluster.or(self.namespace), NAME)
    }

    /// What a label says; else the name of what is not made by something else: pods and their sets have made-up names.
    fn service(&self) -> Option<String> {
        let labelled = self.labels.and_then(|labels| labels.name.as_ref().or(labels.app.as_ref()));
        let own = || matches!(self.kind, "CronJob" | "DaemonSet" | "Deployment" | "Rollout" | "StatefulSet");
        text(labelled, NAME).or_else(|| plain(Some(self.name).filter(|_| own()), NAME))
    }

    /// What a label says, else a word of the namespace's or the cluster's name.
    fn environment(&self, rules: &Rules) -> Option<String> {
        let labelled = self.labels.and_then(|labels| labels.environment.as_ref().or(labels.env.as_ref()));
        let places = [self.namespace, self.cluster];
        let said = || places.into_iter().flatten().find_map(|place| rules.environment_in(place));
        text(labelled, NAME).or_else(|| plain(said().as_deref(), NAME))
    }

    pub(super) fn draft(&self, kind: &'static str, fact: Fact, rules: &Rules) -> Draft {
        let parts = [self.cluster, self.namespace, Some(self.kind), Some(self.name)];
        let path: Vec<String> = parts.into_iter().filter_map(|part| plain(part, NAME)).collect();
        let environment = self.environment(rules);
        let common = Common {
            service: self.service(),
            environment_tier: environment.as_deref().map(|name| rules.tier(name, None)),
            environment,
            actor: fact.actor,
            revision: fact.at,
            ..Common::default()
        };
        let workload = Workload {
            kind: plain(Some(self.kind), NAME),
            namespace: plain(self.namespace, NAME),
            name: plain(Some(self.name), NAME),
            image: fact.image,
            reason: fact.reason,
            message: fact.message,
            config_revision: fact.config_revision,
        };
        let subject = format!("kubernetes:{}", path.join("/"));
        draft(kind, &self.scope().unwrap_or_default(), subject, fact.at, common, Body::Workload(workload))
    }

    pub(super) fn unreadable(&self, reason: impl Into<String>) -> Unreadable {
        Unreadable { scope: self.scope(), ..Unreadable::new(reason) }
    }
}

/// A word of the body in a reason.
pub(super) fn word(word: &str) -> String {
    clean(word, 60)
}
