//! Argo CD: notifications of syncs and of health, by the template that we ship (`templates/argocd-notifications.yaml`).
//!
//! A body is whatever its template says; this reads ours, and the catalog's triggers (`on-deployed`, …) with the same
//! fields. A sync is a deployment. It is called by the application and the time its operation began, since an application has
//! one operation at a time; the revision may be known only at its end. That revision is the configuration's commit: what the
//! application's own code is stands in its images. The content type is not looked at: Argo CD sends none by itself.

use chrono::{DateTime, SecondsFormat, Utc};
use domain::data::{Body, Common, Component, Deployment, Workload};
use domain::event::Draft;
use domain::rules::Rules;
use domain::text::clean;
use domain::time;
use serde::Deserialize;

use crate::deployments::Told;
use crate::drafts::{MESSAGE, NAME, TITLE, URL, actor, draft, plain, sha};
use crate::integration::{Delivery, Field, Integration, Normalizer, Sample, Setup, Unreadable, sample};
use crate::json::{self, Text, list};
use crate::manners::{After, Manners};
use crate::repositories::repository;
use crate::schemes::ANY_TOKEN;

pub(crate) static ARGOCD: Integration = Integration {
    name: "argocd",
    title: "Argo CD",
    setup: Setup {
        paste: "ConfigMap argocd-notifications-cm: merge integrations/templates/argocd-notifications.yaml; \
                Secret argocd-notifications-secret: em-agent-token",
        ticks: "Triggers em-agent-sync and em-agent-health",
        docs: "https://argo-cd.readthedocs.io/en/stable/operator-manual/notifications/services/webhook/",
    },
    manners: Manners {
        deadline_seconds: None,
        refused: After::GivesUp,
        limited: After::Retries,
        failed: After::Retries,
        note: "Three more attempts within some seconds, then the notification is lost.",
    },
    secret_setting: "ARGOCD_WEBHOOK_SECRET",
    schemes: &[ANY_TOKEN],
    kind: Field::Body(&["/event"]),
    normalize: Normalizer::Coded(normalize),
    sends: &[("user-agent", "Go-http-client/1.1")],
    samples: SAMPLES,
    ..Integration::USUAL
};

#[rustfmt::skip]
static SAMPLES: &[Sample] = &[
    sample!("argocd/sync/succeeded.json", "sync"),
    sample!("argocd/sync/without_end.json", "sync"),
    sample!("argocd/sync/error.json", "sync"),
    sample!("argocd/sync/failed_staging.json", "sync"),
    sample!("argocd/sync/minimal.json", "sync"),
    sample!("argocd/sync/on_deployed.json", "on-deployed"),
    sample!("argocd/sync/running.json", "sync"),
    sample!("argocd/sync/unparsable.json", "unknown"),
    sample!("argocd/health/degraded.json", "health"),
    sample!("argocd/health/healthy.json", "health"),
    sample!("argocd/health/progressing.json", "health"),
];

#[derive(Deserialize)]
struct Message<'a> {
    #[serde(borrow)]
    application_name: Option<Text<'a>>,
    #[serde(borrow)]
    namespace: Option<Text<'a>>,
    #[serde(borrow)]
    labels: Option<Labels<'a>>,
    #[serde(borrow)]
    repo_url: Option<Text<'a>>,
    #[serde(borrow)]
    path: Option<Text<'a>>,
    #[serde(borrow)]
    target_revision: Option<Text<'a>>,
    #[serde(borrow)]
    revision: Option<Text<'a>>,
    #[serde(borrow)]
    phase: Option<Text<'a>>,
    #[serde(borrow)]
    message: Option<Text<'a>>,
    #[serde(default, deserialize_with = "time::lenient")]
    operation_started_at: Option<DateTime<Utc>>,
    #[serde(default, deserialize_with = "time::lenient")]
    operation_finished_at: Option<DateTime<Utc>>,
    #[serde(default, deserialize_with = "time::lenient")]
    health_changed_at: Option<DateTime<Utc>>,
    #[serde(borrow)]
    initiated_by: Option<Text<'a>>,
    #[serde(borrow)]
    health_status: Option<Text<'a>>,
    #[serde(borrow)]
    dest_name: Option<Text<'a>>,
    #[serde(borrow)]
    dest_namespace: Option<Text<'a>>,
    #[serde(borrow, default, deserialize_with = "list")]
    images: Vec<Text<'a>>,
    #[serde(borrow)]
    url: Option<Text<'a>>,
}

/// The application's labels that name its environment.
#[derive(Deserialize)]
struct Labels<'a> {
    #[serde(borrow)]
    environment: Option<Text<'a>>,
    #[serde(borrow)]
    env: Option<Text<'a>>,
}

/// More images than this are cut.
const MOST_IMAGES: usize = 50;

fn normalize(delivery: &Delivery<'_>, rules: &Rules) -> Result<Vec<Draft>, Unreadable> {
    json::tolerating_repeats(delivery.body, |body| {
        let message: Message<'_> = json::read(body)?;
        let application = message.application().ok_or_else(|| Unreadable::new("it names no application"))?;
        let found = match delivery.kind {
            "health" | "on-health-degraded" => message.health(&application, rules),
            _ => message.sync(&application, rules),
        };
        found
            .map(|draft| vec![draft])
            .map_err(|reason| Unreadable { scope: Some(application), ..Unreadable::new(reason) })
    })
}

/// A text that is there. Where a template says a field that is not there, Go writes `<no value>`.
fn told(value: Option<&Text<'_>>, cap: usize) -> Option<String> {
    plain(value.map(|value| &**value).filter(|value| *value != "<no value>"), cap)
}

impl Message<'_> {
    fn name(&self) -> Option<String> {
        told(self.application_name.as_ref(), NAME)
    }

    /// Its name among all of an Argo CD.
    fn application(&self) -> Option<String> {
        let name = self.name()?;
        Some(
            told(self.namespace.as_ref(), NAME).map_or_else(|| name.clone(), |namespace| format!("{namespace}/{name}")),
        )
    }

    /// What a label says, else a word of where it goes to, of its own name or of its folder.
    fn environment(&self, rules: &Rules) -> Option<String> {
        let labels = self.labels.as_ref();
        let labelled = labels.and_then(|labels| labels.environment.as_ref().or(labels.env.as_ref()));
        let places = [&self.dest_namespace, &self.dest_name, &self.application_name, &self.path];
        let said = || places.into_iter().flatten().find_map(|place| rules.environment_in(place));
        told(labelled, NAME).or_else(|| plain(said().as_deref(), NAME))
    }

    fn common(&self, rules: &Rules) -> Common {
        let environment = self.environment(rules);
        Common {
            service: self.name(),
            environment_tier: environment.as_deref().map(|name| rules.tier(name, None)),
            environment,
            url: told(self.url.as_ref(), URL),
            ..Common::default()
        }
    }

    fn sync(&self, application: &str, rules: &Rules) -> Result<Draft, String> {
        let phase = self.phase.as_deref().unwrap_or_default();
        let outcome = match phase {
            "Running" | "Terminating" => None,
            "Succeeded" => Some("success"),
            "Failed" => Some("failure"),
            "Error" => Some("error"),
            other => return Err(format!("the phase {} of a sync has no mapping", clean(other, 60))),
        };
        let revision = told(self.revision.as_ref(), NAME);
        let began = self.operation_started_at.map(|time| time.to_rfc3339_opts(SecondsFormat::AutoSi, true));
        let run = began.or_else(|| revision.clone()).ok_or("it says neither when the sync began nor its revision")?;
        let commit = sha(revision.as_deref());
        let repo = self.repo_url.as_deref().and_then(repository);
        let configuration = Component {
            repo: repo.clone(),
            sha: commit.clone(),
            r#ref: told(self.target_revision.as_ref(), NAME),
            ..Component::default()
        };
        let images = self.images.iter().take(MOST_IMAGES).map(|image| component(image));
        let finished_at = self.operation_finished_at.filter(|_| outcome.is_some());
        let fact = Deployment {
            deployment_id: Some(format!("{application}@{run}")),
            state: told(self.phase.as_ref(), NAME),
            // An end that is not told was not at the beginning.
            at: if outcome.is_some() { finished_at } else { self.operation_started_at },
            started_at: self.operation_started_at,
            finished_at,
            outcome: outcome.map(str::to_owned),
            components: std::iter::once(configuration).chain(images).collect(),
            title: told(self.message.as_ref(), TITLE),
            ..Deployment::default()
        };
        let who = self.initiated_by.as_deref().filter(|name| *name != "<no value>");
        let common = Common { repo, commit_sha: commit, actor: actor(who, rules), ..self.common(rules) };
        Ok(Told { scope: application.to_owned(), began: phase == "Running", fact, common }.draft(rules))
    }

    fn health(&self, application: &str, rules: &Rules) -> Result<Draft, String> {
        let status = self.health_status.as_deref().unwrap_or_default();
        let kind = match status {
            "Degraded" => "workload.degraded",
            "Healthy" => "workload.recovered",
            other => return Err(format!("the health {} has no mapping", clean(other, 60))),
        };
        let only_image = self.images.first().filter(|_| self.images.len() == 1);
        let fact = Workload {
            kind: Some("Application".to_owned()),
            namespace: told(self.dest_namespace.as_ref(), NAME),
            name: self.name(),
            image: told(only_image, NAME),
            reason: told(self.health_status.as_ref(), NAME),
            message: told(self.message.as_ref(), MESSAGE),
            config_revision: told(self.revision.as_ref(), NAME),
        };
        let at = self.health_changed_at;
        let common = Common { revision: at, ..self.common(rules) };
        Ok(draft(kind, application, format!("argocd:{application}"), at, common, Body::Workload(fact)))
    }
}

/// An image by its digest, where it has one: `ghcr.io/acme/shop@sha256:…`.
fn component(image: &str) -> Component {
    let digest = image.split_once('@').map(|(_, digest)| digest);
    Component { r#ref: plain(Some(image), NAME), image_digest: plain(digest, NAME), ..Component::default() }
}
