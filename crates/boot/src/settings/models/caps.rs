//! Caps on what models may use: `tenant/day=10usd, purpose:digest/month=5usd, tenant:acme/day=2000000tokens, session=0.5usd`.

use domain::ids::TenantId;

use super::PURPOSES;
use super::amounts::micro_usd;

pub(super) const TAKES: &str = "caps with commas between them: installation, tenant, tenant:<id> or purpose:<name> with \
                                /day or /month, or session; then =10usd or =2000000tokens";

/// Whose use is added up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Whose {
    Installation,
    /// Each tenant's own.
    Tenant,
    /// This tenant's.
    TenantNamed(String),
    /// Each tenant's, for this purpose.
    Purpose(String),
    /// Each session's.
    Session,
}

/// Over what time. A session has none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Period {
    Day,
    Month,
    Ever,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Unit {
    /// Counted in millionths.
    Usd,
    /// Of input and output together.
    Tokens,
}

impl Unit {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Usd => "usd",
            Self::Tokens => "tokens",
        }
    }
}

/// So much and no more.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cap {
    pub whose: Whose,
    pub period: Period,
    pub unit: Unit,
    pub most: i64,
}

pub(super) fn read(text: &str) -> Option<Vec<Cap>> {
    text.split(',').map(|part| cap(part.trim())).collect()
}

fn cap(text: &str) -> Option<Cap> {
    let (level, amount) = text.split_once('=')?;
    let (whose, period) = match level.trim().split_once('/') {
        Some((whose, "day")) => (whose, Period::Day),
        Some((whose, "month")) => (whose, Period::Month),
        Some(_) => return None,
        None => (level.trim(), Period::Ever),
    };
    let whose = self::whose(whose)?;
    if (whose == Whose::Session) != (period == Period::Ever) {
        return None;
    }
    let (unit, most) = self::amount(amount.trim())?;
    Some(Cap { whose, period, unit, most })
}

fn whose(text: &str) -> Option<Whose> {
    match text.split_once(':') {
        None => match text {
            "installation" => Some(Whose::Installation),
            "tenant" => Some(Whose::Tenant),
            "session" => Some(Whose::Session),
            _ => None,
        },
        Some(("tenant", id)) => id.parse::<TenantId>().is_ok().then(|| Whose::TenantNamed(id.to_owned())),
        Some(("purpose", name)) => PURPOSES.contains(&name).then(|| Whose::Purpose(name.to_owned())),
        Some(_) => None,
    }
}

fn amount(text: &str) -> Option<(Unit, i64)> {
    match (text.strip_suffix("usd"), text.strip_suffix("tokens")) {
        (Some(amount), _) => Some((Unit::Usd, micro_usd(amount.trim())?)),
        (_, Some(amount)) => Some((Unit::Tokens, amount.trim().parse().ok().filter(|most: &i64| *most >= 0)?)),
        _ => None,
    }
}
