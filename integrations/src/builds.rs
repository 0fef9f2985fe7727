//! A run of a pipeline, workflow, stage or job, in whatever source it ran: a build, and a deployment as well where the
//! rules say that such a run is one (rule D5 of the metrics).

use chrono::{DateTime, Utc};
use domain::data::{Actor, Body, Build, Common, Component, Deployment};
use domain::event::Draft;
use domain::rules::{self, Rules};

use crate::drafts::draft;

/// How far a run is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Phase {
    #[default]
    Queued,
    Started,
    Finished,
}

/// One run, as its source tells of it. All texts are cleaned already.
#[derive(Clone, Debug, Default)]
pub(crate) struct Run {
    pub(crate) source: &'static str,
    /// The source tells of deployments itself: its runs are some only where a pattern names it.
    pub(crate) tells_deployments: bool,
    /// `owner/name`, where the source knows it.
    pub(crate) repo: Option<String>,
    /// What is built: the project, app or job, where there is no repository.
    pub(crate) project: Option<String>,
    /// Where it is in the source, where its first events may not know the repository yet: all events about a run are about
    /// the same thing. The repository, else the project, when left out.
    pub(crate) place: Option<String>,
    /// What is deployed; the repository, else the project, when left out.
    pub(crate) service: Option<String>,
    pub(crate) name: String,
    /// Of the workflow or pipeline around it: its words count as well.
    pub(crate) outer_name: Option<String>,
    /// Of a workflow whose other jobs do other things: its words say where to, never that this run deploys.
    pub(crate) around: Option<String>,
    /// With the attempt, where one id has several.
    pub(crate) run_id: String,
    pub(crate) number: Option<i64>,
    pub(crate) attempt: Option<i64>,
    pub(crate) parent_run: Option<String>,
    /// What started it.
    pub(crate) event: Option<String>,
    pub(crate) phase: Phase,
    /// `success`, `failure`, `cancelled`, `skipped` or `error`.
    pub(crate) outcome: Option<&'static str>,
    /// The source's own word.
    pub(crate) state: String,
    pub(crate) queued_at: Option<DateTime<Utc>>,
    pub(crate) started_at: Option<DateTime<Utc>>,
    pub(crate) finished_at: Option<DateTime<Utc>>,
    /// The source's time of this fact, where it is none of the three.
    pub(crate) at: Option<DateTime<Utc>>,
    pub(crate) sha: Option<String>,
    pub(crate) branch: Option<String>,
    pub(crate) tag: Option<String>,
    pub(crate) default_branch: Option<String>,
    pub(crate) environment: Option<String>,
    pub(crate) url: Option<String>,
    pub(crate) actor: Option<Actor>,
}

/// Branches that are the main one where the source does not say which is.
const MAIN_BRANCHES: [&str; 3] = ["main", "master", "trunk"];

impl Run {
    /// The build, and the deployment that it is by rule.
    pub(crate) fn drafts(self, rules: &Rules) -> Vec<Draft> {
        let deployment = self.deployment(rules);
        let mut drafts = vec![self.build()];
        drafts.extend(deployment);
        drafts
    }

    fn time(&self) -> Option<DateTime<Utc>> {
        let own = match self.phase {
            Phase::Queued => self.queued_at,
            Phase::Started => self.started_at,
            Phase::Finished => self.finished_at,
        };
        own.or(self.at)
    }

    fn common(&self) -> Common {
        Common {
            repo: self.repo.clone(),
            actor: self.actor.clone(),
            commit_sha: self.sha.clone(),
            branch: self.branch.clone(),
            url: self.url.clone(),
            revision: self.at.or(self.time()),
            ..Common::default()
        }
    }

    fn scope(&self) -> String {
        self.place.clone().unwrap_or_else(|| self.built())
    }

    /// The repository, else the project.
    fn built(&self) -> String {
        self.repo.clone().or_else(|| self.project.clone()).unwrap_or_default()
    }

    /// The build alone, for runs that are never deployments.
    pub(crate) fn build(&self) -> Draft {
        let (started, finished) = (self.phase != Phase::Queued, self.phase == Phase::Finished);
        let kind = match self.phase {
            Phase::Queued => "build.queued",
            Phase::Started => "build.started",
            Phase::Finished => "build.finished",
        };
        let build = Build {
            name: Some(self.name.clone()).filter(|name| !name.is_empty()),
            run_id: Some(self.run_id.clone()),
            number: self.number,
            attempt: self.attempt,
            outcome: self.outcome.filter(|_| finished).map(str::to_owned),
            started_at: self.started_at.filter(|_| started),
            finished_at: self.finished_at.filter(|_| finished),
            parent_run: self.parent_run.clone(),
            head_sha: self.sha.clone(),
            event: self.event.clone(),
        };
        let subject = format!("{}!{}/{}", self.scope(), self.name, self.run_id);
        let common = Common { service: self.service.clone(), ..self.common() };
        draft(kind, &self.scope(), subject, self.time(), common, Body::Build(build))
    }

    /// Where it deploys to, if it is a run that does.
    fn target(&self, rules: &Rules) -> Option<rules::Target> {
        let mut names = vec![self.name.as_str()];
        names.extend(self.outer_name.as_deref());
        rules.deploys(&rules::Run {
            source: self.source,
            tells_deployments: self.tells_deployments,
            names: &names,
            around: self.around.as_deref(),
            environment: self.environment.as_deref(),
            on_main: self.tag.is_some() || self.is_on_main(),
        })
    }

    /// A run that was skipped never deployed, and one that waits does not yet.
    fn deployment(&self, rules: &Rules) -> Option<Draft> {
        let (kind, outcome) = match (self.phase, self.outcome) {
            (Phase::Started, _) => ("deployment.started", None),
            (Phase::Finished, Some(outcome @ ("success" | "failure" | "cancelled" | "error"))) => {
                ("deployment.finished", Some(outcome.to_owned()))
            }
            _ => return None,
        };
        let environment = self.target(rules)?.environment;
        let fact = Deployment {
            deployment_id: Some(self.run_id.clone()),
            state: Some(self.state.clone()).filter(|state| !state.is_empty()),
            at: self.time(),
            started_at: self.started_at,
            finished_at: self.finished_at.filter(|_| outcome.is_some()),
            outcome,
            components: vec![Component {
                repo: self.repo.clone(),
                sha: self.sha.clone(),
                r#ref: self.tag.clone().or_else(|| self.branch.clone()),
                ..Component::default()
            }],
            title: Some(self.name.clone()).filter(|name| !name.is_empty()),
            ..Deployment::default()
        };
        let service = self.service.clone().unwrap_or_else(|| self.built());
        let place = self.place.as_deref().unwrap_or(&service);
        let subject = format!("{place}/{}:{}", environment.as_deref().unwrap_or_default(), self.run_id);
        let common = Common {
            service: Some(service).filter(|service| !service.is_empty()),
            environment_tier: environment.as_deref().map(|name| rules.tier(name, None)),
            environment,
            ..self.common()
        };
        Some(draft(kind, &self.scope(), subject, self.time(), common, Body::Deployment(fact)))
    }

    fn is_on_main(&self) -> bool {
        let Some(branch) = self.branch.as_deref() else { return false };
        match self.default_branch.as_deref() {
            Some(main) => branch == main,
            None => MAIN_BRANCHES.contains(&branch),
        }
    }
}
