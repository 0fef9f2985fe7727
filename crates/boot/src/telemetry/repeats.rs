//! A warning that says the same again and again is written once a minute: while a server is away, every task of a worker
//! finds out by itself and waits.
//!
//! Only warnings: errors and what people did are each written. Two are the same when all their fields are.

use std::collections::HashMap;
use std::fmt::{Debug, Write};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use tracing::field::{Field, Visit};
use tracing::subscriber::Interest;
use tracing::{Event, Level, Metadata, Subscriber};
use tracing_subscriber::filter::LevelFilter;
use tracing_subscriber::layer::{Context, Filter};

const AGAIN: Duration = Duration::from_secs(60);
/// So many are remembered; then all are forgotten, which costs some lines.
const MOST: usize = 1024;

/// The filter. Remembers what was written.
#[derive(Default)]
pub(super) struct NoRepeats(Mutex<HashMap<String, Instant>>);

impl NoRepeats {
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

impl<S: Subscriber> Filter<S> for NoRepeats {
    fn enabled(&self, _: &Metadata<'_>, _: &Context<'_, S>) -> bool {
        true
    }

    fn callsite_enabled(&self, _: &'static Metadata<'static>) -> Interest {
        Interest::always()
    }

    fn max_level_hint(&self) -> Option<LevelFilter> {
        Some(LevelFilter::TRACE)
    }

    fn event_enabled(&self, event: &Event<'_>, _: &Context<'_, S>) -> bool {
        if *event.metadata().level() != Level::WARN {
            return true;
        }
        let mut said = Said(event.metadata().target().to_owned());
        event.record(&mut said);
        self.is_news(said.0, Instant::now())
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
        let (filter, start) = (NoRepeats::default(), Instant::now());
        let at = |seconds, said: &str| filter.is_news(said.to_owned(), start + Duration::from_secs(seconds));
        assert_eq!([at(0, "jobs wait"), at(1, "jobs wait"), at(60, "jobs wait")], [true, false, true]);
        assert!(at(1, "roll-ups wait"));
        assert!((0..2 * MOST).all(|number| at(2, &number.to_string())), "what is forgotten is written");
        assert!(filter.0.lock().expect("a map").len() <= MOST);
    }
}
