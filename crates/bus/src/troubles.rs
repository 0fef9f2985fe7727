//! What is wrong with the bus, remembered for its health and told in the log: the client library keeps it to itself.
//!
//! Three things can be wrong: there is no connection (the library's events say why), JetStream does not have our stream as
//! we need it, or it does not take our messages. The log has the beginning and the end of each, not every try.

use std::error::Error;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use async_nats::{ClientError, Event, ServerError};
use domain::outages::Outage;

const LOGIN: &str = "NATS refuses the login; check the user, password or token in NATS_URL, or NATS_CREDS_FILE";
const HOST: &str = "the host of NATS_URL is not known; check its name";
const TLS: &str = "NATS and we do not agree on TLS; check nats:// or tls:// in NATS_URL and the server's certificate";
const SLOW: &str = "NATS does not answer in time; check NATS_URL, the server and the network between";
const NOBODY: &str = "nobody answers at NATS_URL; check it, and that nats-server runs";
const GONE: &str = "the connection to NATS is lost";

/// Shared by all clones of a bus.
#[derive(Clone, Default)]
pub(crate) struct Troubles(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    connection: Option<&'static str>,
    told: Outage,
    stream: Refusal,
    publishing: Refusal,
}

/// What JetStream refuses.
#[derive(Default)]
struct Refusal {
    now: Option<String>,
    told: Outage,
}

impl Refusal {
    /// Takes how the last try ended: whether that is to be told.
    fn note(&mut self, failed: Option<&(dyn Error + 'static)>) -> bool {
        self.now = failed.map(ToString::to_string);
        match &self.now {
            Some(why) => self.told.goes_on(why, Instant::now()),
            None => self.told.is_over(),
        }
    }
}

impl Troubles {
    /// Why there is no connection, when it is known.
    pub(crate) fn of_connection(&self) -> Option<&'static str> {
        self.with(|state| state.connection)
    }

    /// Why nothing can be published, though there is a connection.
    pub(crate) fn of_stream(&self) -> Option<String> {
        self.with(|state| state.stream.now.clone().or_else(|| state.publishing.now.clone()))
    }

    /// Takes what the library says of the connection.
    pub(crate) fn note(&self, event: &Event) {
        match event {
            Event::Connected => self.connected(),
            Event::Disconnected => self.disconnected(GONE),
            Event::ServerError(ServerError::AuthorizationViolation) => self.disconnected(LOGIN),
            Event::ClientError(ClientError::Other(text)) => self.disconnected(reason(text)),
            _ => {}
        }
    }

    fn connected(&self) {
        let over = self.with(|state| {
            state.connection = None;
            state.told.is_over()
        });
        if over {
            tracing::info!("NATS is connected again");
        }
    }

    fn disconnected(&self, why: &'static str) {
        let news = self.with(|state| {
            // That it is gone says less than why it does not come back.
            if why != GONE || state.connection.is_none() {
                state.connection = Some(why);
            }
            state.told.goes_on(why, Instant::now())
        });
        if news {
            tracing::warn!(why, "NATS is not connected; it is tried again in the background");
        }
    }

    /// Takes how the last request about the stream ended.
    pub(crate) fn note_stream(&self, failed: Option<&(dyn Error + 'static)>) {
        let news = self.with(|state| state.stream.note(failed));
        match failed {
            Some(error) if news => tracing::warn!(error, "the stream cannot be used; what is committed waits for it"),
            None if news => tracing::info!("the stream can be used again"),
            _ => {}
        }
    }

    /// Takes how the last message was answered.
    pub(crate) fn note_answer(&self, failed: Option<&(dyn Error + 'static)>) {
        let news = self.with(|state| state.publishing.note(failed));
        match failed {
            Some(error) if news => tracing::warn!(error, "nothing can be published; what is committed waits for it"),
            None if news => tracing::info!("what is committed is published again"),
            _ => {}
        }
    }

    fn with<T>(&self, look: impl FnOnce(&mut State) -> T) -> T {
        look(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// The library tells a failed try only as text.
fn reason(text: &str) -> &'static str {
    let known = [("authorization", LOGIN), ("signing nonce", LOGIN), ("DNS", HOST), ("TLS", TLS), ("timed out", SLOW)];
    known.into_iter().find(|(part, _)| text.contains(part)).map_or(NOBODY, |(_, reason)| reason)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tried(text: &str) -> Event {
        Event::ClientError(ClientError::Other(text.to_owned()))
    }

    #[test]
    fn a_failed_try_is_told_as_what_mends_it() {
        for (text, expected) in [
            ("authorization violation", LOGIN),
            ("failed signing nonce", LOGIN),
            ("DNS error: failed to lookup address information", HOST),
            ("TLS error", TLS),
            ("timed out", SLOW),
            ("IO error: Connection refused (os error 111)", NOBODY),
        ] {
            let troubles = Troubles::default();
            troubles.note(&tried(text));
            assert_eq!(troubles.of_connection(), Some(expected), "{text}");
        }
    }

    #[test]
    fn why_it_does_not_come_back_outlasts_that_it_is_gone() {
        let troubles = Troubles::default();
        troubles.note(&Event::Disconnected);
        assert_eq!(troubles.of_connection(), Some(GONE));
        troubles.note(&tried("authorization violation"));
        troubles.note(&Event::Disconnected);
        assert_eq!(troubles.of_connection(), Some(LOGIN));
        troubles.note(&Event::Connected);
        assert_eq!(troubles.of_connection(), None);
    }
}
