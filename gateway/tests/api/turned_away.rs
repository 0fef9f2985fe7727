//! Who is turned away at the door, and how: tokens in URLs, senders over their share, failures of our own, addresses
//! that somebody claims.

use std::collections::BTreeSet;

use integrations::{ALL, find};
use reqwest::{Method, Response};
use serde_json::json;

use crate::doors::{Parcel, SECRET, secrets};
use crate::world::{World, problem};

const FORWARDED: [&str; 4] = ["x-forwarded-for", "forwarded", "x-real-ip", "true-client-ip"];
/// One of GitHub's, and this machine.
const CLAIMS: [&str; 2] = ["140.82.112.1", "127.0.0.1"];

/// The sample without its proof, with this query.
async fn by_url(world: &World, source: &str, query: &str) -> Response {
    let parcel = Parcel::first(source);
    let request = world.request(Method::POST, &format!("/webhooks/{source}?{query}")).body(parcel.body);
    request.header("content-type", "application/json").send().await.expect("an answer")
}

#[tokio::test]
async fn row_26_a_token_in_the_url_counts_where_it_is_allowed_and_is_nowhere_to_be_read() {
    let listed = "statuspage,codecov,github";
    let world = World::with(&[secrets(), vec![("WEBHOOKS_TOKEN_IN_URL", listed)]].concat()).await;
    for (source, name) in [("statuspage", "token"), ("codecov", "access_token")] {
        for wrong in [
            format!("{name}=wrong"),
            format!("{name}="),
            format!("{name}={SECRET}&{name}={SECRET}"),
            format!("token={SECRET}&access_token={SECRET}"),
            format!("secret={SECRET}"),
        ] {
            let refused = problem(by_url(&world, source, &wrong).await, 401, "not-verified").await;
            assert!(!refused.to_string().contains(SECRET), "{refused}");
        }
        let answer = by_url(&world, source, &format!("x=1&{name}={SECRET}")).await;
        assert_eq!(answer.status(), 200, "{source}");
        let answer: serde_json::Value = answer.json().await.expect("json");
        let delivery = world.get(&format!("/v1/deliveries/{}", answer["id"].as_str().expect("an id"))).await;
        assert_eq!(delivery["verification"]["ok"], true, "{delivery}");
        assert!(!format!("{answer}{delivery}").contains(SECRET), "{delivery}");
    }
    let rejected = world.get("/v1/deliveries?result=rejected").await;
    assert!(!rejected.to_string().contains(SECRET), "{rejected}");
    // Not listed; and listed, but its proof is a signature.
    for source in ["datadog", "prometheus", "github"] {
        problem(by_url(&world, source, &format!("token={SECRET}")).await, 401, "not-verified").await;
    }
}

#[tokio::test]
async fn row_34_who_sends_too_much_is_told_in_the_way_that_makes_it_come_again() {
    let world = World::with(&[secrets(), vec![("INTAKE_RATE_PER_SEC", "1")]].concat()).await;
    let mut told = BTreeSet::new();
    for integration in ALL {
        let path = format!("/webhooks/{}", integration.name);
        let ask = || async { world.request(Method::POST, &path).body("{}").send().await.expect("an answer") };
        let mut answer = ask().await;
        // One a second is taken: at worst, a slow machine needs a few tries to be faster than that.
        for _ in 0..20 {
            if answer.status() != 401 {
                break;
            }
            answer = ask().await;
        }
        assert!(answer.headers().contains_key("retry-after"), "{path}");
        let later = if integration.manners.wants_503_over_limit() { (503, "not-kept") } else { (429, "rate-limited") };
        problem(answer, later.0, later.1).await;
        told.insert((later.0, integration.name));
    }
    for (source, status) in [("github", 429), ("generic", 429), ("prometheus", 503), ("datadog", 503)] {
        assert!(told.contains(&(status, source)), "{source}: {told:?}");
    }
}

#[tokio::test]
async fn row_34_what_fails_on_our_side_is_never_called_the_senders_fault() {
    let world = World::with(&[secrets(), vec![("INTEGRATIONS_JIRA_ENABLED", "false")]].concat()).await;
    let parcel = Parcel::first("pagerduty");
    world.sql("alter table deliveries add constraint full_up check (false) not valid");
    let lost = parcel.request(&world, Method::POST).send().await.expect("an answer");
    assert!(lost.headers().contains_key("retry-after"));
    problem(lost, 503, "not-kept").await;
    world.sql("alter table deliveries drop constraint full_up");
    assert_eq!(parcel.taken(&world, Method::POST).await["status"], "ok", "it comes again, and is no duplicate");

    let switched_off = Parcel::first("jira").request(&world, Method::POST).send().await.expect("an answer");
    problem(switched_off, 503, "disabled").await;
    let closed = World::with(&[("WEBHOOKS_ALLOW_UNSIGNED", "")]).await;
    for integration in ALL {
        let answer = closed.request(Method::POST, &format!("/webhooks/{}", integration.name)).body("{}").send().await;
        let answer = answer.expect("an answer");
        assert!(answer.headers().contains_key("retry-after"), "{}", integration.name);
        problem(answer, 503, "unconfigured").await;
    }
}

#[tokio::test]
async fn row_03_a_message_of_sns_without_topics_and_secret_is_not_taken() {
    let closed = World::with(&[("WEBHOOKS_ALLOW_UNSIGNED", "")]).await;
    for sample in find("cloudwatch").expect("a source").samples {
        let request = closed.request(Method::POST, "/webhooks/cloudwatch").body(sample.body);
        let answer = request.header("x-amz-sns-message-type", "Notification").send().await.expect("an answer");
        problem(answer, 503, "unconfigured").await;
    }
    assert_eq!(closed.get("/v1/deliveries").await["data"], json!([]));
}

#[tokio::test]
async fn row_23_a_subscription_that_nothing_proves_is_kept_and_not_confirmed() {
    let open = World::new().await;
    let sample = find("cloudwatch").and_then(|source| source.sample("subscription.asked")).expect("a sample");
    let request = open.request(Method::POST, "/webhooks/cloudwatch").body(sample.body);
    let answer = request.header("x-amz-sns-message-type", "SubscriptionConfirmation").send().await.expect("an answer");
    assert_eq!(answer.status(), 200, "development takes it unsigned");
    let rows = open.get("/v1/deliveries").await;
    let (result, verification) = (&rows["data"][0]["result"], &rows["data"][0]["verification"]["ok"]);
    assert_eq!((result, verification), (&json!("unmapped"), &json!(false)), "{rows}");
}

#[tokio::test]
async fn row_36_what_a_sender_says_of_its_address_changes_nothing() {
    let world = World::with(&[secrets(), vec![("RATE_LIMIT_PER_MIN", "3")]].concat()).await;
    for (name, claim) in FORWARDED.iter().flat_map(|name| CLAIMS.map(|claim| (*name, claim))) {
        let request = world.request(Method::POST, "/webhooks/github").body("{}").header(name, claim);
        problem(request.send().await.expect("an answer"), 401, "not-verified").await;
    }
    let mut parcel = Parcel::first("github");
    parcel.headers.push(("x-forwarded-for", "203.0.113.9".to_owned()));
    let taken = parcel.taken(&world, Method::POST).await;
    let delivery = world.get(&format!("/v1/deliveries/{}", taken["id"].as_str().expect("an id"))).await;
    assert!(!delivery.to_string().contains("203.0.113.9"), "{delivery}");

    // Guesses are counted by the address that is real.
    let guess = |claim: String| world.request(Method::GET, "/v1/events").header("x-forwarded-for", claim).send();
    for number in 0..3 {
        assert_eq!(guess(format!("203.0.113.{number}")).await.expect("an answer").status(), 401);
    }
    problem(guess("203.0.113.77".to_owned()).await.expect("an answer"), 429, "rate-limited").await;
}
