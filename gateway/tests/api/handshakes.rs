//! Handshakes at the door: who may have one before a proof, what it is answered, and that nothing of it is kept.

use integrations::{Shipment, find, sign};
use reqwest::{Method, Response};
use serde_json::{Value, json};

use crate::doors::{SECRET, secrets};
use crate::world::{World, problem};

const CHALLENGE: &[u8] = br#"{"type":"url_verification","challenge":"3eZbrw1aB10FEMAGAZd4","token":"old"}"#;
const FORM: (&str, &str) = ("content-type", "application/x-www-form-urlencoded");

async fn asked(world: &World, path: &str, headers: &[(&str, &str)]) -> Response {
    let request = world.request(Method::OPTIONS, path);
    let request = headers.iter().fold(request, |request, (name, value)| request.header(*name, *value));
    request.send().await.expect("an answer")
}

fn field<'a>(answer: &'a Response, name: &str) -> Option<&'a str> {
    answer.headers().get(name).map(|value| value.to_str().expect("text"))
}

async fn kept(world: &World) -> Value {
    world.get("/v1/deliveries").await["data"].clone()
}

#[tokio::test]
async fn row_27_cloudevents_may_ask_whether_it_may_send_and_unknown_sources_are_not_there() {
    let world = World::with(&secrets()).await;
    let origin = ("webhook-request-origin", "events.acme.example");
    for path in ["/webhooks/cloudevents", "/webhooks/github", "/t/default/webhooks/cloudevents"] {
        let answer = asked(&world, path, &[origin, ("webhook-request-rate", "120")]).await;
        assert_eq!(answer.status(), 200, "{path}");
        assert_eq!(field(&answer, "webhook-allowed-origin"), Some(origin.1), "{path}");
        assert_eq!(field(&answer, "webhook-allowed-rate"), Some("*"), "{path}");
        assert_eq!(field(&answer, "allow"), Some("POST"), "{path}");
        assert_eq!(answer.text().await.expect("text"), "");
    }
    let nothing_asked = asked(&world, "/webhooks/cloudevents", &[]).await;
    assert_eq!((nothing_asked.status().as_u16(), field(&nothing_asked, "webhook-allowed-origin")), (200, None));
    for path in ["/webhooks/nobody", "/t/default/webhooks/nobody", "/t/No%20Body/webhooks/cloudevents"] {
        let answer = asked(&world, path, &[origin]).await;
        assert_eq!(field(&answer, "webhook-allowed-origin"), None, "{path}");
        problem(answer, 404, "not-found").await;
    }
    assert_eq!(kept(&world).await, json!([]));
}

#[tokio::test]
async fn row_23_the_callback_of_a_handshake_is_never_called() {
    let world = World::with(&secrets()).await;
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let callback = format!("http://{}/?token=x", listener.local_addr().expect("an address"));
    let headers = [("webhook-request-origin", "events.acme.example"), ("webhook-request-callback", &*callback)];
    assert_eq!(asked(&world, "/webhooks/cloudevents", &headers).await.status(), 200);
    let patience = std::time::Duration::from_millis(300);
    assert!(tokio::time::timeout(patience, listener.accept()).await.is_err(), "somebody called");
}

async fn slack(world: &World, headers: &[(&'static str, String)], body: &[u8]) -> Response {
    let request = world.request(Method::POST, "/webhooks/slack").body(body.to_vec());
    let request = headers.iter().fold(request, |request, (name, value)| request.header(*name, value));
    request.send().await.expect("an answer")
}

fn signed(body: &[u8]) -> Vec<(&'static str, String)> {
    let now = chrono::Utc::now();
    sign(find("slack").expect("a source"), &Shipment::of("any", "k", body, SECRET.as_bytes(), now))
}

#[tokio::test]
async fn row_27_slacks_challenge_is_said_back_only_to_who_proved_himself() {
    let world = World::with(&secrets()).await;
    let unsigned = slack(&world, &[("content-type", "application/json".into())], CHALLENGE).await;
    let refused = problem(unsigned, 401, "not-verified").await;
    assert!(!refused.to_string().contains("3eZbrw1a"), "{refused}");
    let proved = slack(&world, &signed(CHALLENGE), CHALLENGE).await;
    assert_eq!((proved.status().as_u16(), field(&proved, "x-content-type-options")), (200, Some("nosniff")));
    assert_eq!(field(&proved, "content-type"), Some("application/json"));
    assert_eq!(proved.json::<Value>().await.expect("json"), json!({"challenge": "3eZbrw1aB10FEMAGAZd4"}));
    assert_eq!(kept(&world).await, json!([]));
}

#[tokio::test]
async fn row_27_what_is_smuggled_beside_an_unsigned_check_is_dropped() {
    let world = World::with(&secrets()).await;
    let form = [(FORM.0, FORM.1.to_owned())];
    for body in [
        "ssl_check=1&token=old",
        "ssl_check=1&command=%2Fdeploy&text=now&trigger_id=1.2",
        "payload=%7B%22type%22%3A%22block_actions%22%2C%22trigger_id%22%3A%221.2%22%7D&ssl_check=1&challenge=x",
    ] {
        let answer = slack(&world, &form, body.as_bytes()).await;
        assert_eq!(answer.status(), 200, "{body}");
        assert_eq!(answer.json::<Value>().await.expect("json"), json!({"status": "ok"}), "{body}");
    }
    let refused = slack(&world, &form, b"ssl_check=0&command=%2Fdeploy&text=now&trigger_id=1.2").await;
    problem(refused, 401, "not-verified").await;
    assert_eq!(kept(&world).await, json!([]));
}
