//! Builds, runs of pipelines and tasks, and of test suites: all of them are builds. Deployments have events of their
//! own, so that a run is one only where a pattern names this source.

use domain::event::Draft;
use domain::rules::Rules;

use super::NAME as SOURCE;
use super::cdevents::{CdEvent, Kind, Reference};
use crate::builds::{Phase, Run};
use crate::drafts::{NAME, URL, text};

pub(super) fn drafts(kind: Kind<'_>, event: &CdEvent<'_>, rules: &Rules) -> Option<Vec<Draft>> {
    let phase = match kind.predicate {
        "queued" => Phase::Queued,
        "started" => Phase::Started,
        "finished" => Phase::Finished,
        _ => return None,
    };
    let content = &event.content;
    let suite = content.test_suite.as_ref();
    let name = match kind.subject {
        "pipelinerun" => content.pipeline_name.as_ref(),
        "taskrun" => content.task_name.as_ref(),
        "testsuiterun" => suite.and_then(|suite| suite.name.as_ref().or(suite.id.as_ref())),
        _ => None,
    };
    let at = |this: Phase| event.at.filter(|_| phase == this);
    let run = Run {
        source: SOURCE,
        tells_deployments: true,
        repo: event.repo(),
        project: Some(event.source.clone()),
        name: text(name, NAME).unwrap_or_default(),
        run_id: event.subject.clone(),
        parent_run: Reference::id(content.pipeline_run.as_ref()),
        phase,
        outcome: content.outcome.as_deref().and_then(outcome),
        state: text(content.outcome.as_ref(), NAME).unwrap_or_default(),
        queued_at: at(Phase::Queued),
        started_at: at(Phase::Started),
        finished_at: at(Phase::Finished),
        at: event.at,
        environment: Reference::id(content.environment.as_ref()),
        url: text(content.uri.as_ref().or(content.url.as_ref()), URL),
        ..Run::default()
    };
    let mut drafts = run.drafts(rules);
    for draft in &mut drafts {
        draft.scope.clone_from(&event.scope);
    }
    Some(drafts)
}

/// Test suites say `pass` and `fail`.
fn outcome(word: &str) -> Option<&'static str> {
    match word {
        "success" | "pass" => Some("success"),
        "failure" | "fail" => Some("failure"),
        "cancel" | "cancelled" | "canceled" => Some("cancelled"),
        "error" => Some("error"),
        "skip" | "skipped" => Some("skipped"),
        _ => None,
    }
}
