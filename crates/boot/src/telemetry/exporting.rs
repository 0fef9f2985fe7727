//! An exporter of traces that says in our words when it fails, and what to do: the library's own line has no sentence.

use std::time::Duration;

use opentelemetry_sdk::Resource;
use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::trace::{SpanData, SpanExporter};

/// Another exporter, and what became of its batches.
#[derive(Debug)]
pub(super) struct Telling<E>(pub(super) E);

impl<E: SpanExporter> SpanExporter for Telling<E> {
    async fn export(&self, batch: Vec<SpanData>) -> OTelSdkResult {
        let exported = self.0.export(batch).await;
        if let Err(error) = &exported {
            let error = error as &dyn std::error::Error;
            tracing::warn!(error, "traces are lost; check OTEL_EXPORTER_OTLP_ENDPOINT and that the collector runs");
        }
        exported
    }

    fn shutdown_with_timeout(&self, timeout: Duration) -> OTelSdkResult {
        self.0.shutdown_with_timeout(timeout)
    }

    fn force_flush(&self) -> OTelSdkResult {
        self.0.force_flush()
    }

    fn set_resource(&mut self, resource: &Resource) {
        self.0.set_resource(resource);
    }
}
