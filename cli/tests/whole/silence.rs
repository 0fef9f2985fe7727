//! What a gateway says of deliveries in its log, at its loudest: never a secret. And whom it calls because of them:
//! nobody, but Amazon for the certificate of a topic that is ours.

use std::time::Duration;

use integrations::{Shipment, find, sign};
use outbound::{Outbound, Request};
use serde_json::{Value, json};
use testkit::database::Database;
use testkit::folder::Folder;
use testkit::senders::Sender;
use testkit::servers;

use crate::support::{Role, World};

const TOKEN: &str = "a-token-that-nobody-may-read";
/// No region of Amazon: its name leads nowhere.
const OURS: &str = "arn:aws:sns:eu-nowhere-9:123456789012:acme-alarms";
const CALLED: &str = "a signing certificate cannot be had";

struct Gateway {
    world: World,
    log: Folder,
    outbound: Outbound,
    role: Role,
    _database: Database,
}

impl Gateway {
    fn start() -> Self {
        let (database, log) = (Database::fresh(), Folder::fresh());
        let mut world = World::on(database.url.clone(), servers::nats_url());
        world.settings = vec![
            ("LOG_LEVEL", "trace".to_owned()),
            ("STATUSPAGE_WEBHOOK_SECRET", TOKEN.to_owned()),
            ("GITHUB_WEBHOOK_SECRET", TOKEN.to_owned()),
            ("WEBHOOKS_TOKEN_IN_URL", "statuspage".to_owned()),
            ("AWS_SNS_TOPIC_ARNS", OURS.to_owned()),
        ];
        world.log = Some(log.path().join("gateway"));
        let role = world.gateway();
        let outbound = Outbound::new(Duration::from_secs(20), 1 << 20).expect("a client");
        Self { world, log, outbound, role, _database: database }
    }

    async fn post(&self, path: &str, headers: &[(&'static str, String)], body: &[u8]) -> (u16, String) {
        let headers = headers.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect();
        let request = Request::post(format!("{}{path}", self.world.base()), headers, body.to_vec());
        let answer = self.outbound.send(request).await.expect("an answer");
        (answer.status.as_u16(), answer.text())
    }

    async fn listed(&self, path: &str) -> String {
        Sender::new(self.world.base(), "github").get(path).await.expect("a list").to_string()
    }
}

#[tokio::test]
async fn row_26_no_secret_is_in_the_log_the_answers_or_what_is_kept() {
    let gateway = Gateway::start();
    let statuspage = find("statuspage").expect("a source").samples[0].body;
    let mut said = String::new();
    for (query, status) in [
        (format!("token={TOKEN}"), 200),
        (format!("access_token={TOKEN}"), 200),
        (format!("token={TOKEN}&token={TOKEN}"), 401),
        (format!("token={TOKEN}x"), 401),
    ] {
        let (answered, body) = gateway.post(&format!("/webhooks/statuspage?{query}"), &[], statuspage).await;
        assert_eq!(answered, status, "{body}");
        said += &body;
    }
    for authorization in [format!("Bearer {TOKEN}"), format!("Basic {TOKEN}")] {
        let headers =
            [("authorization", authorization), ("x-webhook-token", TOKEN.to_owned()), ("cookie", TOKEN.to_owned())];
        said += &gateway.post("/webhooks/statuspage", &headers, statuspage).await.1;
        said += &gateway.post(&format!("/nowhere?token={TOKEN}"), &headers, statuspage).await.1;
    }
    let mac = sign(
        find("github").expect("a source"),
        &Shipment::of("push", "k", b"{}", TOKEN.as_bytes(), chrono::Utc::now()),
    );
    let mac = mac.into_iter().find(|(name, _)| *name == "x-hub-signature-256").expect("a signature").1;
    let headers =
        [("x-hub-signature-256", format!("sha256={}", "0".repeat(64))), ("x-github-event", "push".to_owned())];
    let (status, refused) = gateway.post("/webhooks/github", &headers, b"{}").await;
    assert_eq!(status, 401, "{refused}");
    said += &refused;
    said += &gateway.listed("/v1/deliveries").await;
    said += &gateway.listed("/v1/deliveries?result=rejected").await;
    said += &gateway.listed("/v1/events").await;
    assert!(gateway.role.terminate().await.success());
    let log = gateway.log.read("gateway");
    assert!(log.contains("/webhooks/statuspage") && log.contains("401"), "the log says what happened:\n{log}");
    for (what, text) in [("the log", &log), ("an answer", &said)] {
        let line = text.lines().find(|line| line.contains(TOKEN) || line.contains(&mac["sha256=".len()..]));
        assert_eq!(line, None, "{what}");
    }
}

fn message(topic: &str) -> Value {
    let region = topic.split(':').nth(3).expect("a region");
    json!({
        "Type": "Notification",
        "MessageId": "10ce0ffd-ef9f-58ae-bbe6-34258053db43",
        "TopicArn": topic,
        "Message": "the shop is down",
        "Timestamp": chrono::Utc::now().to_rfc3339(),
        "SignatureVersion": "2",
        "Signature": "bm90IGEgc2lnbmF0dXJlIG9mIEFtYXpvbg==",
        "SigningCertURL": format!("https://sns.{region}.amazonaws.com/SimpleNotificationService-7c1e0a5b3d9f4e2688a1c0d7b6f5e493.pem"),
        "UnsubscribeURL": "http://127.0.0.1:9/?Action=Unsubscribe",
    })
}

#[tokio::test]
async fn row_24_and_34_a_strangers_topic_costs_no_call_and_a_certificate_that_is_away_is_our_failure() {
    let gateway = Gateway::start();
    let headers = [("x-amz-sns-message-type", "Notification".to_owned())];
    let theirs = message("arn:aws:sns:eu-nowhere-9:999999999999:acme-alarms").to_string();
    let (status, body) = gateway.post("/webhooks/cloudwatch", &headers, theirs.as_bytes()).await;
    assert_eq!(status, 401, "{body}");
    // Its address is not Amazon's.
    let mut spoofed = message(OURS);
    spoofed["SigningCertURL"] = json!(
        "https://sns.eu-nowhere-9.amazonaws.com.evil.example/SimpleNotificationService-7c1e0a5b3d9f4e2688a1c0d7b6f5e493.pem"
    );
    let (status, body) = gateway.post("/webhooks/ecs", &headers, spoofed.to_string().as_bytes()).await;
    assert_eq!(status, 401, "{body}");
    assert!(!gateway.log.read("gateway").contains(CALLED), "nobody was called");

    let ours = message(OURS).to_string();
    for source in ["cloudwatch", "ecs"] {
        let (status, body) = gateway.post(&format!("/webhooks/{source}"), &headers, ours.as_bytes()).await;
        assert_eq!(status, 503, "{body}");
        assert!(body.contains("not-kept"), "{body}");
    }
    let log = gateway.log.read("gateway");
    assert_eq!(log.matches(CALLED).count(), 1, "a failure is remembered");
    assert!(!log.contains("Action=Unsubscribe"), "addresses of a body are nobody's business");
}
