//! What the metrics API reads: facts of a slice, counted or as rows. Facts are written elsewhere (`facts`).
//!
//! A [`Slice`] narrows every statement in the same way: its conditions are the binds $1 to $8 of each, so that all
//! metrics of one question are counted over the same things. Percentiles are taken over the slice's raw values.

pub mod current;
pub mod deployments;
pub mod inspect;
pub mod lead;
#[cfg(test)]
mod plans;
pub mod quality;
pub mod recovery;
pub mod reports;
pub mod rows;
pub mod work;

use chrono::{DateTime, Utc};
use diesel::pg::Pg;
use diesel::query_builder::{BoxedSqlQuery, SqlQuery};
use diesel::sql_query;
use diesel::sql_types::{Array, Nullable, Text, Timestamptz};
use domain::ids::TenantId;

/// What is counted. Empty lists narrow nothing, but for `tiers`, which names what it means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Slice {
    /// Inclusive.
    pub from: DateTime<Utc>,
    /// Exclusive.
    pub to: DateTime<Utc>,
    pub tiers: Vec<String>,
    pub services: Vec<String>,
    pub teams: Vec<String>,
    pub repos: Vec<String>,
    pub environment: Option<String>,
}

impl Slice {
    /// The same of another time.
    #[must_use]
    pub fn during(&self, from: DateTime<Utc>, to: DateTime<Utc>) -> Self {
        Self { from, to, ..self.clone() }
    }
}

/// A statement whose binds begin with the slice.
type Narrowed<'a> = BoxedSqlQuery<'a, Pg, SqlQuery>;

fn narrowed<'a>(text: &str, tenant: &'a TenantId, slice: &'a Slice) -> Narrowed<'a> {
    sql_query(text)
        .into_boxed()
        .bind::<Text, _>(tenant.as_str())
        .bind::<Timestamptz, _>(slice.from)
        .bind::<Timestamptz, _>(slice.to)
        .bind::<Array<Text>, _>(&slice.tiers)
        .bind::<Array<Text>, _>(&slice.services)
        .bind::<Array<Text>, _>(&slice.teams)
        .bind::<Array<Text>, _>(&slice.repos)
        .bind::<Nullable<Text>, _>(slice.environment.as_deref())
}

/// The condition that a fact lies in the slice. `time` is the column that the window is on, `of_repos` what it means to
/// belong to one of the repositories.
fn within(table: &str, time: &str, of_repos: &str) -> String {
    format!("{table}.{time} >= $2 and {table}.{time} < $3 and {}", of_slice(table, of_repos))
}

/// The same at any time.
fn of_slice(table: &str, of_repos: &str) -> String {
    format!(
        "{table}.tenant_id = $1 and {table}.tier = any($4)
         and (cardinality($5) = 0 or {table}.service = any($5))
         and (cardinality($6) = 0 or {table}.team = any($6))
         and (cardinality($7) = 0 or {of_repos})
         and ($8 is null or {table}.environment = $8)"
    )
}

/// A deployment belongs to its own repository and to those of its components.
fn deploys_repo(table: &str) -> String {
    format!(
        "({table}.repo = any($7) or exists (select from deployment_components p
          where p.tenant_id = {table}.tenant_id and p.integration = {table}.integration
            and p.deployment_id = {table}.deployment_id and p.repo = any($7)))"
    )
}
