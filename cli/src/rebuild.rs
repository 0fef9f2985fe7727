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
    /// Commits, changes, deployments and incidents, and the facts that the DORA metrics are counted from
    Dora,
}

impl Rebuild {
    pub(crate) async fn run(self) -> Result<(), Failure> {
        let settings = settings::load_for_tool()?;
        let store = connections::store(&settings, &settings::database_url(&settings)?, Role::App)?;
        let Derived::Dora = self.what.unwrap_or(Derived::Dora);
        let events = ::worker::rebuild::entities(&store).await?;
        eprintln!("em-agent: the derived tables are rebuilt from {events} events");
        let facts = ::worker::rebuild::facts(&store, settings.incident_window).await?;
        for (of, error) in &facts.failed {
            eprintln!("em-agent: the service {} of {} cannot be reckoned: {error}", of.service, of.tenant);
        }
        eprintln!(
            "em-agent: the facts of {} services are reckoned, {} were not right",
            facts.services, facts.facts_changed
        );
        ::worker::rebuild::rollups(&store).await?;
        if facts.failed.is_empty() { Ok(()) } else { Err(Failure::Told) }
    }
}
