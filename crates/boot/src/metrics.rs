//! The Prometheus recorder, and every metric that is exported in one table.
//!
//! The rooms record through the `metrics` crate by the names of this table; [`Metrics::render`] is what `/metrics`
//! answers. A test holds the table against docs/CONFIG.md. Values of labels come from closed sets, never from a request.

mod process;

use std::sync::{Mutex, PoisonError};

use metrics_exporter_prometheus::{BuildError, Matcher, PrometheusBuilder, PrometheusHandle};

/// How a metric behaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Counter,
    Gauge,
    Histogram,
}

impl Kind {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Counter => "counter",
            Self::Gauge => "gauge",
            Self::Histogram => "histogram",
        }
    }
}

/// One exported metric.
#[derive(Clone, Copy, Debug)]
pub struct Metric {
    pub name: &'static str,
    pub kind: Kind,
    pub labels: &'static [&'static str],
    pub help: &'static str,
}

const fn row(name: &'static str, kind: Kind, labels: &'static [&'static str], help: &'static str) -> Metric {
    Metric { name, kind, labels, help }
}

use Kind::{Counter, Gauge, Histogram};

/// The table. Order is the order of docs/CONFIG.md.
#[rustfmt::skip]
pub const METRICS: &[Metric] = &[
    row("http_requests_total", Counter, &["method", "route", "status"], "Requests that were answered."),
    row("http_request_duration_seconds", Histogram, &["route"], "Time from a request's head to its answer."),
    row("webhook_deliveries_total", Counter, &["source", "result"], "Deliveries by what became of them: accepted, duplicate, handshake, unmapped, rejected_signature, rejected_limit, rejected_size, rejected_parse, disabled or failed."),
    row("webhook_ack_duration_seconds", Histogram, &["source"], "Time from a delivery's head to the answer that it is kept."),
    row("intake_batch_size", Histogram, &[], "Deliveries that one commit kept."),
    row("intake_commit_duration_seconds", Histogram, &[], "Time that one such commit took."),
    row("outbox_rows", Gauge, &[], "Deliveries that are kept and not published yet."),
    row("outbox_oldest_seconds", Gauge, &[], "Age of the oldest of them."),
    row("bus_published_total", Counter, &[], "Events that JetStream acknowledged."),
    row("relay_left_to_sweep_total", Counter, &[], "Commits that were left to the sweep because the relay was busy."),
    row("consumer_lag", Gauge, &["consumer"], "Messages that a consumer has not processed yet."),
    row("consumer_processed_total", Counter, &["consumer", "result"], "Messages that a consumer was done with."),
    row("event_to_effect_seconds", Histogram, &["consumer"], "Time from receiving a delivery to a consumer's commit."),
    row("dead_letters_total", Counter, &["consumer"], "Messages that a consumer gave up on."),
    row("dora_dirty_rows", Gauge, &[], "Notes that a service's facts have to be reckoned anew."),
    row("dora_dirty_oldest_seconds", Gauge, &[], "Age of the oldest of them."),
    row("dora_failures_total", Counter, &[], "Tries to reckon a service's facts that failed; its facts stay as they were."),
    row("approvals_decisions_total", Counter, &["status"], "Approvals that ended: approved, rejected, expired or cancelled."),
    row("approvals_latency_seconds", Histogram, &[], "Time from proposing an approval to its end."),
    row("signals_open", Gauge, &["kind"], "Signals that are open, in the whole installation: each worker tells the same."),
    row("signals_opened_total", Counter, &["kind"], "Signals that opened."),
    row("signals_fired_total", Counter, &["kind"], "Signals that fired: the policy was asked, and what it said was done."),
    row("signals_look_duration_seconds", Histogram, &[], "Time that a look at the signals of one tenant took."),
    row("signals_last_look_timestamp_seconds", Gauge, &[], "When a look ended well the last time, at the tenant that waits longest, in seconds since 1970."),
    row("slack_posts_total", Counter, &["kind", "ok"], "Messages to Slack that were posted (`request`, `reminder`, `escalation`, `conclusion`, `note`) or written anew (`update`), and tries that were not (`ok` is `false`)."),
    row("slack_throttled_total", Counter, &[], "Calls that Slack asked to come again later."),
    row("db_connection_pool_size", Gauge, &[], "Open connections to PostgreSQL."),
    row("db_connection_pool_in_use", Gauge, &[], "Those of them that are in use."),
    row("db_connection_pool_waiting", Gauge, &[], "Calls that wait for a connection."),
    row("db_query_duration_seconds", Histogram, &["query"], "Time that a call to PostgreSQL took, without waiting for a connection."),
    row("integration_enabled", Gauge, &["source"], "1 when a source is taken, 0 when it is turned away."),
    row("integration_last_delivery_seconds", Gauge, &["source"], "Seconds since this process took a source's last delivery."),
    row("approvals_override_total", Counter, &["from", "to"], "Approvals that somebody ended alone: how they stood, and how they stand."),
    row("policy_opa_total", Counter, &["result"], "Questions to OPA: answered, unreachable, refused (another status than 200) or unfit (no decision in the answer)."),
    row("workflows_auto_vs_hitl_total", Counter, &["mode"], "Actions that were asked for: auto happen by themselves, for hitl people were asked first."),
    row("workflow_jobs_total", Counter, &["kind", "result"], "Jobs that act, by action (`other`: none of ours) and how they ended: succeeded or failed."),
    row("effect_attempts_total", Counter, &["kind", "outcome"], "Tries of such jobs, by action and what came back: done, found (a try before had done it), planned (a dry run), refused, wait, unreachable or unknown."),
    row("workflow_jobs_waiting", Gauge, &[], "Jobs that act and are not over."),
    row("workflow_jobs_oldest_seconds", Gauge, &[], "Age of the oldest of them."),
    row("digest_runs_total", Counter, &["result"], "Slots of schedules for digests: done, failed, missed (nobody was there in time) or lost (another worker had it)."),
    row("llm_requests_total", Counter, &["model", "result"], "Calls to models by what became of them: ok, cut_off, refused, cached, budget, too_long, busy, failed, no_connection, timeout, denied, unfit or left_alone."),
    row("llm_request_duration_seconds", Histogram, &["model"], "Time that a call to a model took, with every try."),
    row("llm_tokens_total", Counter, &["model", "type"], "Tokens that models used: input (with cached), cached, output (with reasoning), reasoning."),
    row("llm_cost_usd_total", Gauge, &["model", "purpose"], "What models cost since the process began, in US dollars. It only grows."),
    row("llm_budget_used_ratio", Gauge, &["scope"], "How much of the fullest budget for models is used in its window: day and month of the installation, tenant, purpose. Each process tells the same."),
    row("knowledge_documents", Gauge, &[], "Documents that are kept, in the whole installation: each worker tells the same."),
    row("knowledge_chunks_waiting", Gauge, &[], "Chunks of them that wait for their vector; 0 where nothing is embedded."),
    row("knowledge_searches_total", Counter, &["how"], "Searches: by `words`, or `hybrid` (by words and by meaning)."),
    row("crawl_runs_total", Counter, &["kind", "result"], "Runs of crawls that ended, by what was read and how: succeeded, partial (a limit was met; the next goes on) or failed."),
    row("process_resident_memory_bytes", Gauge, &[], "Memory that the process holds."),
    row("process_cpu_seconds_total", Counter, &[], "Processor time that the process used."),
];

const SECONDS: &[f64] =
    &[0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0];
/// People take minutes to days.
const PATIENCE: &[f64] = &[60.0, 300.0, 900.0, 3_600.0, 14_400.0, 43_200.0, 86_400.0, 259_200.0, 604_800.0];
const BATCH: &[f64] = &[1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 256.0, 512.0, 1024.0];

/// What was recorded in this process.
#[derive(Clone)]
pub struct Metrics {
    handle: PrometheusHandle,
}

impl Metrics {
    /// Installs the recorder. A second call in the same process gives the same one.
    pub fn install() -> Result<Self, BuildError> {
        static INSTALLED: Mutex<Option<PrometheusHandle>> = Mutex::new(None);
        let mut installed = INSTALLED.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(handle) = installed.as_ref() {
            return Ok(Self { handle: handle.clone() });
        }
        let handle = PrometheusBuilder::new()
            .set_buckets_for_metric(Matcher::Suffix("_seconds".to_owned()), SECONDS)?
            .set_buckets_for_metric(Matcher::Full("intake_batch_size".to_owned()), BATCH)?
            .set_buckets_for_metric(Matcher::Full("approvals_latency_seconds".to_owned()), PATIENCE)?
            .install_recorder()?;
        METRICS.iter().for_each(describe);
        *installed = Some(handle.clone());
        Ok(Self { handle })
    }

    /// Everything that was recorded, in Prometheus' text format, with the process' own figures.
    pub fn render(&self) -> String {
        self.handle.run_upkeep();
        let mut text = self.handle.render();
        process::append(&mut text);
        text
    }
}

fn describe(metric: &Metric) {
    match metric.kind {
        Counter => metrics::describe_counter!(metric.name, metric.help),
        Gauge => metrics::describe_gauge!(metric.name, metric.help),
        Histogram => metrics::describe_histogram!(metric.name, metric.help),
    }
}
