//! Logs to standard error, and traces to a collector when one is set.
//!
//! In order: the filter and the format of the lines (one JSON object each, or for people), without repetitions; then OTLP over HTTP.
//! `LOG_LEVEL` is about the lines only: quiet logs do not silence the traces. The exporter uses its own thread with a
//! blocking client: the async one panics there for want of a reactor. Without an endpoint no trace is recorded, but
//! `traceparent` headers are still understood and passed on.

mod exporting;
mod lines;
mod repeats;

use std::io::IsTerminal;
use std::time::Duration;

use opentelemetry::trace::TracerProvider;
use opentelemetry_otlp::{Protocol, SpanExporter, WithExportConfig, WithHttpConfig};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::propagation::TraceContextPropagator;
use opentelemetry_sdk::trace::SdkTracerProvider;
use secrecy::ExposeSecret;
use tracing_subscriber::filter::LevelFilter;
use tracing_subscriber::fmt::format::JsonFields;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{EnvFilter, Layer, Registry};

use crate::Settings;
use crate::settings::{LogFormat, LogSettings, OtelSettings};
use exporting::Telling;
use lines::JsonLines;
use repeats::NoRepeats;

/// How long the last traces may take to leave.
const FLUSH: Duration = Duration::from_secs(1);

/// Logs and traces could not be set up.
#[derive(Debug, thiserror::Error)]
pub enum TelemetryError {
    #[error("LOG_LEVEL is no filter that can be used")]
    Filter(#[source] tracing_subscriber::filter::ParseError),
    #[error("traces cannot be sent to OTEL_EXPORTER_OTLP_ENDPOINT")]
    Exporter(#[source] opentelemetry_otlp::ExporterBuildError),
    #[error("logs were set up twice in one process")]
    Twice(#[source] tracing_subscriber::util::TryInitError),
}

/// Keeps telemetry going. [`Telemetry::stop`] sends what is left.
#[derive(Debug)]
pub struct Telemetry {
    provider: Option<SdkTracerProvider>,
    /// Whether spans are exported: who makes spans on a hot path may leave them out when not.
    pub tracing_enabled: bool,
}

impl Telemetry {
    /// Sets up the logs and traces of this process. Once per process.
    pub fn start(settings: &Settings) -> Result<Self, TelemetryError> {
        opentelemetry::global::set_text_map_propagator(TraceContextPropagator::new());
        let filter = EnvFilter::try_new(directives(&settings.log.level)).map_err(TelemetryError::Filter)?;
        let provider =
            settings.otel.endpoint.as_deref().map(|endpoint| provider(endpoint, &settings.otel)).transpose()?;
        let traces = provider.as_ref().map(|provider| {
            tracing_opentelemetry::layer().with_tracer(provider.tracer("em-agent")).with_filter(LevelFilter::INFO)
        });
        let tracing_enabled = traces.is_some();
        let registry = tracing_subscriber::registry().with(lines(&settings.log).with_filter(filter)).with(traces);
        registry.try_init().map_err(TelemetryError::Twice)?;
        Ok(Self { provider, tracing_enabled })
    }

    /// Sends the spans that are still here. Blocks for a second at most: call it outside async work.
    pub fn stop(self) {
        let Some(provider) = self.provider else { return };
        if let Err(error) = provider.shutdown_with_timeout(FLUSH) {
            tracing::warn!(%error, "the last traces were not sent");
        }
    }
}

fn lines(log: &LogSettings) -> Box<dyn Layer<Registry> + Send + Sync> {
    let lines = tracing_subscriber::fmt::layer().with_writer(std::io::stderr);
    match log.format {
        LogFormat::Json => lines.event_format(NoRepeats::of(JsonLines)).fmt_fields(JsonFields::new()).boxed(),
        LogFormat::Pretty => {
            let compact = tracing_subscriber::fmt::format().compact();
            lines.with_ansi(std::io::stderr().is_terminal()).event_format(NoRepeats::of(compact)).boxed()
        }
    }
}

fn provider(endpoint: &str, otel: &OtelSettings) -> Result<SdkTracerProvider, TelemetryError> {
    let headers = otel.headers.iter().map(|(name, value)| (name.clone(), value.expose_secret().to_owned())).collect();
    let exporter = SpanExporter::builder()
        .with_http()
        .with_protocol(Protocol::HttpBinary)
        .with_endpoint(format!("{endpoint}/v1/traces"))
        .with_headers(headers)
        .build()
        .map_err(TelemetryError::Exporter)?;
    let resource = Resource::builder().with_service_name(otel.service_name.clone()).build();
    Ok(SdkTracerProvider::builder().with_batch_exporter(Telling(exporter)).with_resource(resource).build())
}

/// `info` and `debug` are meant for our lines: libraries that report their comings and goings are kept to their warnings, or
/// they dump what they send. `trace` and filters of one's own show them. A sender's malformed request, which is answered with
/// 400, is an error worth a line each time to `actix_http`; what the exporter of traces fails at is told by [`exporting`].
fn directives(level: &str) -> String {
    let quiet = ["actix_server", "async_nats", "h2", "hyper", "hyper_util", "mio", "reqwest", "rustls"];
    let libraries = match level {
        "info" | "debug" => quiet.map(|name| format!("{name}=warn,")).concat(),
        _ => String::new(),
    };
    format!("actix_http=off,opentelemetry_sdk=off,opentelemetry_otlp=off,{libraries}{level}")
}
