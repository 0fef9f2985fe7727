//! `em-agent send`: one sample delivery, signed as its source signs.

use std::io::Read;
use std::path::PathBuf;

use boot::Settings;
use chrono::Utc;
use clap::Args;
use integrations::Integration;
use outbound::{Answer, Outbound, Request};
use secrecy::{ExposeSecret, SecretString};
use uuid::Uuid;

use crate::failure::Failure;
use crate::{client, demo, settings};

/// Send a sample delivery, really signed
///
/// The secret is <SOURCE>_WEBHOOK_SECRET, or the one that `em-agent up --demo` made under DATA_DIR; without either
/// the delivery is sent unsigned. Prints the gateway's answer.
#[derive(Args)]
#[command(
    after_help = "Examples:\n  em-agent send github push\n  em-agent send github deployment_status --file body.json --to http://localhost:8000"
)]
pub(crate) struct Send {
    /// The integration, as in /webhooks/<source>
    source: String,
    /// The kind of delivery, as the source names it
    kind: String,
    /// Send these bytes instead of the sample; '-' reads standard input
    #[arg(long)]
    file: Option<PathBuf>,
    /// The gateway's URL; HOST and PORT when left out
    #[arg(long)]
    to: Option<String>,
    /// How many, each with a key of its own
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    count: u32,
}

impl Send {
    pub(crate) async fn run(self) -> Result<(), Failure> {
        let settings = settings::load_for_tool()?;
        let integration = source(&self.source)?;
        let base_url = match &self.to {
            Some(url) => client::named_url("--to", url)?,
            None => client::local_url(&settings),
        };
        let sender = Sender::new(base_url)?;
        let secret = secret(&settings, integration.name);
        if secret.is_none() {
            eprintln!("em-agent: there is no secret for {}: sent unsigned", integration.name);
        }
        let body = match &self.file {
            Some(path) => read(path)?,
            None => sample(integration, &self.kind)?,
        };
        // A sample may be named by kind and action; the kind alone is what the source sends.
        let kind = self.kind.split('.').next().unwrap_or_default();
        for _ in 0..self.count {
            let key = Uuid::now_v7().to_string();
            let answer = sender.deliver(integration, kind, &key, body.clone(), secret.as_ref()).await?;
            if !answer.status.is_success() {
                eprintln!("em-agent: refused ({}): {}", answer.status, answer.text());
                return Err(Failure::Told);
            }
            println!("{}", answer.text());
        }
        Ok(())
    }
}

/// Posts deliveries to one gateway.
pub(crate) struct Sender {
    outbound: Outbound,
    base_url: String,
}

impl Sender {
    pub(crate) fn new(base_url: String) -> Result<Self, Failure> {
        Ok(Self { outbound: client::outbound()?, base_url: base_url.trim_end_matches('/').to_owned() })
    }

    /// Posts a delivery with the headers that its source sends.
    pub(crate) async fn deliver(
        &self,
        integration: &Integration,
        kind: &str,
        key: &str,
        body: Vec<u8>,
        secret: Option<&SecretString>,
    ) -> Result<Answer, Failure> {
        let bytes = secret.map_or(&[][..], |secret| secret.expose_secret().as_bytes());
        let signed = integrations::sign(integration, kind, key, &body, bytes, Utc::now());
        let mut headers: Vec<(String, String)> =
            signed.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
        if secret.is_none() {
            headers.retain(|(name, _)| !name.to_ascii_lowercase().contains("signature"));
        }
        if !headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("content-type")) {
            headers.push(("content-type".to_owned(), "application/json".to_owned()));
        }
        let url = format!("{}/webhooks/{}", self.base_url, integration.name);
        Ok(self.outbound.send(Request::post(url, headers, body)).await?)
    }
}

/// The secret that the gateway of these settings would accept.
fn secret(settings: &Settings, source: &str) -> Option<SecretString> {
    let set = settings.sources.secrets(source).first().cloned();
    set.or_else(|| demo::read_secrets(&settings.data_dir).remove(source))
}

fn read(path: &PathBuf) -> Result<Vec<u8>, Failure> {
    let mut bytes = Vec::new();
    let done = if path.as_os_str() == "-" {
        std::io::stdin().read_to_end(&mut bytes).map(drop)
    } else {
        std::fs::read(path).map(|read| bytes = read)
    };
    done.map_err(|error| Failure::Usage(format!("{}: {error}", path.display())))?;
    Ok(bytes)
}

/// The source of that name; a name that is none is told which there are.
pub(crate) fn source(name: &str) -> Result<&'static Integration, Failure> {
    integrations::find(name).ok_or_else(|| {
        let known: Vec<&str> = integrations::ALL.iter().map(|integration| integration.name).collect();
        Failure::Usage(format!("there is no source '{name}'; there are {}", known.join(", ")))
    })
}

fn sample(integration: &Integration, kind: &str) -> Result<Vec<u8>, Failure> {
    let found = integration.samples.iter().find(|(name, _)| *name == kind);
    found.map(|(_, body)| body.to_vec()).ok_or_else(|| {
        let known: Vec<&str> = integration.samples.iter().map(|(name, _)| *name).collect();
        let known = known.join(", ");
        Failure::Usage(format!(
            "there is no sample of '{kind}', give a body with --file; samples of {}: {known}",
            integration.name
        ))
    })
}
