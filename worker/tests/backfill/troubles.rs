//! APIs that limit, fail, refuse, or lead elsewhere.

use std::time::Duration;

use serde_json::json;
use testkit::rest::{Pages, Rest};
use worker::backfill::{BackfillError, Ended, Source};

use crate::github_shop::{PATH, REPO, furnish};
use crate::world::{TOKEN, World};

async fn shop() -> World {
    let world = World::new(Source::Github, REPO).await;
    furnish(&world.api);
    world
}

/// Ninety seconds after the beginning of the tests' clock.
const RESET: &str = "1795262490";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_limit_is_waited_for_and_a_fault_is_tried_again() {
    let mut whole = shop().await;
    whole.backfill().await;
    let mut world = shop().await;
    world.api.instead("/pulls/4/reviews", 403, &[("X-RateLimit-Remaining", "0"), ("X-RateLimit-Reset", RESET)], "{}");
    world.api.instead("/deployments/11/statuses", 500, &[], "oops");
    world.api.instead("/issues", 429, &[("Retry-After", "40")], "{}");
    let report = world.backfill().await;
    assert_eq!(report.ended, Ended::Done);
    assert_eq!(world.clock.slept(), [30, 30, 30, 1, 2, 30, 11]);
    assert_eq!(report.progress.waited_seconds, 91 + 2 + 41);
    assert_eq!(world.told(), whole.told());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_limit_that_ends_too_late_ends_the_run_and_the_next_goes_on() {
    let mut world = shop().await;
    world.api.instead("/pulls/5", 403, &[("X-RateLimit-Remaining", "0"), ("X-RateLimit-Reset", RESET)], "{}");
    let mut means = world.means();
    means.max_wait = Duration::from_secs(90);
    let report = world.run(&means).await.expect("fetched");
    assert!(matches!(report.ended, Ended::TooLong { pause, .. } if pause == Duration::from_secs(91)), "{report:?}");
    assert_eq!(world.clock.slept(), Vec::<u64>::new());
    assert_eq!(world.backfill().await.ended, Ended::Done);
    assert_eq!(world.lines("select status || ' ' || attempts as line from jobs"), ["succeeded 2"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_token_goes_to_no_other_host() {
    let world = shop().await;
    let other = Rest::start(Pages::Link).await;
    other.put("/x", json!([]));
    let link = format!("<{}/x>; rel=\"next\"", other.url());
    world.api.instead("/pulls?", 200, &[("Link", &link)], "[]");
    let error = world.run(&world.means()).await.expect_err("refused");
    assert!(matches!(&error, BackfillError::Elsewhere { url } if url.starts_with(&other.url())), "{error}");
    world.api.instead("/pulls?", 301, &[("Location", &format!("{}/x", other.url()))], "{}");
    let error = world.run(&world.means()).await.expect_err("refused");
    assert!(error.to_string().contains("name the repository as it is called there"), "{error}");
    assert_eq!(other.asked(), []);
    let bearer = format!("Bearer {TOKEN}");
    assert!(world.api.asked().iter().all(|asked| asked.token.as_ref() == Some(&bearer)));
    for error in [format!("{error:?}"), error.to_string()] {
        assert!(!error.contains(TOKEN), "{error}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_switched_off_or_empty_is_passed_over() {
    let mut world = shop().await;
    world.api.instead("/commits?", 409, &[], r#"{"message":"Git Repository is empty."}"#);
    world.api.instead("/pulls?", 404, &[], "{}");
    world.api.instead("/issues?", 410, &[], "{}");
    assert_eq!(world.backfill().await.ended, Ended::Done);
    let nouns = world.lines("select distinct split_part(type, '.', 1) as line from events order by 1");
    assert_eq!(nouns, ["deployment", "release"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_may_not_read_is_told_which_setting_mends_it() {
    let mut world = shop().await;
    world.api.instead(PATH, 401, &[], r#"{"message":"Bad credentials"}"#);
    let error = world.run(&world.means()).await.expect_err("refused").to_string();
    assert!(error.contains("set GITHUB_TOKEN"), "{error}");
    world.api.instead(PATH, 404, &[], "{}");
    let error = world.run(&world.means()).await.expect_err("refused").to_string();
    assert!(error.contains("there is no 'acme/shop', or GITHUB_TOKEN may not read it"), "{error}");
    world.api.instead("/releases", 403, &[], r#"{"message":"Resource not accessible by personal access token"}"#);
    let error = world.run(&world.means()).await.expect_err("refused").to_string();
    assert!(error.contains("403") && error.contains("not accessible"), "{error}");
    assert_eq!(world.lines("select status as line from jobs"), ["failed", "failed", "failed"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_at_once_are_one_and_a_message() {
    let world = shop().await;
    world.api.instead(PATH, 429, &[("Retry-After", "60")], "{}");
    // The first waits in its pause for the second to be refused.
    let second: std::sync::Arc<std::sync::Mutex<Option<String>>> = std::sync::Arc::default();
    let mut first = world.means();
    let other = world.means();
    let (told, handle) = (second.clone(), tokio::runtime::Handle::current());
    let asked = store::jobs::Backfill {
        source: "github".into(),
        repo: REPO.into(),
        since: crate::world::at("2026-11-01T00:00:00Z"),
    };
    first.say = std::sync::Arc::new(move |words| {
        if words.contains("waiting") {
            let (other, asked, told, handle) = (other.clone(), asked.clone(), told.clone(), handle.clone());
            let tried =
                std::thread::spawn(move || handle.block_on(worker::backfill::run(&other, Source::Github, &asked)));
            let error = tried.join().expect("a thread").expect_err("held");
            *told.lock().expect("a lock") = Some(error.to_string());
        }
    });
    assert_eq!(world.run(&first).await.expect("fetched").ended, Ended::Done);
    let said = second.lock().expect("a lock").clone().expect("a message");
    assert!(said.contains("somebody else fetches the same until 2026-11-21T12:05:00Z"), "{said}");
}
