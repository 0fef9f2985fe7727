//! `em-agent up` from an empty folder: it starts, says where it is, takes and refuses, counts the demo's day, and
//! leaves nothing behind when it is told to stop.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use outbound::{Answer, Outbound, Request};

/// An `em-agent up` with data of its own.
struct Up {
    child: Child,
    url: String,
    line: String,
    data_dir: PathBuf,
}

impl Up {
    fn start(arguments: &[&str]) -> Self {
        Self::start_over(std::env::temp_dir().join(format!("em-up-{}", uuid::Uuid::now_v7().simple())), arguments)
    }

    /// On data that may be there already.
    fn start_over(data_dir: PathBuf, arguments: &[&str]) -> Self {
        let kept = ["PATH", "EM_PG_BIN", "EM_NATS_BIN"];
        let environment = boot::environment::variables().into_iter().filter(|(name, _)| kept.contains(&name.as_str()));
        let mut child = Command::new(env!("CARGO_BIN_EXE_em-agent"))
            .arg("up")
            .args(arguments)
            .current_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join(".."))
            .env_clear()
            .envs(environment)
            .env("DATA_DIR", &data_dir)
            .env("PORT", "0")
            .env("LOG_LEVEL", "warn")
            // The test asks again and again.
            .env("RATE_LIMIT_ENABLED", "false")
            .stdout(Stdio::piped())
            .spawn()
            .expect("em-agent runs");
        let mut line = String::new();
        BufReader::new(child.stdout.take().expect("a pipe")).read_line(&mut line).expect("a line");
        let url = line.split_whitespace().find(|word| word.starts_with("http://")).unwrap_or_default().to_owned();
        assert!(!url.is_empty(), "it did not start: {line}");
        Self { child, url, line, data_dir }
    }

    async fn get(&self, path: &str) -> Answer {
        client().send(Request::get(format!("{}{path}", self.url))).await.expect("answered")
    }

    async fn post(&self, path: &str, headers: &[(&str, &str)], body: &str) -> Answer {
        let headers = headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let request = Request::post(format!("{}{path}", self.url), headers, body.as_bytes().to_vec());
        client().send(request).await.expect("answered")
    }

    /// Tells it to stop and waits. Returns how long that took; fails when it did not end well.
    fn stop(&mut self) -> Duration {
        let started = Instant::now();
        assert!(testkit::kill::send("TERM", &self.child.id().to_string()), "it runs");
        let status = self.child.wait().expect("ended");
        assert_eq!(status.code(), Some(0));
        started.elapsed()
    }

    /// Stops it, and starts another on its data.
    fn again(mut self, arguments: &[&str]) -> Self {
        self.stop();
        Self::start_over(std::mem::take(&mut self.data_dir), arguments)
    }

    /// Waits until so many deliveries have ended in that way. Returns how many ended in any.
    async fn ended(&self, result: &str, expected: u64) -> u64 {
        let deadline = Instant::now() + Duration::from_secs(60);
        loop {
            let text = self.get("/metrics").await.text();
            let of = |result: &str| -> u64 {
                let counted = text.lines().filter(|line| line.starts_with("webhook_deliveries_total{"));
                let those = counted.filter(|line| line.contains(result));
                those.filter_map(|line| line.rsplit_once(' ')?.1.parse::<u64>().ok()).sum()
            };
            if of(&format!("result=\"{result}\"")) == expected {
                return of("");
            }
            assert!(Instant::now() < deadline, "{text}");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// How many events of that type there are.
    async fn events(&self, kind: &str) -> usize {
        let events = self.get(&format!("/v1/events?type={kind}&limit=200")).await.json();
        events["data"].as_array().map_or(0, Vec::len)
    }

    /// The days that have deployments, once everything received has been counted.
    async fn days(&self) -> Vec<serde_json::Value> {
        let answer = self.get("/v1/metrics/dora/deployment-frequency?days=7&wait=30").await.json();
        assert_eq!(answer["settled"], true, "{answer}");
        answer["data"].as_array().cloned().unwrap_or_default()
    }

    /// What came lately from each source that sent anything, as `name: accepted`; nothing else may have come.
    async fn taken(&self) -> Vec<(String, u64)> {
        let sources = self.get("/v1/sources").await.json();
        let mut taken = Vec::new();
        for source in sources["data"].as_array().expect("a list") {
            let counts = &source["counts_24h"];
            assert_eq!((counts["unmapped"].as_u64(), counts["rejected"].as_u64()), (Some(0), Some(0)), "{source}");
            let accepted = counts["accepted"].as_u64().unwrap_or(0);
            if accepted > 0 {
                assert!(source["last_verified_delivery_at"].is_string(), "{source}");
                taken.push((source["name"].as_str().unwrap_or_default().to_owned(), accepted));
            }
        }
        taken
    }

    /// Processes that were started on our data.
    fn left_behind(&self) -> Vec<String> {
        let data_dir = self.data_dir.to_string_lossy().into_owned();
        let processes = std::fs::read_dir("/proc").expect("/proc").flatten();
        let commands = processes.filter_map(|process| std::fs::read_to_string(process.path().join("cmdline")).ok());
        commands.filter(|command| command.contains(&data_dir)).collect()
    }
}

impl Drop for Up {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        if !self.data_dir.as_os_str().is_empty() {
            let _ = std::fs::remove_dir_all(&self.data_dir);
        }
    }
}

fn client() -> Outbound {
    Outbound::new(Duration::from_secs(10), 1 << 20).expect("a client")
}

#[tokio::test]
async fn it_starts_from_nothing_answers_and_leaves_nothing_behind() {
    let mut up = Up::start(&[]);
    assert!(up.line.starts_with("em-agent is ready: http://127.0.0.1:"), "{}", up.line);
    assert!(up.line.contains("development, unsigned deliveries accepted"), "{}", up.line);
    assert_eq!(up.get("/health").await.json()["status"], "ok");
    assert_eq!(up.get("/ready").await.status.as_u16(), 200);
    let headers = [("x-github-event", "ping"), ("x-github-delivery", "1"), ("content-type", "application/json")];
    let pong = up.post("/webhooks/github", &headers, r#"{"zen": "Keep it logically awesome."}"#).await;
    assert_eq!(pong.json()["status"], "pong", "{}", pong.text());

    assert!(!up.left_behind().is_empty());
    // The deadline is ten; an idle process that takes longer than this waits for something that never ends.
    assert!(up.stop() < Duration::from_secs(5));
    assert_eq!(up.left_behind(), Vec::<String>::new());
}

/// Everything that the demo sends.
const DELIVERIES: u64 = 119;

#[tokio::test]
async fn the_demos_day_comes_from_many_sources_is_counted_once_and_adds_nothing_the_second_time() {
    let up = Up::start(&["--demo"]);
    assert_eq!(up.ended("accepted", DELIVERIES).await, DELIVERIES);
    let days = up.days().await;
    assert_eq!(days.len(), 1, "{days:?}");
    // Of the script's three deployments one failed.
    for (column, expected) in [
        ("total_deployments", 12),
        ("github_deployments", 6),
        ("gitlab_deployments", 2),
        ("generic_deployments", 2),
        ("circleci_deployments", 1),
        ("argocd_deployments", 1),
    ] {
        assert_eq!(days[0][column], expected, "{column}");
    }
    let taken = up.taken().await;
    assert_eq!(taken.iter().map(|(_, accepted)| accepted).sum::<u64>(), DELIVERIES);
    assert!(taken.len() >= 10, "{taken:?}");
    let counted =
        ["incident.opened", "incident.acknowledged", "incident.resolved", "change.merged", "deployment.finished"];
    let mut events = Vec::new();
    for kind in counted {
        events.push(up.events(kind).await);
    }
    assert_eq!(events, [1, 1, 1, 8, 13]);

    let up = up.again(&["--demo"]);
    assert_eq!(up.ended("duplicate", DELIVERIES).await, DELIVERIES, "each is known");
    assert_eq!(up.days().await, days);
    assert_eq!(up.taken().await, taken);
    for (kind, before) in counted.into_iter().zip(events) {
        assert_eq!(up.events(kind).await, before, "{kind}");
    }
}

#[tokio::test]
async fn the_demos_day_is_really_verified_and_the_gateway_stays_as_it_was_set() {
    let mut up = Up::start(&["--demo"]);
    up.ended("accepted", DELIVERIES).await;
    let headers = [("x-github-event", "push"), ("x-github-delivery", "1"), ("content-type", "application/json")];
    assert_eq!(up.post("/webhooks/github", &headers, "{}").await.status.as_u16(), 200, "no secret is set");
    let deliveries = up.get("/v1/deliveries?limit=200").await.json();
    let proved =
        |row: &&serde_json::Value| row["verification"]["secret"] == "active" && row["verification"]["ok"] == true;
    let rows = deliveries["data"].as_array().expect("a list");
    assert_eq!(rows.iter().filter(proved).count(), rows.len() - 1, "all but ours");
    assert!(rows.iter().all(|row| row["conflict"].is_null()));
    up.stop();
}
