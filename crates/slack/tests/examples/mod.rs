//! An approval in all its states, with names of our own.

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::json;
use slack::approvals::{Decision, Done, Ending, Fact, Need, Outcome, Person, Reasons, Shown, Vote};

pub(crate) const ID: &str = "01938f5e-3f0a-7c11-9d4e-2f0a6b1c7e55";

/// So many seconds after noon of a day.
pub(crate) fn at(seconds: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(1_795_262_400, 0).expect("a time") + TimeDelta::seconds(seconds)
}

fn person(slack_id: &str, name: &str) -> Person {
    Person { slack_id: Some(slack_id.to_owned()), name: name.to_owned() }
}

pub(crate) fn change(value: &str, url: Option<&str>) -> Fact {
    Fact { name: "Change".to_owned(), value: value.to_owned(), url: url.map(str::to_owned) }
}

/// Nobody has voted.
pub(crate) fn waiting() -> Shown {
    Shown {
        id: ID.to_owned(),
        version: 1,
        content_hash: None,
        subject: "checkout to production".to_owned(),
        action: "deploy".to_owned(),
        reason: Some("Fixes the timeout of <payments> & co.".to_owned()),
        requested_by: Some(person("U0ALICE001", "alice")),
        requested_at: at(0),
        expires_at: Some(at(14_400)),
        policy: Some("prod-deploy v4: 2 of sre, not the author".to_owned()),
        needs: vec![Need { who: "sre".to_owned(), votes: 2, given: 0 }],
        effect: Some("checkout c3d4e5f goes to production".to_owned()),
        facts: vec![
            change("a1b2c3d…c3d4e5f (7 commits)", Some("https://github.com/acme/checkout/compare/a1b2c3d...c3d4e5f")),
            Fact { name: "Checks".to_owned(), value: "green".to_owned(), url: None },
        ],
        votes: Vec::new(),
        reasons: Reasons { approve: false, reject: true },
        payload: Some(json!({"environment": "production", "repo": "acme/checkout", "sha": "c3d4e5f"})),
        outcome: None,
        page: Some(format!("https://em.example.com/approvals/{ID}")),
    }
}

/// One of two has approved.
pub(crate) fn half() -> Shown {
    let vote = Vote {
        who: person("U0GRACE001", "grace"),
        decision: Decision::Approve,
        at: at(600),
        reason: Some("reviewed".to_owned()),
    };
    Shown { version: 2, needs: vec![Need { given: 1, ..waiting().needs[0].clone() }], votes: vec![vote], ..waiting() }
}

/// In a freeze, where an approval needs a reason.
pub(crate) fn frozen() -> Shown {
    Shown { reasons: Reasons { approve: true, reject: true }, ..waiting() }
}

pub(crate) fn decided(ending: Ending) -> Shown {
    let (by, how, reason, done) = match ending {
        Ending::Approved => {
            (Some(person("U0LIN00001", "lin")), Some("in the console"), None, Some("Deployment resumed"))
        }
        Ending::Rejected => (Some(person("U0LIN00001", "lin")), None, Some("freeze until Monday"), None),
        Ending::Expired => (None, Some("because nobody answered in time"), None, None),
        Ending::Cancelled => {
            (Some(Person { slack_id: None, name: "alice".to_owned() }), None, Some("superseded"), None)
        }
    };
    let done = done.map(|what| Done { worked: true, what: what.to_owned() });
    let outcome =
        Outcome { ending, by, how: how.map(str::to_owned), at: at(7_500), reason: reason.map(str::to_owned), done };
    Shown { version: 3, outcome: Some(outcome), ..half() }
}
