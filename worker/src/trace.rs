//! A batch's span: continues the trace of its event, or is linked with the traces of its events when there are several.

use std::collections::{BTreeSet, HashMap};

use bus::Received;
use opentelemetry::trace::TraceContextExt;
use opentelemetry::{Context, global};
use tracing::Span;
use tracing_opentelemetry::OpenTelemetrySpanExt;

/// More links than this say nothing more.
const LINKS: usize = 32;

pub(crate) fn of_batch(consumer: &'static str, batch: &[Received]) -> Span {
    let span = tracing::info_span!("consume", consumer, messages = batch.len(), otel.kind = "consumer");
    let traces: BTreeSet<&str> =
        batch.iter().filter_map(|received| received.event.traceparent.as_deref()).take(LINKS).collect();
    match (batch.len(), traces.first()) {
        (1, Some(traceparent)) => {
            // Fails only where no telemetry layer is installed: then there is no trace to continue.
            drop(span.set_parent(context(traceparent)));
        }
        _ => traces.iter().for_each(|traceparent| span.add_link(context(traceparent).span().span_context().clone())),
    }
    span
}

fn context(traceparent: &str) -> Context {
    let carrier = HashMap::from([("traceparent".to_owned(), traceparent.to_owned())]);
    global::get_text_map_propagator(|propagator| propagator.extract_with_context(&Context::new(), &carrier))
}
