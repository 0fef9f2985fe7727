//! CircleCI: outbound webhooks of a project.
//!
//! The signature header is a list of versions, of which only `v1` is ever looked at. A finished workflow and each of its
//! finished jobs are builds. A deployment would be told twice, by the job and by the workflow around it: jobs decide, by
//! their own name alone, and a workflow is one only where a pattern names this source (`circleci:release*`).

mod bodies;

use domain::event::Draft;
use domain::rules::Rules;
use serde_json::json;

use crate::builds::{Phase, Run};
use crate::drafts::{NAME, URL, actor, sha, text};
use crate::integration::{Delivery, Field, Greeting, Integration, Normalizer, Sample, Setup, Unreadable, sample};
use crate::json;
use crate::manners::{After, Manners};
use crate::repositories::repository;
use crate::scheme::{Scheme, Signature};
use bodies::{Event, Git, Pipeline, Project, Vcs};

pub(crate) static CIRCLECI: Integration = Integration {
    name: "circleci",
    title: "CircleCI",
    setup: Setup {
        paste: "Project Settings → Webhooks → Add Webhook: receiver URL, secret token",
        ticks: "Workflow Completed, Job Completed",
        docs: "https://circleci.com/docs/outbound-webhooks/",
    },
    manners: Manners {
        deadline_seconds: Some(10),
        refused: After::Retries,
        limited: After::Retries,
        failed: After::Retries,
        note: "Whatever is no success is sent again later. A project has at most five webhooks.",
    },
    secret_setting: "CIRCLECI_WEBHOOK_SECRET",
    schemes: &[Scheme::Signature(Signature {
        name: "circleci-v1",
        header: "circleci-signature",
        separator: Some(','),
        tag: "v1=",
        ..Signature::BODY_HEX
    })],
    kind: Field::First(&[Field::Headers(&["circleci-event-type"]), Field::Body(&["/type"])]),
    key: Field::Body(&["/id"]),
    greeting: Some(greet),
    normalize: Normalizer::Coded(normalize),
    sends: &[("content-type", "application/json"), ("user-agent", "CircleCI-Webhook/1.0")],
    samples: SAMPLES,
    ..Integration::USUAL
};

#[rustfmt::skip]
static SAMPLES: &[Sample] = &[
    sample!("circleci/workflow_completed/success.json", "workflow-completed"),
    sample!("circleci/workflow_completed/canceled_no_git.json", "workflow-completed"),
    sample!("circleci/workflow_completed/deploy_failed.json", "workflow-completed"),
    sample!("circleci/workflow_completed/unauthorized.json", "workflow-completed"),
    sample!("circleci/job_completed/deploy_production.json", "job-completed"),
    sample!("circleci/job_completed/deploy_failed_staging.json", "job-completed"),
    sample!("circleci/job_completed/deploy_of_a_branch_by_a_bot.json", "job-completed"),
    sample!("circleci/job_completed/gitlab_tag.json", "job-completed"),
    sample!("circleci/job_completed/minimal.json", "job-completed"),
    sample!("circleci/job_completed/test_failed.json", "job-completed"),
    sample!("circleci/job_completed/test_in_deploy_workflow.json", "job-completed"),
    sample!("circleci/other/ping.json", "ping"),
    sample!("circleci/other/unknown.json", "pipeline-created"),
];

fn greet(delivery: &Delivery<'_>) -> Option<Greeting> {
    (delivery.kind == "ping").then(|| Greeting::Answer(json!({"status": "pong"})))
}

fn normalize(delivery: &Delivery<'_>, rules: &Rules) -> Result<Vec<Draft>, Unreadable> {
    json::tolerating_repeats(delivery.body, |body| {
        let event: Event<'_> = json::read(body)?;
        let scope = event.project.as_ref().and_then(|project| project.repository().or_else(|| project.slug()));
        let run = match delivery.kind {
            "workflow-completed" => event.of_workflow(rules),
            "job-completed" => event.of_job(rules),
            _ => return Err(Unreadable { scope, ..Unreadable::new("this kind has no mapping") }),
        };
        let run = run.ok_or_else(|| Unreadable { scope, ..Unreadable::new("it has no workflow or job with an id") })?;
        Ok(run.drafts(rules))
    })
}

impl Event<'_> {
    fn of_workflow(&self, rules: &Rules) -> Option<Run> {
        let workflow = self.workflow.as_ref()?;
        Some(Run {
            tells_deployments: true,
            name: text(workflow.name.as_ref(), NAME).unwrap_or_default(),
            run_id: workflow.id.as_ref()?.0.clone(),
            number: self.pipeline.as_ref().and_then(|pipeline| pipeline.number),
            outcome: workflow.status.as_deref().and_then(outcome),
            state: text(workflow.status.as_ref(), NAME).unwrap_or_default(),
            started_at: workflow.created_at,
            finished_at: workflow.stopped_at,
            ..self.run(rules)
        })
    }

    fn of_job(&self, rules: &Rules) -> Option<Run> {
        let job = self.job.as_ref()?;
        let workflow = self.workflow.as_ref();
        Some(Run {
            name: text(job.name.as_ref(), NAME).unwrap_or_default(),
            around: workflow.and_then(|workflow| text(workflow.name.as_ref(), NAME)),
            run_id: job.id.as_ref()?.0.clone(),
            number: job.number,
            parent_run: workflow.and_then(|workflow| Some(workflow.id.as_ref()?.0.clone())),
            outcome: job.status.as_deref().and_then(outcome),
            state: text(job.status.as_ref(), NAME).unwrap_or_default(),
            started_at: job.started_at,
            finished_at: job.stopped_at,
            ..self.run(rules)
        })
    }

    /// What a workflow and its jobs have in common.
    fn run(&self, rules: &Rules) -> Run {
        let (none, no_vcs, no_git) = (Pipeline::default(), Vcs::default(), Git::default());
        let pipeline = self.pipeline.as_ref().unwrap_or(&none);
        let parameters = pipeline.trigger_parameters.as_ref();
        let vcs = pipeline.vcs.as_ref().unwrap_or(&no_vcs);
        let git = parameters.and_then(|parameters| parameters.git.as_ref()).unwrap_or(&no_git);
        let urls = [vcs.target_repository_url.as_deref(), git.checkout_url.as_deref()];
        let person = parameters.and_then(|all| all.gitlab.as_ref().or(all.github_app.as_ref()));
        let project = self.project.as_ref();
        Run {
            source: "circleci",
            repo: urls.into_iter().flatten().find_map(repository).or_else(|| project?.repository()),
            project: project.and_then(Project::slug),
            event: pipeline.trigger.as_ref().and_then(|trigger| text(trigger.kind.as_ref(), NAME)),
            phase: Phase::Finished,
            at: self.happened_at,
            sha: sha(vcs.revision.as_deref().or(git.checkout_sha.as_deref())),
            branch: text(vcs.branch.as_ref().or(git.branch.as_ref()), NAME),
            tag: text(vcs.tag.as_ref().or(git.tag.as_ref()), NAME),
            url: self.workflow.as_ref().and_then(|workflow| text(workflow.url.as_ref(), URL)),
            actor: actor(person.and_then(|person| person.user_username.as_deref()), rules),
            ..Run::default()
        }
    }
}

/// `unauthorized`: whoever started it may not use what it needs.
fn outcome(status: &str) -> Option<&'static str> {
    match status {
        "success" => Some("success"),
        "failed" => Some("failure"),
        "canceled" => Some("cancelled"),
        "error" | "unauthorized" => Some("error"),
        _ => None,
    }
}
