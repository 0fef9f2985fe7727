//! `em-agent rebuild`: makes the derived tables again from the event log.

use clap::{Args, ValueEnum};
use store::Role;

use crate::failure::Failure;
use crate::{connections, settings};

/// Make the derived tables again from the event log; the result is what was there
#[derive(Args)]
#[command(after_help = "Examples:\n  em-agent rebuild\n  em-agent rebuild dora")]
pub(crate) struct Rebuild {
    /// What to rebuild; everything when left out
    what: Option<Derived>,
}

/// What is derived from the events.
#[derive(Clone, Copy, ValueEnum)]
enum Derived {
    /// Commits, changes and deployments: what the DORA metrics are counted from
    Dora,
}

impl Rebuild {
    pub(crate) async fn run(self) -> Result<(), Failure> {
        let settings = settings::load_for_tool()?;
        let store = connections::store(&settings, &settings::database_url(&settings)?, Role::App)?;
        let Derived::Dora = self.what.unwrap_or(Derived::Dora);
        let events = ::worker::rebuild::entities(&store).await?;
        eprintln!("em-agent: the derived tables are rebuilt from {events} events");
        Ok(())
    }
}
