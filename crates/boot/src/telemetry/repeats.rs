//! A warning that says the same again and again is written once a minute: while a server is away, every task of a worker
//! finds out by itself and waits.
//!
//! Only warnings: errors and what people did are each written. Two are the same when all their fields are.

use std::collections::HashMap;
use std::fmt::{self, Debug, Write};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use tracing::field::{Field, Visit};
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormatFields};
use tracing_subscriber::registry::LookupSpan;

const AGAIN: Duration = Duration::from_secs(60);
/// So many are remembered; then all are forgotten, which costs some lines.
const MOST: usize = 1024;

/// Another format, which is not asked for what was just written. As a filter it could not be: one that decides by an event's
/// fields leaves the library's filters in disorder.
pub(super) struct NoRepeats<F> {
    format: F,
    written: Written,
}

impl<F> NoRepeats<F> {
    pub(super) fn of(format: F) -> Self {
        Self { format, written: Written::default() }
    }
}

/// What was written, and when.
#[derive(Default)]
struct Written(Mutex<HashMap<String, Instant>>);

impl Written {
    /// Whether these words are to be written now.
    fn is_news(&self, said: String, now: Instant) -> bool {
        let mut written = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if written.get(&said).is_some_and(|at| now.saturating_duration_since(*at) < AGAIN) {
            return false;
        }
        if written.len() >= MOST {
            written.clear();
        }
        written.insert(said, now);
        true
    }
}

impl<S, N, F> FormatEvent<S, N> for NoRepeats<F>
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
    F: FormatEvent<S, N>,
{
    fn format_event(&self, context: &FmtContext<'_, S, N>, writer: Writer<'_>, event: &Event<'_>) -> fmt::Result {
        if *event.metadata().level() == Level::WARN {
            let mut said = Said(event.metadata().target().to_owned());
            event.record(&mut said);
            if !self.written.is_news(said.0, Instant::now()) {
                return Ok(());
            }
        }
        self.format.format_event(context, writer, event)
    }
}

/// All that an event says, as text.
struct Said(String);

impl Visit for Said {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        // Writing to a text cannot fail.
        let _ = write!(self.0, " {}={value:?}", field.name());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_words_are_written_once_a_minute_and_others_at_once() {
        let (written, start) = (Written::default(), Instant::now());
        let at = |seconds, said: &str| written.is_news(said.to_owned(), start + Duration::from_secs(seconds));
        assert_eq!([at(0, "jobs wait"), at(1, "jobs wait"), at(60, "jobs wait")], [true, false, true]);
        assert!(at(1, "roll-ups wait"));
        assert!((0..2 * MOST).all(|number| at(2, &number.to_string())), "what is forgotten is written");
        assert!(written.0.lock().expect("a map").len() <= MOST);
    }
}
