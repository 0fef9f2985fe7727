//! What subscribed channels read: a deployment that ended, an incident that was opened or resolved.

use slack::blocks::Block;
use slack::fit::Message;
use slack::text::{duration, link, moment, outside};
use store::subscriptions::{Ended, Happened, Incident};

/// Of names and titles.
const NAME: usize = 100;
const TITLE: usize = 200;

/// A deployment that ended: what came of it, and how much it changes.
pub fn deployment(news: &Happened<Ended>) -> Message {
    let Happened { service, what, .. } = news;
    let (service, environment) = (outside(service, NAME), outside(&what.environment, NAME));
    let headline = match (what.outcome.as_str(), what.kind.as_deref()) {
        ("success", Some("rollback")) => format!("⏪ *{service}* was rolled back in {environment}"),
        ("success", Some("hotfix")) => format!("🚑 *{service}* got a hotfix in {environment}"),
        ("success", Some("redeploy")) => format!("🔁 *{service}* was deployed again to {environment}"),
        ("success", _) => format!("🚀 *{service}* was deployed to {environment}"),
        ("cancelled" | "skipped", _) => {
            format!("⏹️ A deployment of *{service}* to {environment} was {}", what.outcome)
        }
        _ => format!("❌ A deployment of *{service}* to {environment} did not succeed"),
    };
    let mut parts = Vec::new();
    if what.outcome == "success" {
        parts.push(changes(what.changes));
    }
    parts.extend(what.failed.then(|| "it broke something".to_owned()));
    parts.push(moment(what.at));
    parts.extend(what.url.as_deref().map(|url| link(url, "Open")));
    message(&headline, &parts)
}

fn changes(count: i32) -> String {
    match count {
        0 => "no change that is known".to_owned(),
        1 => "1 change".to_owned(),
        more => format!("{more} changes"),
    }
}

/// An incident that was opened or resolved.
pub fn incident(news: &Happened<Incident>) -> Message {
    let Happened { service, what, .. } = news;
    let (service, title) = (outside(service, NAME), outside(what.title.as_deref().unwrap_or("without a title"), TITLE));
    let (headline, at) = match what.resolved_at {
        Some(at) => {
            let lasted = duration(at - what.began_at);
            (format!("✅ Incident of *{service}* resolved after {lasted}: {title}"), at)
        }
        None => (format!("🔴 Incident of *{service}*: {title}"), what.began_at),
    };
    let mut parts: Vec<String> = what.severity.iter().map(|severity| outside(severity, NAME)).collect();
    parts.push(outside(&what.name, NAME));
    parts.push(moment(at));
    parts.extend(what.url.as_deref().map(|url| link(url, "Open")));
    message(&headline, &parts)
}

fn message(headline: &str, parts: &[String]) -> Message {
    Message::new(headline, vec![Block::section(headline), Block::context(parts.join(" · "))], None)
}

#[cfg(test)]
mod tests {
    use chrono::{DateTime, TimeDelta};
    use domain::ids::TenantId;

    use super::*;

    fn news<T>(what: T) -> Happened<T> {
        let (tenant, key) = (TenantId::default(), String::new());
        Happened { tenant, service: "shop <1>".to_owned(), channel: "#shop".to_owned(), key, what }
    }

    #[test]
    fn what_came_of_a_deployment_is_said() {
        let ended = |outcome: &str, kind: Option<&str>, failed| Ended {
            environment: "production".to_owned(),
            outcome: outcome.to_owned(),
            kind: kind.map(str::to_owned),
            changes: 3,
            failed,
            at: DateTime::UNIX_EPOCH,
            url: Some("https://a.example/1".to_owned()),
        };
        for (outcome, kind, expected) in [
            ("success", Some("forward"), "🚀 *shop &lt;1&gt;* was deployed to production"),
            ("success", Some("rollback"), "⏪ *shop &lt;1&gt;* was rolled back in production"),
            ("failure", None, "❌ A deployment of *shop &lt;1&gt;* to production did not succeed"),
            ("cancelled", None, "⏹️ A deployment of *shop &lt;1&gt;* to production was cancelled"),
        ] {
            assert_eq!(deployment(&news(ended(outcome, kind, false))).text(), expected);
        }
        let json = serde_json::to_string(&deployment(&news(ended("success", None, true)))).expect("JSON");
        assert!(
            json.contains("3 changes · it broke something · ") && json.contains("<https://a.example/1|Open>"),
            "{json}"
        );
    }

    #[test]
    fn both_ends_of_an_incident_are_said() {
        let began_at = DateTime::UNIX_EPOCH;
        let mut what = Incident {
            name: "pagerduty:Q2".to_owned(),
            title: Some("Down <!here>".to_owned()),
            severity: None,
            began_at,
            resolved_at: None,
            url: None,
        };
        assert_eq!(incident(&news(what.clone())).text(), "🔴 Incident of *shop &lt;1&gt;*: Down &lt;!here&gt;");
        what.resolved_at = Some(began_at + TimeDelta::minutes(125));
        assert!(
            incident(&news(what)).text().starts_with("✅ Incident of *shop &lt;1&gt;* resolved after 2 h 5 min: Down")
        );
    }
}
