//! Reads the settings for a command and says what looks like a typing mistake.

use boot::plugins::Folder;
use boot::settings::{self, Env};
use boot::{Settings, environment};
use policies::{Policies, PolicyError};
use secrecy::ExposeSecret;

use crate::failure::Failure;

/// For what serves: production unless `ENV` or the command says otherwise.
pub(crate) fn load(default_env: Env) -> Result<Settings, Failure> {
    let variables = environment::variables();
    // Plugins are sources as well: their settings are known by their names.
    let mut plugins = Folder::new(settings::plugins_dir(&variables));
    plugins.look();
    let built_in = integrations::ALL.iter().map(|integration| integration.name);
    let sources: Vec<&str> = built_in.chain(plugins.plugins().iter().map(|plugin| plugin.name)).collect();
    let (settings, warnings) = Settings::read(&variables, &sources, default_env).map_err(Failure::Settings)?;
    warnings.iter().for_each(|warning| eprintln!("em-agent: {warning}"));
    Ok(settings)
}

/// For tools that serve nobody, which need not be as strict when `ENV` is not set.
pub(crate) fn load_for_tool() -> Result<Settings, Failure> {
    load(Env::Development)
}

/// The documents that settings name, for who goes by them: one that cannot be used is a bad setting.
pub(crate) fn documents(settings: &Settings) -> Result<(), Failure> {
    match Policies::read(settings) {
        Err(PolicyError::Document(error)) => Err(Failure::Usage(format!("{:#}", anyhow::Error::from(error)))),
        read => Ok(read.map(drop)?),
    }
}

pub(crate) fn database_url(settings: &Settings) -> Result<String, Failure> {
    let url = settings.database_url.as_ref().map(|url| url.expose_secret().to_owned());
    url.ok_or_else(|| Failure::needs("DATABASE_URL", "postgresql://user:password@host/database"))
}

pub(crate) fn nats_url(settings: &Settings) -> Result<String, Failure> {
    let url = settings.nats.url.as_ref().map(|url| url.expose_secret().to_owned());
    url.ok_or_else(|| Failure::needs("NATS_URL", "nats://host:4222"))
}
