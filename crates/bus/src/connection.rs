//! One connection that never gives up: it may begin while the server is down and comes back after every outage.

use std::path::PathBuf;
use std::time::Duration;

use async_nats::connection::State;
use async_nats::jetstream::{self, context::ContextBuilder};
use async_nats::{Client, ConnectOptions, ServerAddr};
use percent_encoding::percent_decode_str;

use crate::BusError;
use crate::troubles::Troubles;

/// How long [`Bus::connect`] waits for the server's version before it leaves the rest to the background.
const FIRST_LOOK: Duration = Duration::from_secs(2);
/// How long an acknowledgement or an answer of JetStream may take.
pub(crate) const ANSWER: Duration = Duration::from_secs(5);
/// Acknowledgements that may be outstanding; publishing waits beyond that.
const ACKS_IN_FLIGHT: usize = 8192;

/// How to reach the bus, and what is ours on it.
#[derive(Clone)]
pub struct BusOptions {
    /// `nats://user:password@host:4222` or `tls://…`, several with commas between them. One that holds no password but a name
    /// shows it as a token. Never printed.
    pub url: String,
    pub creds_file: Option<PathBuf>,
    pub stream: String,
    pub subject_prefix: String,
}

/// The connection with the names that are ours. Cheap to clone.
#[derive(Clone)]
pub struct Bus {
    pub(crate) client: Client,
    pub(crate) jetstream: jetstream::Context,
    pub(crate) stream: String,
    pub(crate) prefix: String,
    pub(crate) troubles: Troubles,
}

/// Whether the bus can be used now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BusHealth {
    pub ok: bool,
    /// For people: the server's version, or what is wrong.
    pub details: String,
}

impl Bus {
    /// Connects. Returns also while the server is down: it is tried again in the background for good. Fails on options
    /// that can never work and on a server that is too old.
    pub async fn connect(options: &BusOptions) -> Result<Self, BusError> {
        let addresses: Vec<ServerAddr> =
            options.url.split(',').map(|one| one.trim().parse()).collect::<Result<_, _>>().map_err(BusError::Url)?;
        let troubles = Troubles::default();
        let noted = troubles.clone();
        let mut connect = with_login(ConnectOptions::new(), &addresses)
            .name("em-agent")
            .event_callback(move |event| {
                noted.note(&event);
                async {}
            })
            .retry_on_initial_connect()
            .connection_timeout(ANSWER)
            .ping_interval(Duration::from_secs(10))
            .reconnect_delay_callback(|attempt| Duration::from_millis(100 << attempt.min(5)));
        if let Some(file) = &options.creds_file {
            let unreadable = |source| BusError::Credentials { path: file.clone(), source };
            connect = connect.credentials_file(file).await.map_err(unreadable)?;
        }
        let client = connect.connect(addresses).await.map_err(|error| BusError::Connect(Box::new(error)))?;
        let jetstream = ContextBuilder::new()
            .timeout(ANSWER)
            .ack_timeout(ANSWER)
            .max_ack_inflight(ACKS_IN_FLIGHT)
            .build(client.clone());
        let (stream, prefix) = (options.stream.clone(), options.subject_prefix.clone());
        let bus = Self { client, jetstream, stream, prefix, troubles };
        // What keeps it away is told when the first try has failed, which may be later.
        if let Ok(looked) = tokio::time::timeout(FIRST_LOOK, bus.first_look()).await {
            looked?;
        }
        Ok(bus)
    }

    async fn first_look(&self) -> Result<(), BusError> {
        loop {
            match self.usable() {
                Err(BusError::Disconnected) => tokio::time::sleep(Duration::from_millis(5)).await,
                usable => return usable,
            }
        }
    }

    /// Whether there is a connection to a server that is new enough.
    pub(crate) fn usable(&self) -> Result<(), BusError> {
        if self.client.connection_state() != State::Connected {
            return Err(BusError::Disconnected);
        }
        let info = self.client.try_server_info().ok_or(BusError::Disconnected)?;
        if new_enough(&info.version) { Ok(()) } else { Err(BusError::TooOld(info.version)) }
    }

    /// Whether it is worth trying: there is a connection, whatever the last try came to.
    pub fn is_connected(&self) -> bool {
        self.usable().is_ok()
    }

    /// The stream's name, `NATS_STREAM`.
    pub fn stream_name(&self) -> &str {
        &self.stream
    }

    /// Whether the bus can be used now.
    pub fn health(&self) -> BusHealth {
        let wrong = match self.usable() {
            Ok(()) => self.troubles.of_stream(),
            Err(BusError::Disconnected) => {
                let why = self.troubles.of_connection().map(|why| format!(": {why}")).unwrap_or_default();
                Some(format!("{}{why}", BusError::Disconnected))
            }
            Err(error) => Some(error.to_string()),
        };
        match wrong {
            None => BusHealth { ok: true, details: format!("nats-server {}", self.client.server_info().version) },
            Some(details) => BusHealth { ok: false, details },
        }
    }
}

/// The client takes what stands before the `@` for a part of the address and shows it to nobody. All servers of one bus know the
/// same logins: the first one counts.
fn with_login(options: ConnectOptions, addresses: &[ServerAddr]) -> ConnectOptions {
    let decoded = |text: &str| percent_decode_str(text).decode_utf8_lossy().into_owned();
    let login = addresses.iter().find_map(|address| Some((address.username()?, address.password())));
    match login {
        Some((user, Some(password))) => options.user_and_password(decoded(user), decoded(password)),
        Some((token, None)) => options.token(decoded(token)),
        None => options,
    }
}

/// 2.10 or newer. A version that cannot be read is taken for a development build, which is new.
fn new_enough(version: &str) -> bool {
    let mut numbers = version.trim_start_matches('v').split('.').map(|part| part.parse::<u32>().ok());
    match (numbers.next().flatten(), numbers.next().flatten()) {
        (Some(major), Some(minor)) => (major, minor) >= (2, 10),
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use super::new_enough;

    #[test]
    fn servers_before_2_10_are_too_old() {
        for (version, expected) in [
            ("2.9.10", false),
            ("1.99.0", false),
            ("2.10.0", true),
            ("2.15.1", true),
            ("3.0.0-rc.1", true),
            ("dev", true),
        ] {
            assert_eq!(new_enough(version), expected, "{version}");
        }
    }
}
