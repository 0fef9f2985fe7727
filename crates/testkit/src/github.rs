//! GitHub, as its REST documentation says: what it takes, what it answers, what it remembers, whom it lets in.
//!
//! One repository, `acme/shop`, with one open pull request, number 7, and one run, number 79, that waits to deploy. Its
//! clock stands at noon until it is set.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use crate::listening::{Asked, Listening, Reply};

/// A token of a person who may everything.
pub const PAT: &str = "github_pat_of_a_person";
const PAGE: usize = 30;

/// When its clock begins.
///
/// # Panics
/// Never.
pub fn noon() -> DateTime<Utc> {
    "2026-11-21T12:00:00Z".parse().expect("a time")
}

/// What happens to a request instead.
#[derive(Clone, Debug)]
pub enum Fault {
    /// It is not done.
    Instead(Reply),
    /// It is done, and this is all that the caller hears.
    Done(Reply),
}

/// A token of an installation.
#[derive(Clone, Debug)]
pub struct Token {
    pub permissions: Value,
    pub repositories: Value,
    pub ends: DateTime<Utc>,
}

/// What GitHub remembers.
pub struct State {
    /// GitHub's clock.
    pub now: DateTime<Utc>,
    pub asked: Vec<Asked>,
    pub comments: Vec<Value>,
    pub issues: Vec<Value>,
    pub labels: Vec<String>,
    pub users: Vec<String>,
    pub teams: Vec<String>,
    pub reviews: Vec<Value>,
    pub runs: Vec<Value>,
    /// What was sent to the protection rule of run 79.
    pub statuses: Vec<Value>,
    pub approvals: Vec<Value>,
    pub is_waiting: bool,
    pub files: BTreeMap<String, String>,
    pub changed: Vec<String>,
    pub pull_state: &'static str,
    pub tokens: BTreeMap<String, Token>,
    /// Says whether a proof of the app is good; none: no app is known.
    pub believes: Option<fn(&str) -> bool>,
    faults: VecDeque<(String, Fault)>,
}

/// Listens until it is dropped.
pub struct Playing {
    listening: Listening,
    state: Arc<Mutex<State>>,
}

impl Playing {
    pub async fn start() -> Self {
        let state = Arc::new(Mutex::new(State {
            now: noon(),
            asked: Vec::new(),
            comments: Vec::new(),
            issues: Vec::new(),
            labels: vec!["bug".to_owned()],
            users: Vec::new(),
            teams: Vec::new(),
            reviews: Vec::new(),
            runs: Vec::new(),
            statuses: Vec::new(),
            approvals: Vec::new(),
            is_waiting: true,
            files: BTreeMap::new(),
            changed: Vec::new(),
            pull_state: "open",
            tokens: BTreeMap::new(),
            believes: None,
            faults: VecDeque::new(),
        }));
        let served = state.clone();
        let listening = Listening::start(move |asked| locked(&served).answer(asked)).await;
        Self { listening, state }
    }

    pub fn url(&self) -> String {
        self.listening.url()
    }

    pub fn state(&self) -> MutexGuard<'_, State> {
        locked(&self.state)
    }

    /// The next request whose method and path contain the text meets the fault.
    pub fn fault(&self, part: &str, fault: Fault) {
        self.state().faults.push_back((part.to_owned(), fault));
    }

    /// Nothing goes wrong any more.
    pub fn heal(&self) {
        self.state().faults.clear();
    }

    /// Method and path of every request since the last look.
    pub fn lines(&self) -> Vec<String> {
        std::mem::take(&mut self.state().asked).iter().map(Asked::line).collect()
    }
}

fn locked(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

fn refused(status: u16, message: &str) -> Reply {
    Reply::json(status, &json!({"message": message, "documentation_url": "https://docs.github.com/rest"}))
}

impl State {
    fn answer(&mut self, asked: Asked) -> Reply {
        self.asked.push(asked.clone());
        let place = self.faults.iter().position(|(part, _)| asked.line().contains(part.as_str()));
        match place.and_then(|place| self.faults.remove(place)) {
            Some((_, Fault::Instead(reply))) => reply,
            Some((_, Fault::Done(reply))) => {
                self.serve(&asked);
                reply
            }
            None => self.serve(&asked),
        }
    }

    fn serve(&mut self, asked: &Asked) -> Reply {
        if asked.header("user-agent").is_empty() {
            return refused(403, "Request forbidden by administrative rules.");
        }
        let path = asked.path.clone();
        let parts: Vec<&str> = path.trim_start_matches('/').split('/').collect();
        let bearer = asked.header("authorization").trim_start_matches("Bearer ").to_owned();
        if parts[0] == "app" || parts.last() == Some(&"installation") {
            return self.of_app(asked, &parts, &bearer);
        }
        let ["repos", "acme", "shop", rest @ ..] = parts.as_slice() else { return refused(404, "Not Found") };
        let needs = needs(asked, rest);
        if bearer != PAT {
            match self.tokens.get(&bearer) {
                None => return refused(401, "Bad credentials"),
                Some(token) if token.ends <= self.now => return refused(401, "Bad credentials"),
                Some(token) if !allows(token, needs) => {
                    return refused(403, "Resource not accessible by integration");
                }
                Some(_) => {}
            }
        }
        match rest {
            ["actions", rest @ ..] => self.of_actions(asked, rest),
            ["pulls", "7", rest @ ..] => self.of_pull(asked, rest),
            ["contents", rest @ ..] => self.of_contents(asked, &rest.join("/")),
            rest => self.of_issues(asked, rest),
        }
    }

    fn of_app(&mut self, asked: &Asked, parts: &[&str], bearer: &str) -> Reply {
        let Some(believes) = self.believes else { return refused(404, "Not Found") };
        if !believes(bearer) {
            return refused(401, "A JSON web token could not be decoded");
        }
        match parts {
            ["repos", "acme", "shop", "installation"] => Reply::json(200, &json!({"id": 42, "app_id": 1})),
            ["app", "installations", "42", "access_tokens"] if asked.method == "POST" => {
                let body = asked.json();
                let ends = self.now + chrono::TimeDelta::hours(1);
                let name = format!("ghs_{}", self.tokens.len() + 1);
                let (permissions, repositories) = (body["permissions"].clone(), body["repositories"].clone());
                let answer = json!({"token": name, "expires_at": ends.to_rfc3339(), "permissions": permissions});
                self.tokens.insert(name, Token { permissions, repositories, ends });
                Reply::json(201, &answer)
            }
            _ => refused(404, "Not Found"),
        }
    }

    fn of_issues(&mut self, asked: &Asked, rest: &[&str]) -> Reply {
        let (body, now) = (asked.json(), self.now.to_rfc3339());
        match (asked.method.as_str(), rest) {
            ("GET", ["issues"]) => paged(&self.issues, asked),
            ("POST", ["issues"]) => {
                let number = 100 + self.issues.len();
                let page = format!("https://github.com/acme/shop/issues/{number}");
                let issue = json!({"number": number, "html_url": page, "title": body["title"], "body": body["body"],
                    "labels": body["labels"], "created_at": now, "updated_at": now});
                // Sorted as it is asked for: the newest first.
                self.issues.insert(0, issue.clone());
                Reply::json(201, &issue)
            }
            ("GET", ["issues", "7", "comments"]) => paged(&self.comments, asked),
            ("POST", ["issues", "7", "comments"]) => {
                let page = format!("https://github.com/acme/shop/pull/7#issuecomment-{}", self.comments.len() + 1);
                let comment = json!({"html_url": page, "body": body["body"], "created_at": now, "updated_at": now});
                self.comments.push(comment.clone());
                Reply::json(201, &comment)
            }
            ("POST", ["issues", "7", "labels"]) => {
                for label in body["labels"].as_array().into_iter().flatten().filter_map(Value::as_str) {
                    if !self.labels.iter().any(|known| known == label) {
                        self.labels.push(label.to_owned());
                    }
                }
                let labels: Vec<Value> = self.labels.iter().map(|name| json!({ "name": name })).collect();
                Reply::json(200, &json!(labels))
            }
            _ => refused(404, "Not Found"),
        }
    }

    fn of_pull(&mut self, asked: &Asked, rest: &[&str]) -> Reply {
        let page = "https://github.com/acme/shop/pull/7";
        match (asked.method.as_str(), rest) {
            ("GET", []) => Reply::json(
                200,
                &json!({"number": 7, "state": self.pull_state, "html_url": page, "user": {"login": "Ada"},
                    "base": {"ref": "release/1"}}),
            ),
            ("GET", ["files"]) => {
                let files: Vec<Value> = self.changed.iter().map(|name| json!({"filename": name})).collect();
                paged(&files, asked)
            }
            ("GET", ["reviews"]) => paged(&self.reviews, asked),
            ("GET", ["requested_reviewers"]) => {
                let users: Vec<Value> = self.users.iter().map(|login| json!({ "login": login })).collect();
                let teams: Vec<Value> = self.teams.iter().map(|slug| json!({ "slug": slug })).collect();
                Reply::json(200, &json!({"users": users, "teams": teams}))
            }
            ("POST", ["requested_reviewers"]) => {
                let body = asked.json();
                let names = |list: &Value| -> Vec<String> {
                    list.as_array().into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect()
                };
                let (users, teams) = (names(&body["reviewers"]), names(&body["team_reviewers"]));
                if users.iter().any(|login| login.eq_ignore_ascii_case("ada")) {
                    return refused(422, "Review cannot be requested from pull request author.");
                }
                self.users.extend(users);
                self.teams.extend(teams);
                Reply::json(201, &json!({"number": 7, "html_url": page}))
            }
            _ => refused(404, "Not Found"),
        }
    }

    fn of_contents(&self, asked: &Asked, path: &str) -> Reply {
        let is_raw = asked.header("accept") == "application/vnd.github.raw+json";
        let of_base = asked.query.get("ref").is_some_and(|branch| branch == "release/1");
        match self.files.get(path) {
            Some(text) if is_raw && of_base => Reply::with(200, &[], text),
            _ => refused(404, "Not Found"),
        }
    }

    fn of_actions(&mut self, asked: &Asked, rest: &[&str]) -> Reply {
        let body = asked.json();
        match (asked.method.as_str(), rest) {
            ("POST", ["workflows", "deploy%2Eyml", "dispatches"]) => {
                if body["ref"] != "main" {
                    return refused(422, &format!("No ref found for: {}", body["ref"].as_str().unwrap_or_default()));
                }
                // The workflow has `run-name: Deploy ${{ inputs.em_agent }}`.
                let title = format!("Deploy {}", body["inputs"]["em_agent"].as_str().unwrap_or_default());
                let page = format!("https://github.com/acme/shop/actions/runs/{}", 500 + self.runs.len());
                self.runs.push(json!({"display_title": title, "name": "Deploy", "head_branch": "main",
                    "event": "workflow_dispatch", "html_url": page, "created_at": self.now.to_rfc3339()}));
                Reply::with(204, &[], "")
            }
            ("GET", ["workflows", "deploy%2Eyml", "runs"]) => {
                assert_eq!(asked.query["event"], "workflow_dispatch");
                let time = |text: &str| text.parse::<DateTime<Utc>>().expect("a time");
                let since = time(asked.query["created"].strip_prefix(">=").expect("from then on"));
                let is_new = |one: &&Value| one["created_at"].as_str().is_none_or(|at| time(at) >= since);
                let runs: Vec<&Value> = self.runs.iter().filter(is_new).collect();
                Reply::json(200, &json!({"total_count": runs.len(), "workflow_runs": runs}))
            }
            ("POST", ["runs", "79", "deployment_protection_rule"]) => {
                if !self.is_waiting {
                    return refused(422, "The deployment protection rule has already been reviewed");
                }
                if body["environment_name"] != "production" {
                    return refused(422, "Environment not found");
                }
                if let Some(state) = body["state"].as_str() {
                    self.is_waiting = false;
                    self.approvals.push(json!({"state": state, "comment": body["comment"],
                        "environments": [{"name": "production"}], "user": {"login": "em-agent[bot]"}}));
                }
                self.statuses.push(body);
                Reply::with(204, &[], "")
            }
            ("GET", ["runs", "79", "approvals"]) => Reply::json(200, &json!(self.approvals)),
            _ => refused(404, "Not Found"),
        }
    }
}

/// What the documentation says that a call needs.
fn needs(asked: &Asked, rest: &[&str]) -> (&'static str, &'static str) {
    let level = if asked.method == "GET" { "read" } else { "write" };
    match rest {
        ["actions", .., "deployment_protection_rule"] => ("deployments", "write"),
        ["actions", ..] => ("actions", level),
        ["pulls", ..] => ("pull_requests", level),
        ["contents", ..] => ("contents", "read"),
        _ => ("issues", level),
    }
}

fn allows(token: &Token, (name, level): (&str, &str)) -> bool {
    let has = token.permissions[name].as_str().unwrap_or_default();
    token.repositories == json!(["shop"]) && (has == level || has == "write")
}

/// A page of a list, filtered by time.
fn paged(list: &[Value], asked: &Asked) -> Reply {
    let number = |name: &str, usual: usize| asked.query.get(name).map_or(usual, |text| text.parse().expect("a number"));
    let time = |text: &str| text.parse::<DateTime<Utc>>().expect("a time");
    let since = asked.query.get("since").map(|text| time(text));
    let is_new =
        |one: &&Value| since.is_none_or(|since| one["updated_at"].as_str().is_some_and(|at| time(at) >= since));
    let (size, page) = (number("per_page", PAGE).min(100), number("page", 1));
    let list: Vec<&Value> = list.iter().filter(is_new).skip((page - 1) * size).take(size).collect();
    Reply::json(200, &json!(list))
}
