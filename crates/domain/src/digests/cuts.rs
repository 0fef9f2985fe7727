//! Parts taken out of a text: what others wrote, and what stands in quotation marks.

/// Without the value, also where only its beginning stands there because it was cut.
pub(super) fn without(text: &str, value: &str) -> String {
    const ENOUGH: usize = 12;
    if value.is_empty() {
        return text.to_owned();
    }
    let whole = whole_words(text, value);
    if !whole.is_empty() {
        let (mut out, mut end) = (String::with_capacity(text.len()), 0);
        for place in whole {
            out.push_str(&text[end..place]);
            out.push(' ');
            end = place + value.len();
        }
        return out + &text[end..];
    }
    let beginning: String = value.chars().take(ENOUGH).collect();
    let Some(start) = (beginning.chars().count() == ENOUGH).then(|| text.find(&beginning)).flatten() else {
        return without_cut_end(text, value);
    };
    let same = text[start..].char_indices().zip(value.chars()).take_while(|((_, one), other)| one == other);
    let end = same.last().map_or(start, |((place, one), _)| start + place + one.len_utf8());
    format!("{} {}", &text[..start], &text[end..])
}

/// Where a text was cut, the few characters of the value that are left of it at the end go too.
fn without_cut_end(text: &str, value: &str) -> String {
    let Some(kept) = text.trim_end().strip_suffix('…') else { return text.to_owned() };
    let starts = value.char_indices().map(|(place, one)| &value[..place + one.len_utf8()]).rev();
    let left = starts.map(str::trim_end).filter(|start| !start.is_empty()).find_map(|start| {
        let before = kept.strip_suffix(start)?;
        (!before.ends_with(char::is_alphanumeric)).then_some(before)
    });
    left.unwrap_or(text).to_owned()
}

/// Without what stands in quotation marks.
pub(super) fn without_quotes(text: &str) -> String {
    quotes(text).iter().fold(text.to_owned(), |text, quote| text.replacen(quote.as_str(), " ", 1))
}

/// Where these words stand, not within other words.
pub(super) fn whole_words(text: &str, words: &str) -> Vec<usize> {
    let is_edge = |one: Option<char>| !one.is_some_and(char::is_alphanumeric);
    let stands = |place: usize| {
        is_edge(text[..place].chars().next_back()) && is_edge(text[place + words.len()..].chars().next())
    };
    text.match_indices(words).map(|(place, _)| place).filter(|place| stands(*place)).collect()
}

/// What stands in quotation marks, with them.
pub(super) fn quotes(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut rest = text;
    while let Some((place, open)) = rest.char_indices().find(|(_, one)| matches!(one, '"' | '“' | '„' | '«')) {
        let inside = &rest[place + open.len_utf8()..];
        let closes = |one: char| match open {
            '"' => one == '"',
            '«' => one == '»',
            _ => matches!(one, '”' | '“' | '"'),
        };
        let Some((end, close)) = inside.char_indices().find(|(_, one)| closes(*one)) else { break };
        let end = place + open.len_utf8() + end + close.len_utf8();
        found.push(rest[place..end].to_owned());
        rest = &rest[end..];
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_of_a_value_is_left() {
        for (text, value, left) in [
            ("shop was deployed to live", "live", "shop was deployed to  "),
            ("delivery is slow", "live", "delivery is slow"),
            ("A long title that was c…: merged", "A long title that was cut", " …: merged"),
            ("Faster checkout (by rolled ba…", "rolled back everything", "Faster checkout (by "),
            ("Faster checkout (by r…", "rolled", "Faster checkout (by "),
            ("Faster checkout for…", "rolled", "Faster checkout for…"),
        ] {
            assert_eq!(without(text, value), left, "{text}");
        }
    }
}
