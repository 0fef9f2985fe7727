//! Rows of the first stage: deployments, commits, changes, remediations. A module for each table.

pub(in crate::facts) mod deployments {
    use chrono::{DateTime, Utc};
    use diesel::sql_types::{Bool, Integer, Nullable, Text, Timestamptz};
    use domain::dora::facts::DeploymentFact;

    use super::super::fact;
    use crate::facts::table::fact_table;

    fact_table! {
        /// A deployment that ended.
        Row of "dora_deployments", since "t.service = k.service and t.at >= k.since", owner "t.service = n.owner";
        keys { tenant_id, integration, deployment_id }
        columns {
            service: Text = String,
            team: Nullable<Text> = Option<String>,
            repo: Nullable<Text> = Option<String>,
            environment: Text = String,
            tier: Text = String,
            outcome: Text = String,
            started_at: Nullable<Timestamptz> = Option<DateTime<Utc>>,
            at: Timestamptz = DateTime<Utc>,
            sha: Nullable<Text> = Option<String>,
            heads: Text = String,
            kind: Nullable<Text> = Option<String>,
            target: Nullable<Text> = Option<String>,
            predecessor: Nullable<Text> = Option<String>,
            changes: Integer = i32,
            rework: Bool = bool,
            failed: Bool = bool,
            ancestry_gap: Bool = bool,
            provisional_until: Timestamptz = DateTime<Utc>,
        }
        lists {}
    }

    fact!(Row, Some("deployment"), owner |row| Some(&row.service), told |row| format!("{}:{}", row.integration, row.deployment_id));

    impl Row {
        /// Whether it failed is told by the second stage.
        pub(in crate::facts) fn new(tenant: &str, fact: DeploymentFact, failed: bool) -> Self {
            Self {
                tenant_id: tenant.to_owned(),
                integration: fact.deployment.integration,
                deployment_id: fact.deployment.id,
                service: fact.service,
                team: fact.team,
                repo: fact.repo,
                environment: fact.environment,
                tier: fact.tier.as_str().to_owned(),
                outcome: fact.outcome,
                started_at: fact.started_at,
                at: fact.at,
                sha: fact.sha,
                heads: fact.heads,
                kind: fact.kind.map(|kind| kind.as_str().to_owned()),
                target: fact.target.map(|target| target.to_string()),
                predecessor: fact.predecessor.map(|predecessor| predecessor.to_string()),
                changes: fact.changes,
                rework: fact.rework,
                failed,
                ancestry_gap: fact.ancestry_gap,
                provisional_until: fact.provisional_until,
            }
        }
    }
}

pub(in crate::facts) mod commits {
    use chrono::{DateTime, Utc};
    use diesel::sql_types::{Bool, Double, Nullable, Text, Timestamptz};
    use domain::dora::facts::CommitFact;

    use super::super::fact;
    use crate::facts::table::fact_table;

    fact_table! {
        /// A commit that a deployment was the first to contain.
        Row of "dora_commits", since "t.service = k.service and t.deployed_at >= k.since", owner "t.service = n.owner";
        keys { tenant_id, service, environment, repo, sha }
        columns {
            integration: Text = String,
            deployment_id: Text = String,
            at: Timestamptz = DateTime<Utc>,
            deployed_at: Timestamptz = DateTime<Utc>,
            tier: Text = String,
            team: Nullable<Text> = Option<String>,
            shipped: Bool = bool,
            in_scope: Bool = bool,
            lead_s: Nullable<Double> = Option<f64>,
            is_merge: Bool = bool,
            is_bot: Bool = bool,
        }
        lists {}
    }

    fact!(Row, None, owner |row| Some(&row.service), told |row| format!("{} {} {} {}", row.service, row.environment, row.repo, row.sha));

    impl Row {
        pub(in crate::facts) fn new(tenant: &str, service: &str, fact: CommitFact) -> Self {
            Self {
                tenant_id: tenant.to_owned(),
                service: service.to_owned(),
                environment: fact.environment,
                repo: fact.repo,
                sha: fact.sha,
                integration: fact.deployment.integration,
                deployment_id: fact.deployment.id,
                at: fact.at,
                deployed_at: fact.deployed_at,
                tier: fact.tier.as_str().to_owned(),
                team: fact.team,
                shipped: fact.shipped,
                in_scope: fact.in_scope,
                lead_s: fact.lead_s,
                is_merge: fact.is_merge,
                is_bot: fact.is_bot,
            }
        }
    }
}

pub(in crate::facts) mod changes {
    use chrono::{DateTime, Utc};
    use diesel::sql_types::{Bool, Double, Nullable, Text, Timestamptz};
    use domain::dora::facts::ChangeFact;

    use super::super::fact;
    use crate::facts::table::fact_table;

    fact_table! {
        /// A change that a deployment shipped.
        Row of "dora_changes", since "t.service = k.service and t.deployed_at >= k.since", owner "t.service = n.owner";
        keys { tenant_id, service, environment, repo, number }
        columns {
            integration: Text = String,
            deployment_id: Text = String,
            tier: Text = String,
            team: Nullable<Text> = Option<String>,
            kind: Text = String,
            at: Timestamptz = DateTime<Utc>,
            deployed_at: Timestamptz = DateTime<Utc>,
            start_at: Timestamptz = DateTime<Utc>,
            first_commit_at: Nullable<Timestamptz> = Option<DateTime<Utc>>,
            opened_at: Nullable<Timestamptz> = Option<DateTime<Utc>>,
            first_review_at: Nullable<Timestamptz> = Option<DateTime<Utc>>,
            approved_at: Nullable<Timestamptz> = Option<DateTime<Utc>>,
            merged_at: Nullable<Timestamptz> = Option<DateTime<Utc>>,
            lead_s: Double = f64,
            coding_s: Nullable<Double> = Option<f64>,
            pickup_s: Nullable<Double> = Option<f64>,
            review_s: Nullable<Double> = Option<f64>,
            merge_s: Nullable<Double> = Option<f64>,
            deploy_s: Nullable<Double> = Option<f64>,
            is_bot: Bool = bool,
            is_revert: Bool = bool,
            is_hotfix: Bool = bool,
            link_method: Text = String,
            files_known: Bool = bool,
        }
        lists {}
    }

    fact!(Row, Some("change"), owner |row| Some(&row.service), told |row| format!("{} {} {} {}", row.service, row.environment, row.repo, row.number));

    impl Row {
        pub(in crate::facts) fn new(tenant: &str, service: &str, fact: ChangeFact) -> Self {
            Self {
                tenant_id: tenant.to_owned(),
                service: service.to_owned(),
                environment: fact.environment,
                repo: fact.repo,
                number: fact.number,
                integration: fact.deployment.integration,
                deployment_id: fact.deployment.id,
                tier: fact.tier.as_str().to_owned(),
                team: fact.team,
                kind: fact.kind.as_str().to_owned(),
                at: fact.at,
                deployed_at: fact.deployed_at,
                start_at: fact.start_at,
                first_commit_at: fact.first_commit_at,
                opened_at: fact.opened_at,
                first_review_at: fact.first_review_at,
                approved_at: fact.approved_at,
                merged_at: fact.merged_at,
                lead_s: fact.lead_s,
                coding_s: fact.phases.coding_s,
                pickup_s: fact.phases.pickup_s,
                review_s: fact.phases.review_s,
                merge_s: fact.phases.merge_s,
                deploy_s: fact.phases.deploy_s,
                is_bot: fact.is_bot,
                is_revert: fact.is_revert,
                is_hotfix: fact.is_hotfix,
                link_method: fact.link_method.as_str().to_owned(),
                files_known: fact.files_known,
            }
        }
    }
}

pub(in crate::facts) mod remediations {
    use chrono::{DateTime, Utc};
    use diesel::sql_types::{Text, Timestamptz};
    use domain::dora::facts::Remediation;

    use super::super::fact;
    use crate::facts::table::fact_table;

    fact_table! {
        /// A deployment says that an earlier one was broken.
        Row of "dora_remediations", since "t.service = k.service and t.at >= k.since", owner "t.service = n.owner";
        keys { tenant_id, integration, deployment_id, culprit_integration, culprit_id, method }
        columns { service: Text = String, at: Timestamptz = DateTime<Utc> }
        lists {}
    }

    fact!(Row, Some("remediation"), owner |row| Some(&row.service), told |row| {
        let Row { integration, deployment_id, culprit_integration, culprit_id, method, .. } = row;
        format!("{integration}:{deployment_id} {culprit_integration}:{culprit_id} {method}")
    });

    impl Row {
        pub(in crate::facts) fn new(tenant: &str, service: &str, fact: Remediation) -> Self {
            Self {
                tenant_id: tenant.to_owned(),
                integration: fact.deployment.integration,
                deployment_id: fact.deployment.id,
                culprit_integration: fact.culprit.integration,
                culprit_id: fact.culprit.id,
                method: fact.method.as_str().to_owned(),
                service: service.to_owned(),
                at: fact.at,
            }
        }
    }
}
