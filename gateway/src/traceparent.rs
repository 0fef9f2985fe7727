//! W3C trace context: reads the `traceparent` that came in, makes it a span's parent, names a span and tells its own.
//!
//! A value that is not exactly the W3C form is ignored, never repaired.

use opentelemetry::Context;
use opentelemetry::trace::{SpanContext, SpanId, TraceContextExt, TraceFlags, TraceId, TraceState};
use tracing::Span;
use tracing_opentelemetry::OpenTelemetrySpanExt;

/// The trace that a request belongs to, as the events that it makes carry it. In the request's extensions.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Traceparent(pub(crate) Option<String>);

/// The parts of a valid version-00 header.
pub(crate) fn parse(header: &str) -> Option<SpanContext> {
    let lower_hex = |part: &str| part.bytes().all(|c| matches!(c, b'0'..=b'9' | b'a'..=b'f'));
    let mut parts = header.split('-');
    let (version, trace, span, flags) = (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
    let shaped = version == "00" && trace.len() == 32 && span.len() == 16 && flags.len() == 2 && parts.next().is_none();
    if !shaped || ![trace, span, flags].into_iter().all(lower_hex) {
        return None;
    }
    let context = SpanContext::new(
        TraceId::from_hex(trace).ok()?,
        SpanId::from_hex(span).ok()?,
        TraceFlags::new(u8::from_str_radix(flags, 16).ok()?),
        true,
        TraceState::NONE,
    );
    context.is_valid().then_some(context)
}

/// Makes the trace that came in the parent of `span`.
pub(crate) fn adopt(span: &Span, parent: SpanContext) {
    // Fails only where no telemetry layer is installed: then there is no trace to continue.
    drop(span.set_parent(Context::new().with_remote_span_context(parent)));
}

/// Names a span that has begun. A field `otel.name` is heeded only before that.
pub(crate) fn name(span: &Span, name: String) {
    span.context().span().update_name(name);
}

/// The header that continues `span`'s trace.
pub(crate) fn of(span: &Span) -> Option<String> {
    let context = span.context();
    let own = context.span().span_context().clone();
    own.is_valid().then(|| format!("00-{}-{}-{:02x}", own.trace_id(), own.span_id(), own.trace_flags().to_u8()))
}

#[cfg(test)]
mod tests {
    use super::parse;

    #[test]
    fn only_the_exact_form_is_taken() {
        let good = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
        assert!(parse(good).is_some());
        for bad in [
            "",
            "00",
            "01-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
            "00-0AF7651916CD43DD8448EB211C80319C-b7ad6b7169203331-01",
            "00-00000000000000000000000000000000-b7ad6b7169203331-01",
            "00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01",
            "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-x",
            "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-1",
        ] {
            assert!(parse(bad).is_none(), "{bad}");
        }
    }
}
