//! Which pages of other origins may call the API: those that the settings name, and no others.

use crate::world::World;
use reqwest::header::HeaderMap;
use reqwest::{Method, Response};

const FRIEND: &str = "https://console.example";
const STRANGER: &str = "https://evil.example";

async fn preflight(world: &World, origin: &str, method: &str, headers: &str) -> Response {
    let ask = world
        .request(Method::OPTIONS, "/v1/replay")
        .header("origin", origin)
        .header("access-control-request-method", method)
        .header("access-control-request-headers", headers);
    ask.send().await.expect("an answer")
}

fn field<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name).map(|value| value.to_str().expect("text"))
}

/// Whether a browser would go on after this answer.
fn allows(answer: &Response, origin: &str) -> bool {
    answer.status().is_success() && field(answer.headers(), "access-control-allow-origin") == Some(origin)
}

async fn world() -> World {
    World::with(&[
        ("CORS_ALLOW_ORIGINS", "https://console.example,https://other.example"),
        ("CORS_ALLOW_METHODS", "GET,POST"),
        ("CORS_ALLOW_HEADERS", "authorization,content-type"),
        ("CORS_ALLOW_CREDENTIALS", "true"),
        ("CORS_MAX_AGE", "120"),
    ])
    .await
}

#[tokio::test]
async fn a_named_origin_may_do_what_the_settings_say_and_nothing_else() {
    let world = world().await;
    let allowed = preflight(&world, FRIEND, "POST", "authorization").await;
    assert!(allows(&allowed, FRIEND), "{allowed:?}");
    assert_eq!(field(allowed.headers(), "access-control-max-age"), Some("120"));
    assert_eq!(field(allowed.headers(), "access-control-allow-credentials"), Some("true"));
    let methods = field(allowed.headers(), "access-control-allow-methods").expect("methods");
    assert!(methods.contains("POST") && !methods.contains("DELETE"), "{methods}");

    assert!(!allows(&preflight(&world, FRIEND, "DELETE", "authorization").await, FRIEND), "another method");
    assert!(!allows(&preflight(&world, FRIEND, "POST", "x-admin-key").await, FRIEND), "another header");
    for stranger in [STRANGER, "https://console.example.evil.example", "http://console.example", "null"] {
        let refused = preflight(&world, stranger, "POST", "authorization").await;
        assert_eq!(field(refused.headers(), "access-control-allow-origin"), None, "{stranger}: {refused:?}");
    }
}

#[tokio::test]
async fn answers_are_readable_for_named_origins_only_also_when_they_are_problems() {
    let world = world().await;
    for (path, status) in [("/health", 200), ("/v1/events", 401), ("/nowhere", 404)] {
        let get = |origin| world.request(Method::GET, path).header("origin", origin).send();
        let answer = get(FRIEND).await.expect("an answer");
        assert_eq!(answer.status(), status, "{path}");
        assert_eq!(field(answer.headers(), "access-control-allow-origin"), Some(FRIEND), "{path}");
        assert!(field(answer.headers(), "vary").is_some_and(|vary| vary.to_lowercase().contains("origin")), "{path}");
        let exposed = field(answer.headers(), "access-control-expose-headers").expect("exposed headers");
        assert!(exposed.contains("x-request-id") && exposed.contains("retry-after"), "{exposed}");
        let answer = get(STRANGER).await.expect("an answer");
        assert_eq!((answer.status().as_u16(), field(answer.headers(), "access-control-allow-origin")), (status, None));
    }
}

#[tokio::test]
async fn without_settings_no_other_origin_reads_anything_and_with_a_star_every_one_does() {
    let closed = World::new().await;
    let refused = preflight(&closed, FRIEND, "GET", "authorization").await;
    assert_eq!(field(refused.headers(), "access-control-allow-origin"), None, "{refused:?}");
    let health = closed.request(Method::GET, "/health").header("origin", FRIEND).send().await.expect("an answer");
    assert_eq!((health.status().as_u16(), field(health.headers(), "access-control-allow-origin")), (200, None));

    let open =
        World::with(&[("CORS_ALLOW_ORIGINS", "*"), ("CORS_ALLOW_METHODS", "*"), ("CORS_ALLOW_HEADERS", "*")]).await;
    let allowed = preflight(&open, STRANGER, "POST", "authorization").await;
    assert!(allows(&allowed, "*"), "{allowed:?}");
    assert_eq!(field(allowed.headers(), "access-control-allow-credentials"), None);
}
