//! Drives wrk, an independent load generator, and reads what it measured.

use std::fs;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use tokio::process::Command;

/// The script: every request is another delivery id, bodies and signatures come from the file.
const SCRIPT: &str = r#"
local lines, count, prefix, pause = {}, 0, "", 0
local threads = 0
function setup(thread) thread:set("number", threads); threads = threads + 1 end
function init(args)
  for line in io.lines(args[1]) do lines[#lines + 1] = { line:match("^(%S+)\t(.*)$") } end
  prefix = args[2] .. "-" .. number .. "-"
  pause = tonumber(args[3])
end
function delay() return pause end
function request()
  count = count + 1
  local line = lines[count % #lines + 1]
  return table.concat({"POST /webhooks/github HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nUser-Agent: GitHub-Hookshot/bench\r\nX-GitHub-Event: push\r\nX-GitHub-Delivery: ",
    prefix, count, "\r\nX-Hub-Signature-256: ", line[1], "\r\nContent-Length: ", #line[2], "\r\n\r\n", line[2]})
end
function done(summary, latency)
  io.write(string.format("RESULT %d %d %d %d %d %d %d\n", summary.requests, summary.duration,
    summary.errors.status, summary.errors.connect + summary.errors.read + summary.errors.write + summary.errors.timeout,
    latency:percentile(50), latency:percentile(99), latency.max))
end
"#;

/// One run's load.
pub(crate) struct Load<'a> {
    pub(crate) address: &'a str,
    pub(crate) bodies: &'a Path,
    /// Begins the delivery ids: different for every run.
    pub(crate) run: &'a str,
    pub(crate) connections: u32,
    pub(crate) seconds: u64,
    /// Each connection waits this long before each request; 0 is full load.
    pub(crate) pause_ms: u32,
}

/// What wrk saw.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Seen {
    pub(crate) answers: u64,
    pub(crate) seconds: f64,
    /// Answers that were not 2xx.
    pub(crate) refused: u64,
    pub(crate) broken: u64,
    pub(crate) p50_ms: f64,
    pub(crate) p99_ms: f64,
    pub(crate) max_ms: f64,
}

impl Seen {
    pub(crate) fn per_second(&self) -> f64 {
        self.answers as f64 / self.seconds
    }
}

pub(crate) async fn run(folder: &Path, load: &Load<'_>) -> Result<Seen> {
    let script = folder.join("pushes.lua");
    fs::write(&script, SCRIPT)?;
    let output = Command::new("wrk")
        .args(["-t", "1", "-c", &load.connections.to_string(), "-d", &format!("{}s", load.seconds), "--timeout", "10s"])
        .arg("-s")
        .arg(&script)
        .arg(format!("http://{}", load.address))
        .arg("--")
        .arg(load.bodies)
        .args([load.run, &load.pause_ms.to_string()])
        .kill_on_drop(true)
        .output();
    let output = tokio::time::timeout(Duration::from_secs(load.seconds + 30), output).await??;
    ensure!(output.status.success(), "wrk failed: {}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8_lossy(&output.stdout);
    parse(&text).with_context(|| format!("wrk printed no result: {text}"))
}

fn parse(text: &str) -> Option<Seen> {
    let line = text.lines().find_map(|line| line.strip_prefix("RESULT "))?;
    let numbers: Vec<u64> = line.split(' ').filter_map(|number| number.parse().ok()).collect();
    let [answers, micros, refused, broken, p50, p99, max] = numbers[..] else { return None };
    let ms = |micros: u64| micros as f64 / 1000.0;
    let seconds = micros as f64 / 1e6;
    Some(Seen { answers, seconds, refused, broken, p50_ms: ms(p50), p99_ms: ms(p99), max_ms: ms(max) })
}
