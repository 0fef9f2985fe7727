//! Each action is done as the documentation says, and once, also when the answer is lost.

use actions::effects::{Action, Clients, perform};
use actions::outcome::Outcome;
use serde_json::{Value, json};

use crate::{action, after, again, done, first, key, lost, noon, with_pat};
use testkit::github::{Fault, Playing};
use testkit::listening::Reply;

/// GitHub does it, and the answer is lost; the second try has to find it.
async fn lose_and_find(github: &Playing, clients: &Clients, action: &Action, part: &str) {
    github.fault(part, Fault::Done(Reply::Cut));
    let outcome = first(action, clients).await;
    assert!(matches!(outcome, Outcome::Unknown { .. }), "{outcome:?}");
    let found = done(again(action, clients).await);
    assert!(found.was_found, "{found:?}");
}

/// The request is lost, and the second try has to do it.
async fn lose_and_do(github: &Playing, clients: &Clients, action: &Action, part: &str) {
    github.fault(part, Fault::Instead(Reply::Cut));
    let outcome = first(action, clients).await;
    assert!(matches!(outcome, Outcome::Unknown { .. }), "{outcome:?}");
    assert!(!done(again(action, clients).await).was_found);
}

#[tokio::test]
async fn a_comment_stands_once_with_its_marker() {
    let github = Playing::start().await;
    let clients = with_pat(&github);
    let comment = action("comment", &json!({"text": "Please add a ticket."}));
    let performed = done(first(&comment, &clients).await);
    assert_eq!(performed.url.as_deref(), Some("https://github.com/acme/shop/pull/7#issuecomment-1"));
    let body = format!("Please add a ticket.\n\n<!-- em-agent:{} -->", key(&comment));
    assert_eq!(github.state().comments[0]["body"], json!(body));
    let other = action("comment", &json!({"text": "Another."}));
    lose_and_find(&github, &clients, &other, "POST").await;
    assert_eq!(github.state().comments.len(), 2);
    lose_and_do(&github, &clients, &action("comment", &json!({"text": "A third."})), "POST").await;
    assert_eq!(github.state().comments.len(), 3);
}

#[tokio::test]
async fn a_comment_is_found_behind_many_others() {
    let github = Playing::start().await;
    let clients = with_pat(&github);
    let chatter = |at: &str| json!({"body": "chatter", "updated_at": at, "html_url": "x"});
    github.state().comments.extend(vec![chatter("2026-11-21T11:00:00Z"); 300]);
    github.state().comments.extend(vec![chatter("2026-11-21T12:00:00Z"); 250]);
    lose_and_find(&github, &clients, &action("comment", &json!({"text": "Here."})), "POST").await;
    let pages = github.lines().iter().filter(|line| line.starts_with("GET")).count();
    assert_eq!(pages, 3, "only comments since the try are walked");
}

#[tokio::test]
async fn nothing_is_looked_for_before_it_can_be_seen() {
    let github = Playing::start().await;
    let comment = action("comment", &json!({"text": "Here."}));
    let outcome = perform(&comment, &with_pat(&github), &key(&comment), lost(), after(5)).await;
    assert_eq!(outcome, Outcome::Wait { until: after(15) });
    assert!(github.lines().is_empty());
}

#[tokio::test]
async fn an_issue_is_made_once() {
    let github = Playing::start().await;
    let clients = with_pat(&github);
    let issue = action("issue_create", &json!({"title": "Flaky: ci", "text": "Look at it.", "labels": ["flaky"]}));
    lose_and_find(&github, &clients, &issue, "POST").await;
    let issues = github.state().issues.clone();
    assert_eq!((issues.len(), &issues[0]["title"], &issues[0]["labels"]), (1, &json!("Flaky: ci"), &json!(["flaky"])));
    lose_and_do(&github, &clients, &action("issue_create", &json!({"title": "Other"})), "POST").await;
    assert_eq!(github.state().issues.len(), 2);
}

#[tokio::test]
async fn labels_are_added_to_those_that_are_there_and_may_be_added_again() {
    let github = Playing::start().await;
    let clients = with_pat(&github);
    let label = action("label", &json!({"labels": ["needs-ticket", "bug"]}));
    github.fault("POST", Fault::Done(Reply::Cut));
    assert!(matches!(first(&label, &clients).await, Outcome::Unknown { .. }));
    done(again(&label, &clients).await);
    assert_eq!(github.state().labels, ["bug", "needs-ticket"]);
}

#[tokio::test]
async fn owners_of_what_is_changed_are_asked_to_review() {
    let github = Playing::start().await;
    let clients = with_pat(&github);
    let owners = "* @ada @grace\n*.rs @acme/rust @other/team x@example.com\n/docs/ @linus";
    github.state().files.insert("docs/CODEOWNERS".to_owned(), owners.to_owned());
    github.state().changed = ["a.rs", "b.rs", "c.txt", "docs/a.rs"].map(str::to_owned).to_vec();
    let assign = action("assign_reviewer", &json!({"most": 3}));
    lose_and_find(&github, &clients, &assign, "POST").await;
    let state = || {
        let state = github.state();
        (state.users.clone(), state.teams.clone())
    };
    let asked = (vec!["grace".to_owned(), "linus".to_owned()], vec!["rust".to_owned()]);
    assert_eq!(state(), asked, "not the author, no address, no team of others");
    // Who has reviewed in the meantime is not asked any more, and is not called again.
    github.state().users.clear();
    let review = |login: &str| json!({"user": {"login": login}, "submitted_at": "2026-11-21T12:01:00Z"});
    github.state().reviews = vec![review("grace"), review("Linus")];
    assert!(done(again(&assign, &clients).await).was_found);
    assert_eq!(state().0, Vec::<String>::new());
}

#[tokio::test]
async fn those_who_are_named_are_asked_but_not_the_author() {
    let github = Playing::start().await;
    let clients = with_pat(&github);
    let named = action("assign_reviewer", &json!({"reviewers": ["@grace", "ada", "acme/rust"]}));
    let performed = done(first(&named, &clients).await);
    assert_eq!(performed.what, "asked grace, rust to review acme/shop#7");
    let author = action("assign_reviewer", &json!({"reviewers": "ada"}));
    assert!(matches!(first(&author, &clients).await, Outcome::Refused(_)));
    let nobody = action("assign_reviewer", &json!({}));
    let Outcome::Refused(refused) = first(&nobody, &clients).await else { panic!("no file") };
    assert_eq!(refused.to_string(), "acme/shop has no CODEOWNERS file on release/1");
    github.state().pull_state = "closed";
    assert!(matches!(first(&named, &clients).await, Outcome::Refused(_)));
}

fn dispatch(more: &Value) -> Action {
    let mut payload = json!({"workflow": "deploy.yml", "ref": "main", "inputs": {"service": "shop"}});
    for (name, value) in more.as_object().into_iter().flatten() {
        payload[name] = value.clone();
    }
    action("dispatch_workflow", &payload)
}

#[tokio::test]
async fn a_workflow_that_shows_its_key_is_started_once() {
    let github = Playing::start().await;
    let clients = with_pat(&github);
    let run = dispatch(&json!({"key_input": "em_agent"}));
    github.state().runs.push(json!({"display_title": "Deploy", "name": "Deploy", "head_branch": "main"}));
    lose_and_find(&github, &clients, &run, "dispatches").await;
    assert_eq!(github.state().runs.len(), 2);
    let looked = github.state().asked.iter().filter_map(|one| one.query.get("created").cloned()).collect::<Vec<_>>();
    assert!(!looked.is_empty() && looked.iter().all(|since| since.starts_with(">=2026-11-21T11:59")), "{looked:?}");
    github.state().runs.truncate(1);
    lose_and_do(&github, &clients, &run, "dispatches").await;
    assert_eq!(github.state().runs.len(), 2, "a run without the key is somebody else's");
}

#[tokio::test]
async fn a_workflow_that_shows_no_key_is_left_to_people_when_a_run_may_be_ours() {
    let github = Playing::start().await;
    let clients = with_pat(&github);
    let run = dispatch(&json!({}));
    github.fault("dispatches", Fault::Done(Reply::Cut));
    assert!(matches!(first(&run, &clients).await, Outcome::Unknown { .. }));
    let Outcome::Unknown { why } = again(&run, &clients).await else { panic!("not certain") };
    assert_eq!(why, "a run may be ours, it is not started again: https://github.com/acme/shop/actions/runs/500");
    github.state().runs.clear();
    done(again(&run, &clients).await);
    assert_eq!(github.state().runs.len(), 1);
}

fn rule(state: Option<&str>) -> Action {
    let mut payload =
        json!({"repo": "acme/shop", "run_id": 79, "environment": "production", "comment": "2 of 2 approved"});
    if let Some(state) = state {
        payload["state"] = json!(state);
    }
    action("deployment_protection", &payload)
}

#[tokio::test]
async fn a_waiting_deployment_is_decided_once() {
    let github = Playing::start().await;
    let clients = with_pat(&github);
    done(first(&rule(None), &clients).await);
    assert_eq!(github.state().statuses[0]["state"], Value::Null);
    lose_and_find(&github, &clients, &rule(Some("approved")), "POST").await;
    let sent = json!({"environment_name": "production", "state": "approved", "comment": "2 of 2 approved"});
    assert_eq!(github.state().statuses[1..], [sent]);
    // The other way round it is too late, and that is said.
    assert!(matches!(again(&rule(Some("rejected")), &clients).await, Outcome::Refused(_)));
    assert!(matches!(first(&rule(Some("approved")), &clients).await, Outcome::Refused(_)));
}

#[tokio::test]
async fn a_status_is_never_shown_twice() {
    let github = Playing::start().await;
    let clients = with_pat(&github);
    github.fault("POST", Fault::Done(Reply::Cut));
    assert!(matches!(first(&rule(None), &clients).await, Outcome::Unknown { .. }));
    assert!(matches!(again(&rule(None), &clients).await, Outcome::Refused(_)));
    assert_eq!(github.state().statuses.len(), 1);
}

#[tokio::test]
async fn the_address_of_a_payload_is_compared_and_never_called() {
    let github = Playing::start().await;
    let clients = with_pat(&github);
    let told = |url: String| {
        let payload = json!({"repo": "acme/shop", "run_id": 79, "environment": "production", "state": "approved",
            "comment": "ok", "callback_url": url});
        action("deployment_protection", &payload)
    };
    let path = "repos/acme/shop/actions/runs/79/deployment_protection_rule";
    let outcome = first(&told(format!("https://evil.example/{path}")), &clients).await;
    assert!(matches!(outcome, Outcome::Refused(_)), "{outcome:?}");
    assert!(github.lines().is_empty());
    let good = told(format!("{}/{path}", github.url()));
    done(perform(&good, &clients, &key(&good), None, noon()).await);
    assert_eq!(github.lines(), [format!("POST /{path}")]);
}
