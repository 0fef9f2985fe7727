//! What can go wrong with the bus.

use std::error::Error;
use std::path::PathBuf;

type Cause = Box<dyn Error + Send + Sync>;

/// A failure of the bus. The message speaks for this layer; the cause is the source.
#[derive(Debug, thiserror::Error)]
pub enum BusError {
    /// The address cannot be read. It may hold a password: it is not repeated.
    #[error("NATS_URL cannot be read; it looks like nats://host:4222 or tls://host:4222")]
    Url(#[source] std::io::Error),
    #[error("NATS_CREDS_FILE: {} cannot be read; name a file of credentials that this process may read", path.display())]
    Credentials {
        path: PathBuf,
        #[source]
        source: std::io::Error,
    },
    #[error("NATS cannot be connected to; check NATS_URL and NATS_CREDS_FILE")]
    Connect(#[source] Cause),
    #[error("nats-server {0} is too old: 2.10 or newer is needed, older ones silently ignore consumer settings")]
    TooOld(String),
    /// No connection at this moment; it is tried again in the background.
    #[error("NATS is not connected; it is tried again in the background")]
    Disconnected,
    #[error("the message could not be sent to NATS")]
    Send(#[source] Cause),
    #[error("JetStream did not take the message; look for a full disk or the limits of the stream and the account")]
    NotAcknowledged(#[source] Cause),
    /// No server setting of ours helps: the message is larger than the server's `max_payload`.
    #[error("the event is larger than the server's max_payload; raise max_payload of nats-server")]
    TooLarge(#[source] Cause),
    #[error("the stream is missing")]
    NoStream,
    #[error("the stream {stream} cannot be used: {why}; change it, or set NATS_STREAM to another name")]
    Unusable { stream: String, why: String },
    #[error("JetStream refused a request about the stream; check that it is enabled for this account")]
    Stream(#[source] Cause),
    #[error("JetStream refused a request about the consumer {consumer}")]
    Consumer {
        consumer: String,
        #[source]
        source: Cause,
    },
    #[error("the message is not one of ours: {0}")]
    Foreign(String),
}

impl BusError {
    /// Whether a setting is wrong, whatever the server is.
    pub fn is_setting(&self) -> bool {
        matches!(self, Self::Url(_) | Self::Credentials { .. })
    }

    /// Whether waiting may help, without anybody changing a setting or the data.
    pub fn is_transient(&self) -> bool {
        !matches!(
            self,
            Self::Url(_)
                | Self::Credentials { .. }
                | Self::TooOld(_)
                | Self::TooLarge(_)
                | Self::Unusable { .. }
                | Self::Foreign(_)
        )
    }
}
