//! Times and lengths of time as people say them in English.

use chrono::TimeDelta;

/// In lowercase.
pub const MONTHS: [&str; 12] = [
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
];

/// How long: the two largest units, `2 h 5 min`. What is less than nothing is nothing.
pub fn duration(lasted: TimeDelta) -> String {
    let seconds = lasted.num_seconds().max(0);
    let units = [(86_400, "d"), (3_600, "h"), (60, "min"), (1, "s")];
    let Some(first) = units.iter().position(|(length, _)| seconds >= *length) else { return "0 s".to_owned() };
    let (length, unit) = units[first];
    let below = units.get(first + 1).map(|(below, unit)| (seconds % length / below, *unit));
    match below {
        Some((count, below)) if count > 0 => format!("{} {unit} {count} {below}", seconds / length),
        _ => format!("{} {unit}", seconds / length),
    }
}
