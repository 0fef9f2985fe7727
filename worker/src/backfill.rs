//! Fetches history that webhooks never brought, and keeps it as if they had.
//!
//! 1. [`tenure`]: the job is taken up where an earlier run left it, or begun. Nobody else works on it meanwhile.
//! 2. [`github`] or [`gitlab`] walks over one kind of thing after the other, from the oldest to the newest: [`api`]
//!    asks, as soon as the API's limits allow ([`limits`]), and only the configured host ([`links`]).
//! 3. `integrations::history` makes each thing the deliveries that webhooks would have been; [`keep`] keeps them.
//! 4. After each thing [`progress`] is noted: an interrupted run goes on there, and a thing that is kept twice is one.
//!
//! What a thing means is decided by the normalizers, nowhere here. Publishing is the relay's, by the outbox.

mod api;
mod clock;
mod github;
mod gitlab;
mod halt;
mod items;
mod keep;
mod limits;
mod links;
mod progress;
mod tenure;
mod windows;

use std::sync::Arc;
use std::time::Duration;

use domain::ids::TenantId;
use domain::rules::Rules;
use integrations::history::Recalled;
use outbound::Outbound;
use secrecy::{ExposeSecret, SecretString};
use store::jobs::Backfill;
use store::{Role, Store};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use api::Api;
use halt::Halt;
use keep::Keeper;
use progress::Item;
use tenure::Tenure;

pub use clock::{Clock, Wall};
pub use halt::BackfillError;
pub use progress::{Progress, Resource};

/// Whose history.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    Github,
    Gitlab,
}

impl Source {
    pub fn name(self) -> &'static str {
        match self {
            Self::Github => "github",
            Self::Gitlab => "gitlab",
        }
    }

    /// The setting that holds the token.
    pub fn token_setting(self) -> &'static str {
        match self {
            Self::Github => "GITHUB_TOKEN",
            Self::Gitlab => "GITLAB_TOKEN",
        }
    }

    fn headers(self, token: Option<&SecretString>) -> Vec<(String, String)> {
        let plain = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        let token = token.map(ExposeSecret::expose_secret);
        match self {
            Self::Github => {
                let mut headers =
                    vec![plain("accept", "application/vnd.github+json"), plain("x-github-api-version", "2022-11-28")];
                headers.extend(token.map(|token| ("authorization".to_owned(), format!("Bearer {token}"))));
                headers
            }
            Self::Gitlab => token.map(|token| plain("private-token", token)).into_iter().collect(),
        }
    }
}

/// Says something to whoever watches.
pub type Say = Arc<dyn Fn(&str) + Send + Sync>;

/// What a backfill works with.
#[derive(Clone)]
pub struct Means {
    /// Works as [`Role::App`].
    pub store: Store,
    pub tenant: TenantId,
    pub rules: Rules,
    pub outbound: Outbound,
    /// Without a slash at its end.
    pub api_url: String,
    pub token: Option<SecretString>,
    pub clock: Arc<dyn Clock>,
    pub stop: CancellationToken,
    /// The longest pause that is waited for when the API asks for one.
    pub max_wait: Duration,
    pub say: Say,
}

/// How a run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// All that there is was looked at.
    Done,
    /// Told to stop; the next run goes on.
    Stopped,
    /// The API asks for a longer pause than may be waited; the next run goes on.
    TooLong { pause: Duration, why: &'static str },
    /// Somebody ended the job.
    Lost,
}

/// What became of it, counted over all runs of the same job.
#[derive(Clone, Debug)]
pub struct Report {
    pub job: Uuid,
    pub ended: Ended,
    pub progress: Progress,
}

/// Fetches one repository's history, from where an earlier run of the same left it.
pub async fn run(means: &Means, source: Source, asked: &Backfill) -> Result<Report, BackfillError> {
    let tenure = Tenure::take(&means.store, &means.tenant, asked, means.clock.clone()).await?;
    let mut walk = match Walk::begin(means, source, asked, &tenure) {
        Ok(walk) => walk,
        Err(error) => {
            tenure.release().await?;
            return Err(error);
        }
    };
    let walked = match source {
        Source::Github => github::walk(&mut walk).await,
        Source::Gitlab => gitlab::walk(&mut walk).await,
    };
    let walked = walk.noted(walked).await;
    let ended = end(&tenure, walked).await?;
    Ok(Report { job: tenure.id(), ended, progress: walk.progress() })
}

async fn end(tenure: &Tenure, walked: Result<(), Halt>) -> Result<Ended, BackfillError> {
    let ended = match walked {
        Ok(()) => {
            tenure.finish(None).await?;
            return Ok(Ended::Done);
        }
        Err(Halt::Stopped) => Ended::Stopped,
        Err(Halt::TooLong { pause, why }) => Ended::TooLong { pause, why },
        Err(Halt::Lost) => return Ok(Ended::Lost),
        Err(Halt::Failed(error)) => {
            let given_up = error.is_lasting().then(|| error.to_string());
            match given_up {
                Some(why) => tenure.finish(Some(why)).await?,
                None => tenure.release().await?,
            }
            return Err(error);
        }
    };
    tenure.release().await?;
    Ok(ended)
}

/// One run over one repository.
struct Walk {
    api: Api,
    keeper: Keeper,
    asked: Backfill,
    source: Source,
    progress: Progress,
    /// Of earlier runs of the same job.
    before: (u64, u64),
}

impl Walk {
    fn begin(means: &Means, source: Source, asked: &Backfill, tenure: &Tenure) -> Result<Self, BackfillError> {
        let progress = Progress::of(tenure.progress());
        let api = Api {
            outbound: means.outbound.clone(),
            base: means.api_url.clone(),
            headers: source.headers(means.token.as_ref()),
            setting: source.token_setting(),
            clock: means.clock.clone(),
            stop: means.stop.clone(),
            max_wait: means.max_wait,
            tenure: tenure.clone(),
            say: means.say.clone(),
            requests: 0,
            waited: Duration::ZERO,
            not_before: None,
        };
        let store = means.store.working_as(Role::Ingest, 1)?;
        let keeper = Keeper { store, tenant: means.tenant.clone(), rules: means.rules.clone() };
        let before = (progress.requests, progress.waited_seconds);
        Ok(Self { api, keeper, asked: asked.clone(), source, progress, before })
    }

    fn progress(&self) -> Progress {
        Progress {
            requests: self.before.0 + self.api.requests,
            waited_seconds: self.before.1 + self.api.waited.as_secs(),
            ..self.progress.clone()
        }
    }

    /// The repository that was asked for cannot be read.
    fn no_repository(&self) -> Halt {
        BackfillError::NoRepository { repo: self.asked.repo.clone(), setting: self.source.token_setting() }.into()
    }

    /// Whether an earlier run has finished with these; says what is looked at now otherwise.
    fn is_done(&mut self, resource: &str) -> bool {
        let done = self.progress.resource(resource).done;
        if !done {
            (self.api.say)(&format!("{}: {}", self.asked.repo, resource.replace('_', " ")));
        }
        done
    }

    /// One thing is worked on: what it told is kept, and that it was.
    async fn told(&mut self, resource: &str, item: &Item, told: Vec<Recalled>) -> Result<(), Halt> {
        let (now, counts) = (self.api.clock.now(), self.progress.resource(resource));
        self.keeper.keep(told, now, counts).await?;
        self.reached(resource, item).await
    }

    /// One thing is worked on, of which nothing is new.
    async fn knew(&mut self, resource: &str, item: &Item) -> Result<(), Halt> {
        self.progress.resource(resource).known += 1;
        self.reached(resource, item).await
    }

    async fn reached(&mut self, resource: &str, item: &Item) -> Result<(), Halt> {
        let counts = self.progress.resource(resource);
        counts.seen += 1;
        counts.reached = Some((item.at, item.id));
        self.note().await?;
        if self.api.stop.is_cancelled() { Err(Halt::Stopped) } else { Ok(()) }
    }

    async fn finished(&mut self, resource: &str) -> Result<(), Halt> {
        self.progress.resource(resource).done = true;
        self.note().await
    }

    /// What an unfinished run has cost is part of the next one's report.
    async fn noted(&self, walked: Result<(), Halt>) -> Result<(), Halt> {
        if let Err(Halt::Stopped | Halt::TooLong { .. }) = &walked {
            self.note().await?;
        }
        walked
    }

    async fn note(&self) -> Result<(), Halt> {
        let progress = serde_json::to_value(self.progress());
        let progress = progress.map_err(|error| store::StoreError::Corrupt(error.to_string()))?;
        self.api.tenure.note(progress).await
    }
}
