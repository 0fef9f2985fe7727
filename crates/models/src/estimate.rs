//! How many tokens a text may be, before anybody counts: rather too many. Pure.

use crate::Call;

/// What a message costs besides its text.
const PER_MESSAGE: i64 = 12;

/// Tokens of a text: a third of letters and spaces, two thirds of digits and signs, half of the bytes of other scripts. What
/// models really count is about three quarters of it for prose.
pub fn tokens(text: &str) -> i64 {
    let sixths = text.bytes().map(|byte| match byte {
        b' ' | b'a'..=b'z' | b'A'..=b'Z' => 2_i64,
        0x80.. => 3,
        _ => 4,
    });
    (sixths.sum::<i64>() + 5) / 6
}

/// Tokens of everything that a call sends.
pub(crate) fn input(call: &Call) -> i64 {
    let messages: i64 = call.messages.iter().map(message).sum();
    let schema = call.schema.as_ref().map_or(0, |schema| tokens(&schema.json.to_string()) + PER_MESSAGE);
    let tools: i64 = call
        .tools
        .iter()
        .map(|tool| tokens(tool.name) + tokens(tool.description) + tokens(&tool.arguments.to_string()) + PER_MESSAGE)
        .sum();
    PER_MESSAGE + tokens(&call.system) + messages + schema + tools
}

/// Tokens of texts that are embedded.
pub(crate) fn texts(texts: &[String]) -> i64 {
    texts.iter().map(|text| tokens(text) + PER_MESSAGE).sum()
}

fn message(message: &crate::Message) -> i64 {
    let calls: i64 =
        message.calls.iter().map(|call| tokens(&call.name) + tokens(&call.arguments.to_string()) + PER_MESSAGE).sum();
    PER_MESSAGE + tokens(&message.text) + calls
}

#[cfg(test)]
mod tests {
    use super::tokens;

    #[test]
    fn an_estimate_is_rather_too_much() {
        // What o200k_base makes of them.
        let counted = [
            ("", 0),
            ("The deployment of shop to production failed after two minutes.", 11),
            ("018f3a52-7c1e-7b44-9d8a-0d8f6f1c2b3a", 24),
            ("{\"event_ids\":[\"e1\",\"e2\"],\"severity\":\"high\"}", 18),
            ("デプロイに失敗しました", 7),
        ];
        for (text, real) in counted {
            assert!(tokens(text) >= real, "{text}: {} of {real}", tokens(text));
        }
    }
}
