//! Deployments and services of ECS. The cluster is the environment. What is deployed is not said: no image, no commit.

use chrono::{DateTime, Utc};
use domain::data::{Body, Common, Deployment, Workload};
use domain::event::Draft;
use domain::rules::Rules;
use domain::time;
use serde::Deserialize;
use serde_json::json;

use super::envelope::Event;
use super::pipelines::no_state;
use crate::drafts::{MESSAGE, NAME, draft, plain, text};
use crate::integration::Unreadable;
use crate::json::{Id, Text};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Deployed<'a> {
    deployment_id: Id,
    #[serde(borrow)]
    event_name: Text<'a>,
    #[serde(default, deserialize_with = "time::lenient")]
    updated_at: Option<DateTime<Utc>>,
    #[serde(borrow)]
    reason: Option<Text<'a>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Action<'a> {
    #[serde(borrow)]
    event_type: Option<Text<'a>>,
    #[serde(borrow)]
    event_name: Text<'a>,
    #[serde(borrow)]
    reason: Option<Text<'a>>,
    #[serde(default, deserialize_with = "time::lenient")]
    created_at: Option<DateTime<Utc>>,
}

/// A service and the cluster that it runs in. Old ARNs leave the cluster out.
struct Service {
    name: String,
    cluster: Option<String>,
}

impl Service {
    fn of<D>(event: &Event<'_, D>) -> Result<Self, Unreadable> {
        let named = event.resource("service").ok_or_else(|| Unreadable {
            scope: Some(event.scope()),
            ..Unreadable::new("no resource of the event is a service")
        })?;
        let (cluster, name) = match named.split_once('/') {
            Some((cluster, name)) => (plain(Some(cluster), NAME), name),
            None => (None, named),
        };
        Ok(Self { name: plain(Some(name), NAME).unwrap_or_default(), cluster })
    }

    fn common(&self, revision: Option<DateTime<Utc>>, rules: &Rules) -> Common {
        Common {
            service: Some(self.name.clone()),
            environment: self.cluster.clone(),
            environment_tier: self.cluster.as_deref().map(|name| rules.tier(name, None)),
            revision,
            ..Common::default()
        }
    }
}

pub(super) fn deployment_drafts(
    source: &'static str,
    event: Event<'_, Deployed<'_>>,
    rules: &Rules,
) -> Result<Vec<Draft>, Unreadable> {
    let (kind, outcome) = match &*event.detail.event_name {
        "SERVICE_DEPLOYMENT_IN_PROGRESS" => ("deployment.started", None),
        "SERVICE_DEPLOYMENT_COMPLETED" => ("deployment.finished", Some("success")),
        "SERVICE_DEPLOYMENT_FAILED" => ("deployment.finished", Some("failure")),
        state => return Err(no_state(&event, state)),
    };
    let service = Service::of(&event)?;
    let detail = &event.detail;
    let at = detail.updated_at.or(event.time);
    // The circuit breaker goes back to an earlier deployment, and says so here only.
    let back = detail.reason.as_deref().is_some_and(|reason| reason.contains("rolling back"));
    let fact = Deployment {
        deployment_id: Some(detail.deployment_id.0.clone()),
        state: text(Some(&detail.event_name), NAME),
        outcome: outcome.map(str::to_owned),
        at,
        started_at: at.filter(|_| kind == "deployment.started"),
        finished_at: at.filter(|_| outcome.is_some()),
        explicit_kind: back.then(|| "rollback".to_owned()),
        ..Deployment::default()
    };
    let subject =
        format!("{}/{}:{}", service.name, service.cluster.as_deref().unwrap_or_default(), detail.deployment_id.0);
    let mut draft = draft(kind, &event.scope(), subject, at, service.common(at, rules), Body::Deployment(fact));
    if let Some(reason) = text(detail.reason.as_ref(), MESSAGE) {
        draft.data.extra.insert(source.to_owned(), json!({ "reason": reason }));
    }
    Ok(vec![draft])
}

pub(super) fn action_drafts(
    source: &'static str,
    event: Event<'_, Action<'_>>,
    rules: &Rules,
) -> Result<Vec<Draft>, Unreadable> {
    let service = Service::of(&event)?;
    let detail = &event.detail;
    let kind = match (&*detail.event_name, detail.event_type.as_deref()) {
        ("SERVICE_STEADY_STATE", _) => "workload.recovered",
        (_, Some("WARN" | "ERROR")) => "workload.degraded",
        _ => "workload.updated",
    };
    let at = detail.created_at.or(event.time);
    let fact = Workload {
        kind: Some("service".to_owned()),
        namespace: service.cluster.clone(),
        name: Some(service.name.clone()),
        reason: text(Some(&detail.event_name), NAME),
        message: text(detail.reason.as_ref(), MESSAGE),
        ..Workload::default()
    };
    let subject = format!("{source}:{}/{}", service.cluster.as_deref().unwrap_or_default(), service.name);
    Ok(vec![draft(kind, &event.scope(), subject, at, service.common(at, rules), Body::Workload(fact))])
}
