//! Signals about deployments, incidents, pipelines and sources.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde_json::json;

use super::evaluate::{Finding, hours, is_older, time};
use super::facts::{FailedDeployment, IncidentSeen, PipelineRun, SourceSeen};
use super::rules::{Rule, meant};

/// How many commits a row about a pipeline names.
const NAMED: usize = 10;

/// One row for each service and environment that is left in a failed state, about the first failure.
pub(super) fn failed(rule: &Rule, failures: &[FailedDeployment], now: DateTime<Utc>) -> Vec<Finding> {
    let open = failures.iter().filter(|failure| {
        failure.recovered_at.is_none()
            && (rule.tiers.is_empty() || rule.tiers.contains(&failure.tier))
            && is_older(failure.failed_at, rule.older_than, now)
            && meant(&rule.services, [failure.service.as_str()])
            && meant(&rule.repos, failure.repo.as_deref())
            && meant(&rule.teams, failure.team.as_deref())
    });
    let mut places: BTreeMap<(&str, &str), Vec<&FailedDeployment>> = BTreeMap::new();
    for failure in open {
        places.entry((&failure.service, &failure.environment)).or_default().push(failure);
    }
    let rows = places.into_iter().filter_map(|((service, environment), failures)| {
        let first = failures.iter().min_by_key(|failure| (failure.failed_at, &failure.deployment_id))?;
        let row = json!({
            "service": service, "environment": environment, "tier": first.tier, "team": first.team, "repo": first.repo,
            "integration": first.integration, "deployment_id": first.deployment_id, "title": first.title, "url": first.url,
            "failed_at": time(first.failed_at), "open_hours": hours(first.failed_at, now), "failures": failures.len(),
        });
        Some(Finding::new(format!("deployment:{service}/{environment}"), first.failed_at, row))
    });
    rows.collect()
}

pub(super) fn unattributed(rule: &Rule, incidents: &[IncidentSeen], now: DateTime<Utc>) -> Vec<Finding> {
    let waiting = incidents.iter().filter(|incident| {
        incident.qualifies
            && !incident.attributed
            && is_older(incident.started_at, rule.older_than, now)
            && !is_older(incident.started_at, rule.within, now)
            && meant(&rule.services, incident.service.as_deref())
            && meant(&rule.teams, incident.team.as_deref())
    });
    let finding = |incident: &IncidentSeen| {
        let row = json!({
            "integration": incident.integration, "incident_id": incident.incident_id, "title": incident.title,
            "service": incident.service, "team": incident.team, "severity": incident.severity, "url": incident.url,
            "started_at": time(incident.started_at), "open": incident.resolved_at.is_none(),
            "waiting_hours": hours(incident.started_at, now),
        });
        let subject = format!("incident:{}/{}", incident.integration, incident.incident_id);
        Finding::new(subject, incident.started_at, row)
    };
    waiting.map(finding).collect()
}

/// What one pipeline did on one commit.
#[derive(Default)]
struct Ran {
    failed: usize,
    succeeded: usize,
    last: Option<DateTime<Utc>>,
}

/// A pipeline that came out both ways on the same commit says nothing about the commit.
pub(super) fn flaky(rule: &Rule, runs: &[PipelineRun], now: DateTime<Utc>) -> Vec<Finding> {
    let mut pipelines: BTreeMap<(&str, &str), BTreeMap<&str, Ran>> = BTreeMap::new();
    let recent = runs.iter().filter(|run| {
        !is_older(run.finished_at, rule.within, now)
            && meant(&rule.repos, [run.repo.as_str()])
            && meant(&rule.teams, run.teams.iter().map(String::as_str))
    });
    // What was cancelled or skipped says nothing either way.
    for run in recent.filter(|run| matches!(run.outcome.as_str(), "success" | "failure")) {
        let ran = pipelines.entry((&run.repo, &run.pipeline)).or_default().entry(&run.sha).or_default();
        if run.outcome == "success" {
            ran.succeeded += 1;
        } else {
            ran.failed += 1;
        }
        ran.last = ran.last.max(Some(run.finished_at));
    }
    pipelines.into_iter().filter_map(|((repo, pipeline), commits)| flaky_one(rule, repo, pipeline, &commits)).collect()
}

fn flaky_one(rule: &Rule, repo: &str, pipeline: &str, commits: &BTreeMap<&str, Ran>) -> Option<Finding> {
    let flaky: Vec<(&str, &Ran)> =
        commits.iter().filter(|(_, ran)| ran.failed > 0 && ran.succeeded > 0).map(|(sha, ran)| (*sha, ran)).collect();
    if flaky.len() < rule.limit.max(1) {
        return None;
    }
    let times = || flaky.iter().filter_map(|(_, ran)| ran.last);
    let (first, last) = (times().min()?, times().max()?);
    let runs: usize = commits.values().map(|ran| ran.failed + ran.succeeded).sum();
    let row = json!({
        "repo": repo, "pipeline": pipeline, "flaky_commits": flaky.len(), "commits": commits.len(), "runs": runs,
        "flake_rate": (flaky.len() as f64 / commits.len() as f64 * 1000.0).round() / 1000.0, "last_at": time(last),
        "shas": flaky.iter().take(NAMED).map(|(sha, _)| *sha).collect::<Vec<_>>(),
    });
    Some(Finding::new(format!("pipeline:{repo}/{pipeline}"), first, row))
}

/// A source that never sent anything is not silent: it is not set up.
pub(super) fn silent(rule: &Rule, sources: &[SourceSeen], now: DateTime<Utc>) -> Vec<Finding> {
    let sources = sources.iter().filter(|source| meant(&rule.sources, [source.source.as_str()]));
    let quiet = sources.filter_map(|source| Some((&source.source, source.last_delivery_at?)));
    quiet
        .filter(|(_, last)| is_older(*last, rule.older_than, now))
        .map(|(source, last)| {
            let row = json!({"source": source, "last_delivery_at": time(last), "silent_hours": hours(last, now)});
            Finding::new(format!("source:{source}"), last, row)
        })
        .collect()
}
