//! `em-agent catalog`: looks at a document, puts it in force, shows what is in force. It needs the database alone.

use std::path::{Path, PathBuf};

use chrono::Utc;
use clap::{Args, Subcommand};
use domain::catalog::{Catalog as Document, Difference, Fault};
use domain::event::rfc3339;
use domain::ids::TenantId;
use policies::yaml;
use serde_json::{Value, json};
use store::catalogs::{self, Effects};

use crate::connections;
use crate::failure::Failure;

/// Who applied it, in the history.
const OURSELVES: &str = "em-agent catalog apply";

/// Services, teams and environments: look at a document, put it in force, show it
///
/// docs/CATALOG.md says what a document may hold.
#[derive(Args)]
#[command(
    after_help = "Examples:\n  em-agent catalog check catalog.yaml\n  em-agent catalog apply catalog.yaml --dry-run\n  em-agent catalog show --yaml > catalog.yaml"
)]
pub(crate) struct Catalog {
    #[command(subcommand)]
    what: What,
}

#[derive(Subcommand)]
enum What {
    /// Say what is wrong with a document; needs nothing but the file
    Check {
        /// YAML or JSON
        file: PathBuf,
    },
    /// Put a document in force, all of it or nothing
    Apply {
        /// YAML or JSON
        file: PathBuf,
        /// Only say what would change
        #[arg(long)]
        dry_run: bool,
        /// Print one JSON object
        #[arg(long)]
        json: bool,
        /// Whose catalog
        #[arg(long, default_value = TenantId::DEFAULT)]
        tenant: TenantId,
    },
    /// Print the document in force
    Show {
        /// As YAML, as files hold it; JSON with its version when left out
        #[arg(long)]
        yaml: bool,
        /// Whose catalog
        #[arg(long, default_value = TenantId::DEFAULT)]
        tenant: TenantId,
    },
}

impl Catalog {
    pub(crate) async fn run(self) -> Result<(), Failure> {
        match self.what {
            What::Check { file } => {
                let document = read(&file)?;
                let (services, teams) = (document.services().count(), document.teams().count());
                eprintln!("em-agent: {} fits: {services} services, {teams} teams", file.display());
                Ok(())
            }
            What::Apply { file, dry_run, json, tenant } => {
                let document = read(&file)?;
                let told = if dry_run { tell(tenant, document).await? } else { apply(tenant, document).await? };
                print(&told, json);
                Ok(())
            }
            What::Show { yaml, tenant } => show(tenant, yaml).await,
        }
    }
}

/// What was done, or would be.
struct Told {
    version: i64,
    changed: bool,
    difference: Difference,
    /// Only of what would be.
    effects: Option<Effects>,
}

async fn apply(tenant: TenantId, document: Document) -> Result<Told, Failure> {
    let (store, now) = (connections::of_tenant(&tenant).await?, Utc::now());
    let work = move |conn: &mut store::Connection| {
        let difference = catalogs::current(conn, &tenant)?.difference(&document);
        let applied = catalogs::apply(conn, &tenant, &document, OURSELVES, now)?;
        Ok(Told { version: applied.version, changed: applied.changed, difference, effects: None })
    };
    Ok(store.call("catalog_apply", work).await?)
}

async fn tell(tenant: TenantId, document: Document) -> Result<Told, Failure> {
    let store = connections::of_tenant(&tenant).await?;
    let work = move |conn: &mut store::Connection| {
        let old = catalogs::current(conn, &tenant)?;
        let version = catalogs::latest(conn, &tenant)?.map_or(0, |latest| latest.version);
        let effects = Some(catalogs::effects(conn, &tenant, &old, &document)?);
        Ok(Told { version, changed: *old != document, difference: old.difference(&document), effects })
    };
    Ok(store.call("catalog_effects", work).await?)
}

async fn show(tenant: TenantId, as_yaml: bool) -> Result<(), Failure> {
    let store = connections::of_tenant(&tenant).await?;
    let latest = store.call("catalog_show", move |conn| catalogs::latest(conn, &tenant)).await?;
    let document = latest.as_ref().map_or_else(|| Document::default().document(), |latest| latest.document.clone());
    if as_yaml {
        print!("{}", yaml::write(&document)?);
        return Ok(());
    }
    let shown = json!({
        "version": latest.as_ref().map_or(0, |latest| latest.version),
        "applied_at": latest.as_ref().map(|latest| rfc3339(latest.applied_at)),
        "applied_by": latest.as_ref().map(|latest| &latest.applied_by),
        "document": document,
    });
    println!("{shown:#}");
    Ok(())
}

fn print(told: &Told, json: bool) {
    let Told { version, changed, difference, effects } = told;
    let moves = effects.map(|effects| json!({"deployments": effects.deployments, "incidents": effects.incidents}));
    if json {
        let services = json!({"added": difference.added, "removed": difference.removed, "changed": difference.changed});
        let dry_run = effects.is_some();
        let told =
            json!({"version": version, "changed": changed, "dry_run": dry_run, "services": services, "moves": moves});
        println!("{told}");
        return;
    }
    for (word, names) in
        [("added", &difference.added), ("removed", &difference.removed), ("changed", &difference.changed)]
    {
        names.iter().for_each(|name| println!("{word}\t{name}"));
    }
    let said = match (effects, changed) {
        (_, false) => format!("version {version} says the same: nothing changes"),
        (None, true) => format!("version {version} is in force"),
        (Some(Effects { deployments, incidents }), true) => format!(
            "nothing is changed; applied, {deployments} deployments and {incidents} incidents would be counted otherwise"
        ),
    };
    eprintln!("em-agent: {said}");
}

/// The document of a file; what is wrong with it is told line by line.
fn read(file: &Path) -> Result<Document, Failure> {
    let text = std::fs::read_to_string(file)
        .map_err(|error| Failure::Usage(format!("{} cannot be read: {error}", file.display())))?;
    let value: Value = yaml::read(&text).map_err(|error| Failure::Usage(format!("{}: {error}", file.display())))?;
    let line = |fault: &Fault| {
        let place = if fault.pointer.is_empty() { "/" } else { &fault.pointer };
        format!("{}: {place}: {}", file.display(), fault.detail)
    };
    Document::parse(&value).map_err(|faults| Failure::Usage(faults.iter().map(line).collect::<Vec<_>>().join("\n")))
}
