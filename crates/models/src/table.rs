//! What is known of models: their prices and what they can do. The table is data (`models.csv`); pure.
//!
//! A model that is not in it has no price until a setting says one, and takes what the settings say.

use boot::settings::{Price, micro_usd};

use crate::Tokens;

const TABLE: &str = include_str!("../models.csv");
/// Prices are for so many tokens.
const MILLION: i128 = 1_000_000;

/// What a model costs, in millionths of a US dollar for a million tokens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Prices {
    pub(crate) input: i64,
    pub(crate) cached: i64,
    pub(crate) output: i64,
}

impl Prices {
    /// What was used costs so much, rounded up to the millionth.
    pub(crate) fn cost(self, tokens: Tokens) -> i64 {
        let cached = tokens.cached.clamp(0, tokens.input.max(0));
        let parts =
            [(tokens.input.max(0) - cached, self.input), (cached, self.cached), (tokens.output.max(0), self.output)];
        let sum: i128 = parts.iter().map(|(count, price)| i128::from(*count) * i128::from(*price)).sum();
        i64::try_from((sum + MILLION - 1) / MILLION).unwrap_or(i64::MAX)
    }

    /// The most that so many tokens can cost.
    pub(crate) fn worst(self, input: i64, output: i64) -> i64 {
        let dearest = Self { input: self.input.max(self.cached), ..self };
        dearest.cost(Tokens { input, cached: 0, output, reasoning: 0 })
    }
}

/// What a model can do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Abilities {
    /// Tokens that it takes at once, the answer among them.
    pub(crate) context: u32,
    /// The longest answer; 0: not known.
    pub(crate) answer: u32,
    /// Whether it takes a temperature.
    pub(crate) temperature: bool,
    /// Whether it can be held to a JSON Schema.
    pub(crate) schema: bool,
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct Known {
    pub(crate) prices: Prices,
    pub(crate) abilities: Abilities,
}

/// The day of the table.
pub(crate) fn version() -> &'static str {
    let first = TABLE.lines().next().unwrap_or_default();
    first.trim_start_matches("# ").split(':').next().unwrap_or_default()
}

/// What the table says of a model, whatever day stands behind its name.
pub(crate) fn known(model: &str) -> Option<Known> {
    TABLE.lines().skip(2).find_map(|line| {
        let (name, rest) = line.split_once(',')?;
        is_of(model, name).then(|| row(rest)).flatten()
    })
}

/// The price that a setting says, else the table's.
pub(crate) fn prices(model: &str, said: &[Price]) -> Option<Prices> {
    let said = said.iter().find(|price| price.model == model);
    said.map(|price| Prices { input: price.input, cached: price.cached, output: price.output })
        .or_else(|| known(model).map(|known| known.prices))
}

/// Where its price comes from.
pub(crate) fn price_version(model: &str, said: &[Price]) -> &'static str {
    if said.iter().any(|price| price.model == model) { "setting" } else { version() }
}

/// What a model can do of which only the name is known.
pub(crate) fn abilities(model: &str, context: u32) -> Abilities {
    let unknown = Abilities { context, answer: 0, temperature: true, schema: true };
    known(model).map_or(unknown, |known| known.abilities)
}

/// `gpt-4.1-2025-04-14` and `claude-sonnet-4-5@20250929` are of their days; `gpt-4.1-mini` is another model.
fn is_of(model: &str, name: &str) -> bool {
    let Some(rest) = model.strip_prefix(name) else { return false };
    let day = rest.trim_start_matches(['-', '@']);
    rest.is_empty()
        || day == "latest"
        || (rest != day && day.len() >= 8 && day.chars().all(|c| c.is_ascii_digit() || c == '-'))
}

fn row(rest: &str) -> Option<Known> {
    let fields: Vec<&str> = rest.split(',').collect();
    let [input, cached, output, context, answer, temperature, schema] = fields[..] else { return None };
    let prices = Prices { input: micro_usd(input)?, cached: micro_usd(cached)?, output: micro_usd(output)? };
    let abilities = Abilities {
        context: context.parse().ok()?,
        answer: answer.parse().ok()?,
        temperature: temperature == "yes",
        schema: schema == "yes",
    };
    Some(Known { prices, abilities })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_of_the_table_can_be_read() {
        assert!(version().len() == 10 && version().starts_with("2026-"), "{}", version());
        for line in TABLE.lines().skip(2) {
            let (name, rest) = line.split_once(',').expect("a name");
            assert!(row(rest).is_some(), "{line}");
            assert_eq!(
                known(name).map(|known| known.prices),
                row(rest).map(|row| row.prices),
                "{name} is found as itself"
            );
        }
    }

    #[test]
    fn a_day_behind_the_name_is_the_same_model_and_nothing_else_is() {
        let prices = |name: &str| known(name).map(|known| known.prices.input);
        assert_eq!(prices("gpt-4.1-2025-04-14"), Some(2_000_000));
        assert_eq!(prices("gpt-4.1-mini-2025-04-14"), Some(400_000));
        assert_eq!(prices("claude-sonnet-4-5-20250929"), Some(3_000_000));
        assert_eq!(prices("claude-sonnet-4-20250514"), Some(3_000_000));
        assert_eq!(prices("claude-3-5-haiku-latest"), Some(800_000));
        for unknown in ["gpt-4.1-turbo", "gpt-4", "llama3.2:3b", "o3-pro", "claude-opus-4-9"] {
            assert_eq!(prices(unknown), None, "{unknown}");
        }
    }

    #[test]
    fn what_is_used_costs_to_the_millionth_and_never_less() {
        let prices = Prices { input: 400_000, cached: 100_000, output: 1_600_000 };
        let cost = |input, cached, output| prices.cost(Tokens { input, cached, output, reasoning: 0 });
        assert_eq!(cost(1_000_000, 0, 1_000_000), 2_000_000);
        assert_eq!(cost(10, 0, 10), 20);
        assert_eq!(cost(1, 0, 0), 1, "0.4 is rounded up");
        assert_eq!(cost(1000, 1000, 0), 100);
        assert_eq!(cost(1000, 9999, 0), 100, "no more is cached than there is");
        assert_eq!(cost(-5, 0, -5), 0);
        assert_eq!(prices.worst(1000, 10), 416);
        let costly = Prices { input: i64::MAX, cached: 0, output: i64::MAX };
        assert_eq!(costly.cost(Tokens { input: i64::MAX, cached: 0, output: i64::MAX, reasoning: 0 }), i64::MAX);
    }

    #[test]
    fn a_setting_has_the_last_word_about_a_price() {
        let said = [Price { model: "gpt-4.1".to_owned(), input: 1, output: 2, cached: 1 }];
        assert_eq!(prices("gpt-4.1", &said).map(|prices| prices.input), Some(1));
        assert_eq!(prices("house-model", &said), None);
    }
}
