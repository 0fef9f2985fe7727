//! Comments, labels and issues. Pull requests are issues here, as they are for GitHub.

use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use serde_json::{Value, json};

use super::{GitHub, Made, Permission, encoded, made, marker};
use crate::outcome::Outcome;
use crate::target::{Numbered, Repository};

/// GitHub's clock may be behind ours.
const CLOCKS_DIFFER_SECONDS: i64 = 300;

/// An issue to be made.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NewIssue<'a> {
    pub title: &'a str,
    pub text: &'a str,
    pub labels: &'a [String],
    pub assignees: &'a [String],
}

impl GitHub {
    /// Comments on an issue or a pull request.
    pub async fn comment(&self, at: &Numbered, text: &str, key: &str, now: DateTime<Utc>) -> Outcome<Made> {
        let body = json!({"body": with_marker(text, key)});
        let path = format!("/repos/{}/issues/{}/comments", at.repo, at.number);
        self.post(path, body, (&at.repo, Permission::ISSUES), now).await.map(|answer| made(&answer.json()))
    }

    /// Our comment, if it is there.
    pub async fn find_comment(
        &self,
        at: &Numbered,
        key: &str,
        since: DateTime<Utc>,
        now: DateTime<Utc>,
    ) -> Outcome<Option<Made>> {
        let path = format!("/repos/{}/issues/{}/comments?since={}", at.repo, at.number, early(since));
        self.walk((path, None), (&at.repo, Permission::ISSUES), marked(key), now).await
    }

    /// Adds labels. Those that are there stay, so that it may be repeated.
    pub async fn label(&self, at: &Numbered, labels: &[String], now: DateTime<Utc>) -> Outcome<Made> {
        let path = format!("/repos/{}/issues/{}/labels", at.repo, at.number);
        let body = json!({ "labels": labels });
        self.post(path, body, (&at.repo, Permission::ISSUES), now).await.map(|_| Made::default())
    }

    pub async fn create_issue(
        &self,
        repo: &Repository,
        issue: &NewIssue<'_>,
        key: &str,
        now: DateTime<Utc>,
    ) -> Outcome<Made> {
        let mut body = json!({"title": issue.title, "body": with_marker(issue.text, key)});
        for (name, list) in [("labels", issue.labels), ("assignees", issue.assignees)] {
            if !list.is_empty() {
                body[name] = json!(list);
            }
        }
        let path = format!("/repos/{repo}/issues");
        self.post(path, body, (repo, Permission::ISSUES), now).await.map(|answer| made(&answer.json()))
    }

    /// Our issue, if it is there.
    pub async fn find_issue(
        &self,
        repo: &Repository,
        key: &str,
        since: DateTime<Utc>,
        now: DateTime<Utc>,
    ) -> Outcome<Option<Made>> {
        let since = early(since);
        let path = format!("/repos/{repo}/issues?state=all&sort=created&direction=desc&since={since}");
        self.walk((path, None), (repo, Permission::ISSUES), marked(key), now).await
    }
}

fn with_marker(text: &str, key: &str) -> String {
    format!("{}\n\n{}", text.trim_end(), marker(key))
}

/// Finds what carries our marker.
fn marked(key: &str) -> impl FnMut(&Value) -> Option<Made> {
    let marker = marker(key);
    move |thing| thing["body"].as_str().is_some_and(|body| body.contains(&marker)).then(|| made(thing))
}

/// A time of a query, some minutes early.
fn early(since: DateTime<Utc>) -> String {
    let time = since - TimeDelta::seconds(CLOCKS_DIFFER_SECONDS);
    encoded(&time.to_rfc3339_opts(SecondsFormat::Secs, true))
}
