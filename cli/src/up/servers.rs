//! The private servers of one `up`: those whose URLs are not set.

use std::time::Duration;

use boot::Settings;
use boot::private::{Nats, NatsPlan, Postgres, PostgresPlan};
use boot::stop;
use secrecy::SecretString;

use crate::failure::Failure;

/// How often it is looked whether they still run.
const GLANCE: Duration = Duration::from_millis(500);

pub(super) struct Servers {
    postgres: Option<Postgres>,
    nats: Option<Nats>,
}

impl Servers {
    /// Starts what is needed and puts its URL into the settings.
    pub(super) async fn start(settings: &mut Settings) -> Result<Self, Failure> {
        let mut servers = Self { postgres: None, nats: None };
        if settings.database_url.is_none() {
            let postgres = Postgres::start(&PostgresPlan::of(settings)).await?;
            settings.database_url = Some(SecretString::from(postgres.url()));
            servers.postgres = Some(postgres);
        }
        if settings.nats.url.is_none() {
            let nats = match Nats::start(&NatsPlan::of(settings)).await {
                Ok(nats) => nats,
                Err(error) => {
                    servers.stop().await;
                    return Err(error.into());
                }
            };
            tracing::info!(NATS_URL = nats.url(), "the private NATS runs");
            settings.nats.url = Some(SecretString::from(nats.url()));
            servers.nats = Some(nats);
        }
        Ok(servers)
    }

    pub(super) fn own_database(&self) -> bool {
        self.postgres.is_some()
    }

    /// Returns the name of the first server that ends by itself.
    pub(super) async fn one_ended(&mut self) -> &'static str {
        loop {
            if self.postgres.as_mut().is_some_and(|server| !server.is_running()) {
                return "PostgreSQL";
            }
            if self.nats.as_mut().is_some_and(|server| !server.is_running()) {
                return "NATS";
            }
            tokio::time::sleep(GLANCE).await;
        }
    }

    /// Stops both at the same time.
    pub(super) async fn stop(self) {
        let postgres = async {
            match self.postgres {
                Some(postgres) => postgres.stop(stop::SERVERS).await,
                None => true,
            }
        };
        let nats = async {
            match self.nats {
                Some(nats) => nats.stop(stop::SERVERS).await,
                None => true,
            }
        };
        if tokio::join!(postgres, nats) != (true, true) {
            tracing::warn!("a private server had to be forced to stop; it recovers at the next start");
        }
    }
}
