//! From a signal to the job that tells of it: which action, to whom, in which words. Plain text: who sends it escapes it.

use domain::approvals::Person;
use domain::policy::Decision;
use domain::signals::{Finding, Rule};
use domain::text::clean;
use serde_json::{Value, json};

/// Where authors of changes have their names.
pub(super) const HOSTS: [&str; 2] = ["github", "gitlab"];

const NUDGE: &str = "nudge";
const ESCALATE: &str = "escalate";
const ALLOW: &str = "allow";
const BLOCK: &str = "block";
const LONGEST_TITLE: usize = 200;

/// Where a nudge goes.
pub(super) struct Place<'a> {
    /// Who wrote what the signal is about, if somebody has said who that is.
    pub(super) author: Option<&'a Person>,
    pub(super) channel: Option<&'a str>,
}

/// Who wrote what the signal is about.
pub(super) fn author(finding: &Finding) -> Option<&str> {
    text(finding, "author")
}

/// The person who wrote it, if somebody has said who that is.
pub(super) fn known<'p>(finding: &Finding, people: &'p [Person]) -> Option<&'p Person> {
    let author = author(finding)?;
    people.iter().find(|person| HOSTS.iter().any(|host| person.is(&format!("{host}:{author}"))))
}

/// The action and its payload; `None`: the policy says that nothing is to be done.
pub(super) fn job(rule: &Rule, finding: &Finding, decision: &Decision, place: &Place<'_>) -> Option<(String, Value)> {
    let said = told(rule, finding, decision);
    let (action, payload) = match decision.action.as_str() {
        ALLOW => return None,
        NUDGE | BLOCK => (NUDGE, nudge(&said, place.author, place.channel)),
        // More people than the author: the channel.
        ESCALATE => (NUDGE, nudge(&format!("Escalated: {said}"), None, place.channel)),
        "comment" => ("comment", json!({"text": said})),
        "label" => ("label", json!({"labels": [rule.kind.name]})),
        "assign_reviewer" => ("assign_reviewer", json!({})),
        "issue_create" => {
            ("issue_create", json!({"repo": text(finding, "repo"), "title": heading(rule, finding), "text": said}))
        }
        "page" => ("page", page(rule, finding)),
        // A word of their own: whoever does it knows what to make of the row.
        other => (other, Value::Object(finding.row.clone())),
    };
    Some((action.to_owned(), payload))
}

fn nudge(said: &str, author: Option<&Person>, channel: Option<&str>) -> Value {
    let slack = author.and_then(|person| person.identities.iter().find_map(|name| name.strip_prefix("slack:")));
    match (slack, channel) {
        (Some(user), _) => json!({"user": user, "text": said}),
        (None, Some(channel)) => json!({"channel": channel, "text": said}),
        (None, None) => json!({"text": said}),
    }
}

fn page(rule: &Rule, finding: &Finding) -> Value {
    json!({"summary": heading(rule, finding), "source": "em-agent", "severity": "warning", "details": finding.row,
        "dedup_key": clean(&format!("{}/{}", rule.name, finding.subject), LONGEST_TITLE)})
}

fn heading(rule: &Rule, finding: &Finding) -> String {
    clean(&format!("{}: {}", rule.kind.name, finding.subject), LONGEST_TITLE)
}

/// What people read: why, what, since when, where.
fn told(rule: &Rule, finding: &Finding, decision: &Decision) -> String {
    let why = decision.effect.message.clone().unwrap_or_else(|| format!("{}: {}.", rule.kind.name, rule.kind.about));
    let title = text(finding, "title").map(|title| format!(" \"{}\"", clean(title, LONGEST_TITLE)));
    let by = author(finding).map(|author| format!(" by {}", clean(author, LONGEST_TITLE)));
    let since = finding.since.format("%Y-%m-%d %H:%M UTC");
    let subject = clean(&finding.subject, LONGEST_TITLE);
    let what = format!("{subject}{}{}, since {since}", title.unwrap_or_default(), by.unwrap_or_default());
    let url = text(finding, "url").map(|url| format!("\n{url}")).unwrap_or_default();
    format!("{why}\n{what}{url}")
}

fn text<'f>(finding: &'f Finding, name: &str) -> Option<&'f str> {
    finding.row.get(name).and_then(Value::as_str)
}

#[cfg(test)]
mod tests {
    use domain::policy::{Input, Policy};
    use domain::signals::Rules;

    use super::*;

    fn finding() -> Finding {
        let row =
            json!({"repo": "acme/shop", "title": "Faster\ncheckout", "author": "ada", "url": "https://git.example/12"});
        let since = "2026-11-18T09:30:00Z".parse().expect("a time");
        let row = row.as_object().expect("an object").clone();
        Finding { subject: "acme/shop#12".to_owned(), since, row }
    }

    fn what(then: &Value, author: Option<&Person>, channel: Option<&str>) -> Option<(String, Value)> {
        let policy = Policy::read(&json!({"version": 1, "rules": [{"name": "r", "then": then}]})).expect("a policy");
        let decision = policy.decide(&Input { kind: "stale_pr".to_owned(), ..Input::default() });
        let rules = Rules::read(&json!({"rules": [{"kind": "stale_pr"}]})).expect("rules");
        job(&rules.rules[0], &finding(), &decision, &Place { author, channel })
    }

    #[test]
    fn a_nudge_goes_to_the_author_and_else_to_the_channel() {
        let then = json!({"action": "nudge", "message": "It waits."});
        let said =
            "It waits.\nacme/shop#12 \"Faster checkout\" by ada, since 2026-11-18 09:30 UTC\nhttps://git.example/12";
        let ada = Person { identities: vec!["github:ada".to_owned(), "slack:U1".to_owned()], ..Person::default() };
        assert_eq!(known(&finding(), std::slice::from_ref(&ada)), Some(&ada));
        let job = |payload| Some(("nudge".to_owned(), payload));
        assert_eq!(what(&then, Some(&ada), Some("#dev")), job(json!({"user": "U1", "text": said})));
        assert_eq!(what(&then, None, Some("#dev")), job(json!({"channel": "#dev", "text": said})));
        assert_eq!(what(&then, None, None), job(json!({"text": said})));
        let (action, payload) = what(&json!({"action": "escalate"}), Some(&ada), Some("#dev")).expect("a job");
        assert_eq!((action.as_str(), &payload["channel"]), ("nudge", &json!("#dev")));
        assert!(payload["text"].as_str().is_some_and(|text| text.starts_with("Escalated: stale_pr: an open change")));
    }

    #[test]
    fn other_actions_get_what_they_need_and_allow_does_nothing() {
        assert_eq!(what(&json!({"action": "allow"}), None, None), None);
        assert_eq!(what(&json!({"auto_approve": true}), None, None), None);
        let action = |then: Value| what(&then, None, None).expect("a job");
        assert_eq!(action(json!({"action": "label"})), ("label".to_owned(), json!({"labels": ["stale_pr"]})));
        assert_eq!(action(json!({"action": "assign_reviewer"})), ("assign_reviewer".to_owned(), json!({})));
        assert_eq!(action(json!({"action": "issue_create"})).1["repo"], "acme/shop");
        assert_eq!(action(json!({"action": "page"})).1["dedup_key"], "stale_pr/acme/shop#12");
        assert_eq!(action(json!({"action": "tell legal"})).1["author"], "ada");
        assert_eq!(action(json!({"action": "block"})).0, "nudge");
    }
}
