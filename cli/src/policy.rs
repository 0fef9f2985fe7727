//! `em-agent policy`: runs the tests of a document, and tries a policy on what happened.

use std::path::{Path, PathBuf};

use ::gateway::simulate::{MOST_INPUTS, Simulation, simulate};
use chrono::{TimeDelta, Utc};
use clap::{Args, Subcommand};
use domain::documents::Fault;
use domain::ids::TenantId;
use domain::policy::{Policy as Document, TestReport};
use policies::yaml;
use serde_json::Value;
use store::history;

use crate::connections;
use crate::failure::Failure;

/// What may happen by itself and what people are asked first: test a document, try it on what happened
///
/// docs/POLICY.md says what a document may hold.
#[derive(Args)]
#[command(
    after_help = "Examples:\n  em-agent policy test policy.yaml\n  em-agent policy simulate --days 30 --policy policy.yaml"
)]
pub(crate) struct Policy {
    #[command(subcommand)]
    what: What,
}

#[derive(Subcommand)]
enum What {
    /// Run the tests that stand in a document; needs nothing but the file
    Test {
        /// YAML or JSON
        file: PathBuf,
        /// Print one JSON object
        #[arg(long)]
        json: bool,
    },
    /// Say what a policy would have said to the deployments and merged changes of the last days
    Simulate {
        /// How far to look back
        #[arg(long, default_value_t = 30, value_parser = clap::value_parser!(i64).range(1..=366))]
        days: i64,
        /// YAML or JSON; the shipped policy when left out
        #[arg(long)]
        policy: Option<PathBuf>,
        /// Print one JSON object
        #[arg(long)]
        json: bool,
        /// Whose history
        #[arg(long, default_value = TenantId::DEFAULT)]
        tenant: TenantId,
    },
}

impl Policy {
    pub(crate) async fn run(self) -> Result<(), Failure> {
        match self.what {
            What::Test { file, json } => test(&file, json),
            What::Simulate { days, policy, json, tenant } => {
                let policy = policy.map_or_else(|| Ok(Document::shipped()), |file| read(&file))?;
                let (store, since) = (connections::of_tenant(&tenant).await?, Utc::now() - TimeDelta::days(days));
                let happened = move |conn: &mut store::Connection| history::since(conn, &tenant, since, MOST_INPUTS);
                let inputs = store.look("policy_history", happened).await?;
                let simulation = tokio::task::spawn_blocking(move || simulate(&policy, inputs)).await?;
                show(&simulation, json)
            }
        }
    }
}

fn test(file: &Path, json: bool) -> Result<(), Failure> {
    let report = read(file)?.run_tests();
    if json {
        println!("{}", serde_json::to_string(&report)?);
    } else {
        print(&report);
    }
    if report.passed() { Ok(()) } else { Err(Failure::Told) }
}

fn print(report: &TestReport) {
    for result in &report.results {
        println!("{}\t{}", if result.passed() { "ok" } else { "FAILED" }, result.name);
        result.differences.iter().for_each(|difference| println!("\t{difference}"));
    }
    let failed = report.results.iter().filter(|result| !result.passed()).count();
    eprintln!("em-agent: {} tests, {failed} failed", report.results.len());
    if !report.untested.is_empty() {
        eprintln!(
            "em-agent: no test reaches {} of {} rules: {}",
            report.untested.len(),
            report.rules,
            report.untested.join(", ")
        );
    }
}

fn show(simulation: &Simulation, json: bool) -> Result<(), Failure> {
    if json {
        println!("{}", serde_json::to_string(simulation)?);
        return Ok(());
    }
    for of in simulation.by_rule.iter().filter(|of| of.n > 0) {
        println!("{}\t{}", of.n, of.rule.as_deref().unwrap_or("(default)"));
    }
    let Simulation { policy, decided, requires_approval, auto_approve, errors, .. } = simulation;
    eprintln!(
        "em-agent: {policy} was asked {decided} times: {requires_approval} need approval, {auto_approve} it approves \
         itself, {errors} it could not evaluate"
    );
    if *decided as i64 >= MOST_INPUTS {
        eprintln!("em-agent: of each kind at most the newest {MOST_INPUTS} were looked at");
    }
    Ok(())
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
    Document::read(&value).map_err(|faults| Failure::Usage(faults.iter().map(line).collect::<Vec<_>>().join("\n")))
}
