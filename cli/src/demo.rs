//! The day that `em-agent up --demo` sends: a team ships changes, one goes wrong, another service is deployed by a script.
//!
//! It is always the whole of yesterday, with the same keys and the same bytes: a second demo on the same day changes
//! nothing. Deliveries are signed with the secrets that are set, else with some that are made once and kept under
//! `DATA_DIR`, readable by the owner only.

mod bodies;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::fs::OpenOptions;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use boot::Settings;
use chrono::{DateTime, Days, NaiveDate, NaiveTime, TimeDelta, Utc};
use rand::RngCore;
use secrecy::{ExposeSecret, SecretString};
use uuid::Uuid;

use crate::failure::Failure;
use crate::send::{Letter, Sender};
use bodies::Scene;

const SOURCES: [&str; 2] = ["github", "generic"];
const CHANGES: u64 = 6;
/// The one that takes the shop down and is mended by the next.
const BROKEN: u64 = 4;

/// One delivery of the day.
struct Delivery {
    source: &'static str,
    kind: &'static str,
    scene: Scene,
}

/// The same settings for a gateway of the demo's own, on a free port of this machine: with a secret for each of the
/// demo's sources, so that the day is really verified while the main gateway goes on as it was set.
pub(crate) fn own_settings(settings: &Settings) -> Result<Settings, Failure> {
    let mut settings = settings.clone();
    "127.0.0.1".clone_into(&mut settings.host);
    settings.port = 0;
    let mut kept = read_secrets(&settings.data_dir);
    let unset: Vec<&str> = SOURCES.into_iter().filter(|source| settings.sources.secrets(source).is_empty()).collect();
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

/// A new secret in the form that Standard Webhooks asks for; GitHub takes any text.
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
    let yesterday = Utc::now().date_naive() - Days::new(1);
    let mut accepted = 0;
    for (place, delivery) in day(yesterday).into_iter().enumerate() {
        let Some(integration) = integrations::find(delivery.source) else { continue };
        let Some(body) = bodies::body(delivery.source, delivery.kind, &delivery.scene) else { continue };
        let secret = settings.sources.secrets(delivery.source).first();
        let letter = Letter { kind: delivery.kind.to_owned(), headers: &[] };
        let answer = sender.deliver(integration, &letter, &key(yesterday, place), body, secret).await?;
        if answer.status.is_success() {
            accepted += 1;
        } else {
            tracing::warn!(source = delivery.source, kind = delivery.kind, status = %answer.status, "a demo delivery was refused");
        }
    }
    Ok(accepted)
}

/// The key of one delivery: the same for the same day.
fn key(day: NaiveDate, place: usize) -> String {
    let days = chrono::Datelike::num_days_from_ce(&day).unsigned_abs();
    Uuid::from_u64_pair(u64::from(days), place as u64).to_string()
}

fn day(date: NaiveDate) -> Vec<Delivery> {
    let morning = date.and_time(NaiveTime::MIN).and_utc() + TimeDelta::hours(8);
    let mut deliveries: Vec<Delivery> = (1..=CHANGES).flat_map(|place| change(date, place, morning)).collect();
    let by_script = |place: u64, minutes: i64, state: &'static str| {
        let at = morning + TimeDelta::minutes(minutes);
        let number = first_number(date) + place;
        let scene = Scene { number, at, since: at - TimeDelta::minutes(4), action: "", state };
        let commit = Scene { at: at - TimeDelta::minutes(25), ..scene.clone() };
        [("commit", commit), ("deployment", scene)].map(|(kind, scene)| Delivery { source: "generic", kind, scene })
    };
    deliveries.extend(by_script(1, 95, "success"));
    deliveries.extend(by_script(2, 260, "failure"));
    deliveries.extend(by_script(3, 290, "success"));
    deliveries.sort_by_key(|delivery| delivery.scene.at);
    deliveries
}

/// Numbers of one day differ from those of any other.
fn first_number(date: NaiveDate) -> u64 {
    u64::from(chrono::Datelike::num_days_from_ce(&date).unsigned_abs()) * 10
}

/// One change from its opening to production, an hour and a half after the one before.
fn change(date: NaiveDate, place: u64, morning: DateTime<Utc>) -> Vec<Delivery> {
    let number = first_number(date) + place;
    let opened =
        morning + TimeDelta::minutes(90).checked_mul(i32::try_from(place - 1).unwrap_or(0)).unwrap_or_default();
    let step = |kind: &'static str, since: i64, minutes: i64, action: &'static str, state: &'static str| {
        let (at, since) = (opened + TimeDelta::minutes(minutes), opened + TimeDelta::minutes(since));
        Delivery { source: "github", kind, scene: Scene { number, at, since, action, state } }
    };
    let mut steps = vec![
        step("pull_request", 0, 0, "opened", "success"),
        step("pull_request", 0, 40, "closed", "success"),
        step("push", 40, 40, "", "success"),
        step("workflow_run", 40, 46, "", "success"),
        step("deployment", 47, 47, "", "success"),
        step("deployment_status", 47, 48, "", "in_progress"),
        step("deployment_status", 47, 52, "", "success"),
    ];
    if place == BROKEN {
        steps.push(step("issues", 55, 55, "opened", "success"));
        steps.push(step("issues", 55, 160, "closed", "success"));
    }
    steps
}
