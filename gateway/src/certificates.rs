//! Certificates that verified deliveries ask for: fetched once, kept for a day; failures are remembered for half a
//! minute, so that a flood of forged deliveries costs nobody a flood of requests.
//!
//! Which URLs may be asked for is decided in `integrations`, before any of this.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use integrations::Fetched;
use outbound::{Outbound, OutboundError, Request};
use tokio::sync::OnceCell;

const TIMEOUT: Duration = Duration::from_secs(2);
const MOST_BYTES: usize = 16 << 10;
const GOOD_FOR: Duration = Duration::from_secs(24 * 3600);
const BAD_FOR: Duration = Duration::from_secs(30);
/// More URLs than Amazon has regions and certificates in use.
const MOST_URLS: usize = 256;

/// The bytes, or nothing for a fetch that failed.
type Cell = Arc<OnceCell<Option<Fetched>>>;

/// What was fetched lately. Equal requests at the same time are one.
pub(crate) struct Certificates {
    outbound: Outbound,
    cells: Mutex<HashMap<String, (Instant, Cell)>>,
}

impl Certificates {
    pub(crate) fn new() -> Result<Self, OutboundError> {
        Ok(Self { outbound: Outbound::new(TIMEOUT, MOST_BYTES)?, cells: Mutex::default() })
    }

    /// What the URL gives; `None` when it cannot be had now.
    pub(crate) async fn get(&self, url: &str) -> Option<Fetched> {
        let cell = self.cell(url);
        cell.get_or_init(|| self.fetch(url)).await.clone()
    }

    /// Asks a URL of the vendor's own for its effect. Whether it was answered with success.
    pub(crate) async fn call(&self, url: &str) -> bool {
        let answered = self.outbound.send(Request::get(url)).await;
        answered.is_ok_and(|answer| answer.status.is_success())
    }

    fn cell(&self, url: &str) -> Cell {
        let mut cells = self.cells.lock().unwrap_or_else(PoisonError::into_inner);
        let now = Instant::now();
        let good_for = |cell: &Cell| if matches!(cell.get(), Some(None)) { BAD_FOR } else { GOOD_FOR };
        cells.retain(|_, (made, cell)| now.duration_since(*made) < good_for(cell));
        if cells.len() >= MOST_URLS && !cells.contains_key(url) {
            cells.clear();
        }
        cells.entry(url.to_owned()).or_insert_with(|| (now, Cell::default())).1.clone()
    }

    async fn fetch(&self, url: &str) -> Option<Fetched> {
        match self.outbound.send(Request::get(url)).await {
            Ok(answer) if answer.status.is_success() && is_certificate(&answer.body) => {
                Some(Fetched { url: url.to_owned(), bytes: answer.body })
            }
            Ok(answer) => {
                tracing::warn!(url, status = %answer.status, "a signing certificate cannot be had: this is none");
                None
            }
            Err(error) => {
                tracing::warn!(url, error = &error as &dyn std::error::Error, "a signing certificate cannot be had");
                None
            }
        }
    }
}

/// Whether bytes are meant to be a certificate, PEM or DER. What a proxy on the way says instead must not be kept as
/// one: every message would be refused for a day.
fn is_certificate(bytes: &[u8]) -> bool {
    const SEQUENCE: u8 = 0x30;
    bytes.trim_ascii_start().starts_with(b"-----BEGIN CERTIFICATE-----") || bytes.first() == Some(&SEQUENCE)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_failure_is_remembered_and_the_memory_is_bounded() {
        let certificates = Certificates::new().expect("a client");
        // Nothing listens on port 9 of this machine.
        let url = "http://127.0.0.1:9/SimpleNotificationService-0.pem";
        assert_eq!(certificates.get(url).await, None);
        assert!(matches!(certificates.cell(url).get(), Some(None)));
        for number in 0..=MOST_URLS {
            certificates.cell(&format!("{url}?{number}"));
        }
        assert!(certificates.cells.lock().expect("a lock").len() <= MOST_URLS);
        assert!(!certificates.call(url).await);
    }

    #[test]
    fn what_a_proxy_says_is_no_certificate() {
        assert!(is_certificate(b"-----BEGIN CERTIFICATE-----\nMIIB") && is_certificate(&[0x30, 0x82]));
        assert!(!is_certificate(b"<html>Sign in</html>") && !is_certificate(b""));
    }
}
