//! Log lines as one JSON object each, with an error's causes: the format that the library brings writes only the outermost
//! error, which says what to do, and drops what the server or the system said.

use std::error::Error;
use std::fmt;

use serde::{Serialize, Serializer};
use serde_json::{Map, Value};
use tracing::field::{Field, Visit};
use tracing::{Event, Subscriber};
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::time::{FormatTime, SystemTime};
use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormatFields, FormattedFields};
use tracing_subscriber::registry::LookupSpan;

/// The format. What spans hold is written by whoever formats fields, and must be JSON.
pub(super) struct JsonLines;

impl<S, N> FormatEvent<S, N> for JsonLines
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
{
    fn format_event(&self, context: &FmtContext<'_, S, N>, mut writer: Writer<'_>, event: &Event<'_>) -> fmt::Result {
        let mut line = Line::default();
        let mut time = String::new();
        SystemTime.format_time(&mut Writer::new(&mut time))?;
        line.put("timestamp", time);
        line.put("level", event.metadata().level().as_str());
        event.record(&mut line);
        line.put("target", event.metadata().target());
        if let Some(span) = context.lookup_current() {
            let extensions = span.extensions();
            let fields =
                extensions.get::<FormattedFields<N>>().map(|fields| fields.fields.as_str()).unwrap_or_default();
            let mut shown: Map<String, Value> = serde_json::from_str(fields).unwrap_or_default();
            shown.insert("name".to_owned(), span.name().into());
            line.put("span", shown);
        }
        let text = serde_json::to_string(&line).map_err(|_| fmt::Error)?;
        writeln!(writer, "{text}")
    }
}

/// The members of one line, in the order in which people read them.
#[derive(Default)]
struct Line(Vec<(&'static str, Value)>);

impl Line {
    fn put(&mut self, name: &'static str, value: impl Into<Value>) {
        self.0.push((name, value.into()));
    }
}

impl Serialize for Line {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(name, value)| (name, value)))
    }
}

impl Visit for Line {
    fn record_f64(&mut self, field: &Field, value: f64) {
        self.put(field.name(), value);
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.put(field.name(), value);
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.put(field.name(), value);
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.put(field.name(), value);
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.put(field.name(), value);
    }

    fn record_error(&mut self, field: &Field, value: &(dyn Error + 'static)) {
        self.put(field.name(), chain(value));
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.put(field.name(), format!("{value:?}"));
    }
}

/// The error and its causes from the outside in, in one line.
fn chain(error: &(dyn Error + 'static)) -> String {
    let mut told = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        let said = cause.to_string();
        // Some repeat their cause in their own words.
        if !told.ends_with(&said) {
            told = format!("{told}: {said}");
        }
        next = cause.source();
    }
    told.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use std::io::{self, Write};
    use std::sync::{Arc, Mutex, PoisonError};

    use tracing_subscriber::fmt::format::JsonFields;
    use tracing_subscriber::layer::SubscriberExt;

    use super::*;

    #[derive(Debug, thiserror::Error)]
    #[error("it is not there; look for it")]
    struct Lost(#[source] io::Error);

    #[derive(Clone, Default)]
    struct Kept(Arc<Mutex<Vec<u8>>>);

    impl Write for Kept {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap_or_else(PoisonError::into_inner).write(bytes)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_line_has_the_fields_the_span_and_every_cause() {
        let kept = Kept::default();
        let written = kept.clone();
        let lines = tracing_subscriber::fmt::layer()
            .with_writer(move || written.clone())
            .event_format(JsonLines)
            .fmt_fields(JsonFields::new());
        tracing::subscriber::with_default(tracing_subscriber::registry().with(lines), || {
            let _in = tracing::info_span!("request", request_id = "r-1").entered();
            let lost = Lost(io::Error::other("the disk\n\tis gone"));
            tracing::warn!(error = &lost as &dyn Error, rows = 3_u64, ok = false, "it waits");
        });
        let line = String::from_utf8(kept.0.lock().unwrap_or_else(PoisonError::into_inner).clone()).expect("text");
        assert_eq!(line.lines().count(), 1);
        let line: Value = serde_json::from_str(&line).expect("JSON");
        assert_eq!(line["error"], "it is not there; look for it: the disk is gone");
        assert_eq!((&line["message"], &line["level"], &line["rows"]), (&"it waits".into(), &"WARN".into(), &3.into()));
        assert_eq!((&line["span"]["name"], &line["span"]["request_id"]), (&"request".into(), &"r-1".into()));
        assert!(line["timestamp"].as_str().is_some_and(|time| time.ends_with('Z')), "{line}");
    }
}
