//! The dashboards' PromQL, run by a real Prometheus that scraped a real gateway and worker. (Their SQL:
//! `cli/tests/dashboards`.)

use std::collections::BTreeSet;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use boot::metrics::{Kind, METRICS};
use serde_json::{Value, json};
use testkit::database::Database;
use testkit::prometheus::prometheus;
use testkit::senders::{Sender, deployment_succeeded};
use testkit::servers;

use crate::support::servers::Folder;
use crate::support::{World, eventually};

const PATIENCE: Duration = Duration::from_secs(60);

/// How the metrics begin that a run without a language model does not feed.
const OF_MODELS: &str = "llm_";

/// Panels that a good day leaves empty.
const QUIET: [&str; 2] = ["Refused, by reason", "Posts to Slack"];

/// A server that ends with the test.
struct Prometheus {
    child: Child,
    api: Sender,
}

impl Prometheus {
    fn start(folder: &Path, targets: [(&str, u16); 2]) -> Self {
        let jobs = targets.map(|(job, port)| {
            format!("  - job_name: {job}\n    static_configs: [{{targets: ['127.0.0.1:{port}']}}]\n")
        });
        let config = format!("global: {{scrape_interval: 1s, scrape_timeout: 1s}}\nscrape_configs:\n{}", jobs.concat());
        let (file, port) = (folder.join("prometheus.yml"), testkit::ports::free());
        std::fs::write(&file, config).expect("a file");
        let child = Command::new(prometheus())
            .arg(format!("--config.file={}", file.display()))
            .arg(format!("--storage.tsdb.path={}", folder.join("prometheus").display()))
            .arg(format!("--web.listen-address=127.0.0.1:{port}"))
            .args(["--log.level=error"])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .spawn()
            .expect("prometheus starts");
        Self { child, api: Sender::new(format!("http://127.0.0.1:{port}"), "github") }
    }

    async fn ask(&self, path: &str, parameters: &[(&str, &str)]) -> Result<Value, String> {
        let query: String = form_urlencoded::Serializer::new(String::new()).extend_pairs(parameters).finish();
        let answer = self.api.get(&format!("/api/v1/{path}?{query}")).await.map_err(|error| error.to_string())?;
        if answer["status"] == "success" { Ok(answer["data"].clone()) } else { Err(answer["error"].to_string()) }
    }

    /// How many series an expression has now.
    async fn series(&self, expression: &str) -> Result<usize, String> {
        let data = self.ask("query", &[("query", expression)]).await?;
        Ok(data["result"].as_array().map_or(0, Vec::len))
    }
}

impl Drop for Prometheus {
    fn drop(&mut self) {
        // Both fail only when it has ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

struct Expression {
    dashboard: String,
    panel: String,
    text: String,
}

/// Every PromQL expression of the dashboards, as Grafana sends it for a range of some minutes and a scrape every second.
fn expressions() -> Vec<Expression> {
    let mut found = Vec::new();
    for dashboard in testkit::grafana::dashboards().values() {
        for panel in dashboard["panels"].as_array().into_iter().flatten() {
            let targets = panel["targets"].as_array().into_iter().flatten();
            for text in targets.filter_map(|target| target["expr"].as_str()) {
                // Documented: the rate interval is four scrapes or more; "All" of a variable is put in as `.*`.
                let text = text.replace("$__rate_interval", "60s").replace("$__range", "300s").replace("$source", ".*");
                assert!(!text.contains('$'), "{text}: a variable that this test does not know");
                found.push(Expression {
                    dashboard: dashboard["uid"].as_str().unwrap_or_default().to_owned(),
                    panel: panel["title"].as_str().unwrap_or_default().to_owned(),
                    text,
                });
            }
        }
    }
    found
}

/// The names of series in an expression: words that are followed by a matcher, a range or the end of an argument.
fn series_in(expression: &str) -> BTreeSet<String> {
    let unquoted: String = expression.split(['"']).step_by(2).collect();
    let words = unquoted.split(|one: char| !(one.is_ascii_alphanumeric() || one == '_'));
    words.filter(|word| word.contains('_') && !NO_SERIES.contains(word)).map(str::to_owned).collect()
}

/// Functions with an underscore in their names.
const NO_SERIES: [&str; 1] = ["histogram_quantile"];

fn exported(series: &str) -> bool {
    METRICS.iter().any(|metric| match metric.kind {
        Kind::Histogram => {
            ["_bucket", "_sum", "_count"].iter().any(|end| series.strip_suffix(end) == Some(metric.name))
        }
        Kind::Counter | Kind::Gauge => metric.name == series,
    })
}

#[test]
fn every_metric_of_a_dashboard_is_exported() {
    let all = expressions();
    assert!(all.len() > 35, "only {} expressions", all.len());
    for expression in all {
        for series in series_in(&expression.text) {
            let found = exported(&series);
            assert!(found, "{}, {}: {series} is no metric of ours", expression.dashboard, expression.panel);
        }
    }
}

/// Deliveries that are taken, doubled and not understood.
async fn send_some(sender: &Sender, round: u64) {
    for number in 0..3 {
        let key = format!("d-{round}-{number}");
        for _ in 0..2 {
            let (status, _) = sender
                .send("deployment_status", &key, &deployment_succeeded(round * 10 + number))
                .await
                .expect("an answer");
            assert_eq!(status, 200);
        }
    }
    let unknown = json!({"zen": round});
    let (status, _) = sender.send("nobody_knows_it", &format!("u-{round}"), &unknown).await.expect("an answer");
    assert_eq!(status, 200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_expression_runs_and_what_a_run_feeds_shows_something() {
    let (database, folder) = (Database::fresh(), Folder::new());
    let mut world = World::on(database.url.clone(), servers::nats_url());
    let metrics = testkit::ports::free();
    world.settings = vec![("METRICS_ADDR", format!("127.0.0.1:{metrics}"))];
    let (_gateway, _worker) = (world.gateway(), world.spawn("worker"));
    let prometheus = Prometheus::start(&folder.0, [("em-agent-gateway", world.port), ("em-agent-worker", metrics)]);
    let sender = Sender::new(world.base(), "github");

    // Rates need series that were there before and have grown since.
    let scraped = "min(count_over_time(up[30s])) >= 4 and sum(up) == 2";
    for round in 1..=2 {
        send_some(&sender, round).await;
        let wanted = if round == 1 { "sum(up) == 2 and sum(rate(bus_published_total[15s])) >= 0" } else { scraped };
        eventually("scrapes of both processes", PATIENCE, || async { prometheus.series(wanted).await == Ok(1) }).await;
    }
    send_some(&sender, 3).await;
    let effect = "sum(event_to_effect_seconds_count) > 0 and sum(rate(webhook_deliveries_total[15s])) > 0";
    eventually("deliveries that had their effect", PATIENCE, || async { prometheus.series(effect).await == Ok(1) })
        .await;

    for expression in expressions() {
        let series = prometheus.series(&expression.text).await;
        let series = series.unwrap_or_else(|why| panic!("{}: {why}", expression.text));
        let may_be_empty = series_in(&expression.text).iter().any(|one| one.starts_with(OF_MODELS))
            || QUIET.contains(&expression.panel.as_str());
        assert!(
            series > 0 || may_be_empty,
            "{}, {} shows nothing: {}",
            expression.dashboard,
            expression.panel,
            expression.text
        );
    }
    let names = prometheus.ask("label/source/values", &[("match[]", "integration_enabled")]).await.expect("labels");
    assert!(names.as_array().is_some_and(|names| names.len() > 20), "the variable's choices: {names}");
}
