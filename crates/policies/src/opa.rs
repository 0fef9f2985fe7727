//! Asking an Open Policy Agent: `POST {"input": …}`, within a short time, and what counts when there is no decision in what
//! comes back. Nothing that OPA does not say lets anything through, unless the settings want it so.

use boot::settings::{OpaSettings, Unanswered};
use chrono::{DateTime, Utc};
use domain::event::rfc3339;
use domain::policy::{Decision, Input, Policy};
use outbound::{Outbound, OutboundError, Request, StatusCode};
use serde_json::{Map, Value, json};

const NAME: &str = "OPA";
const COUNTER: &str = "policy_opa_total";
/// A decision is small.
const CAP_BYTES: usize = 256 * 1024;

/// Why there is no decision, for people and for the counter.
#[derive(Debug, thiserror::Error)]
enum NoDecision {
    #[error("does not answer ({0})")]
    Unreachable(&'static str),
    #[error("answers with status {0}")]
    Refused(u16),
    #[error("says nothing that fits: {0}")]
    Unfit(String),
}

impl NoDecision {
    const RESULTS: [&str; 4] = ["answered", "unreachable", "refused", "unfit"];

    fn result(&self) -> &'static str {
        match self {
            Self::Unreachable(_) => "unreachable",
            Self::Refused(_) => "refused",
            Self::Unfit(_) => "unfit",
        }
    }
}

/// Whom to ask.
#[derive(Clone, Debug)]
pub(crate) struct Opa {
    settings: OpaSettings,
    outbound: Outbound,
}

impl Opa {
    pub(crate) fn new(settings: &OpaSettings) -> Result<Self, OutboundError> {
        for result in NoDecision::RESULTS {
            metrics::counter!(COUNTER, "result" => result).increment(0);
        }
        Ok(Self { settings: settings.clone(), outbound: Outbound::new(settings.timeout, CAP_BYTES)? })
    }

    /// What OPA says; where it says nothing, what the settings say.
    pub(crate) async fn decide(&self, policy: &Policy, input: &Input) -> Decision {
        match self.ask(policy, input).await {
            Ok(decision) => {
                metrics::counter!(COUNTER, "result" => "answered").increment(1);
                decision
            }
            Err(why) => {
                metrics::counter!(COUNTER, "result" => why.result()).increment(1);
                tracing::warn!(error = %why, "OPA did not decide; OPA_UNANSWERED says what counts");
                self.otherwise(policy, input, &why)
            }
        }
    }

    async fn ask(&self, policy: &Policy, input: &Input) -> Result<Decision, NoDecision> {
        let body = json!({"input": told(input)}).to_string().into_bytes();
        let headers = vec![("content-type".to_owned(), "application/json".to_owned())];
        let answer = self.outbound.send(Request::post(self.settings.url.as_str(), headers, body)).await;
        let answer = answer.map_err(|error| NoDecision::Unreachable(error.kind()))?;
        if answer.status != StatusCode::OK {
            return Err(NoDecision::Refused(answer.status.as_u16()));
        }
        let Some(result) = answer.json().get("result").cloned() else {
            return Err(NoDecision::Unfit("there is no `result`: OPA knows no such decision".to_owned()));
        };
        policy.told(NAME, &result).map_err(|faults| {
            let first = faults.into_iter().next();
            NoDecision::Unfit(first.map(|fault| format!("{} {}", fault.pointer, fault.detail)).unwrap_or_default())
        })
    }

    fn otherwise(&self, policy: &Policy, input: &Input, why: &NoDecision) -> Decision {
        let why = why.to_string();
        match self.settings.unanswered {
            Unanswered::Approval => policy.unanswered(NAME, &why),
            Unanswered::Document => {
                let decision = policy.decide(input);
                Decision { reason: format!("{NAME} {why}; by the document: {}", decision.reason), ..decision }
            }
            Unanswered::Allow => {
                let reason = format!("{NAME} {why}; OPA_UNANSWERED is allow");
                let allowed = policy.told(NAME, &json!({"action": "allow"}));
                let allowed = allowed.unwrap_or_else(|_| policy.unanswered(NAME, &why));
                Decision { reason, error: Some(format!("{NAME} {why}")), ..allowed }
            }
        }
    }
}

/// The names that conditions have too, with the facts beside them and in `facts`.
fn told(input: &Input) -> Value {
    let mut all: Map<String, Value> = input.facts.clone();
    let Input { kind, subject, action, team, service, environment, now, facts } = input;
    let texts = [("subject", subject), ("action", action), ("team", team), ("service", service)];
    for (name, value) in texts.into_iter().chain([("environment", environment)]) {
        if let Some(value) = value {
            all.insert(name.to_owned(), json!(value));
        }
    }
    all.insert("kind".to_owned(), json!(kind));
    let time: Option<DateTime<Utc>> = *now;
    if let Some(now) = time {
        all.insert("now".to_owned(), json!(rfc3339(now)));
    }
    all.insert("facts".to_owned(), Value::Object(facts.clone()));
    Value::Object(all)
}
