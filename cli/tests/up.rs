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
        let data_dir = std::env::temp_dir().join(format!("em-up-{}", uuid::Uuid::now_v7().simple()));
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
        Command::new("kill").arg(self.child.id().to_string()).status().expect("kill runs");
        let status = self.child.wait().expect("ended");
        assert_eq!(status.code(), Some(0));
        started.elapsed()
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
        let _ = std::fs::remove_dir_all(&self.data_dir);
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

#[tokio::test]
async fn the_demos_day_is_really_verified_and_counted_and_the_gateway_stays_as_it_was_set() {
    let mut up = Up::start(&["--demo"]);
    let deadline = Instant::now() + Duration::from_secs(60);
    let path = "/v1/metrics/dora/deployment-frequency?days=7";
    loop {
        let answer = up.get(path).await;
        let text = answer.text();
        // Six changes of one team, and two of three deployments by a script.
        let counted =
            answer.json()["data"].as_array().is_some_and(|rows| rows.iter().any(|row| row["total_deployments"] == 8));
        if counted {
            break;
        }
        assert!(Instant::now() < deadline, "{}: {text}", answer.status);
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let headers = [("x-github-event", "push"), ("x-github-delivery", "1"), ("content-type", "application/json")];
    assert_eq!(up.post("/webhooks/github", &headers, "{}").await.status.as_u16(), 200, "no secret is set");
    let deliveries = up.get("/v1/deliveries?source=github&limit=200").await.json();
    let proved =
        |row: &&serde_json::Value| row["verification"]["secret"] == "active" && row["verification"]["ok"] == true;
    let rows = deliveries["data"].as_array().expect("a list");
    assert_eq!(rows.iter().filter(proved).count(), rows.len() - 1, "all but ours");
    up.stop();
}
