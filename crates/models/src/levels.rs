//! Which budgets a call counts for, in which windows, and when people are told. Pure.

use boot::ModelSettings;
use boot::settings::{Cap, Period, Unit, Whose, usd};
use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use store::budgets::{INSTALLATION, Key, Line, Standing};

use crate::windows::{Length, window};

/// Percent of a cap that people are told of.
const THRESHOLDS: [i32; 3] = [100, 80, 50];

/// What a level is called in answers and metrics.
pub(crate) const SCOPES: [&str; 5] = ["session", "day", "month", "tenant", "purpose"];

/// Whose call it is.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Caller<'a> {
    pub(crate) tenant: &'a str,
    pub(crate) purpose: &'a str,
    pub(crate) session: Option<&'a str>,
}

/// The zones that windows are cut in.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Zones {
    /// That of the tenant `default`.
    pub(crate) installation: Tz,
    pub(crate) tenant: Tz,
}

/// A budget that a call counts for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Level {
    /// One of [`SCOPES`].
    pub(crate) scope: &'static str,
    pub(crate) key: Key,
    pub(crate) most: i64,
}

impl Level {
    /// What a call that costs so much and uses so many tokens takes of it.
    pub(crate) fn amount(&self, micro_usd: i64, tokens: i64) -> i64 {
        if self.key.unit == Unit::Tokens.as_str() { tokens } else { micro_usd }
    }

    pub(crate) fn line(&self, micro_usd: i64, tokens: i64) -> Line {
        Line { key: self.key.clone(), amount: self.amount(micro_usd, tokens), most: self.most }
    }

    /// The threshold that people are to be told of now. Of sessions nobody is told: whoever asks sees it.
    pub(crate) fn due(&self, standing: Standing) -> Option<i32> {
        let reached = |percent: &i32| i128::from(standing.spent) * 100 >= i128::from(self.most) * i128::from(*percent);
        let highest = THRESHOLDS.into_iter().find(reached).filter(|_| self.is_told());
        highest.filter(|percent| *percent > standing.told)
    }

    /// Whether people are told of it at all. What is closed on purpose is no news.
    pub(crate) fn is_told(&self) -> bool {
        self.most > 0 && self.scope != "session"
    }

    /// `The budget of tenant acme for 2026-11-22 …`.
    pub(crate) fn words(&self, percent: i32, standing: Standing) -> String {
        let whose = match (self.key.tenant.as_str(), self.key.scope.split_once(':')) {
            (INSTALLATION, _) => "the installation".to_owned(),
            (tenant, Some((_, purpose))) => format!("{purpose} in tenant {tenant}"),
            (tenant, None) => format!("tenant {tenant}"),
        };
        let amount = |amount: i64| match self.key.unit {
            "tokens" => format!("{amount} tokens"),
            _ => format!("${}", usd(amount)),
        };
        let (spent, most, period) = (amount(standing.spent), amount(self.most), &self.key.period);
        let then = if percent >= 100 { "; no model is asked for it now, rules answer" } else { "" };
        format!("Language models: {percent} % of the budget of {whose} for {period} is used ({spent} of {most}){then}.")
    }
}

/// The budgets of a call, each once with its lowest cap, in the order of their keys.
pub(crate) fn of(settings: &ModelSettings, caller: Caller<'_>, zones: Zones, now: DateTime<Utc>) -> Vec<Level> {
    let cap = |whose, period, most| Cap { whose, period, unit: Unit::Usd, most };
    let standard = [
        cap(Whose::Session, Period::Ever, settings.session_budget_micro_usd),
        cap(Whose::Installation, Period::Day, settings.daily_budget_micro_usd),
    ];
    let mut levels: Vec<Level> =
        standard.iter().chain(&settings.caps).filter_map(|cap| level(cap, caller, zones, now)).collect();
    levels.sort_by(|a, b| (&a.key, a.most).cmp(&(&b.key, b.most)));
    levels.dedup_by(|later, first| later.key == first.key);
    levels
}

/// None: the call does not count for it.
fn level(cap: &Cap, caller: Caller<'_>, zones: Zones, now: DateTime<Utc>) -> Option<Level> {
    let (tenant, own_scope, zone) = match &cap.whose {
        Whose::Installation => (INSTALLATION, "installation".to_owned(), zones.installation),
        Whose::Tenant => (caller.tenant, "tenant".to_owned(), zones.tenant),
        Whose::TenantNamed(name) if name == caller.tenant => (caller.tenant, "tenant".to_owned(), zones.tenant),
        Whose::Purpose(name) if name == caller.purpose => (caller.tenant, format!("purpose:{name}"), zones.tenant),
        Whose::Session => (caller.tenant, format!("session:{}", caller.session?), zones.tenant),
        Whose::TenantNamed(_) | Whose::Purpose(_) => return None,
    };
    let (period, scope) = match (cap.period, &cap.whose) {
        (Period::Day, Whose::Installation) => (window(Length::Day, zone, now).name, "day"),
        (Period::Month, Whose::Installation) => (window(Length::Month, zone, now).name, "month"),
        (Period::Day, whose) => (window(Length::Day, zone, now).name, named(whose)),
        (Period::Month, whose) => (window(Length::Month, zone, now).name, named(whose)),
        (Period::Ever, _) => ("ever".to_owned(), "session"),
    };
    let key = Key { tenant: tenant.to_owned(), scope: own_scope, period, unit: cap.unit.as_str() };
    Some(Level { scope, key, most: cap.most })
}

fn named(whose: &Whose) -> &'static str {
    if matches!(whose, Whose::Purpose(_)) { "purpose" } else { "tenant" }
}

#[cfg(test)]
mod tests;
