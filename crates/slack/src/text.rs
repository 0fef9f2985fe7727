//! Text for Slack: what comes from outside is made harmless, and nothing is cut in the middle of what belongs together.
//!
//! Slack reads `<…>` as links, mentions and broadcasts, and `&…;` as the three characters that are written so. A title of
//! a pull request must not be able to write any of it.

use chrono::{DateTime, SecondsFormat, Utc};
use domain::text::clean;

pub use domain::calendar::duration;

/// Escapes the three characters that Slack reads: the text can make no link, no mention and no broadcast.
pub fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

/// The three characters as they were typed. Slack escapes them in what people type.
pub fn unescape(text: &str) -> String {
    text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
}

/// What markup says, for who is not in Slack: moments by their fallback, links with their address behind them.
pub fn spoken(markup: &str) -> String {
    let mut words = String::new();
    let mut pieces = markup.split('<');
    words.extend(pieces.next());
    for piece in pieces {
        match piece.split_once('>') {
            Some((control, after)) if is_control(control) => {
                words.push_str(&said_by(control));
                words.push_str(after);
            }
            _ => words.extend(["<", piece]),
        }
    }
    unescape(&words)
}

fn is_control(inside: &str) -> bool {
    ["!", "@", "#", "https://", "http://"].iter().any(|sign| inside.starts_with(sign))
}

fn said_by(control: &str) -> String {
    match control.split_once('|') {
        Some((what, shown)) if what.starts_with("http") => format!("{shown} ({what})"),
        Some((_, shown)) => shown.to_owned(),
        None => control.to_owned(),
    }
}

/// Text from outside on one line: without secrets, control characters and marks that turn the reading direction, at
/// most `cap` characters, escaped.
pub fn outside(text: &str, cap: usize) -> String {
    escape(&plain(text, cap))
}

/// The same where Slack reads nothing into it: headers, titles and buttons.
pub fn plain(text: &str, cap: usize) -> String {
    let seen: String = text.chars().filter(|character| !is_unseen(*character)).collect();
    clean(&seen, cap).trim().to_owned()
}

/// Marks that change how the text around them is shown, and are not seen themselves.
fn is_unseen(character: char) -> bool {
    matches!(character, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{200e}' | '\u{200f}' | '\u{feff}')
}

/// Text from outside in `code`. Its own back ticks become quotes.
pub fn code(text: &str, cap: usize) -> String {
    format!("`{}`", outside(text, cap).replace('`', "'"))
}

/// Lines as they are, in blocks of their own that end where they should: at most `most`, of `cap` each. What does not
/// fit ends in `…`.
pub fn preformatted(text: &str, cap: usize, most: usize) -> Vec<String> {
    const FENCES: usize = 8;
    let lines: Vec<String> = text.lines().map(|line| plain_line(line).replace("```", "'''")).collect();
    let escaped = escape(&lines.join("\n"));
    let room = cap.saturating_sub(FENCES);
    let (mut parts, mut rest) = (Vec::new(), escaped.as_str());
    while !rest.is_empty() && parts.len() < most {
        let end = if parts.len() + 1 == most { 0 } else { fitting(rest, room, markup) };
        let (part, after) = if end == 0 { (cut(rest, room), "") } else { (rest[..end].to_owned(), &rest[end..]) };
        parts.push(format!("```\n{}\n```", part.trim_end()));
        rest = after;
    }
    parts
}

/// A line with its indentation.
fn plain_line(line: &str) -> String {
    let seen: String = line.chars().filter(|character| !is_unseen(*character)).collect();
    clean(&seen, line.len().max(1))
}

/// A link. What is no web address is shown without one.
pub fn link(url: &str, shown: &str) -> String {
    let shown = outside(shown, 300).replace('|', "¦");
    match web_address(url) {
        Some(address) if !shown.is_empty() => format!("<{address}|{shown}>"),
        _ => shown,
    }
}

/// The address as it may stand in a link.
fn web_address(url: &str) -> Option<String> {
    let is_web = ["https://", "http://"].iter().any(|scheme| url.starts_with(scheme));
    let is_fit = url.len() <= crate::fit::URL && !url.chars().any(|one| one.is_whitespace() || one.is_control());
    let encoded = || url.replace('<', "%3C").replace('>', "%3E").replace('|', "%7C").replace('&', "&amp;");
    (is_web && is_fit).then(encoded)
}

/// A moment in the reader's own time zone, in UTC where Slack cannot say it.
pub fn moment(at: DateTime<Utc>) -> String {
    let seconds = at.timestamp();
    let fallback = at.to_rfc3339_opts(SecondsFormat::Secs, true);
    format!("<!date^{seconds}^{{date_short_pretty}} {{time}}|{fallback}>")
}

/// The person with this id. What is no id of a Slack user is shown as text.
pub fn mention(user_id: &str) -> String {
    let is_id = user_id.starts_with(['U', 'W'])
        && (2..=32).contains(&user_id.len())
        && user_id.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit());
    if is_id { format!("<@{user_id}>") } else { outside(user_id, 64) }
}

/// How long a text is for Slack: in UTF-16 units, of which a character has one or two. Slack does not say what it counts;
/// no way of counting characters gives more.
pub fn width(text: &str) -> usize {
    text.chars().map(char::len_utf16).sum()
}

/// At most `limit` long, the last character of what was cut is `…`. Links, mentions, escaped characters and emoji of
/// several characters are kept whole or left out whole.
pub fn cut(text: &str, limit: usize) -> String {
    cut_by(text, limit, markup)
}

/// The same for text in which Slack reads nothing.
pub fn cut_plain(text: &str, limit: usize) -> String {
    cut_by(text, limit, cluster)
}

fn cut_by(text: &str, limit: usize, piece: fn(&str) -> usize) -> String {
    if width(text) <= limit {
        return text.to_owned();
    }
    let kept = text[..fitting(text, limit.saturating_sub(1), piece)].trim_end();
    if limit == 0 { String::new() } else { format!("{kept}…") }
}

/// How many bytes of whole pieces at the start of a text are at most `limit` wide.
fn fitting(text: &str, limit: usize, piece: fn(&str) -> usize) -> usize {
    let (mut end, mut taken) = (0, 0);
    while end < text.len() {
        let next = piece(&text[end..]);
        taken += width(&text[end..end + next]);
        if taken > limit {
            break;
        }
        end += next;
    }
    end
}

/// How many bytes at the start of a text with markup belong together.
fn markup(text: &str) -> usize {
    match text.as_bytes().first() {
        Some(b'<') => text.find('>').map_or(1, |end| end + 1),
        Some(b'&') => {
            ["&amp;", "&lt;", "&gt;"].iter().find(|entity| text.starts_with(**entity)).map_or(1, |one| one.len())
        }
        _ => cluster(text),
    }
}

/// How many bytes at the start of a text make one character for the reader.
fn cluster(text: &str) -> usize {
    const JOINER: char = '\u{200d}';
    let mut characters = text.char_indices();
    let Some((_, first)) = characters.next() else { return 0 };
    let mut before = first;
    let mut flags = usize::from(is_flag(first));
    for (place, next) in characters {
        let pairs_up = flags == 1 && is_flag(next);
        if !(next == JOINER || before == JOINER || clings(next) || pairs_up) {
            return place;
        }
        flags += usize::from(pairs_up);
        before = next;
    }
    text.len()
}

/// The halves of flags.
fn is_flag(character: char) -> bool {
    matches!(character, '\u{1f1e6}'..='\u{1f1ff}')
}

/// What belongs to the character before it: accents, forms of emoji, colours of skin, key caps.
fn clings(character: char) -> bool {
    matches!(
        character,
        '\u{300}'..='\u{36f}' | '\u{fe00}'..='\u{fe0f}' | '\u{1f3fb}'..='\u{1f3ff}' | '\u{20d0}'..='\u{20ff}' | '\u{e0020}'..='\u{e007f}'
    )
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn markup_is_words_for_who_is_not_in_slack() {
        let at = DateTime::from_timestamp(1_795_262_400, 0).expect("a time");
        let markup = format!(
            "as of {} · {} · <@U0ADA> · a &lt;fix&gt; <b>",
            moment(at),
            link("https://em.example/a?b&c", "Open")
        );
        assert_eq!(
            spoken(&markup),
            "as of 2026-11-21T12:00:00Z · Open (https://em.example/a?b&c) · @U0ADA · a <fix> <b>"
        );
    }

    #[test]
    fn a_title_can_write_no_markup() {
        assert_eq!(
            outside("Fix <!channel> & <https://evil|this>", 100),
            "Fix &lt;!channel&gt; &amp; &lt;https://evil|this&gt;"
        );
        assert_eq!(outside("a\nb\u{202e}c ", 100), "a bc");
        assert_eq!(code("rm `x` <y>", 100), "`rm 'x' &lt;y&gt;`");
        assert_eq!(unescape("R&amp;D &lt;3 &amp;lt;"), "R&D <3 &lt;");
        assert!(!outside("token=xoxb-123456789012-abcdefgh", 100).contains("123456789012"));
    }

    #[test]
    fn links_are_web_addresses_and_end_where_they_should() {
        assert_eq!(link("https://a.example/x?b=1&c=|>", "a|b"), "<https://a.example/x?b=1&amp;c=%7C%3E|a¦b>");
        for no_address in ["javascript:alert(1)", "https://a b", "", "!channel", "https://a\n"] {
            assert_eq!(link(no_address, "shown"), "shown", "{no_address}");
        }
        assert_eq!((mention("U0ADA00001").as_str(), mention("!here").as_str()), ("<@U0ADA00001>", "!here"));
        assert_eq!(mention("U1><!channel"), "U1&gt;&lt;!channel");
    }

    #[test]
    fn durations_have_two_units() {
        let told = |seconds| duration(TimeDelta::seconds(seconds));
        let expected = ["0 s", "59 s", "1 min", "2 h 5 min", "1 d", "3 d 4 h", "0 s"];
        assert_eq!([0, 59, 60, 7_530, 86_459, 273_700, -5].map(told), expected);
    }

    #[test]
    fn a_block_of_lines_ends_where_it_should() {
        assert_eq!(preformatted("{\n  \"a\": \"```<x>\"\n}", 100, 2), ["```\n{\n  \"a\": \"'''&lt;x&gt;\"\n}\n```"]);
        let long = preformatted(&"<x>\n".repeat(5_000), 3_000, 4);
        assert!(long.iter().all(|part| width(part) <= 3_000 && part.starts_with("```\n") && part.ends_with("\n```")));
        assert!(long.len() == 4 && long[3].ends_with("…\n```") && !long[2].contains('…'));
        assert!(preformatted("", 100, 2).is_empty());
    }

    #[test]
    fn what_belongs_together_is_not_cut() {
        for (text, limit, expected) in [
            ("abcdef", 6, "abcdef"),
            ("abcdef", 5, "abcd…"),
            ("ab &amp; cd", 6, "ab…"),
            ("ab <@U123> cd", 9, "ab…"),
            ("ab <@U123> cd", 12, "ab <@U123>…"),
            ("日本語日本語", 4, "日本語…"),
            ("a😀😀", 4, "a😀…"),
            ("a👩‍👩‍👧‍👦b", 9, "a…"),
            ("a🇩🇪🇫🇷", 8, "a🇩🇪…"),
            ("e\u{301}e\u{301}e\u{301}", 5, "e\u{301}e\u{301}…"),
            ("ab", 1, "…"),
            ("ab", 0, ""),
        ] {
            assert_eq!(cut(text, limit), expected, "{text} at {limit}");
        }
        assert_eq!(cut_plain("a < b > c", 6), "a < b…");
    }

    proptest! {
        #[test]
        fn cut_text_fits_and_opens_nothing_that_it_does_not_close(text in ".{0,60}", limit in 1usize..80) {
            let safe = escape(&text);
            let short = cut(&safe, limit);
            prop_assert!(width(&short) <= limit);
            prop_assert!(!short.contains(['<', '>']));
            let kept = short.trim_end_matches('…');
            prop_assert!(safe.starts_with(kept) || safe == short);
            for part in kept.split('&').skip(1) {
                prop_assert!(["amp;", "lt;", "gt;"].iter().any(|entity| part.starts_with(entity)), "{}", short);
            }
        }
    }
}
