//! The one binary. Each subcommand has a file; this one shows them all.
//!
//! Data goes to standard output, messages to standard error. Exit codes: 0 done, 1 failed, 2 wrong usage or settings.
//! Secrets are never flags: they come from the settings.

mod audit;
mod backfill;
mod catalog;
mod check;
mod client;
mod connections;
mod database;
mod demo;
mod eval;
mod failure;
mod gateway;
mod healthcheck;
mod migrate;
mod plugins;
mod policy;
mod rebuild;
mod relaying;
mod renormalize;
mod replay;
mod report;
mod retention;
mod send;
mod serving;
mod settings;
mod slack;
mod token;
mod up;
mod worker;

use std::process::ExitCode;

use clap::{Parser, Subcommand};
use tokio::runtime::Runtime;

use failure::Failure;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const AFTER: &str = "\
Settings come from the environment: docs/CONFIG.md lists them, `em-agent check` shows those in force.
Exit codes: 0 done, 1 failed, 2 wrong usage or settings.";

/// Webhooks in, normalized events and delivery metrics out.
#[derive(Parser)]
#[command(name = "em-agent", version, after_help = AFTER, disable_help_subcommand = true)]
struct Program {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    Up(up::Up),
    Gateway(gateway::Gateway),
    Worker(worker::Worker),
    Migrate(migrate::Migrate),
    Check(check::Check),
    Healthcheck(healthcheck::Healthcheck),
    Send(send::Send),
    Replay(replay::Replay),
    Renormalize(renormalize::Renormalize),
    Backfill(backfill::Backfill),
    Report(report::Report),
    Plugins(plugins::Plugins),
    Catalog(catalog::Catalog),
    Policy(policy::Policy),
    Audit(audit::Audit),
    Eval(eval::Eval),
    Rebuild(rebuild::Rebuild),
    Retention(retention::Retention),
    Slack(slack::Slack),
    Token(token::Token),
}

fn main() -> ExitCode {
    let runtime = match Runtime::new() {
        Ok(runtime) => runtime,
        Err(error) => return Failure::from(error).report(),
    };
    let code = runtime.block_on(run());
    // A database call that hangs would hold the process for longer than its drain may take.
    runtime.shutdown_background();
    code
}

async fn run() -> ExitCode {
    let done = match Program::parse().command {
        Command::Up(up) => Box::pin(up.run()).await,
        Command::Gateway(gateway) => Box::pin(gateway.run()).await,
        Command::Worker(worker) => Box::pin(worker.run()).await,
        Command::Migrate(migrate) => migrate.run().await,
        Command::Check(check) => check.run().await,
        Command::Healthcheck(healthcheck) => healthcheck.run().await,
        Command::Send(send) => send.run().await,
        Command::Replay(replay) => replay.run().await,
        Command::Renormalize(renormalize) => renormalize.run().await,
        Command::Backfill(backfill) => Box::pin(backfill.run()).await,
        Command::Report(report) => report.run().await,
        Command::Plugins(plugins) => plugins.run(),
        Command::Catalog(catalog) => catalog.run().await,
        Command::Policy(policy) => policy.run().await,
        Command::Audit(audit) => audit.run().await,
        Command::Eval(eval) => Box::pin(eval.run()).await,
        Command::Rebuild(rebuild) => rebuild.run().await,
        Command::Retention(retention) => retention.run().await,
        Command::Slack(slack) => slack.run(),
        Command::Token(token) => token.run(),
    };
    done.map_or_else(|failure| failure.report(), |()| ExitCode::SUCCESS)
}
