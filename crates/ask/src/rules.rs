//! The planner by rules: which tools a question needs, and the answer in their words. The same question over the same rows
//! has the same answer.

use chrono::{DateTime, SecondsFormat, Utc};
use serde_json::{Map, Value, json};

use crate::asked::{Asked, Intent};
use crate::tools::{Found, Line};

/// Tools that one question uses.
pub(crate) const MOST_STEPS: usize = 6;
/// Said where a question names nothing that is known.
const NOTHING: &str = "I found no word in it that I could look for. Ask about deployment frequency, lead time, failure rate, \
    recovery, rework, what changed, incidents, signals, or how things are done; name a service, a change like acme/shop#12, an \
    incident like pagerduty:Q1, and a time like \"last week\".";

/// A tool to be used.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Planned {
    pub(crate) tool: &'static str,
    pub(crate) arguments: Value,
}

/// The tools that answer a question, in the order in which their answers are told.
pub(crate) fn plan(asked: &Asked) -> Vec<Planned> {
    let mut planned = Vec::new();
    let services: Vec<Option<&String>> =
        if asked.services.is_empty() { vec![None] } else { asked.services.iter().map(Some).collect() };
    for intent in intents(asked) {
        match intent {
            Intent::Knowledge | Intent::Search | Intent::Signals => planned.extend(once(asked, intent)),
            _ => planned.extend(services.iter().flat_map(|service| of_service(asked, intent, *service))),
        }
    }
    let mut kept: Vec<Planned> = Vec::new();
    for one in planned {
        if !kept.contains(&one) && kept.len() < MOST_STEPS {
            kept.push(one);
        }
    }
    kept
}

/// What was asked for; where nothing was, what its names suggest.
fn intents(asked: &Asked) -> Vec<Intent> {
    let mut intents = asked.intents.clone();
    if !asked.subjects.is_empty() && !intents.contains(&Intent::Search) {
        intents.push(Intent::Search);
    }
    if intents.is_empty() && (!asked.services.is_empty() || asked.window.is_some() || asked.team.is_some()) {
        intents.push(Intent::Changed);
        if asked.why {
            intents.push(Intent::Incidents);
        }
    }
    let searched =
        !asked.words.is_empty() && (intents.is_empty() || intents == [Intent::Changed] && asked.words.len() > 1);
    if searched && asked.intents.is_empty() {
        intents.extend([Intent::Search, Intent::Knowledge]);
    }
    intents
}

fn of_service(asked: &Asked, intent: Intent, service: Option<&String>) -> Vec<Planned> {
    let mut arguments = Map::new();
    if let Some(service) = service {
        arguments.insert("service".to_owned(), json!(service));
    }
    if intent == Intent::Timeline {
        return timelines(asked, arguments);
    }
    if let Some((from, to)) = asked.window {
        arguments.insert("from".to_owned(), json!(time(from)));
        arguments.insert("to".to_owned(), json!(time(to)));
    }
    if intent == Intent::Incidents {
        if asked.window.is_none() {
            arguments.insert("open".to_owned(), json!(true));
        }
        return vec![Planned { tool: "incidents", arguments: Value::Object(arguments) }];
    }
    if let Some(team) = asked.team.as_ref().filter(|_| service.is_none()) {
        arguments.insert("team".to_owned(), json!(team));
    }
    let mut planned = Vec::new();
    match intent {
        Intent::Metric(metric) => {
            arguments.insert("metric".to_owned(), json!(metric));
            let arguments = Value::Object(arguments);
            planned.push(Planned { tool: "dora", arguments: arguments.clone() });
            planned.extend(asked.why.then_some(Planned { tool: "explain", arguments }));
        }
        Intent::Delivery => planned.push(Planned { tool: "dora", arguments: Value::Object(arguments) }),
        _ => planned.push(Planned { tool: "what_changed", arguments: Value::Object(arguments) }),
    }
    planned
}

fn timelines(asked: &Asked, arguments: Map<String, Value>) -> Vec<Planned> {
    let of = |id: &String| Planned { tool: "incident_timeline", arguments: json!({"id": id}) };
    if asked.incidents.is_empty() {
        return vec![Planned { tool: "incident_timeline", arguments: Value::Object(arguments) }];
    }
    asked.incidents.iter().map(of).collect()
}

/// Tools whose question is not put for each service.
fn once(asked: &Asked, intent: Intent) -> Vec<Planned> {
    let words = asked.words.join(" ");
    let window = |mut arguments: Map<String, Value>| {
        if let Some((from, to)) = asked.window {
            arguments.insert("from".to_owned(), json!(time(from)));
            arguments.insert("to".to_owned(), json!(time(to)));
        }
        Value::Object(arguments)
    };
    let one = |name: &str, value: &str| Map::from_iter([(name.to_owned(), json!(capped(value)))]);
    match intent {
        Intent::Signals => {
            let kind = if asked.words.iter().any(|word| word == "stale") { "stale_pr" } else { "" };
            let arguments = if kind.is_empty() { json!({}) } else { json!({"kind": kind}) };
            vec![Planned { tool: "signals", arguments }]
        }
        Intent::Knowledge => {
            let about: Vec<&str> = asked.services.iter().map(String::as_str).chain([words.as_str()]).collect();
            let text = about.join(" ").trim().to_owned();
            let planned = Planned { tool: "search_knowledge", arguments: Value::Object(one("text", &text)) };
            if text.is_empty() { Vec::new() } else { vec![planned] }
        }
        _ if !asked.subjects.is_empty() => {
            let search = |subject: &String| {
                let member = if subject.contains('/') && subject.contains('#') { "subject" } else { "text" };
                Planned { tool: "search_events", arguments: window(one(member, subject)) }
            };
            asked.subjects.iter().map(search).collect()
        }
        _ if words.is_empty() => Vec::new(),
        _ => vec![Planned { tool: "search_events", arguments: window(one("text", &words)) }],
    }
}

/// As long as arguments may be.
fn capped(text: &str) -> String {
    text.chars().take(255).collect()
}

fn time(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Micros, true)
}

/// What is said before what was found: names that nobody knows.
pub(crate) fn lead(asked: &Asked) -> Vec<Line> {
    let unknown =
        |service: &String| Line::new(format!("No service \"{}\" is known.", domain::inert::inert(service, 100)), []);
    asked.unknown.iter().map(unknown).collect()
}

/// The answer, line by line.
pub(crate) fn answer(asked: &Asked, found: &[Found]) -> Vec<Line> {
    let mut lines = lead(asked);
    lines.extend(found.iter().flat_map(|found| found.lines.iter().cloned()));
    if lines.is_empty() {
        lines.push(Line::new(NOTHING, []));
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::asked::Known;

    fn planned(question: &str) -> Vec<(&'static str, Value)> {
        let known = Known { services: vec!["shop".to_owned(), "pay".to_owned()], teams: vec!["web".to_owned()] };
        let now = "2026-11-22T10:00:00Z".parse().expect("a time");
        let asked = Asked::read(question, None, &known, now);
        plan(&asked).into_iter().map(|planned| (planned.tool, planned.arguments)).collect()
    }

    #[test]
    fn a_question_is_answered_by_the_tools_that_it_needs() {
        let day =
            json!({"from": "2026-11-21T00:00:00.000000Z", "to": "2026-11-22T00:00:00.000000Z", "service": "shop"});
        assert_eq!(planned("What changed in shop yesterday?"), [("what_changed", day)]);
        let lead = |service: &str| ("dora", json!({"metric": "lead_time", "service": service}));
        assert_eq!(planned("lead time of shop and pay"), [lead("shop"), lead("pay")]);
        let names = |question: &str| planned(question).into_iter().map(|(tool, _)| tool).collect::<Vec<_>>();
        assert_eq!(names("Why is the lead time of shop so long?"), ["dora", "explain"]);
        assert_eq!(names("lead time of shop, and what changed?"), ["dora", "what_changed"]);
        assert_eq!(planned("timeline of pagerduty:Q1"), [("incident_timeline", json!({"id": "pagerduty:Q1"}))]);
        assert_eq!(planned("open incidents of shop"), [("incidents", json!({"open": true, "service": "shop"}))]);
        assert_eq!(
            planned("deployment frequency of team web"),
            [("dora", json!({"metric": "deployment_frequency", "team": "web"}))]
        );
        assert_eq!(planned("who broke acme/shop#12"), [("search_events", json!({"subject": "acme/shop#12"}))]);
        assert_eq!(planned("who closed PAY-7?"), [("search_events", json!({"text": "PAY-7"}))]);
        assert_eq!(names("checkout timeouts"), ["search_events", "search_knowledge"]);
        assert_eq!(planned("how do we roll back the shop"), [("search_knowledge", json!({"text": "shop roll back"}))]);
        assert_eq!(planned("what is it?"), []);
        assert_eq!(planned(&"lead time of shop pay ".repeat(50)).len(), 2);
    }
}
