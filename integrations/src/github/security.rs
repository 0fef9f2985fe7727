//! `code_scanning_alert` and `dependabot_alert`: something in the code or in what it is built of is not safe.
//!
//! An alert goes by the kind and its number in the repository. However severe, it is no incident: nothing broke yet. One
//! that is dismissed is resolved, as one that is fixed.

use chrono::{DateTime, Utc};
use domain::data::Common;
use domain::event::Draft;
use domain::rules::Rules;
use domain::time;
use serde::Deserialize;

use super::payloads::{NAME, Repository, TITLE, URL, User, common, text};
use crate::alerts::Monitored;
use crate::drafts::{plain, sha};
use crate::json::{Id, Text};

#[derive(Deserialize)]
pub(super) struct AlertEvent<'a> {
    #[serde(borrow)]
    action: Option<Text<'a>>,
    #[serde(borrow)]
    alert: Alert<'a>,
    /// Of code scanning.
    #[serde(borrow)]
    commit_oid: Option<Text<'a>>,
    #[serde(borrow, rename = "ref")]
    reference: Option<Text<'a>>,
    #[serde(borrow)]
    repository: Repository<'a>,
    #[serde(borrow)]
    sender: Option<User<'a>>,
}

#[derive(Deserialize)]
struct Alert<'a> {
    number: Id,
    #[serde(borrow)]
    html_url: Option<Text<'a>>,
    #[serde(borrow)]
    rule: Option<Rule<'a>>,
    #[serde(borrow)]
    security_advisory: Option<Advisory<'a>>,
    #[serde(borrow)]
    dependency: Option<Dependency<'a>>,
    #[serde(default, deserialize_with = "time::lenient")]
    created_at: Option<DateTime<Utc>>,
    #[serde(default, deserialize_with = "time::lenient")]
    updated_at: Option<DateTime<Utc>>,
    #[serde(default, deserialize_with = "time::lenient")]
    fixed_at: Option<DateTime<Utc>>,
    #[serde(default, deserialize_with = "time::lenient")]
    dismissed_at: Option<DateTime<Utc>>,
    #[serde(default, deserialize_with = "time::lenient")]
    auto_dismissed_at: Option<DateTime<Utc>>,
}

#[derive(Deserialize)]
struct Rule<'a> {
    #[serde(borrow)]
    id: Option<Text<'a>>,
    #[serde(borrow)]
    description: Option<Text<'a>>,
    /// How much the tool cares: `error`, `warning`, `note`.
    #[serde(borrow)]
    severity: Option<Text<'a>>,
    /// How much an attacker would: `low` to `critical`; of security rules only.
    #[serde(borrow)]
    security_severity_level: Option<Text<'a>>,
}

#[derive(Deserialize)]
struct Advisory<'a> {
    #[serde(borrow)]
    ghsa_id: Option<Text<'a>>,
    #[serde(borrow)]
    summary: Option<Text<'a>>,
    #[serde(borrow)]
    severity: Option<Text<'a>>,
}

#[derive(Deserialize)]
struct Dependency<'a> {
    #[serde(borrow)]
    package: Option<Package<'a>>,
}

#[derive(Deserialize)]
struct Package<'a> {
    #[serde(borrow)]
    name: Option<Text<'a>>,
}

/// `kind` is the delivery's: numbers are counted for each by itself.
pub(super) fn drafts(kind: &str, event: AlertEvent<'_>, rules: &Rules) -> Vec<Draft> {
    let resolved = match event.action.as_deref() {
        Some("created" | "reopened" | "reopened_by_user" | "reintroduced" | "auto_reopened") => false,
        Some("fixed" | "dismissed" | "closed_by_user" | "auto_dismissed") => true,
        _ => return Vec::new(),
    };
    let alert = &event.alert;
    let repo = event.repository.name();
    let ended_at = alert.fixed_at.or(alert.dismissed_at).or(alert.auto_dismissed_at);
    let told = Monitored {
        source: "github",
        id: format!("{repo}/{kind}/{}", alert.number.0),
        scope: repo,
        fingerprint: alert.rule_id(),
        name: alert.name(),
        severity: alert.severity(),
        resolved,
        fired_at: alert.created_at,
        resolved_at: ended_at.filter(|_| resolved),
        at: alert.updated_at.or(ended_at.filter(|_| resolved)).or(alert.created_at),
        is_incident: Some(false),
        common: Common {
            commit_sha: sha(event.commit_oid.as_deref()),
            branch: plain(event.reference.as_deref().and_then(|name| name.strip_prefix("refs/heads/")), NAME),
            url: text(alert.html_url.as_ref(), URL),
            ..common(&event.repository, event.sender.as_ref(), rules)
        },
        ..Monitored::default()
    };
    told.drafts(rules)
}

impl Alert<'_> {
    fn name(&self) -> Option<String> {
        let package = self.dependency.as_ref().and_then(|one| text(one.package.as_ref()?.name.as_ref(), NAME));
        let advisory = self.security_advisory.as_ref().and_then(|advisory| text(advisory.summary.as_ref(), TITLE));
        let rule = self.rule.as_ref().and_then(|rule| text(rule.description.as_ref().or(rule.id.as_ref()), TITLE));
        match (package, advisory) {
            (Some(package), Some(advisory)) => Some(format!("{package}: {advisory}")),
            (package, advisory) => advisory.or(rule).or(package),
        }
    }

    fn rule_id(&self) -> Option<String> {
        let of_rule = self.rule.as_ref().and_then(|rule| rule.id.as_ref());
        text(of_rule.or_else(|| self.security_advisory.as_ref()?.ghsa_id.as_ref()), NAME)
    }

    fn severity(&self) -> Option<String> {
        let of_rule = |rule: &Rule<'_>| {
            text(rule.security_severity_level.as_ref(), NAME).or_else(|| text(rule.severity.as_ref(), NAME))
        };
        let of_advisory = || text(self.security_advisory.as_ref()?.severity.as_ref(), NAME);
        self.rule.as_ref().and_then(of_rule).or_else(of_advisory)
    }
}
