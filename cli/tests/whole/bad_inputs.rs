//! What arrives broken, forged or in the wrong shape: the exact answer for each, and the gateway goes on.

use serde_json::{Value, json};
use testkit::database::Database;
use testkit::senders::{SECRET, Sender, deployment_succeeded, signature};
use testkit::servers;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::support::{Role, World};

const LIMIT: usize = 20_000;

struct Gateway {
    world: World,
    _role: Role,
    _database: Database,
}

impl Gateway {
    fn start() -> Self {
        let database = Database::fresh();
        let mut world = World::on(database.url.clone(), servers::nats_url());
        world.settings =
            vec![("MAX_PAYLOAD_BYTES", LIMIT.to_string()), ("INTEGRATIONS_GENERIC_ENABLED", "false".to_owned())];
        Self { _role: world.gateway(), world, _database: database }
    }

    fn sender(&self) -> Sender {
        Sender::new(self.world.base(), "github")
    }

    /// Sends raw HTTP with these header lines; the status, the Retry-After header and the JSON of the answer.
    async fn raw(&self, path: &str, headers: &[(&str, &[u8])], body: &[u8]) -> (u16, Value) {
        let mut request = format!("POST {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n").into_bytes();
        for (name, value) in headers {
            request.extend_from_slice(name.as_bytes());
            request.extend_from_slice(b": ");
            request.extend_from_slice(value);
            request.extend_from_slice(b"\r\n");
        }
        request.extend_from_slice(b"\r\n");
        request.extend_from_slice(body);
        let mut stream = TcpStream::connect(("127.0.0.1", self.world.port)).await.expect("a connection");
        // A server that refuses early may close before it has read everything.
        let _ = stream.write_all(&request).await;
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer).await;
        parse(&String::from_utf8_lossy(&answer))
    }

    /// A delivery with its length announced and whatever signature headers are given.
    async fn deliver(&self, kind: &str, signatures: &[&[u8]], body: &[u8]) -> (u16, Value) {
        let (length, key) = (body.len().to_string(), uuid::Uuid::new_v4().to_string());
        let mut headers: Vec<(&str, &[u8])> = vec![
            ("Content-Length", length.as_bytes()),
            ("X-GitHub-Event", kind.as_bytes()),
            ("X-GitHub-Delivery", key.as_bytes()),
        ];
        headers.extend(signatures.iter().map(|signature| ("X-Hub-Signature-256", *signature)));
        self.raw("/webhooks/github", &headers, body).await
    }
}

fn parse(answer: &str) -> (u16, Value) {
    let status =
        answer.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or_else(|| panic!("{answer:?}"));
    let body = answer.split_once("\r\n\r\n").map_or("", |(_, body)| body);
    let json =
        body.find('{').and_then(|start| serde_json::from_str(body[start..].trim_end_matches(['\r', '\n', '0'])).ok());
    (status, json.unwrap_or(Value::Null))
}

fn problem(answer: &(u16, Value)) -> String {
    answer.1["type"].as_str().unwrap_or_default().trim_start_matches("urn:em-agent:problem:").to_owned()
}

#[tokio::test]
async fn row_04_and_18_forged_and_ambiguous_signatures_are_refused_without_a_hint() {
    let gateway = Gateway::start();
    let body = b"{}".as_slice();
    let good = signature(SECRET, body);
    let forged = good.replace(&good[7..9], if &good[7..9] == "00" { "11" } else { "00" });
    let sha1 = "sha1=3dca279e731c97c38e3019a075dee9ebbd0a99f0";
    let mut told = Vec::new();
    for (what, signatures) in [
        ("missing", vec![]),
        ("wrong", vec![forged.as_bytes()]),
        ("of another algorithm", vec![sha1.as_bytes()]),
        ("empty", vec![b"sha256=".as_slice()]),
        ("bare", vec![&good.as_bytes()[7..]]),
        ("short", vec![b"s".as_slice()]),
    ] {
        let answer = gateway.deliver("push", &signatures, body).await;
        assert_eq!(answer.0, 401, "{what}: {}", answer.1);
        told.push(answer.1["detail"].clone());
    }
    told.dedup();
    assert_eq!(told.len(), 1, "every refusal says the same: {told:?}");
    for (what, signatures) in
        [("sent twice", vec![good.as_bytes(), good.as_bytes()]), ("not ASCII", vec![b"sha256=\xc3\xa4\xff".as_slice()])]
    {
        let answer = gateway.deliver("push", &signatures, body).await;
        assert_eq!((answer.0, problem(&answer).as_str()), (400, "ambiguous-header"), "{what}");
    }
    let deliveries = gateway.sender().get("/v1/deliveries").await.expect("a list");
    assert_eq!(deliveries["data"], json!([]), "nothing of it was kept as a delivery");
    let sampled = || async {
        let rejected = gateway.sender().get("/v1/deliveries?result=rejected").await.expect("a list");
        rejected["data"].as_array().is_some_and(|rows| !rows.is_empty())
    };
    crate::support::eventually("a sample of the refusals", std::time::Duration::from_secs(10), sampled).await;
}

#[tokio::test]
async fn row_09_and_10_bodies_over_the_limit_or_encoded_are_refused_however_they_come() {
    let gateway = Gateway::start();
    let fits = vec![b' '; LIMIT];
    let over = vec![b' '; LIMIT + 1];
    let fitting = signature(SECRET, &fits);
    assert_eq!(gateway.deliver("push", &[fitting.as_bytes()], &fits).await.0, 200);
    let signed = signature(SECRET, &over);
    assert_eq!(gateway.deliver("push", &[signed.as_bytes()], &over).await.0, 413);

    let mut chunked = Vec::new();
    for chunk in over.chunks(7_000) {
        chunked.extend_from_slice(format!("{:x}\r\n", chunk.len()).as_bytes());
        chunked.extend_from_slice(chunk);
        chunked.extend_from_slice(b"\r\n");
    }
    chunked.extend_from_slice(b"0\r\n\r\n");
    let headers: Vec<(&str, &[u8])> = vec![
        ("Transfer-Encoding", b"chunked"),
        ("X-GitHub-Event", b"push"),
        ("X-GitHub-Delivery", b"chunked"),
        ("X-Hub-Signature-256", signed.as_bytes()),
    ];
    assert_eq!(gateway.raw("/webhooks/github", &headers, &chunked).await.0, 413, "counted while it streams");

    let small = signature(SECRET, b"{}");
    let headers: Vec<(&str, &[u8])> = vec![
        ("Content-Length", b"2"),
        ("Content-Encoding", b"gzip"),
        ("X-GitHub-Event", b"push"),
        ("X-Hub-Signature-256", small.as_bytes()),
    ];
    assert_eq!(gateway.raw("/webhooks/github", &headers, b"{}").await.0, 415);
}

#[tokio::test]
async fn row_07_what_is_signed_and_cannot_be_read_is_kept_as_unmapped() {
    let gateway = Gateway::start();
    let deep = [vec![b'['; 10_000], vec![b']'; 9_999]].concat();
    for (what, kind, body) in [
        ("invalid UTF-8", "push", b"{\"ref\":\"\xff\xfe\"}".to_vec()),
        ("nested ten thousand levels deep", "push", deep),
        ("cut short", "push", b"{\"ref\":".to_vec()),
        ("empty", "push", Vec::new()),
        ("no object", "push", b"[1,2,3]".to_vec()),
        ("an unknown kind", "something_new", b"{\"repository\":{\"full_name\":\"acme/shop\"}}".to_vec()),
    ] {
        let signed = signature(SECRET, &body);
        let (status, answer) = gateway.deliver(kind, &[signed.as_bytes()], &body).await;
        assert_eq!((status, answer["status"].as_str()), (200, Some("ok")), "{what}: {answer}");
        let path = format!("/v1/deliveries/{}", answer["id"].as_str().expect("an id"));
        let delivery = gateway.sender().get(&path).await.expect("the delivery");
        assert_eq!(delivery["result"], "unmapped", "{what}: {delivery}");
        assert!(delivery["reason"].as_str().is_some_and(|reason| !reason.is_empty()), "{what}: {delivery}");
    }
}

#[tokio::test]
async fn row_30_a_zero_character_in_a_text_does_not_stop_the_event() {
    let gateway = Gateway::start();
    let mut body = deployment_succeeded(7);
    body["deployment"]["description"] = json!("a\u{0}b");
    body["deployment"]["environment"] = json!("production\u{0}");
    let (status, answer) = gateway.sender().send("deployment_status", "zero", &body).await.expect("an answer");
    assert_eq!((status, answer["status"].as_str()), (200, Some("ok")), "{answer}");
    let events = gateway.sender().get("/v1/events?type=deployment").await.expect("a list");
    assert_eq!(events["data"].as_array().map(Vec::len), Some(1), "{events}");
    assert!(!events.to_string().contains("\\u0000"), "{events}");
}

#[tokio::test]
async fn unknown_and_disabled_sources_and_other_methods_are_told_apart() {
    let gateway = Gateway::start();
    let post = |path: &'static str| gateway.raw(path, &[("Content-Length", b"2")], b"{}");
    assert_eq!(post("/webhooks/nobody").await.0, 404);
    assert_eq!(post("/t/nobody/webhooks/github").await.0, 404);
    assert_eq!(post("/t/No%20Body/webhooks/github").await.0, 404);
    let disabled = post("/webhooks/generic").await;
    assert_eq!((disabled.0, disabled.1["detail"].as_str()), (503, Some("Integration disabled")));
    let get = gateway.sender().get("/webhooks/github").await.expect("an answer");
    assert_eq!(get["status"], 405, "{get}");
}

#[tokio::test]
async fn row_20_the_same_delivery_again_is_a_duplicate_and_the_same_key_with_other_bytes_a_conflict() {
    let gateway = Gateway::start();
    let sender = gateway.sender();
    let (one, other) = (deployment_succeeded(1), deployment_succeeded(2));
    let (_, first) = sender.send("deployment_status", "k", &one).await.expect("an answer");
    let (_, again) = sender.send("deployment_status", "k", &one).await.expect("an answer");
    assert_eq!(again, json!({"status": "duplicate", "id": first["id"]}));
    let (_, conflict) = sender.send("deployment_status", "k", &other).await.expect("an answer");
    assert_eq!(conflict["status"], "ok");
    assert_ne!(conflict["id"], first["id"]);
    let rows = sender.get("/v1/deliveries").await.expect("a list");
    let marks: Vec<(&Value, &Value)> =
        rows["data"].as_array().into_iter().flatten().map(|row| (&row["id"], &row["conflict"])).collect();
    assert_eq!(marks.len(), 2);
    assert!(marks.contains(&(&conflict["id"], &json!(true))), "{rows}");
    assert!(!marks.contains(&(&first["id"], &json!(true))), "{rows}");
}
