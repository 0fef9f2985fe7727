//! Sends deliveries as a vendor would: really signed, over HTTP.

use std::time::Duration;

use integrations::{Integration, Shipment};
use serde_json::{Value, json};

/// Longer than any request waits: some ask the gateway to wait for fifteen seconds.
const PATIENCE: Duration = Duration::from_secs(30);

/// The secret that test gateways are given.
pub const SECRET: &str = "a secret that only the tests know";

/// One vendor's side of the wire.
#[derive(Clone)]
pub struct Sender {
    http: reqwest::Client,
    base: String,
    integration: &'static Integration,
    traceparent: Option<String>,
}

impl Sender {
    /// # Panics
    /// When there is no such integration, or no HTTP client can be made.
    pub fn new(base: impl Into<String>, source: &str) -> Self {
        Self::of(base, integrations::find(source).expect("an integration"))
    }

    /// Of a source that is not built in.
    ///
    /// # Panics
    /// When no HTTP client can be made.
    pub fn of(base: impl Into<String>, integration: &'static Integration) -> Self {
        let http = reqwest::Client::builder().timeout(PATIENCE).build().expect("an HTTP client");
        Self { http, base: base.into(), integration, traceparent: None }
    }

    /// The same sender inside a trace: its deliveries carry this `traceparent`.
    pub fn traced(self, traceparent: &str) -> Self {
        Self { traceparent: Some(traceparent.to_owned()), ..self }
    }

    /// Signs and posts one delivery; the status and the JSON of the answer, or why there was none.
    pub async fn send(&self, kind: &str, key: &str, body: &Value) -> Result<(u16, Value), reqwest::Error> {
        let bytes = body.to_string().into_bytes();
        let headers = integrations::sign(
            self.integration,
            &Shipment::of(kind, key, &bytes, SECRET.as_bytes(), chrono::Utc::now()),
        );
        let mut request = self.http.post(format!("{}/webhooks/{}", self.base, self.integration.name)).body(bytes);
        for (name, value) in headers {
            request = request.header(name, value);
        }
        if let Some(traceparent) = &self.traceparent {
            request = request.header("traceparent", traceparent);
        }
        let answer = request.send().await?;
        let status = answer.status().as_u16();
        Ok((status, answer.json().await.unwrap_or(Value::Null)))
    }

    /// The JSON that a `GET` of this path answers.
    pub async fn get(&self, path: &str) -> Result<Value, reqwest::Error> {
        self.http.get(format!("{}{path}", self.base)).send().await?.json().await
    }
}

/// The `X-Hub-Signature-256` of a body.
///
/// # Panics
/// When GitHub's signature is no longer among its headers.
pub fn signature(secret: &str, body: &[u8]) -> String {
    let github = integrations::find("github").expect("an integration");
    let headers = integrations::sign(github, &Shipment::of("push", "k", body, secret.as_bytes(), chrono::Utc::now()));
    let signature = headers.into_iter().find(|(name, _)| name.eq_ignore_ascii_case("x-hub-signature-256"));
    signature.expect("a signature").1
}

/// A successful production deployment, as GitHub's `deployment_status` tells it.
pub fn deployment_succeeded(deployment: u64) -> Value {
    let at = "2026-11-20T18:44:07Z";
    json!({
        "action": "created",
        "deployment": {
            "id": deployment, "sha": format!("{deployment:040x}"), "ref": "main", "environment": "production",
            "created_at": at, "updated_at": at, "creator": {"login": "ada", "id": 1, "type": "User"},
        },
        "deployment_status": {
            "id": deployment, "state": "success", "environment": "production", "created_at": at, "updated_at": at,
            "creator": {"login": "ada", "id": 1, "type": "User"},
        },
        "repository": {"id": 1, "full_name": "acme/shop", "default_branch": "main"},
        "sender": {"login": "ada", "id": 1, "type": "User"},
    })
}
