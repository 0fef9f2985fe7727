//! The CDEvents 0.5.1 form of an event, where one exists. Our own type, subject and data travel in `customData`.
//!
//! A form whose required fields the event does not know is not used: a guess would be worse than none. The published
//! schemas allow no other fields, so that every field here is one of theirs.

use serde_json::{Map, Value, json};

use crate::event::{Event, rfc3339};
use crate::text::percent_encoded;

const SPECVERSION: &str = "0.5.1";

/// What CDEvents says of an event: its type, the id of what it is about, and the content of that subject.
struct Form {
    kind: &'static str,
    id: String,
    content: Map<String, Value>,
}

/// The event as a CDEvent; `None` where CDEvents has no form for it, or the form asks for what is not known.
pub fn render(event: &Event) -> Option<Value> {
    let data: Value = serde_json::from_str(event.data.get()).ok()?;
    let facts = Facts { event, data: &data };
    let Form { kind, id, content } = facts.form()?;
    Some(json!({
        "context": {
            "specversion": SPECVERSION,
            "id": event.id,
            "source": uri_reference(&event.source),
            "type": format!("dev.cdevents.{kind}"),
            "timestamp": rfc3339(event.time),
        },
        "subject": { "id": id, "source": uri_reference(&event.source), "content": content },
        "customData": { "em-agent": {
            "type": event.kind.as_str(),
            "subject": event.subject,
            "tenant": event.tenant,
            "delivery": event.delivery,
            "receivedat": rfc3339(event.received_at()),
            "data": data,
        } },
        "customDataContentType": "application/json",
    }))
}

/// Reads an event's data for its form.
struct Facts<'a> {
    event: &'a Event,
    data: &'a Value,
}

impl Facts<'_> {
    fn form(&self) -> Option<Form> {
        match (self.event.kind.noun(), self.event.kind.verb()) {
            ("change", verb) => Some(self.change(verb)),
            ("branch", "created") => Some(self.branch("branch.created.0.3.0")),
            ("branch", "deleted") => Some(self.branch("branch.deleted.0.3.0")),
            ("build", verb) if self.text("parent_run").is_some() => self.task(verb),
            ("build", verb) => self.pipeline(verb),
            ("deployment", "finished") => self.deployed(),
            ("incident", verb) => self.incident(verb),
            ("ticket", verb) => self.ticket(verb),
            ("artifact", "published") => Some(self.about("artifact.published.0.3.0", self.text("digest"), Map::new())),
            _ => None,
        }
    }

    fn change(&self, verb: &str) -> Form {
        let mut content = self.content(&[("repository", self.reference("repo"))]);
        let kind = match verb {
            "opened" => {
                content.extend(self.content(&[("description", self.value("title"))]));
                "change.created.0.4.0"
            }
            "reviewed" | "approved" => "change.reviewed.0.3.0",
            "merged" => "change.merged.0.3.0",
            "closed" => "change.abandoned.0.3.0",
            _ => "change.updated.0.3.0",
        };
        self.about(kind, self.number("number"), content)
    }

    fn branch(&self, kind: &'static str) -> Form {
        self.about(kind, self.text("ref"), self.content(&[("repository", self.reference("repo"))]))
    }

    fn pipeline(&self, verb: &str) -> Option<Form> {
        let mut content = self.content(&[("pipelineName", self.value("name")), ("uri", self.uri())]);
        let kind = match verb {
            "queued" => "pipelinerun.queued.0.3.0",
            "started" if content.len() == 2 => "pipelinerun.started.0.3.0",
            "finished" => {
                content.extend(self.content(&[("outcome", self.outcome())]));
                "pipelinerun.finished.0.3.0"
            }
            _ => return None,
        };
        Some(self.about(kind, self.text("run_id"), content))
    }

    fn task(&self, verb: &str) -> Option<Form> {
        let parent = self.reference("parent_run");
        let mut content =
            self.content(&[("taskName", self.value("name")), ("uri", self.uri()), ("pipelineRun", parent)]);
        let kind = match verb {
            "started" => "taskrun.started.0.3.0",
            "finished" => {
                content.extend(self.content(&[("outcome", self.outcome())]));
                "taskrun.finished.0.3.0"
            }
            _ => return None,
        };
        Some(self.about(kind, self.text("run_id"), content))
    }

    /// Only a deployment that succeeded has deployed a service; both its environment and what it ships must be known.
    fn deployed(&self) -> Option<Form> {
        let outcome = self.text("outcome")?;
        let artifact = self.artifact()?;
        let environment = self.reference("environment")?;
        let service = self.text("service").or_else(|| self.text("repo"))?;
        let kind = match self.text("explicit_kind").as_deref() {
            Some("rollback") => "service.rolledback.0.3.0",
            _ => "service.deployed.0.3.0",
        };
        let content = self.content(&[("environment", Some(environment)), ("artifactId", Some(artifact.into()))]);
        (outcome == "success").then(|| self.about(kind, Some(service), content))
    }

    /// A package URL of what a deployment ships.
    fn artifact(&self) -> Option<String> {
        let first = &self.data["components"][0];
        let of_first = |name: &str| first[name].as_str().map(str::to_owned);
        let repo = of_first("repo").or_else(|| self.text("repo"))?;
        let version = of_first("image_digest").or_else(|| of_first("sha")).or_else(|| self.text("commit_sha"))?;
        let registry = match self.event.integration.as_str() {
            known @ ("github" | "gitlab" | "bitbucket") => known,
            _ => "generic",
        };
        Some(format!("pkg:{registry}/{}@{}", uri_reference(&repo), uri_reference(&version)))
    }

    fn incident(&self, verb: &str) -> Option<Form> {
        let environment = self.reference("environment")?;
        let mut content = self.content(&[
            ("environment", Some(environment)),
            ("service", self.reference("service")),
            ("description", self.value("title")),
        ]);
        let kind = match (verb, self.uri()) {
            ("opened" | "reopened", Some(uri)) => {
                content.insert("ticketURI".to_owned(), uri);
                "incident.reported.0.3.0"
            }
            ("opened" | "reopened", None) => "incident.detected.0.3.0",
            ("resolved", _) => "incident.resolved.0.3.0",
            _ => return None,
        };
        Some(self.about(kind, self.text("incident_id"), content))
    }

    fn ticket(&self, verb: &str) -> Option<Form> {
        let login = |name: &str| self.data[name]["login"].as_str().filter(|login| !login.is_empty()).map(Value::from);
        let mut content = self.content(&[("uri", Some(self.uri()?)), ("summary", self.value("title"))]);
        if let Some(assignee) = login("assignee") {
            content.insert("assignees".to_owned(), json!([assignee]));
        }
        let kind = match verb {
            "created" => {
                content.insert("creator".to_owned(), login("actor")?);
                content.contains_key("summary").then_some("ticket.created.0.2.0")?
            }
            "closed" => {
                content.insert("resolution".to_owned(), self.value("status")?);
                "ticket.closed.0.2.0"
            }
            "updated" | "moved" => "ticket.updated.0.2.0",
            _ => return None,
        };
        Some(self.about(kind, self.text("key"), content))
    }

    /// About the thing of this id, or else of our own subject.
    fn about(&self, kind: &'static str, id: Option<String>, content: Map<String, Value>) -> Form {
        Form { kind, id: id.unwrap_or_else(|| self.event.subject.clone()), content }
    }

    /// The fields that are known.
    fn content(&self, fields: &[(&str, Option<Value>)]) -> Map<String, Value> {
        fields.iter().filter_map(|(name, value)| Some(((*name).to_owned(), value.clone()?))).collect()
    }

    fn text(&self, name: &str) -> Option<String> {
        self.data[name].as_str().filter(|text| !text.is_empty()).map(str::to_owned)
    }

    fn number(&self, name: &str) -> Option<String> {
        self.data[name].as_i64().map(|number| number.to_string())
    }

    fn value(&self, name: &str) -> Option<Value> {
        self.text(name).map(Value::from)
    }

    fn reference(&self, name: &str) -> Option<Value> {
        self.text(name).map(|id| json!({ "id": id }))
    }

    fn uri(&self) -> Option<Value> {
        let web = |url: &String| url.starts_with("https://") || url.starts_with("http://");
        self.text("url").filter(web).map(|url| uri_reference(&url).into())
    }

    /// CDEvents has no word for what was skipped.
    fn outcome(&self) -> Option<Value> {
        match self.text("outcome")?.as_str() {
            "cancelled" => Some("cancel".into()),
            word @ ("success" | "failure" | "error") => Some(word.into()),
            _ => None,
        }
    }
}

/// Writes out of the way what may not stand in a URI.
fn uri_reference(text: &str) -> String {
    percent_encoded(text, b"-._~:/?#@!$&'()*+,;=%")
}

#[cfg(test)]
mod tests {
    use chrono::{DateTime, Utc};

    use super::*;
    use crate::event::{EventType, Facets};
    use crate::ids::{DeliveryId, TenantId};

    fn event(kind: &str, data: Value) -> Event {
        let time: DateTime<Utc> = "2026-11-20T18:44:07Z".parse().expect("a time");
        let delivery = DeliveryId::new(time, [3; 16]);
        Event {
            id: delivery.event(0),
            tenant: TenantId::default(),
            integration: "github".to_owned(),
            source: "/github/acme/shop".to_owned(),
            kind: EventType::parse(kind).expect("a type"),
            subject: "acme/shop#482".to_owned(),
            time,
            delivery,
            traceparent: None,
            facets: Facets::default(),
            data: serde_json::value::to_raw_value(&data).expect("json"),
        }
    }

    fn kind_of(kind: &str, data: Value) -> Option<String> {
        let rendered = render(&event(kind, data))?;
        Some(rendered["context"]["type"].as_str()?.trim_start_matches("dev.cdevents.").to_owned())
    }

    #[test]
    fn a_merged_change_says_its_repository_and_keeps_our_data() {
        let rendered = render(&event("change.merged", json!({"repo": "acme/shop", "number": 482, "title": "Faster"})))
            .expect("a form");
        assert_eq!(rendered["context"]["type"], "dev.cdevents.change.merged.0.3.0");
        assert_eq!(rendered["context"]["specversion"], "0.5.1");
        assert_eq!(rendered["subject"]["id"], "482");
        assert_eq!(rendered["subject"]["content"], json!({"repository": {"id": "acme/shop"}}));
        assert_eq!(rendered["customData"]["em-agent"]["data"]["title"], "Faster");
    }

    #[test]
    fn a_deployment_is_one_only_when_it_succeeded_and_all_is_known() {
        let whole = json!({"outcome": "success", "environment": "production", "service": "shop", "commit_sha": "c3d4", "repo": "acme/shop"});
        assert_eq!(kind_of("deployment.finished", whole.clone()).as_deref(), Some("service.deployed.0.3.0"));
        let rendered = render(&event("deployment.finished", whole.clone())).expect("a form");
        assert_eq!(rendered["subject"]["content"]["artifactId"], "pkg:github/acme/shop@c3d4");
        for (name, value) in [("outcome", json!("failure")), ("environment", Value::Null), ("commit_sha", Value::Null)]
        {
            let mut less = whole.clone();
            less[name] = value;
            assert_eq!(kind_of("deployment.finished", less), None, "{name}");
        }
        let mut back = whole;
        back["explicit_kind"] = json!("rollback");
        assert_eq!(kind_of("deployment.finished", back).as_deref(), Some("service.rolledback.0.3.0"));
    }

    #[test]
    fn runs_and_jobs_are_told_apart_and_cancelled_is_cancel() {
        let run = json!({"name": "CI", "run_id": "7", "outcome": "cancelled", "url": "https://github.com/x/runs/7"});
        let rendered = render(&event("build.finished", run)).expect("a form");
        assert_eq!(rendered["subject"]["content"]["outcome"], "cancel");
        assert_eq!(kind_of("build.started", json!({"name": "CI"})), None);
        assert_eq!(
            kind_of("build.started", json!({"name": "lint", "parent_run": "7"})).as_deref(),
            Some("taskrun.started.0.3.0")
        );
        assert_eq!(kind_of("build.queued", json!({"name": "lint", "parent_run": "7"})), None);
    }

    #[test]
    fn what_cdevents_does_not_know_has_no_form() {
        for kind in ["commits.pushed", "tag.created", "alert.fired", "github.unmapped", "incident.opened"] {
            assert_eq!(kind_of(kind, json!({})), None, "{kind}");
        }
    }

    #[test]
    fn addresses_hold_nothing_that_a_uri_may_not() {
        assert_eq!(uri_reference("/generic/a b\u{e4}\"<"), "/generic/a%20b%C3%A4%22%3C");
    }
}
