//! `em-agent slack manifest`: what makes the Slack app of this installation. Nothing is sent anywhere.

use ::slack::manifest::{Wanted, manifest, one_click};
use clap::{Args, Subcommand};
use domain::ids::TenantId;

use crate::failure::Failure;
use crate::settings;

/// The Slack app of this installation
#[derive(Args)]
pub(crate) struct Slack {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    Manifest(Manifest),
}

/// Print the manifest from which Slack makes the app
///
/// It names the addresses of this installation, which are below PUBLIC_URL, the command /em and the scopes that the app
/// needs. docs/SLACK.md says what to do with it.
#[derive(Args)]
#[command(after_help = "Examples:\n  em-agent slack manifest > manifest.json\n  em-agent slack manifest --link")]
struct Manifest {
    /// Print an address that opens Slack with the manifest filled in
    #[arg(long)]
    link: bool,
    /// Let messages, mentions and reactions in the app's channels become events; the app then has to read them
    #[arg(long)]
    listen: bool,
    /// The address under which Slack reaches this installation; PUBLIC_URL when left out
    #[arg(long)]
    url: Option<String>,
    /// Whose events they are
    #[arg(long, default_value = TenantId::DEFAULT)]
    tenant: TenantId,
}

impl Slack {
    pub(crate) fn run(self) -> Result<(), Failure> {
        let Command::Manifest(wanted) = self.command;
        let public_url = match wanted.url {
            Some(url) => url,
            None => settings::load_for_tool()?.public_url,
        };
        let wanted_for = Wanted { public_url: &public_url, tenant: &wanted.tenant, listens: wanted.listen };
        let made = manifest(wanted_for).map_err(|error| Failure::Usage(error.to_string()))?;
        if wanted.link {
            println!("{}", one_click(&made));
        } else {
            println!("{made:#}");
        }
        Ok(())
    }
}
