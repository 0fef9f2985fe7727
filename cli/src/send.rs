//! `em-agent send`: one sample delivery, signed as its source signs.

use std::io::Read;
use std::path::PathBuf;

use boot::Settings;
use chrono::Utc;
use clap::Args;
use integrations::{Integration, Options, Sample, Shipment, Sources};
use outbound::{Answer, Outbound, Request};
use secrecy::{ExposeSecret, SecretString};
use uuid::Uuid;

use crate::failure::Failure;
use crate::{client, demo, plugins, settings};

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
        let (sources, _) = plugins::load(&settings);
        let integration = source(&sources, &self.source)?;
        let base_url = match &self.to {
            Some(url) => client::named_url("--to", url)?,
            None => client::local_url(&settings),
        };
        let sender = Sender::new(&settings, &base_url)?;
        let secret = secret(&settings, integration.name);
        if secret.is_none() {
            eprintln!("em-agent: there is no secret for {}: sent unsigned", integration.name);
        }
        let (letter, body) = match (&self.file, integration.sample(&self.kind)) {
            (Some(path), sample) => (Letter::of(sample, &self.kind), read(path)?),
            (None, Some(sample)) => (Letter::of(Some(sample), &self.kind), sample.body.to_vec()),
            (None, None) => match plugins::example(&settings, integration, &self.kind) {
                Some(body) => (Letter::of(None, &self.kind), body),
                None => return Err(no_sample(integration, &self.kind)),
            },
        };
        for _ in 0..self.count {
            let key = Uuid::now_v7().to_string();
            let answer = sender.deliver(integration, &letter, &key, body.clone(), secret.as_ref()).await?;
            if !answer.status.is_success() {
                eprintln!("em-agent: refused ({}): {}", answer.status, answer.text());
                return Err(Failure::Told);
            }
            println!("{}", answer.text());
        }
        Ok(())
    }
}

/// What a delivery says of itself beside its body.
pub(crate) struct Letter {
    /// The vendor's word for its kind.
    pub(crate) kind: String,
    /// Headers beyond those of kind, key and proof.
    pub(crate) headers: &'static [(&'static str, &'static str)],
}

impl Letter {
    fn of(sample: Option<&'static Sample>, kind: &str) -> Self {
        let named = || Self { kind: kind.to_owned(), headers: &[] };
        sample.map_or_else(named, |sample| Self { kind: sample.kind.to_owned(), headers: sample.headers })
    }
}

/// Posts deliveries to one gateway.
pub(crate) struct Sender {
    outbound: Outbound,
    base_url: String,
    /// As the gateway was told.
    timestamp_header: Option<&'static str>,
}

impl Sender {
    pub(crate) fn new(settings: &Settings, base_url: &str) -> Result<Self, Failure> {
        let named = settings.sources.grafana_timestamp_header.clone();
        Ok(Self {
            outbound: client::outbound()?,
            base_url: base_url.trim_end_matches('/').to_owned(),
            timestamp_header: named.map(|name| &*name.leak()),
        })
    }

    /// Posts a delivery with the headers that its source sends.
    pub(crate) async fn deliver(
        &self,
        integration: &Integration,
        letter: &Letter,
        key: &str,
        body: Vec<u8>,
        secret: Option<&SecretString>,
    ) -> Result<Answer, Failure> {
        let bytes = secret.map_or(&[][..], |secret| secret.expose_secret().as_bytes());
        let now = Utc::now();
        let body = integrations::freshen(integration, &body, now);
        let options = Options { timestamp_header: self.timestamp_header, ..Options::default() };
        let shipment = Shipment { kind: &letter.kind, key, body: &body, secret: bytes, options: &options, now };
        let signed = integrations::sign(integration, &shipment);
        let own = letter.headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        let mut headers: Vec<(String, String)> = own.collect();
        for (name, value) in signed {
            if !headers.iter().any(|(known, _)| known.eq_ignore_ascii_case(name)) {
                headers.push((name.to_owned(), value));
            }
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
pub(crate) fn source(sources: &Sources, name: &str) -> Result<&'static Integration, Failure> {
    let unknown = || Failure::Usage(format!("there is no source '{name}'; there are {}", sources.names().join(", ")));
    sources.find(name).ok_or_else(unknown)
}

fn no_sample(integration: &Integration, kind: &str) -> Failure {
    let mut known: Vec<&str> = integration.samples.iter().map(Sample::folder).collect();
    known.dedup();
    Failure::Usage(format!(
        "there is no sample of '{kind}', give a body with --file; samples of {}: {}",
        integration.name,
        known.join(", ")
    ))
}
