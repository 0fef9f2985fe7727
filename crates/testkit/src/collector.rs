//! A collector of traces: takes OTLP over HTTP as processes send it and remembers every span.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::resource::v1::Resource;
use opentelemetry_proto::tonic::trace::v1::Span;
use prost::Message;

use crate::listening::{Asked, Listening, Reply};

/// One span; ids in hex as a `traceparent` writes them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exported {
    /// `service.name` of who sent it.
    pub service: String,
    pub name: String,
    pub trace: String,
    pub id: String,
    /// Empty at the root of a trace.
    pub parent: String,
    /// Trace and span of each link.
    pub links: Vec<(String, String)>,
    /// As text; lists with commas.
    pub attributes: BTreeMap<String, String>,
}

#[derive(Default)]
struct Received {
    requests: usize,
    spans: Vec<Exported>,
}

/// Listens on loopback until it is dropped.
pub struct Collector {
    listening: Listening,
    received: Arc<Mutex<Received>>,
}

impl Collector {
    /// # Panics
    /// When no port can be listened on.
    pub async fn start() -> Self {
        let received = Arc::new(Mutex::new(Received::default()));
        let taken = received.clone();
        let answer = move |asked: Asked| take(&asked, &mut taken.lock().unwrap_or_else(PoisonError::into_inner));
        Self { listening: Listening::start(answer).await, received }
    }

    /// For `OTEL_EXPORTER_OTLP_ENDPOINT`.
    pub fn endpoint(&self) -> String {
        self.listening.url()
    }

    /// Requests of any kind so far.
    pub fn requests(&self) -> usize {
        self.received.lock().unwrap_or_else(PoisonError::into_inner).requests
    }

    /// The spans so far.
    pub fn spans(&self) -> Vec<Exported> {
        self.received.lock().unwrap_or_else(PoisonError::into_inner).spans.clone()
    }

    /// The spans so far that belong to this trace: by themselves, or by a link.
    pub fn spans_of(&self, trace: &str) -> Vec<Exported> {
        let received = self.received.lock().unwrap_or_else(PoisonError::into_inner);
        let belongs = |span: &&Exported| span.trace == trace || span.links.iter().any(|(linked, _)| linked == trace);
        received.spans.iter().filter(belongs).cloned().collect()
    }
}

fn take(asked: &Asked, received: &mut Received) -> Reply {
    let is_export = asked.line() == "POST /v1/traces";
    received.requests += 1;
    received.spans.extend(if is_export { read(&asked.body) } else { Vec::new() });
    let kind = ("Content-Type", "application/x-protobuf".to_owned());
    Reply::with(if is_export { 200 } else { 404 }, &[kind], "")
}

fn read(body: &[u8]) -> Vec<Exported> {
    let export = ExportTraceServiceRequest::decode(body).expect("an export request");
    let mut spans = Vec::new();
    for resource in export.resource_spans {
        let service = service_name(resource.resource.unwrap_or_default());
        let all = resource.scope_spans.into_iter().flat_map(|scope| scope.spans);
        spans.extend(all.map(|span| exported(&service, span)));
    }
    spans
}

fn service_name(resource: Resource) -> String {
    let named = resource.attributes.into_iter().find(|attribute| attribute.key == "service.name");
    match named.and_then(|attribute| attribute.value).and_then(|value| value.value) {
        Some(Value::StringValue(name)) => name,
        _ => String::new(),
    }
}

fn exported(service: &str, span: Span) -> Exported {
    Exported {
        service: service.to_owned(),
        name: span.name,
        trace: hex(&span.trace_id),
        id: hex(&span.span_id),
        parent: hex(&span.parent_span_id),
        attributes: span
            .attributes
            .into_iter()
            .map(|one| (one.key, text(one.value.and_then(|value| value.value))))
            .collect(),
        links: span.links.iter().map(|link| (hex(&link.trace_id), hex(&link.span_id))).collect(),
    }
}

fn text(value: Option<Value>) -> String {
    match value {
        Some(Value::StringValue(text)) => text,
        Some(Value::IntValue(number)) => number.to_string(),
        Some(Value::DoubleValue(number)) => number.to_string(),
        Some(Value::BoolValue(flag)) => flag.to_string(),
        Some(Value::ArrayValue(list)) => {
            list.values.into_iter().map(|one| text(one.value)).collect::<Vec<_>>().join(",")
        }
        _ => String::new(),
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
