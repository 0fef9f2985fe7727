//! Regular expressions: `test`, `match`, `capture`, `scan`, `split`, `sub`. The engine needs time in proportion to
//! pattern and text, both are capped, and both are burnt.

use jaq_core::box_iter::box_once;
use jaq_core::{Cv, Error, Exn, ValXs};
use regex_lite::{Captures, Regex, RegexBuilder};

use super::fuel;
use super::natives::Kind;
use super::value::{Fallible, Value};

/// The longest text that is searched.
const LONGEST_TEXT: usize = 64 * 1024;
/// How large a pattern may become when it is compiled, in bytes.
const LARGEST_PATTERN: usize = 64 * 1024;
/// To compile and to start a search.
const SEARCH: usize = 200;

/// What is asked for.
#[derive(Clone, Copy)]
pub(super) enum Wanted {
    Matches,
    Between,
    Both,
}

pub(super) fn run<'a>(mut cv: Cv<'a, Kind>, wanted: Wanted) -> ValXs<'a, Value> {
    let flags = cv.0.pop_var();
    let pattern = cv.0.pop_var();
    box_once(search(&cv.1, &pattern, &flags, wanted).map_err(Exn::from))
}

fn search(text: &Value, pattern: &Value, flags: &Value, wanted: Wanted) -> Fallible {
    let (text, pattern, flags) = (text.as_text()?, pattern.as_text()?, flags.as_text()?);
    if text.len() > LONGEST_TEXT {
        return Err(Error::str("the text is too long for a regular expression: cut it first"));
    }
    if !fuel::burn(SEARCH + text.len()) {
        return Ok(Value::Null);
    }
    let regex = compiled(pattern, flags)?;
    let (matches, between) = (!matches!(wanted, Wanted::Between), !matches!(wanted, Wanted::Matches));
    let mut found = Vec::new();
    let mut last = 0;
    for captures in regex.captures_iter(text) {
        let Some(whole) = captures.get(0) else { break };
        // Each search goes on over the rest of the text.
        if !fuel::burn(1 + (text.len() - whole.start()) / 4) {
            break;
        }
        if flags.contains('n') && whole.is_empty() {
            continue;
        }
        if between {
            found.push(Value::text(&text[last..whole.start()]));
            last = whole.end();
        }
        if matches {
            found.push(groups(&regex, &captures, text));
        }
        if !flags.contains('g') {
            break;
        }
    }
    if between {
        found.push(Value::text(&text[last..]));
    }
    Ok(Value::array(found))
}

fn compiled(pattern: &str, flags: &str) -> Fallible<Regex> {
    let mut builder = RegexBuilder::new(pattern);
    builder.size_limit(LARGEST_PATTERN).nest_limit(50);
    for flag in flags.chars() {
        match flag {
            'g' | 'n' => {}
            'i' => drop(builder.case_insensitive(true)),
            'x' => drop(builder.ignore_whitespace(true)),
            's' => drop(builder.dot_matches_new_line(true)),
            'm' => drop(builder.multi_line(true)),
            'l' => drop(builder.swap_greed(true)),
            'p' => drop(builder.multi_line(true).dot_matches_new_line(true)),
            _ => return Err(Error::str("a flag of the regular expression is none of g, n, i, x, s, m, l, p")),
        }
    }
    builder.build().map_err(|_| Error::str("the regular expression is none, or too large"))
}

/// The match and its groups, each with its place in characters.
fn groups(regex: &Regex, captures: &Captures<'_>, text: &str) -> Value {
    let group = |(found, name): (Option<regex_lite::Match<'_>>, Option<&str>)| {
        let found = found?;
        fuel::burn_text(found.end());
        let name = name.map(|name| ("name", Value::text(name)));
        let members = [
            ("offset", text[..found.start()].chars().count().into()),
            ("length", found.as_str().chars().count().into()),
            ("string", Value::text(found.as_str())),
        ];
        Some(Value::object(members.into_iter().chain(name).map(|(name, value)| (name.into(), value)).collect()))
    };
    Value::array(captures.iter().zip(regex.capture_names()).filter_map(group).collect())
}
