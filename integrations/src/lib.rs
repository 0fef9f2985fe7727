//! What each source sends, as data and pure functions: how it proves itself, what a delivery is called, and what it
//! means in our words.
//!
//! One delivery goes through [`verify`] (who sent it, on the raw bytes), [`identify`] (kind and key), [`greet`]
//! (handshakes) and [`normalize`] (events). Adding a source is one file and one line in [`ALL`]. Nothing here may
//! know HTTP servers, the store, the clock or the environment; no body is ever logged.

mod alert_groups;
mod alerts;
mod builds;
mod commits;
mod deployments;
mod drafts;
mod form;
mod headers;
pub mod history;
mod integration;
mod json;
mod manners;
mod messages;
mod moves;
mod plugin;
mod pointer;
mod repositories;
mod scheme;
mod schemes;
mod sign;
mod signed;
mod sources;
mod tags;
mod templates;
mod tickets;
mod verify;
mod walk;

mod argocd;
mod aws;
mod azuredevops;
mod bitbucket;
mod circleci;
mod cloudevents;
mod codecov;
mod datadog;
mod generic;
mod github;
mod gitlab;
mod grafana;
mod heroku;
mod jenkins;
mod jira;
mod kubernetes;
mod launchdarkly;
mod linear;
mod newrelic;
mod opsgenie;
mod pagerduty;
mod prometheus;
mod sentry;
mod shortcut;
mod slack;
mod sonarqube;
mod statuspage;

pub use headers::{HeaderFault, Headers, WhatIsWrong};
pub use integration::{
    Delivery, Field, Greeting, Identity, Incoming, Integration, Normalizer, Sample, Setup, Unreadable,
};
pub use manners::{After, Manners};
pub use plugin::{Case, Explained, Fault, Mappings, Plugin, folder, noun_fields};
pub use scheme::{Algorithm, Clock, Encoding, KeyFormat, Part, Place, Scheme, Signature, Sns, Timestamp, Token, Unit};
pub use sign::{Shipment, freshen, sign};
pub use sources::Sources;
pub use templates::TEMPLATES;
pub use verify::{Fetched, Options, Refusal, SecretSlot, Secrets, Verified, verify};
pub use walk::{greet, identify, kept_body, kept_headers, normalize};

/// Every source we take deliveries from.
pub static ALL: &[&Integration] = &[
    &argocd::ARGOCD,
    &azuredevops::AZUREDEVOPS,
    &bitbucket::BITBUCKET,
    &circleci::CIRCLECI,
    &cloudevents::CLOUDEVENTS,
    &aws::CLOUDWATCH,
    &codecov::CODECOV,
    &datadog::DATADOG,
    &aws::ECS,
    &generic::GENERIC,
    &github::GITHUB,
    &gitlab::GITLAB,
    &grafana::GRAFANA,
    &heroku::HEROKU,
    &jenkins::JENKINS,
    &jira::JIRA,
    &kubernetes::KUBERNETES,
    &launchdarkly::LAUNCHDARKLY,
    &linear::LINEAR,
    &newrelic::NEWRELIC,
    &opsgenie::OPSGENIE,
    &pagerduty::PAGERDUTY,
    &prometheus::PROMETHEUS,
    &sentry::SENTRY,
    &shortcut::SHORTCUT,
    &slack::SLACK,
    &sonarqube::SONARQUBE,
    &statuspage::STATUSPAGE,
];

/// The source of that name.
pub fn find(name: &str) -> Option<&'static Integration> {
    ALL.iter().copied().find(|integration| integration.name == name)
}
