//! Why a row counts for a metric, or does not, in words.

use domain::dora::facts::LinkMethod;
use store::metrics::rows::changes::{ChangeRow, CommitRow};
use store::metrics::rows::deployments::DeploymentRow;

use super::measure::Options;

/// Whether a row counts, and why.
pub(super) type Reason = (bool, String);

fn yes(why: impl Into<String>) -> Reason {
    (true, why.into())
}

fn no(why: impl Into<String>) -> Reason {
    (false, why.into())
}

fn is(row: &DeploymentRow, kind: &str) -> bool {
    row.kind.as_deref() == Some(kind)
}

/// For the frequency (M1).
pub(super) fn frequency(row: &DeploymentRow, options: &Options) -> Reason {
    match row.outcome.as_str() {
        "success" if is(row, "redeploy") && !options.count_redeploys => {
            no("what was live already; count_redeploys=false")
        }
        "success" => yes("it succeeded"),
        other => no(format!("it ended in {other}")),
    }
}

/// For the change failure rate (M3).
pub(super) fn failure_rate(row: &DeploymentRow, options: &Options) -> Reason {
    let methods = || row.failed_by.as_deref().unwrap_or_default().join(", ");
    match row.outcome.as_str() {
        "success" if is(row, "rollback") => no("rollbacks are no changes"),
        "success" if row.failed => yes(format!("it failed: {}", methods())),
        "success" => yes("it did not fail"),
        "failure" | "error" if options.count_failed_pipeline => {
            yes("it did not even succeed; count_failed_pipeline=true")
        }
        other => no(format!("it ended in {other}: nothing reached users")),
    }
}

/// For the rework rate (M5).
pub(super) fn rework(row: &DeploymentRow) -> Reason {
    match row.outcome.as_str() {
        "success" if row.rework && is(row, "rollback") => yes("rework: it is a rollback"),
        "success" if row.rework => yes("rework: it mends or takes back what was deployed before, or was not planned"),
        "success" => yes("no rework"),
        other => no(format!("it ended in {other}")),
    }
}

/// For the lead time (M2).
pub(super) fn change(row: &ChangeRow) -> Reason {
    if row.by_rollback {
        return no("a rollback ships nothing");
    }
    if row.lead_s < 0.0 {
        return no("it is said to have begun after it was deployed");
    }
    yes(link(&row.link_method))
}

/// For the lead time by commit.
pub(super) fn commit(row: &CommitRow) -> Reason {
    match row.lead_s {
        _ if row.is_merge => no("merge commits change nothing of their own"),
        _ if !row.in_scope => no("none of its files belongs to the service"),
        None => no("when it was made is not known"),
        Some(lead) if lead < 0.0 => no("it is said to have been made after it was deployed"),
        Some(_) => yes("this deployment was the first to contain it"),
    }
}

/// How a change is known to be in a deployment.
pub(super) fn link(method: &str) -> &'static str {
    match LinkMethod::parse(method) {
        Some(LinkMethod::Graph) => "the commit it landed on is in the deployment's history, and in no earlier one's",
        Some(LinkMethod::Exact) => "the commit it landed on is the one that was deployed",
        Some(LinkMethod::CherryPick) => "a commit that was picked from it is in the deployment's history",
        Some(LinkMethod::Contains) => "the source says that the deployment contains it",
        Some(LinkMethod::Image) => "the image that was deployed was made of a history that contains it",
        Some(LinkMethod::Promotion) => {
            "it was carried into the deployed branch by a later change; its commit is not known"
        }
        Some(LinkMethod::Time) => {
            "it was merged into the deployed branch since the deployment before; its commit is not known"
        }
        None => "the way is not known to this version",
    }
}
