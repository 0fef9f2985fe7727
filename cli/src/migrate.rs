//! `em-agent migrate`: brings the database's schema up to this version.

use chrono::Utc;
use clap::Args;

use crate::failure::Failure;
use crate::settings;

/// Apply the migrations that the database does not have yet
///
/// Also makes the tables of the coming days. Only one process migrates at a time. What was applied is printed, a
/// line each.
#[derive(Args)]
#[command(after_help = "Example:\n  DATABASE_URL=postgresql://… em-agent migrate --wait")]
pub(crate) struct Migrate {
    /// Wait for another process that is migrating, instead of failing
    #[arg(long)]
    wait: bool,
}

impl Migrate {
    pub(crate) async fn run(self) -> Result<(), Failure> {
        let url = settings::database_url(&settings::load_for_tool()?)?;
        let applied =
            tokio::task::spawn_blocking(move || store::migrate::prepare(&url, self.wait, Utc::now())).await??;
        if applied.is_empty() {
            eprintln!("em-agent: the schema is up to date");
        }
        applied.iter().for_each(|version| println!("{version}"));
        Ok(())
    }
}
