//! Levels as settings make them.

use super::*;
use boot::Settings;
use boot::settings::Env;

fn settings(budgets: &str) -> ModelSettings {
    let variables = [("AGENT_BUDGETS".to_owned(), budgets.to_owned())].into_iter().collect();
    Settings::read(&variables, &[], Env::Development).expect("good settings").0.models
}

fn levels(budgets: &str, tenant: &str, session: Option<&str>) -> Vec<(String, String, String, &'static str, i64)> {
    let zones = Zones { installation: Tz::UTC, tenant: Tz::Asia__Tokyo };
    let now = "2026-11-30T20:00:00Z".parse().expect("a time");
    let caller = Caller { tenant, purpose: "digest", session };
    let row = |level: Level| (level.key.tenant, level.key.scope, level.key.period, level.scope, level.most);
    of(&settings(budgets), caller, zones, now).into_iter().map(row).collect()
}

#[test]
fn a_call_counts_for_its_session_the_day_and_every_cap_that_is_of_it() {
    let caps = "tenant/day=10usd,tenant:acme/month=3tokens,tenant:other/day=1usd,purpose:digest/day=5usd,purpose:answer/day=1usd";
    let found = levels(caps, "acme", Some("s1"));
    let row = |tenant: &str, scope: &str, period: &str, name, most| {
        (tenant.to_owned(), scope.to_owned(), period.to_owned(), name, most)
    };
    let wanted = [
        row("*", "installation", "2026-11-30", "day", 50_000_000),
        row("acme", "purpose:digest", "2026-12-01", "purpose", 5_000_000),
        row("acme", "session:s1", "ever", "session", 750_000),
        row("acme", "tenant", "2026-12", "tenant", 3),
        row("acme", "tenant", "2026-12-01", "tenant", 10_000_000),
    ];
    assert_eq!(found, wanted);
}

#[test]
fn of_two_caps_on_the_same_the_lower_counts() {
    let found = levels("installation/day=2usd,session=9usd", "acme", Some("s1"));
    assert_eq!(found.iter().map(|row| row.4).collect::<Vec<_>>(), [2_000_000, 750_000]);
    assert_eq!(levels("session=9usd", "acme", None).len(), 1, "nobody's session");
}

#[test]
fn people_are_told_of_each_threshold_once_and_of_the_highest_that_is_reached() {
    let key =
        Key { tenant: "acme".to_owned(), scope: "tenant".to_owned(), period: "2026-11-22".to_owned(), unit: "usd" };
    let level = Level { scope: "tenant", key, most: 1_000_000 };
    let due = |spent, told| level.due(Standing { spent, held: 0, told });
    assert_eq!((due(499_999, 0), due(500_000, 0), due(500_000, 50)), (None, Some(50), None));
    assert_eq!((due(850_000, 50), due(1_000_000, 0), due(2_000_000, 100)), (Some(80), Some(100), None));
    let words = level.words(100, Standing { spent: 1_000_000, held: 0, told: 0 });
    assert_eq!(
        words,
        "Language models: 100 % of the budget of tenant acme for 2026-11-22 is used ($1.00 of $1.00); no model is asked for it now, rules answer."
    );
    let closed = Level { most: 0, ..level };
    assert_eq!(closed.due(Standing::default()), None);
}
