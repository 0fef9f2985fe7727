//! What an installation may set, read once at start.
//!
//! In order: [`table`] lists every setting; [`reader`] takes one value each from the environment or from the file that
//! its `_FILE` twin names and collects what is wrong; this file puts the values together; [`refuse`] says what
//! production may not have; [`unknown`] warns about names that look like ours. Nothing here fails half way: a start
//! is told everything that is wrong with its settings at once.

mod actions;
mod addresses;
mod ask;
mod former;
mod knowledge;
mod models;
mod opa;
mod reader;
mod refuse;
mod sections;
mod slack;
mod sources;
mod table;
mod unknown;
mod values;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use domain::rules::Rules;
use secrecy::SecretString;

use crate::environment::{self, Variables};
use reader::Reader;

pub use actions::{ActionSettings, GitHubApp};
pub use ask::{AskSettings, Planner};
pub use knowledge::KnowledgeSettings;
pub use models::{
    Cap, ModelName, ModelSettings, PURPOSES, Period, Price, Provider, ProviderSettings, Unit, Whose, micro_usd, usd,
};
pub use opa::{OpaSettings, Unanswered};
pub use reader::BadSetting;
pub use sections::{
    ApiSettings, AuthSettings, CorsSettings, LimitSettings, LogFormat, LogSettings, NatsSettings, OtelSettings,
};
pub use slack::SlackSettings;
pub use sources::{SourceSettings, Unsigned, plugins_dir, secret_name};
pub use table::{SETTINGS, Setting};
pub use unknown::Warning;

/// Whether this installation is for trying out or for real.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Env {
    Development,
    Production,
}

impl Env {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Development => "development",
            Self::Production => "production",
        }
    }

    pub fn is_production(self) -> bool {
        self == Self::Production
    }
}

/// Every setting, checked. Secrets are never part of the `Debug` text.
#[derive(Clone, Debug)]
pub struct Settings {
    pub env: Env,
    pub app_name: String,
    /// As libpq takes it. `None`: `em-agent up` starts a private server.
    pub database_url: Option<SecretString>,
    pub nats: NatsSettings,
    pub data_dir: PathBuf,
    pub host: String,
    /// 0 takes a free port.
    pub port: u16,
    /// Without a slash at its end.
    pub public_url: String,
    pub log: LogSettings,
    pub db_pool_size: u32,
    pub db_pool_timeout: Duration,
    pub cors: CorsSettings,
    pub auth: AuthSettings,
    pub limits: LimitSettings,
    pub sources: SourceSettings,
    pub rules: Rules,
    pub apis: ApiSettings,
    pub actions: ActionSettings,
    pub slack: SlackSettings,
    pub ask: AskSettings,
    pub knowledge: KnowledgeSettings,
    pub models: ModelSettings,
    /// None: the policy that is shipped.
    pub policy_path: Option<PathBuf>,
    /// None: the policy's document decides.
    pub opa: Option<OpaSettings>,
    /// None: the rules for signals that are shipped.
    pub rules_path: Option<PathBuf>,
    /// From one look at the signals to the next.
    pub signals_interval: Duration,
    /// How long after a deployment an incident is put down to it, where the catalog does not say; zero is off.
    pub incident_window: Duration,
    /// 0 keeps raw deliveries for ever.
    pub retention_days: u32,
    pub metrics_addr: Option<SocketAddr>,
    pub otel: OtelSettings,
    /// The folder of PostgreSQL's programs.
    pub pg_bin: Option<PathBuf>,
    /// The `nats-server` program, or its folder.
    pub nats_bin: Option<PathBuf>,
    /// Where programs are looked for (`PATH`; not a setting of ours).
    pub search_path: Vec<PathBuf>,
}

impl Settings {
    /// Reads the settings of this process.
    pub fn from_process(source_names: &[&str], default_env: Env) -> Result<(Self, Vec<Warning>), Vec<BadSetting>> {
        Self::read(&environment::variables(), source_names, default_env)
    }

    /// Reads settings from `variables`. `source_names` are the integrations that exist; `default_env` is what an
    /// absent `ENV` means. The error lists everything that is wrong, one line each.
    pub fn read(
        variables: &Variables,
        source_names: &[&str],
        default_env: Env,
    ) -> Result<(Self, Vec<Warning>), Vec<BadSetting>> {
        let mut reader = Reader::new(variables);
        let settings = Self::assemble(&mut reader, source_names, default_env);
        let mut bad = reader.into_bad();
        if settings.env.is_production() {
            refuse::production(&settings, &mut bad);
        }
        if bad.is_empty() { Ok((settings, unknown::warnings(variables, source_names))) } else { Err(bad) }
    }

    fn assemble(reader: &mut Reader<'_>, source_names: &[&str], default_env: Env) -> Self {
        let env = reader.parsed("ENV", "development or production", values::env).unwrap_or(default_env);
        let development = env == Env::Development;
        let slack = SlackSettings::read(reader);
        let default_host = if development { "127.0.0.1" } else { "0.0.0.0" };
        Self {
            env,
            app_name: reader.parsed("APP_NAME", "text in one line", values::line).unwrap_or("EM Agent".to_owned()),
            database_url: reader.hidden(
                "DATABASE_URL",
                "postgresql://user:password@host/database, where % / @ : ? and # in a password are %25 %2F %40 %3A %3F and %23",
                addresses::database_url,
            ),
            nats: NatsSettings::read(reader),
            data_dir: reader.text_or("DATA_DIR", ".em-agent").into(),
            host: reader.parsed("HOST", "a host name or an address", addresses::host).unwrap_or(default_host.to_owned()),
            port: reader.number("PORT", 0..=u16::MAX, 8000),
            public_url: reader
                .parsed("PUBLIC_URL", "http://… or https://…", addresses::http_url)
                .unwrap_or("http://localhost:8000".to_owned()),
            log: LogSettings::read(reader, env),
            db_pool_size: reader.number("DB_POOL_SIZE", 1..=1000, 10),
            db_pool_timeout: Duration::from_millis(reader.number("DB_POOL_TIMEOUT_MS", 1..=600_000, 2000)),
            cors: CorsSettings::read(reader),
            auth: AuthSettings::read(reader, env),
            limits: LimitSettings::read(reader),
            sources: SourceSettings::read(reader, source_names, env),
            rules: sources::rules(reader),
            apis: ApiSettings::read(reader),
            actions: ActionSettings::read(reader),
            knowledge: KnowledgeSettings::read(reader),
            models: ModelSettings::read(reader, &slack),
            ask: AskSettings::read(reader),
            slack,
            policy_path: reader.text("POLICY_PATH").map(PathBuf::from),
            opa: OpaSettings::read(reader),
            rules_path: reader.text("RULES_PATH").map(PathBuf::from),
            signals_interval: Duration::from_secs(reader.number("SIGNALS_INTERVAL_SECONDS", 10..=86_400, 300)),
            incident_window: Duration::from_secs(reader.number("DORA_INCIDENT_WINDOW_SECONDS", 0..=31_536_000, 86_400)),
            retention_days: reader.number("RETENTION_DAYS", 0..=36_500, 0),
            metrics_addr: reader.parsed("METRICS_ADDR", "address:port, like 0.0.0.0:9100", addresses::socket_addr),
            otel: OtelSettings::read(reader),
            pg_bin: reader.text("EM_PG_BIN").map(PathBuf::from),
            nats_bin: reader.text("EM_NATS_BIN").map(PathBuf::from),
            search_path: environment::search_path(reader.variables()),
        }
    }
}

#[cfg(test)]
mod tests;
