//! The nouns' own fields: what a source may say of a change, a build, a deployment and the rest. Facts only: what follows from
//! them is `dora`'s.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize, Serializer};

use super::Actor;
use crate::time;

macro_rules! fields {
    ($(#[$doc:meta])* $name:ident { $($(#[$field_doc:meta])* $field:ident : $kind:ty),* $(,)? }) => {
        $(#[$doc])*
        #[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
        #[serde(default)]
        pub struct $name { $(
            $(#[$field_doc])*
            #[serde(skip_serializing_if = "Field::is_absent", serialize_with = "Field::write")]
            pub $field: $kind,
        )* }
    };
}

/// What each shape of field looks like: when it is unknown, so that it is left out, and when it is written.
pub(super) trait Field: Serialize {
    fn is_absent(&self) -> bool {
        false
    }

    fn write<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.serialize(serializer)
    }
}

impl<T: Field> Field for Option<T> {
    fn is_absent(&self) -> bool {
        self.is_none()
    }

    fn write<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Some(value) => value.write(serializer),
            None => serializer.serialize_none(),
        }
    }
}

impl<T: Serialize> Field for Vec<T> {
    fn is_absent(&self) -> bool {
        self.is_empty()
    }
}

impl Field for DateTime<Utc> {
    fn write<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        time::write(self, serializer)
    }
}

impl Field for String {}
impl Field for bool {}
impl Field for i64 {}
impl Field for f64 {}
impl Field for Actor {}
impl Field for Cause {}

type Time = Option<DateTime<Utc>>;
type Text = Option<String>;

fields! {
    /// A pull or merge request.
    Change {
        number: Option<i64>, title: Text, author: Option<Actor>, base: Text, head: Text, head_sha: Text,
        /// What arrived on the base branch: the merge, squash or last rebased commit.
        landed_sha: Text,
        merge_method: Text, opened_at: Time, ready_at: Time, first_commit_at: Time, first_review_at: Time,
        approved_at: Time, merged_at: Time, closed_at: Time,
        draft: Option<bool>, additions: Option<i64>, deletions: Option<i64>, files: Option<i64>,
        /// The change or commit that this one takes back.
        reverts: Text,
        ticket_keys: Vec<String>,
        /// The review's verdict and author, on `change.reviewed` and `change.approved`.
        review_state: Text, reviewer: Option<Actor>,
        /// When this change was last seen in this shape; with `id` for sources whose changes have no number.
        id: Text,
    }
}

fields! {
    /// A push: what a ref moved from and to, with the commits the source lists.
    Commits {
        r#ref: Text, before: Text, after: Text, forced: Option<bool>,
        commits: Vec<Commit>,
        /// The source lists fewer commits than were pushed.
        truncated: Option<bool>,
        pushed_at: Time, default_branch: Text,
    }
}

fields! {
    /// One commit of a push.
    Commit {
        sha: Text, parents: Option<Vec<String>>, authored_at: Time, committed_at: Time, author: Option<Actor>,
        message_head: Text,
        /// `Key: value` lines that end the message, and "(cherry picked from commit …)".
        trailers: Vec<String>,
        files: Option<Vec<String>>,
    }
}

fields! {
    /// A branch or tag that came or went.
    RefFact { r#ref: Text, sha: Text }
}

fields! {
    /// A pipeline, workflow run, job or check.
    Build {
        name: Text, run_id: Text, number: Option<i64>, attempt: Option<i64>,
        /// `success`, `failure`, `cancelled`, `skipped` or `error`.
        outcome: Text,
        started_at: Time, finished_at: Time,
        /// The workflow that this job belongs to.
        parent_run: Text,
        head_sha: Text, event: Text,
    }
}

fields! {
    /// A deployment's state at one time.
    Deployment {
        deployment_id: Text,
        /// The source's own word.
        state: Text,
        /// `success`, `failure`, `cancelled` or `error`, only for a terminal state.
        outcome: Text,
        /// When it reached this state.
        at: Time, started_at: Time, finished_at: Time,
        components: Vec<Component>,
        explicit_kind: Text, fixes: Vec<String>, unplanned: Option<bool>,
        /// Commits that the source itself says it ships, as `[repo, sha]`.
        contains: Vec<(String, String)>,
        title: Text,
    }
}

fields! {
    /// One thing that a deployment ships.
    Component { repo: Text, sha: Text, r#ref: Text, image_digest: Text, finished_at: Time }
}

fields! {
    /// A published version.
    Release { tag: Text, name: Text, prerelease: Option<bool>, published_at: Time, target: Text }
}

fields! {
    /// Something broke for users.
    Incident {
        incident_id: Text, title: Text, severity: Text, opened_at: Time, started_at: Time, acked_at: Time,
        resolved_at: Time, change_related: Option<bool>, caused_by: Option<Cause>, deleted: Option<bool>,
        /// Whose incident it is, where people speak through us of one that a tool told of.
        integration: Text,
    }
}

fields! {
    /// What is said to have caused an incident.
    Cause { deployment: Text, sha: Text }
}

fields! {
    /// An issue or story.
    Ticket {
        key: Text, kind: Text, title: Text, status: Text, status_category: Text, from_status: Text,
        assignee: Option<Actor>, sprint: Text, estimate: Option<f64>, parent: Text,
        created_at: Time, closed_at: Time,
    }
}

fields! {
    /// Somebody says which deployment caused an incident, or that it did not.
    Link { incident_id: Text, deployment_id: Text }
}

fields! {
    /// A build's result that can be deployed, of the repository that all nouns name.
    Artifact { digest: Text, sha: Text }
}

fields! {
    /// A monitor saw something cross a line, or come back.
    Alert {
        alert_id: Text, name: Text, severity: Text, fired_at: Time, resolved_at: Time,
        /// What groups the firings of one rule on one thing.
        fingerprint: Text,
    }
}

fields! {
    /// Somebody waits for an answer: a run of a pipeline that wants to deploy.
    Asking {
        run_id: Text, callback_url: Text, event: Text,
        /// Who wrote what is to be deployed, by login.
        authors: Vec<String>,
    }
}

fields! {
    /// A group of alike errors in a program.
    ErrorFact {
        error_id: Text, title: Text, level: Text, culprit: Text, release: Text, first_seen: Time, count: Option<i64>,
    }
}

fields! {
    /// How much of the code its tests run, in percent.
    Coverage { coverage_pct: Option<f64>, diff_pct: Option<f64>, base_sha: Text }
}

fields! {
    /// Whether a version of a project is good enough, by its own conditions.
    QualityGate { project: Text, conditions: Vec<Condition> }
}

fields! {
    /// One condition of a quality gate. Values are as the source writes them: numbers, ratings, durations.
    Condition { metric: Text, status: Text, value: Text, threshold: Text }
}

fields! {
    /// Something that runs or is switched: a Kubernetes object, a service or task, a component, a feature flag.
    Workload {
        kind: Text, namespace: Text, name: Text, image: Text, reason: Text, message: Text,
        /// The revision of its template or configuration (`revision` is the fact's own time).
        config_revision: Text,
    }
}

fields! {
    /// Something a person wrote in a channel.
    Message { channel: Text, thread: Text, text_head: Text }
}

fields! {
    /// Verified and kept; what it means is not known yet.
    Unmapped { kind: Text, reason: Text }
}
