//! CodePipeline, CodeBuild and CodeDeploy. Pipelines and builds are runs; CodeDeploy tells of deployments itself, so
//! that runs are some only where a pattern names the source.

use domain::data::{Body, Common, Deployment};
use domain::event::Draft;
use domain::rules::Rules;
use domain::time;
use serde::Deserialize;

use super::envelope::Event;
use crate::builds::{Phase, Run};
use crate::drafts::{NAME, URL, draft, sha, text};
use crate::integration::Unreadable;
use crate::json::{Id, Text};
use crate::repositories;

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) struct Pipeline<'a> {
    #[serde(borrow)]
    pipeline: Text<'a>,
    execution_id: Id,
    #[serde(borrow)]
    state: Text<'a>,
    #[serde(borrow)]
    execution_trigger: Option<Trigger<'a>>,
    #[serde(default, deserialize_with = "time::lenient")]
    start_time: Option<chrono::DateTime<chrono::Utc>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Trigger<'a> {
    #[serde(borrow)]
    trigger_type: Option<Text<'a>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) struct Build<'a> {
    #[serde(borrow)]
    build_status: Text<'a>,
    #[serde(borrow)]
    project_name: Text<'a>,
    #[serde(borrow)]
    build_id: Text<'a>,
    #[serde(borrow)]
    additional_information: Option<Details<'a>>,
}

/// The times in here have no zone; they are not read.
#[derive(Default, Deserialize)]
#[serde(rename_all = "kebab-case", default)]
struct Details<'a> {
    /// Written as `55.0`.
    build_number: Option<f64>,
    #[serde(borrow)]
    initiator: Option<Text<'a>>,
    #[serde(borrow)]
    source_version: Option<Text<'a>>,
    #[serde(borrow)]
    source: Option<Source<'a>>,
    #[serde(borrow)]
    logs: Option<Logs<'a>>,
}

#[derive(Deserialize)]
struct Source<'a> {
    #[serde(borrow)]
    location: Option<Text<'a>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Logs<'a> {
    #[serde(borrow)]
    deep_link: Option<Text<'a>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Deployed<'a> {
    deployment_id: Id,
    #[serde(borrow)]
    application: Text<'a>,
    #[serde(borrow)]
    deployment_group: Option<Text<'a>>,
    #[serde(borrow)]
    state: Text<'a>,
}

pub(super) fn pipeline_drafts(
    source: &'static str,
    event: Event<'_, Pipeline<'_>>,
    rules: &Rules,
) -> Result<Vec<Draft>, Unreadable> {
    let run = &event.detail;
    let (phase, outcome) = match &*run.state {
        "STARTED" | "RESUMED" => (Phase::Started, None),
        "SUCCEEDED" => (Phase::Finished, Some("success")),
        "FAILED" => (Phase::Finished, Some("failure")),
        "CANCELED" | "STOPPED" | "SUPERSEDED" => (Phase::Finished, Some("cancelled")),
        state => return Err(no_state(&event, state)),
    };
    let name = run.pipeline.clean(NAME);
    let trigger = run.execution_trigger.as_ref().and_then(|trigger| trigger.trigger_type.as_ref());
    let run = Run {
        project: Some(name.clone()),
        name,
        run_id: run.execution_id.0.clone(),
        event: text(trigger, NAME),
        started_at: run.start_time.or(event.time.filter(|_| *run.state == *"STARTED")),
        state: run.state.clean(NAME),
        ..base(source, &event, phase, outcome)
    };
    Ok(of(&event, run.drafts(rules)))
}

pub(super) fn build_drafts(
    source: &'static str,
    mut event: Event<'_, Build<'_>>,
    rules: &Rules,
) -> Result<Vec<Draft>, Unreadable> {
    let details = event.detail.additional_information.take().unwrap_or_default();
    let build = &event.detail;
    let (phase, outcome) = match &*build.build_status {
        "IN_PROGRESS" => (Phase::Started, None),
        "SUCCEEDED" => (Phase::Finished, Some("success")),
        "FAILED" => (Phase::Finished, Some("failure")),
        "STOPPED" => (Phase::Finished, Some("cancelled")),
        "FAULT" | "TIMED_OUT" => (Phase::Finished, Some("error")),
        state => return Err(no_state(&event, state)),
    };
    let version = details.source_version.as_deref();
    let name = build.project_name.clean(NAME);
    let run = Run {
        repo: details.source.and_then(|source| repository(&source.location?)),
        project: Some(name.clone()),
        name,
        // An ARN, the end of which is the project and a number of its own.
        run_id: build.build_id.rsplit('/').next().map(|id| Text(id.into()).clean(NAME)).unwrap_or_default(),
        number: details.build_number.map(|number| number as i64),
        event: text(details.initiator.as_ref(), NAME),
        started_at: event.time.filter(|_| phase == Phase::Started),
        state: build.build_status.clean(NAME),
        sha: sha(version),
        url: text(details.logs.and_then(|logs| logs.deep_link).as_ref(), URL),
        ..base(source, &event, phase, outcome)
    };
    Ok(of(&event, run.drafts(rules)))
}

pub(super) fn deployment_drafts(event: Event<'_, Deployed<'_>>, rules: &Rules) -> Result<Vec<Draft>, Unreadable> {
    let (kind, outcome) = match &*event.detail.state {
        "START" => ("deployment.started", None),
        "READY" => ("deployment.updated", None),
        "SUCCESS" => ("deployment.finished", Some("success")),
        "FAILURE" => ("deployment.finished", Some("failure")),
        "STOP" => ("deployment.finished", Some("cancelled")),
        state => return Err(no_state(&event, state)),
    };
    let deployed = &event.detail;
    let (service, id) = (deployed.application.clean(NAME), &deployed.deployment_id.0);
    let environment = text(deployed.deployment_group.as_ref(), NAME);
    let subject = format!("{service}/{}:{id}", environment.as_deref().unwrap_or_default());
    let fact = Deployment {
        deployment_id: Some(id.clone()),
        state: text(Some(&deployed.state), NAME),
        outcome: outcome.map(str::to_owned),
        at: event.time,
        started_at: event.time.filter(|_| kind == "deployment.started"),
        finished_at: event.time.filter(|_| outcome.is_some()),
        ..Deployment::default()
    };
    let common = Common {
        service: Some(service),
        environment_tier: environment.as_deref().map(|name| rules.tier(name, None)),
        environment,
        revision: event.time,
        ..Common::default()
    };
    Ok(vec![draft(kind, &event.scope(), subject, event.time, common, Body::Deployment(fact))])
}

fn base<D>(source: &'static str, event: &Event<'_, D>, phase: Phase, outcome: Option<&'static str>) -> Run {
    Run {
        source,
        tells_deployments: true,
        phase,
        outcome,
        finished_at: event.time.filter(|_| phase == Phase::Finished),
        at: event.time,
        ..Run::default()
    }
}

/// The drafts, where the account and region, if they are told, are the place that they are from.
fn of<D>(event: &Event<'_, D>, mut drafts: Vec<Draft>) -> Vec<Draft> {
    let scope = event.scope();
    for draft in drafts.iter_mut().filter(|_| !scope.is_empty()) {
        draft.scope.clone_from(&scope);
    }
    drafts
}

pub(super) fn no_state<D>(event: &Event<'_, D>, state: &str) -> Unreadable {
    let reason = format!("the state {} of this kind has no mapping", Text(state.into()).clean(60));
    Unreadable { scope: Some(event.scope()), ..Unreadable::new(reason) }
}

/// The repository that a build takes its source from. Those of CodeCommit have no owner.
fn repository(location: &str) -> Option<String> {
    repositories::repository(location).filter(|_| !location.contains("://git-codecommit."))
}
