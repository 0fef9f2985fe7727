//! Amounts of money in settings: US dollars in decimal, whole millionths of one inside. No floating point.

/// Dollars have so many digits behind the point.
const DIGITS: usize = 6;
/// More is a mistake.
const MOST_DOLLARS: i64 = 1_000_000;

/// What a model costs, in millionths of a US dollar for a million tokens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Price {
    pub model: String,
    pub input: i64,
    pub output: i64,
    /// Input that the provider had kept; the same as `input` where it is not said.
    pub cached: i64,
}

/// `0.75` is 750000.
pub fn micro_usd(text: &str) -> Option<i64> {
    let (whole, behind) = text.split_once('.').unwrap_or((text, ""));
    let digits = |part: &str| part.chars().all(|c| c.is_ascii_digit());
    if whole.is_empty() || !digits(whole) || !digits(behind) || behind.len() > DIGITS {
        return None;
    }
    let dollars: i64 = whole.parse().ok().filter(|dollars| *dollars <= MOST_DOLLARS)?;
    let rest: i64 = format!("{behind:0<DIGITS$}").parse().ok()?;
    Some(dollars * 1_000_000 + rest)
}

/// Dollars as people write them: at least two digits behind the point.
pub fn usd(micro_usd: i64) -> String {
    let text = format!("{}.{:06}", micro_usd / 1_000_000, micro_usd.abs() % 1_000_000);
    let shortest = text.len() - 4;
    let kept = text.trim_end_matches('0').len().max(shortest);
    text[..kept].to_owned()
}

pub(super) fn prices(text: &str) -> Option<Vec<Price>> {
    text.split(',').map(|part| price(part.trim())).collect()
}

fn price(text: &str) -> Option<Price> {
    let (model, amounts) = text.split_once('=')?;
    let model = model.trim();
    let amounts: Vec<i64> = amounts.split('/').map(|amount| micro_usd(amount.trim())).collect::<Option<_>>()?;
    let (input, output, cached) = match amounts[..] {
        [input, output] => (input, output, input),
        [input, output, cached] => (input, output, cached),
        _ => return None,
    };
    (!model.is_empty()).then(|| Price { model: model.to_owned(), input, output, cached })
}
