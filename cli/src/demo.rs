//! The day that `em-agent up --demo` sends: a team ships five services with the tools that teams have, one change goes
//! wrong, and everybody who notices says so.
//!
//! It is always the whole of yesterday, with the same keys and the same bytes: a second demo on the same day changes
//! nothing. (That is why no source with a signed time in its body takes part.) Deliveries are signed with the secrets
//! that are set, else with some that are made once and kept under `DATA_DIR`, readable by the owner only.

mod answering;
mod github;
mod gitlab;
mod pipelines;
mod story;
mod talking;
#[cfg(test)]
mod tests;
mod watching;
mod world;

use std::collections::{BTreeMap, BTreeSet};
use std::fs::OpenOptions;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use boot::Settings;
use chrono::{Days, NaiveDate, Utc};
use rand::RngCore;
use secrecy::{ExposeSecret, SecretString};
use uuid::Uuid;

use crate::failure::Failure;
use crate::send::{Letter, Sender};

/// The day that is told: yesterday, which is over.
fn yesterday() -> NaiveDate {
    Utc::now().date_naive() - Days::new(1)
}

/// Who sends something on the day.
fn sources() -> BTreeSet<&'static str> {
    story::told(yesterday()).iter().map(|delivery| delivery.source).collect()
}

/// The same settings for a gateway of the demo's own, on a free port of this machine: with a secret for each of the
/// demo's sources, so that the day is really verified while the main gateway goes on as it was set.
pub(crate) fn own_settings(settings: &Settings) -> Result<Settings, Failure> {
    let mut settings = settings.clone();
    "127.0.0.1".clone_into(&mut settings.host);
    settings.port = 0;
    let mut kept = read_secrets(&settings.data_dir);
    let unset: Vec<&str> = sources().into_iter().filter(|source| settings.sources.secrets(source).is_empty()).collect();
    for source in &unset {
        kept.entry((*source).to_owned()).or_insert_with(new_secret);
    }
    if !unset.is_empty() {
        write_secrets(&settings.data_dir, &kept)?;
    }
    for source in unset {
        settings.sources.secrets.insert(source.to_owned(), kept.remove(source).into_iter().collect());
    }
    Ok(settings)
}

/// A new secret in the form that Standard Webhooks asks for; all other schemes take any text.
fn new_secret() -> SecretString {
    let mut bytes = [0; 32];
    rand::rng().fill_bytes(&mut bytes);
    SecretString::from(format!("whsec_{}", base64::Engine::encode(&base64::prelude::BASE64_STANDARD, bytes)))
}

fn secrets_file(data_dir: &Path) -> PathBuf {
    data_dir.join("demo-secrets")
}

/// The secrets that an earlier demo made, by source.
pub(crate) fn read_secrets(data_dir: &Path) -> BTreeMap<String, SecretString> {
    let text = std::fs::read_to_string(secrets_file(data_dir)).unwrap_or_default();
    let line =
        |line: &str| line.split_once('=').map(|(source, secret)| (source.to_owned(), SecretString::from(secret)));
    text.lines().filter_map(line).collect()
}

fn write_secrets(data_dir: &Path, secrets: &BTreeMap<String, SecretString>) -> Result<(), Failure> {
    std::fs::create_dir_all(data_dir)?;
    let mut file =
        OpenOptions::new().create(true).write(true).truncate(true).mode(0o600).open(secrets_file(data_dir))?;
    for (source, secret) in secrets {
        writeln!(file, "{source}={}", secret.expose_secret())?;
    }
    Ok(())
}

/// Sends the day. Returns how many deliveries were accepted, new or known.
pub(crate) async fn send_day(settings: &Settings, base_url: String) -> Result<usize, Failure> {
    let sender = Sender::new(settings, &base_url)?;
    let date = yesterday();
    let mut accepted = 0;
    for (place, delivery) in story::told(date).into_iter().enumerate() {
        let Some(integration) = integrations::find(delivery.source) else { continue };
        let secret = settings.sources.secrets(delivery.source).first();
        let letter = Letter { kind: delivery.kind.to_owned(), headers: delivery.headers };
        let answer = sender.deliver(integration, &letter, &key(date, place), delivery.body, secret).await?;
        if answer.status.is_success() {
            accepted += 1;
        } else {
            tracing::warn!(source = delivery.source, kind = delivery.kind, status = %answer.status, "a demo delivery was refused");
        }
    }
    Ok(accepted)
}

/// The key of one delivery, where it is no part of the body: the same for the same day.
fn key(day: NaiveDate, place: usize) -> String {
    let days = chrono::Datelike::num_days_from_ce(&day).unsigned_abs();
    Uuid::from_u64_pair(u64::from(days), place as u64).to_string()
}
