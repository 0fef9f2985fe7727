//! How much of the budgets is used: for people, and for the metrics.

use std::collections::{BTreeMap, BTreeSet};

use boot::ModelSettings;
use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use domain::ids::TenantId;
use store::llm_calls::{self, Used};
use store::{Connection, Store, StoreError, budgets};

use crate::levels::{self, Caller, Level, SCOPES};
use crate::windows::{Length, Window, window};
use crate::{Purpose, books, telemetry};

/// What a tenant used today.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Usage {
    /// In the tenant's zone.
    pub day: Window,
    pub by_purpose: Vec<Used>,
    /// What the day allows at most.
    pub budget_micro_usd: i64,
    pub budgets: Vec<Budget>,
}

/// A budget that counts for a tenant, in the window that is now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Budget {
    /// `day` or `month` (of the installation), `tenant` or `purpose`.
    pub scope: &'static str,
    /// Of which purpose.
    pub purpose: Option<String>,
    pub period: String,
    /// `usd` (in millionths) or `tokens`.
    pub unit: &'static str,
    pub used: i64,
    pub most: i64,
}

/// What a tenant used of what it may.
pub async fn usage(
    settings: &ModelSettings,
    store: &Store,
    tenant: &TenantId,
    now: DateTime<Utc>,
) -> Result<Usage, StoreError> {
    let (settings, tenant) = (settings.clone(), tenant.clone());
    let read = move |conn: &mut Connection| {
        let zones = books::zones(conn, tenant.as_str())?;
        let day = window(Length::Day, zones.tenant, now);
        let by_purpose = llm_calls::used(conn, &tenant, (day.from, day.until))?;
        let levels = all_levels(conn, &settings, tenant.as_str(), now)?;
        let keys: Vec<_> = levels.iter().map(|level| level.key.clone()).collect();
        let standings = budgets::standing(conn, &keys, now)?;
        let used = levels.iter().zip(standings).map(|(level, standing)| budget(level, standing.spent));
        Ok(Usage { day, by_purpose, budget_micro_usd: of_a_day(&settings, &levels), budgets: used.collect() })
    };
    store.call("llm_usage", read).await
}

/// The lowest cap in dollars on a day of the tenant or the installation.
fn of_a_day(settings: &ModelSettings, levels: &[Level]) -> i64 {
    let is_day = |level: &&Level| {
        level.key.unit == "usd" && level.key.period.len() == "2026-11-22".len() && level.scope != "purpose"
    };
    levels.iter().filter(is_day).map(|level| level.most).min().unwrap_or(settings.daily_budget_micro_usd)
}

fn budget(level: &Level, used: i64) -> Budget {
    let purpose = level.key.scope.strip_prefix("purpose:").map(str::to_owned);
    let (period, unit) = (level.key.period.clone(), level.key.unit);
    Budget { scope: level.scope, purpose, period, unit, used, most: level.most }
}

/// Every budget that some call of a tenant counts for, but those of sessions.
fn all_levels(
    conn: &mut Connection,
    settings: &ModelSettings,
    tenant: &str,
    now: DateTime<Utc>,
) -> Result<Vec<Level>, StoreError> {
    let zones = books::zones(conn, tenant)?;
    let mut levels: Vec<Level> = Purpose::ALL
        .into_iter()
        .flat_map(|purpose| {
            levels::of(settings, Caller { tenant, purpose: purpose.as_str(), session: None }, zones, now)
        })
        .collect();
    levels.sort_by(|a, b| a.key.cmp(&b.key));
    levels.dedup();
    Ok(levels)
}

/// Sets the gauges: of each kind of budget the fullest, of any tenant.
pub(crate) async fn measure(settings: &ModelSettings, store: &Store, now: DateTime<Utc>) -> Result<(), StoreError> {
    let settings = settings.clone();
    let read = move |conn: &mut Connection| {
        // Days of all zones: yesterday's is still the one in the west, tomorrow's already in the east.
        let days = [now - chrono::TimeDelta::days(1), now, now + chrono::TimeDelta::days(1)];
        let periods: BTreeSet<String> = days
            .iter()
            .flat_map(|day| [Length::Day, Length::Month].map(|length| window(length, Tz::UTC, *day).name))
            .collect();
        let rows = budgets::spent_in(conn, &Vec::from_iter(periods))?;
        let tenants: BTreeSet<&str> = rows.iter().map(|row| row.0.as_str()).filter(|tenant| *tenant != "*").collect();
        let default = TenantId::default();
        let mut ratios: BTreeMap<&'static str, f64> = BTreeMap::new();
        for tenant in tenants.into_iter().chain([default.as_str()]) {
            for level in all_levels(conn, &settings, tenant, now)?.iter().filter(|level| level.most > 0) {
                let spent = rows.iter().find(|row| is_of(row, level)).map_or(0, |row| row.4);
                let ratio = ratios.entry(level.scope).or_default();
                *ratio = ratio.max(spent as f64 / level.most as f64);
            }
        }
        Ok(ratios)
    };
    let ratios = store.call("llm_budgets", read).await?;
    for scope in SCOPES {
        if let Some(used) = ratios.get(scope) {
            telemetry::ratio(scope, *used);
        }
    }
    Ok(())
}

fn is_of(row: &(String, String, String, String, i64), level: &Level) -> bool {
    let key = &level.key;
    row.0 == key.tenant && row.1 == key.scope && row.2 == key.period && row.3 == key.unit
}
