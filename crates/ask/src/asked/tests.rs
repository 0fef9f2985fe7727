//! Questions and how they are understood.

use super::*;

fn read(question: &str, before: Option<&str>) -> Asked {
    let known = Known {
        services: vec!["shop".to_owned(), "pay-api".to_owned()],
        teams: vec!["web".to_owned(), "shop".to_owned()],
    };
    Asked::read(question, before, &known, "2026-11-22T10:00:00Z".parse().expect("a time"))
}

#[test]
fn a_question_is_known_by_its_words() {
    use Intent::{Changed, Delivery, Incidents, Knowledge, Metric, Signals, Timeline};
    for (question, intents) in [
        ("How often do we deploy?", vec![Metric("deployment_frequency")]),
        ("what is the lead time of shop", vec![Metric("lead_time")]),
        ("What's our change failure rate?", vec![Metric("change_failure_rate")]),
        ("how many deployments failed last week", vec![Metric("change_failure_rate")]),
        ("MTTR of shop?", vec![Metric("restore_time")]),
        ("lead time and rework rate of shop", vec![Metric("lead_time"), Metric("rework_rate")]),
        ("how are we doing", vec![Delivery]),
        ("What changed in shop yesterday?", vec![Changed]),
        ("what went out today", vec![Changed]),
        ("are there open incidents?", vec![Incidents]),
        ("show the timeline of pagerduty:Q1", vec![Timeline]),
        ("what about pagerduty:Q1?", vec![Timeline]),
        ("tell me about the last incident", vec![Timeline]),
        ("which signals are firing", vec![Signals]),
        ("how do we roll back the shop?", vec![Knowledge]),
        ("who broke PAY-7, and when?", vec![]),
    ] {
        assert_eq!(read(question, None).intents, intents, "{question}");
    }
}

#[test]
fn names_are_those_that_are_known() {
    let asked = read("Compare lead time of Shop and pay-api's for service ghost", None);
    assert_eq!((asked.services, asked.unknown), (vec!["shop".to_owned(), "pay-api".into()], vec!["ghost".to_owned()]));
    assert_eq!(read("deployment frequency of team shop", None).team.as_deref(), Some("shop"));
    assert_eq!(read("deployment frequency of the web team", None).team.as_deref(), Some("web"));
    let asked = read("Why is acme/shop#12 stuck? See PAY-7, https://a.example/x at 12:30", None);
    assert_eq!((asked.subjects, asked.incidents), (vec!["acme/shop#12".to_owned(), "PAY-7".into()], Vec::new()));
}

#[test]
fn a_question_that_follows_takes_what_it_leaves_open() {
    let before = Some("lead time of shop last week");
    let asked = read("and yesterday?", before);
    assert_eq!((asked.intents, asked.services), (vec![Intent::Metric("lead_time")], vec!["shop".to_owned()]));
    assert_eq!(asked.window.map(|(from, _)| from.to_rfc3339()), Some("2026-11-21T00:00:00+00:00".to_owned()));
    let asked = read("what about pay-api", before);
    assert_eq!((asked.services, asked.window.is_some()), (vec!["pay-api".to_owned()], true));
    assert!(read("and why?", before).why);
    assert_eq!(read("what changed?", before).services, Vec::<String>::new(), "it stands alone");
}

#[test]
fn of_a_question_the_words_that_tell_something_are_looked_for() {
    assert_eq!(read("What happened to checkout after Ada's deploy?", None).words, ["checkout", "Ada's", "deploy"]);
    assert!(read("what is it?", None).words.is_empty());
}
