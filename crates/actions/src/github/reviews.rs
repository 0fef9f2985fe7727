//! Pull requests: what they change, who owns that, who is asked to review.

use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use super::{Call, GitHub, Made, Permission, RAW, encoded, made};
use crate::codeowners::PLACES;
use crate::outcome::{Outcome, Refused};
use crate::target::{Numbered, Repository};

/// What we need to know of a pull request.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Pull {
    pub author: String,
    /// The branch that it is for: its CODEOWNERS counts.
    pub base: String,
    pub is_open: bool,
}

/// Logins, and teams of the repository's organisation by their short names.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reviewers {
    pub users: Vec<String>,
    pub teams: Vec<String>,
}

impl Reviewers {
    pub fn is_empty(&self) -> bool {
        self.users.is_empty() && self.teams.is_empty()
    }

    pub fn len(&self) -> usize {
        self.users.len() + self.teams.len()
    }
}

impl GitHub {
    pub async fn pull(&self, at: &Numbered, now: DateTime<Utc>) -> Outcome<Pull> {
        let path = format!("/repos/{}/pulls/{}", at.repo, at.number);
        self.get(path, (&at.repo, Permission::PULLS), now).await.map(|answer| {
            let body = answer.json();
            let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
            Pull {
                author: text(&body["user"]["login"]),
                base: text(&body["base"]["ref"]),
                is_open: body["state"] == "open",
            }
        })
    }

    /// The paths that a pull request changes; GitHub lists 3,000 at most.
    pub async fn changed_files(&self, at: &Numbered, now: DateTime<Utc>) -> Outcome<Vec<String>> {
        let path = format!("/repos/{}/pulls/{}/files", at.repo, at.number);
        self.list((path, None), at, |file| file["filename"].as_str().map(str::to_owned), now).await
    }

    /// The CODEOWNERS file of a branch, from the first place that has one.
    pub async fn codeowners(&self, repo: &Repository, branch: &str, now: DateTime<Utc>) -> Outcome<Option<String>> {
        for place in PLACES {
            let path = format!("/repos/{repo}/contents/{place}?ref={}", encoded(branch));
            let call = Call { accept: RAW, ..Call::get(path, repo, Permission::CONTENTS_READ) };
            match self.call(&call, now).await {
                Outcome::Refused(Refused { status: Some(404), .. }) => {}
                other => return other.map(|answer| Some(answer.text())),
            }
        }
        Outcome::Done(None)
    }

    /// Who is asked and has not answered.
    pub async fn requested(&self, at: &Numbered, now: DateTime<Utc>) -> Outcome<Reviewers> {
        let path = format!("/repos/{}/pulls/{}/requested_reviewers", at.repo, at.number);
        self.get(path, (&at.repo, Permission::PULLS), now).await.map(|answer| {
            let body = answer.json();
            let names = |list: &Value, member: &str| {
                let list = list.as_array().into_iter().flatten();
                list.filter_map(|one| one[member].as_str().map(str::to_owned)).collect()
            };
            Reviewers { users: names(&body["users"], "login"), teams: names(&body["teams"], "slug") }
        })
    }

    /// Who has reviewed since then.
    pub async fn reviewed(&self, at: &Numbered, since: DateTime<Utc>, now: DateTime<Utc>) -> Outcome<Vec<String>> {
        let path = format!("/repos/{}/pulls/{}/reviews", at.repo, at.number);
        let login = |review: &Value| {
            let submitted = review["submitted_at"].as_str()?.parse::<DateTime<Utc>>().ok()?;
            (submitted >= since).then(|| review["user"]["login"].as_str().map(str::to_owned))?
        };
        self.list((path, None), at, login, now).await
    }

    /// Asks for reviews. Who has reviewed is asked again.
    pub async fn request_reviewers(&self, at: &Numbered, who: &Reviewers, now: DateTime<Utc>) -> Outcome<Made> {
        let path = format!("/repos/{}/pulls/{}/requested_reviewers", at.repo, at.number);
        let body = json!({"reviewers": who.users, "team_reviewers": who.teams});
        self.post(path, body, (&at.repo, Permission::PULLS), now).await.map(|answer| made(&answer.json()))
    }

    /// A whole list.
    async fn list(
        &self,
        path: (String, Option<&str>),
        at: &Numbered,
        mut read: impl FnMut(&Value) -> Option<String>,
        now: DateTime<Utc>,
    ) -> Outcome<Vec<String>> {
        let mut all = Vec::new();
        let gather = |one: &Value| -> Option<()> {
            all.extend(read(one));
            None
        };
        match self.walk(path, (&at.repo, Permission::PULLS), gather, now).await.found() {
            Ok(_) => Outcome::Done(all),
            Err(other) => other,
        }
    }
}
