//! `em-agent rebuild`: makes the derived tables again from the event log.

use clap::Args;
use store::Role;

use crate::failure::Failure;
use crate::{connections, settings};

/// Make the derived tables again from the event log; the result is what was there
#[derive(Args)]
#[command(after_help = "Example:\n  em-agent rebuild")]
pub(crate) struct Rebuild {}

impl Rebuild {
    pub(crate) async fn run(self) -> Result<(), Failure> {
        let settings = settings::load_for_tool()?;
        let store = connections::store(&settings, &settings::database_url(&settings)?, Role::App)?;
        let events = ::worker::rebuild::entities(&store).await?;
        eprintln!("em-agent: the derived tables are rebuilt from {events} events");
        Ok(())
    }
}
