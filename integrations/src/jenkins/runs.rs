//! From a plugin's message to a run of a job. A job is a deployment by its own name; its folders and a branch's name may
//! say where to, never that it deploys.

use chrono::{DateTime, TimeDelta, Utc};
use domain::rules::Rules;
use domain::text::clean;

use super::bodies::{Action, Build, Message, RunData, Scm};
use super::jobs::Job;
use crate::builds::{Phase, Run};
use crate::drafts::{NAME, URL, actor, plain, sha, text};
use crate::integration::Unreadable;
use crate::repositories::repository;

pub(super) fn of(message: &Message<'_>, rules: &Rules) -> Result<Run, Unreadable> {
    match (&message.build, &message.data, &message.build_url) {
        (Some(build), _, _) => of_notification(message, build),
        (None, Some(data), _) => of_generic_event(message, data, rules),
        (None, None, Some(url)) => of_outbound_webhook(message.event.as_deref(), url),
        (None, None, None) => Err(Unreadable::new("it is of none of the plugins that are known")),
    }
}

fn of_notification(message: &Message<'_>, build: &Build<'_>) -> Result<Run, Unreadable> {
    let url = build.full_url.as_ref().or(build.url.as_ref()).or(message.url.as_ref());
    let mut job = url.and_then(|url| Job::of(url)).ok_or_else(no_job)?;
    let none = Scm::default();
    let scm = build.scm.as_ref().unwrap_or(&none);
    let checkout = Checkout::of(scm.branch.as_deref(), scm.commit.as_deref(), scm.url.as_deref());
    job.part_branch(|last| checkout.branch.as_deref().or(checkout.tag.as_deref()) == Some(last));
    // The time is that of the phase. The plugin tells of the end twice, and the duration is the same: only that of
    // COMPLETED is the end of the build itself.
    let (phase, started_at, finished_at) = match build.phase.as_deref().unwrap_or_default() {
        "QUEUED" => (Phase::Queued, None, None),
        "STARTED" => (Phase::Started, build.timestamp, None),
        "COMPLETED" => (Phase::Finished, before(build.timestamp, build.duration), build.timestamp),
        "FINALIZED" => (Phase::Finished, None, build.timestamp),
        other => return Err(no_mapping("phase", other, &job)),
    };
    let run = Run {
        phase,
        queued_at: build.timestamp.filter(|_| phase == Phase::Queued),
        started_at,
        finished_at,
        at: build.timestamp,
        environment: text(build.parameters.0.as_ref(), NAME),
        url: text(build.full_url.as_ref(), URL),
        ..run(&job, checkout, build.status.as_deref())
    };
    numbered(run, &job, build.number)
}

fn of_generic_event(message: &Message<'_>, data: &RunData<'_>, rules: &Rules) -> Result<Run, Unreadable> {
    let mut job = message.source.as_deref().and_then(Job::of).ok_or_else(no_job)?;
    let phase = match message.kind.as_deref().unwrap_or_default() {
        "run.started" => Phase::Started,
        "run.completed" | "run.finalized" => Phase::Finished,
        other => return Err(no_mapping("type", other, &job)),
    };
    if data.multi_branch == Some(true) {
        job.part_branch(|_| true);
    }
    let mut checkout = Checkout::of_actions(&data.actions);
    checkout.branch = checkout.branch.or_else(|| job.branch.clone());
    let ended = data.duration.filter(|duration| *duration > 0).and_then(|duration| after(data.timestamp, duration));
    let user = data.actions.iter().flat_map(|action| &action.causes).find_map(|cause| cause.user.as_deref());
    let environment = data.actions.iter().find_map(|action| text(action.parameters.0.as_ref(), NAME));
    let run = Run {
        phase,
        started_at: data.timestamp,
        finished_at: ended.or(message.time).filter(|_| phase == Phase::Finished),
        at: message.time,
        environment,
        actor: actor(user, rules),
        ..run(&job, checkout, data.result.as_deref())
    };
    numbered(run, &job, data.number)
}

/// This plugin gives no times: an event happened when it came.
fn of_outbound_webhook(event: Option<&str>, url: &str) -> Result<Run, Unreadable> {
    let job = Job::of(url).ok_or_else(no_job)?;
    let (phase, result) = match event.unwrap_or_default() {
        "start" => (Phase::Started, None),
        "success" => (Phase::Finished, Some("SUCCESS")),
        "failure" => (Phase::Finished, Some("FAILURE")),
        "unstable" => (Phase::Finished, Some("UNSTABLE")),
        other => return Err(no_mapping("event", other, &job)),
    };
    let run = Run { phase, url: plain(Some(url), URL), ..run(&job, Checkout::default(), result) };
    numbered(run, &job, None)
}

fn run(job: &Job, checkout: Checkout, result: Option<&str>) -> Run {
    let full_name = job.full_name();
    Run {
        source: "jenkins",
        repo: checkout.repo,
        project: Some(full_name.clone()),
        place: Some(full_name),
        name: job.name(),
        around: job.folders(),
        outcome: result.and_then(outcome),
        state: clean(result.unwrap_or_default(), NAME),
        sha: checkout.sha,
        branch: checkout.branch,
        tag: checkout.tag,
        ..Run::default()
    }
}

fn numbered(run: Run, job: &Job, number: Option<i64>) -> Result<Run, Unreadable> {
    let number = number.or(job.number);
    let no_number = || Unreadable { scope: Some(job.full_name()), ..Unreadable::new("the build has no number") };
    Ok(Run { run_id: job.run_id(number.ok_or_else(no_number)?), number, ..run })
}

/// What was built.
#[derive(Default)]
struct Checkout {
    repo: Option<String>,
    sha: Option<String>,
    branch: Option<String>,
    tag: Option<String>,
}

impl Checkout {
    /// Git's own name of a branch may have the remote before it.
    fn of(branch: Option<&str>, commit: Option<&str>, url: Option<&str>) -> Self {
        let name = branch.map(|name| name.strip_prefix("refs/remotes/").unwrap_or(name));
        let tag = name.and_then(|name| name.strip_prefix("refs/tags/").or_else(|| name.strip_prefix("tags/")));
        let name = name.map(|name| name.strip_prefix("refs/heads/").unwrap_or(name));
        let name = name.map(|name| name.strip_prefix("origin/").unwrap_or(name));
        Self {
            repo: url.and_then(repository),
            sha: sha(commit),
            branch: plain(name.filter(|name| tag.is_none() && *name != "detached"), NAME),
            tag: plain(tag, NAME),
        }
    }

    /// A run may have checked out more than what it builds, like a shared library: with two of them, none is known to
    /// be it.
    fn of_actions(actions: &[Action<'_>]) -> Self {
        let mut found = actions.iter().filter_map(|action| {
            let revision = action.revision.as_ref()?;
            let branch = revision.branch.first().and_then(|branch| branch.name.as_deref());
            let url = action.remotes.first().map(|url| &**url);
            Some(Self::of(branch, revision.sha.as_deref(), url))
        });
        let first = found.next().unwrap_or_default();
        if found.all(|other| other.repo == first.repo && other.sha == first.sha) { first } else { Self::default() }
    }
}

fn before(time: Option<DateTime<Utc>>, millis: Option<i64>) -> Option<DateTime<Utc>> {
    after(time, millis.filter(|millis| *millis > 0)?.checked_neg()?)
}

fn after(time: Option<DateTime<Utc>>, millis: i64) -> Option<DateTime<Utc>> {
    time?.checked_add_signed(TimeDelta::try_milliseconds(millis)?)
}

/// `UNSTABLE`: it was built, and its tests failed.
fn outcome(result: &str) -> Option<&'static str> {
    match result {
        "SUCCESS" => Some("success"),
        "FAILURE" | "UNSTABLE" => Some("failure"),
        "ABORTED" => Some("cancelled"),
        "NOT_BUILT" => Some("skipped"),
        _ => None,
    }
}

fn no_job() -> Unreadable {
    Unreadable::new("no URL in it names a job")
}

fn no_mapping(what: &str, word: &str, job: &Job) -> Unreadable {
    let reason = format!("the {what} {} has no mapping", clean(word, 60));
    Unreadable { scope: Some(job.full_name()), ..Unreadable::new(reason) }
}
