//! `em-agent check`: are the settings good, is what we depend on there, and which command mends what is missing.

use std::collections::BTreeSet;

use boot::Settings;
use boot::plugins::Folder;
use boot::private::{NatsPlan, PostgresPlan};
use boot::settings::{Env, SETTINGS};
use clap::Args;
use models::Routed;
use serde::Serialize;
use store::Role;
use store::migrate::{Standing, standing};

use crate::failure::Failure;
use crate::{connections, settings};

/// Check the settings and every dependency; say what is missing and what mends it
///
/// Settings are judged as for production unless ENV says otherwise; secrets are never shown.
#[derive(Args)]
#[command(after_help = "Examples:\n  ENV=development em-agent check\n  em-agent check --json")]
pub(crate) struct Check {
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

#[derive(Serialize)]
struct Finding {
    name: &'static str,
    ok: bool,
    details: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    mend: Option<String>,
}

impl Finding {
    fn good(name: &'static str, details: impl Into<String>) -> Self {
        Self { name, ok: true, details: details.into(), mend: None }
    }

    fn bad(name: &'static str, details: impl Into<String>, mend: impl Into<String>) -> Self {
        Self { name, ok: false, details: details.into(), mend: Some(mend.into()) }
    }
}

impl Check {
    pub(crate) async fn run(self) -> Result<(), Failure> {
        let settings = settings::load(Env::Production)?;
        let mut findings = vec![database(&settings).await, bus(&settings).await];
        findings.extend(plugins(&settings));
        findings.extend(documents(&settings));
        findings.extend(models(&settings));
        if self.json {
            print_json(&settings, &findings);
        } else {
            print_lines(&settings, &findings);
        }
        if findings.iter().all(|finding| finding.ok) { Ok(()) } else { Err(Failure::Told) }
    }
}

fn print_json(settings: &Settings, findings: &[Finding]) {
    let shown: serde_json::Map<String, serde_json::Value> =
        SETTINGS.iter().map(|setting| (setting.name.to_owned(), (setting.show)(settings).into())).collect();
    let ok = findings.iter().all(|finding| finding.ok);
    println!("{}", serde_json::json!({"ok": ok, "settings": shown, "checks": findings}));
}

fn print_lines(settings: &Settings, findings: &[Finding]) {
    for setting in SETTINGS {
        println!("{} = {}", setting.name, (setting.show)(settings));
    }
    println!();
    for finding in findings {
        println!("{} {}: {}", if finding.ok { "ok    " } else { "BROKEN" }, finding.name, finding.details);
        if let Some(mend) = &finding.mend {
            println!("       mend: {mend}");
        }
    }
}

/// The plugins, where there are some.
fn plugins(settings: &Settings) -> Option<Finding> {
    // A folder that is not there holds none; a file in its place is a mistake.
    if settings.sources.plugins_dir.is_file() {
        return Some(Finding::bad("plugins", "PLUGINS_DIR is no folder", "name the folder that the files are in"));
    }
    let mut folder = Folder::new(&settings.sources.plugins_dir);
    let (found, faulty) = folder.look();
    let names: Vec<&str> = folder.plugins().iter().map(|plugin| plugin.name).collect();
    let told: Vec<String> = faulty.iter().map(ToString::to_string).collect();
    let mend = || format!("correct it and try `em-agent plugins check {}`", settings.sources.plugins_dir.display());
    match told.is_empty() {
        true => found.then(|| Finding::good("plugins", names.join(", "))),
        false => Some(Finding::bad("plugins", told.join("; "), mend())),
    }
}

/// The policy and the rules for signals, where some are named.
fn documents(settings: &Settings) -> Option<Finding> {
    const NAME: &str = "documents";
    let named: Vec<String> = [&settings.policy_path, &settings.rules_path]
        .into_iter()
        .flatten()
        .map(|path| path.display().to_string())
        .collect();
    match settings::documents(settings) {
        Ok(()) => (!named.is_empty()).then(|| Finding::good(NAME, named.join(", "))),
        Err(failure) => {
            Some(Finding::bad(NAME, failure.to_string(), "correct it; `em-agent policy test` tries a policy"))
        }
    }
}

/// Who is asked for what, where models are on. Nobody is asked for it: that would cost something.
fn models(settings: &Settings) -> Option<Finding> {
    const NAME: &str = "models";
    let routing = models::routing(&settings.models);
    let unknown: BTreeSet<&str> = routing.iter().flat_map(|routed| &routed.without_price).map(String::as_str).collect();
    if !unknown.is_empty() {
        let names = Vec::from_iter(unknown).join(", ");
        let mend = "AGENT_MODEL_PRICES=<model>=<input>/<output>, in US dollars for a million tokens; 0/0 for your own";
        return Some(Finding::bad(NAME, format!("nobody knows what {names} costs, so it is not asked"), mend));
    }
    let said = |routed: &Routed| format!("{}: {}", routed.purpose.as_str(), routed.models.join(", then "));
    let lines: Vec<String> = routing.iter().filter(|routed| !routed.models.is_empty()).map(said).collect();
    (!lines.is_empty()).then(|| Finding::good(NAME, lines.join("; ")))
}

async fn database(settings: &Settings) -> Finding {
    const NAME: &str = "PostgreSQL";
    let Ok(url) = settings::database_url(settings) else {
        return match PostgresPlan::of(settings).find().await {
            Ok(path) => {
                Finding::good(NAME, format!("`em-agent up` would start a private server from {}", path.display()))
            }
            Err(error) => Finding::bad(NAME, "DATABASE_URL is not set", error.to_string()),
        };
    };
    let stands = tokio::task::spawn_blocking({
        let url = url.clone();
        move || standing(&url)
    });
    match stands.await.map_err(anyhow::Error::from).and_then(|stands| Ok(stands?)) {
        Err(error) => match durability(settings, &url).await {
            // As whom we work there, all is well: it is only the look at the migrations that fails.
            Finding { ok: true, .. } => Finding::bad(NAME, format!("{error:#}"), mend_of(&error)),
            finding => finding,
        },
        Ok(Standing { pending, .. }) if !pending.is_empty() => {
            Finding::bad(NAME, format!("{} migrations are not applied", pending.len()), "em-agent migrate")
        }
        Ok(Standing { unknown, .. }) => {
            let mut finding = durability(settings, &url).await;
            if !unknown.is_empty() {
                finding.details +=
                    &format!("; a newer version has migrated it ({}): upgrade this one", unknown.join(", "));
            }
            finding
        }
    }
}

/// What the sentence of an error says to do; of a server that is away more than one thing may be true.
fn mend_of(error: &anyhow::Error) -> String {
    let sentence = error.to_string();
    match sentence.split_once("; ") {
        Some((what, mend)) if !what.ends_with("does not answer") => mend.to_owned(),
        _ => "start the server, or set DATABASE_URL to where it is".to_owned(),
    }
}

async fn durability(settings: &Settings, url: &str) -> Finding {
    const NAME: &str = "PostgreSQL";
    let faults = async {
        let store = connections::store(settings, url, Role::App)?;
        store.call("durability", store::migrate::durability_faults).await.map_err(Failure::from)
    };
    match faults.await {
        Ok(faults) if faults.is_empty() => {
            Finding::good(NAME, "answers, the schema is up to date, commits are durable")
        }
        Ok(faults) => Finding::bad(
            NAME,
            faults.join("; "),
            "alter system set fsync = on; alter system set full_page_writes = on; select pg_reload_conf()",
        ),
        Err(Failure::Failed(error)) => Finding::bad(NAME, format!("{error:#}"), mend_of(&error)),
        Err(_) => {
            Finding::bad(NAME, "the roles of the first migration are missing or may not be used", "em-agent migrate")
        }
    }
}

async fn bus(settings: &Settings) -> Finding {
    const NAME: &str = "NATS";
    let Ok(url) = settings::nats_url(settings) else {
        return match NatsPlan::of(settings).find().await {
            Ok(path) => {
                Finding::good(NAME, format!("`em-agent up` would start a private server from {}", path.display()))
            }
            Err(error) => Finding::bad(NAME, "NATS_URL is not set", error.to_string()),
        };
    };
    let mend = "start nats-server 2.10 or newer with JetStream, or set NATS_URL to where it is";
    match connections::bus(settings, &url).await {
        Err(Failure::Failed(error)) => Finding::bad(NAME, format!("{error:#}"), mend),
        Err(failure) => Finding::bad(NAME, failure.to_string(), mend),
        Ok(bus) => {
            // What is wrong with the stream is part of the health.
            let _ = bus.look_at_stream().await;
            let health = bus.health();
            if health.ok { Finding::good(NAME, health.details) } else { Finding::bad(NAME, health.details, mend) }
        }
    }
}
