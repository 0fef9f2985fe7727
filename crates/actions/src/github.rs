//! GitHub's REST API, as far as we call it: one request, one [`Outcome`], repeated by nobody here.
//!
//! Two things are done about an answer: a token of an installation that GitHub does not take any more is taken anew,
//! once, and lists are walked page by page. What is written carries [`marker`], so that a lost answer can be made up
//! for by looking. The base address comes from settings and is the only one that a token is sent to.

mod answers;
mod auth;
mod deployments;
mod issues;
mod reviews;

pub use auth::{AppKeyError, Permission};
pub use deployments::{Dispatch, Run, Verdict};
pub use issues::NewIssue;
pub use reviews::{Pull, Reviewers};

use std::sync::Arc;

use answers::{Does, judge};
use auth::App;
use chrono::{DateTime, Utc};
use outbound::{Answer, Method, Outbound, Request};
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value, json};

use crate::outcome::{Outcome, Refused};
use crate::target::Repository;

pub const API_URL: &str = "https://api.github.com";

const JSON: &str = "application/vnd.github+json";
const RAW: &str = "application/vnd.github.raw+json";
const VERSION: &str = "2022-11-28";
const PAGE: usize = 100;
/// GitHub lists no more files of a pull request than stand on so many pages.
const PAGES: usize = 30;

/// What was made on GitHub.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Made {
    /// The page that people can look at.
    pub url: Option<String>,
}

/// The client. Cheap to clone; clones share the tokens that are kept.
#[derive(Clone)]
pub struct GitHub {
    outbound: Outbound,
    api_url: String,
    who: Who,
}

#[derive(Clone)]
enum Who {
    Token(SecretString),
    App(Arc<App>),
}

/// One call.
struct Call<'a> {
    method: Method,
    /// Below the base address, its parts encoded.
    path: String,
    body: Option<Value>,
    accept: &'static str,
    repo: &'a Repository,
    needs: Permission,
}

/// Text that nobody sees and that tells an effect of ours from all others.
pub fn marker(key: &str) -> String {
    format!("<!-- em-agent:{key} -->")
}

impl GitHub {
    /// With a token of a person: fine-grained or classic.
    pub fn with_token(outbound: Outbound, api_url: &str, token: SecretString) -> Self {
        Self { outbound, api_url: api_url.trim_end_matches('/').to_owned(), who: Who::Token(token) }
    }

    /// As a GitHub App, whose key is an RSA key in PEM. `app_id` is its number or its client id.
    pub fn with_app(
        outbound: Outbound,
        api_url: &str,
        app_id: &str,
        private_key_pem: &SecretString,
    ) -> Result<Self, AppKeyError> {
        let app = Arc::new(App::new(app_id, private_key_pem)?);
        Ok(Self { outbound, api_url: api_url.trim_end_matches('/').to_owned(), who: Who::App(app) })
    }

    pub fn api_url(&self) -> &str {
        &self.api_url
    }

    async fn call(&self, call: &Call<'_>, now: DateTime<Utc>) -> Outcome<Answer> {
        let app = match &self.who {
            Who::Token(token) => return self.send(call, token, now).await,
            Who::App(app) => app,
        };
        if let Some(token) = app.kept(call.repo, call.needs, now) {
            match self.send(call, &token, now).await {
                Outcome::Refused(Refused { status: Some(401), .. }) => app.forget(call.repo, call.needs),
                other => return other,
            }
        }
        match self.token(app, call.repo, call.needs, now).await.found() {
            Ok(token) => self.send(call, &token, now).await,
            Err(other) => other,
        }
    }

    async fn send(&self, call: &Call<'_>, token: &SecretString, now: DateTime<Utc>) -> Outcome<Answer> {
        let mut headers = vec![
            ("accept".to_owned(), call.accept.to_owned()),
            ("authorization".to_owned(), format!("Bearer {}", token.expose_secret())),
            ("x-github-api-version".to_owned(), VERSION.to_owned()),
        ];
        if call.body.is_some() {
            headers.push(("content-type".to_owned(), "application/json".to_owned()));
        }
        let body = call.body.as_ref().map(|body| body.to_string().into_bytes()).unwrap_or_default();
        let does = if call.method == Method::GET { Does::Read } else { Does::Write };
        let url = format!("{}{}", self.api_url, call.path);
        let request = Request { method: call.method.clone(), url, headers, body };
        judge(self.outbound.send(request).await, does, now)
    }

    /// A token of the app's installation in a repository, for that repository and one permission.
    async fn token(
        &self,
        app: &App,
        repo: &Repository,
        needs: Permission,
        now: DateTime<Utc>,
    ) -> Outcome<SecretString> {
        let Ok(proof) = app.proof(now) else {
            return Outcome::refuse("GITHUB_APP_PRIVATE_KEY does not sign: take a new key under the app's settings");
        };
        let installation = match self.installation(app, repo, &proof, now).await.found() {
            Ok(installation) => installation,
            Err(other) => return other,
        };
        let call = Call {
            method: Method::POST,
            path: format!("/app/installations/{installation}/access_tokens"),
            body: Some(json!({"repositories": [repo.name()], "permissions": {(needs.name): needs.level}})),
            accept: JSON,
            repo,
            needs,
        };
        let answer = match self.send(&call, &proof, now).await {
            // A token that nobody got does no harm: whoever asks again gets another.
            Outcome::Unknown { why } => return Outcome::Unreachable { why },
            Outcome::Refused(refused) if refused.status == Some(404) => {
                app.forget_installation(repo);
                return Outcome::Refused(refused);
            }
            other => other,
        };
        match answer.map(|answer| answer.json()).found() {
            Ok(body) => {
                let ends = body["expires_at"].as_str().and_then(|text| text.parse::<DateTime<Utc>>().ok());
                let token = body["token"].as_str().map(|token| SecretString::from(token.to_owned()));
                let Some((token, ends)) = token.zip(ends) else {
                    return Outcome::Unreachable { why: "GitHub gave no token".to_owned() };
                };
                app.keep((repo, needs), (token.clone(), ends), now);
                Outcome::Done(token)
            }
            Err(other) => other,
        }
    }

    async fn installation(
        &self,
        app: &App,
        repo: &Repository,
        proof: &SecretString,
        now: DateTime<Utc>,
    ) -> Outcome<u64> {
        if let Some(known) = app.installation(repo) {
            return Outcome::Done(known);
        }
        let call = Call::get(format!("/repos/{repo}/installation"), repo, Permission::CONTENTS_READ);
        match self.send(&call, proof, now).await.found() {
            Ok(answer) => match answer.json()["id"].as_u64() {
                Some(id) => {
                    app.keep_installation(repo, id);
                    Outcome::Done(id)
                }
                None => Outcome::Unreachable { why: "GitHub named no installation".to_owned() },
            },
            Err(other) => other,
        }
    }

    async fn get(&self, path: String, (repo, needs): (&Repository, Permission), now: DateTime<Utc>) -> Outcome<Answer> {
        self.call(&Call::get(path, repo, needs), now).await
    }

    async fn post(
        &self,
        path: String,
        body: Value,
        (repo, needs): (&Repository, Permission),
        now: DateTime<Utc>,
    ) -> Outcome<Answer> {
        self.call(&Call { method: Method::POST, body: Some(body), ..Call::get(path, repo, needs) }, now).await
    }

    /// Walks a list until something is found. `path` has its query, `member` is where a page that is an object holds
    /// its list.
    async fn walk<T>(
        &self,
        (path, member): (String, Option<&str>),
        of: (&Repository, Permission),
        mut look: impl FnMut(&Value) -> Option<T>,
        now: DateTime<Utc>,
    ) -> Outcome<Option<T>> {
        let mark = if path.contains('?') { '&' } else { '?' };
        for page in 1..=PAGES {
            let path = format!("{path}{mark}per_page={PAGE}&page={page}");
            let body = match self.get(path, of, now).await.found() {
                Ok(answer) => answer.json(),
                Err(other) => return other,
            };
            let list = member.map_or(&body, |member| &body[member]);
            let Some(list) = list.as_array() else {
                return Outcome::Unreachable { why: "GitHub's answer is no list".to_owned() };
            };
            if let Some(found) = list.iter().find_map(&mut look) {
                return Outcome::Done(Some(found));
            }
            if list.len() < PAGE {
                break;
            }
        }
        Outcome::Done(None)
    }
}

impl<'a> Call<'a> {
    fn get(path: String, repo: &'a Repository, needs: Permission) -> Self {
        Self { method: Method::GET, path, body: None, accept: JSON, repo, needs }
    }
}

fn made(answer: &Value) -> Made {
    Made { url: answer["html_url"].as_str().map(str::to_owned) }
}

/// Of a query or a path.
fn encoded(text: &str) -> String {
    percent_encoding::utf8_percent_encode(text, percent_encoding::NON_ALPHANUMERIC).to_string()
}
