//! People over HTTP: who they are, what they are asked, and how they answer.

mod again;
mod decisions;
mod identities;
mod opa;
mod policy;
mod race;
mod refusals;
mod signals;
mod simulate;
mod workflows;

use std::path::PathBuf;

use domain::ids::TenantId;
use gateway::access::Role;
use reqwest::{Method, RequestBuilder, Response};
use serde_json::{Value, json};

use crate::world::{World, token_of};

/// A document in a file, as POLICY_PATH names one.
pub(crate) struct Document(PathBuf);

impl Document {
    pub(crate) fn new(text: &str) -> Self {
        let path = std::env::temp_dir().join(format!("em-policy-{}.yaml", uuid::Uuid::new_v4()));
        std::fs::write(&path, text).expect("written");
        Self(path)
    }

    pub(crate) fn path(&self) -> &str {
        self.0.to_str().expect("a path")
    }

    async fn world(&self) -> World {
        World::with(&[("POLICY_PATH", self.path())]).await
    }
}

impl Drop for Document {
    fn drop(&mut self) {
        // What stays behind in the folder of temporary files does no harm.
        let _ = std::fs::remove_file(&self.0);
    }
}

async fn sent(request: RequestBuilder) -> Response {
    request.send().await.expect("an answer")
}

/// The answer to a request that must have this status.
async fn told(request: RequestBuilder, status: u16) -> Value {
    let response = sent(request).await;
    let got = response.status();
    let body: Value = response.json().await.expect("json");
    assert_eq!(got, status, "{body}");
    body
}

fn post(world: &World, role: Role, path: &str, body: &Value) -> RequestBuilder {
    world.request_as(role, Method::POST, path).json(body)
}

/// A decision by whom a token of this subject and role names.
pub(crate) fn decision(world: &World, (subject, role): (&str, Role), id: &str, body: &Value) -> RequestBuilder {
    let bearer = token_of(subject, TenantId::default(), role);
    world.request(Method::POST, &format!("/v1/approvals/{id}/decision")).bearer_auth(bearer).json(body)
}

/// What the operator proposes; the id of the approval.
pub(crate) async fn proposed(world: &World, what: &Value) -> String {
    let body = told(post(world, Role::Operator, "/v1/approvals/propose", what), 201).await;
    body["approval_id"].as_str().expect("an id").to_owned()
}

async fn usual(world: &World) -> String {
    proposed(world, &json!({"subject": "acme/shop#12", "action": "merge"})).await
}

/// An identity that the admin adds.
pub(crate) async fn added(world: &World, identity: &Value) -> Value {
    told(post(world, Role::Admin, "/v1/identities", identity), 201).await
}

/// A workflow that the operator runs.
pub(crate) async fn ran(world: &World, what: &Value) -> Value {
    told(post(world, Role::Operator, "/v1/workflows/run", what), 202).await
}

/// What the audit says was done to an approval, oldest first, each with who did it.
async fn audited(world: &World, id: &str) -> Vec<String> {
    let path = format!("/v1/audit?subject=approval/{id}");
    let page = told(world.request_as(Role::Admin, Method::GET, &path), 200).await;
    let line = |row: &Value| {
        format!("{} {}", row["action"].as_str().expect("an action"), row["actor"].as_str().expect("an actor"))
    };
    page["data"].as_array().expect("rows").iter().rev().map(line).collect()
}

pub(crate) async fn metrics(world: &World) -> String {
    sent(world.request(Method::GET, "/metrics")).await.text().await.expect("text")
}

/// A series that is above zero. Other tests of this process count too.
pub(crate) fn counts(metrics: &str, series: &str) -> bool {
    let value = metrics.lines().find_map(|line| line.strip_prefix(series)?.trim().parse::<f64>().ok());
    value.is_some_and(|value| value > 0.0)
}
