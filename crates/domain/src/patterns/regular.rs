//! Regular expressions that people give: matched in time that grows with the text alone, compiled within a bound.

use regex::{Regex, RegexBuilder};

/// How much memory a compiled pattern may take, and what remembering states may take beside.
const LARGEST_BYTES: usize = 1 << 20;
const LONGEST: usize = 500;

/// A pattern, or what is wrong with it.
pub(crate) fn compile(text: &str) -> Result<Regex, String> {
    if text.len() > LONGEST {
        return Err(format!("a pattern has at most {LONGEST} bytes"));
    }
    let built = RegexBuilder::new(text).size_limit(LARGEST_BYTES).dfa_size_limit(LARGEST_BYTES).nest_limit(32).build();
    built.map_err(|error| match error {
        regex::Error::CompiledTooBig(_) => "the pattern is too large: repeat less".to_owned(),
        other => {
            let said = other.to_string();
            let last = said.lines().last().unwrap_or_default().trim_start_matches("error: ").to_owned();
            format!("the pattern cannot be read: {last}; look-around and back-references are not available")
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_are_bounded() {
        assert!(compile("^[A-Z][A-Z0-9]+-[0-9]+$").expect("a pattern").is_match("SHOP-12"));
        assert!(compile("(a").expect_err("open").contains("unclosed group"));
        assert!(compile("(?=a)").expect_err("look-around").contains("look-around"));
        assert!(compile("(\\w{100}){100}").expect_err("too large").contains("repeat less"));
        assert!(compile(&"a".repeat(501)).is_err());
        let slow = compile("(a*)*b").expect("a pattern");
        assert!(!slow.is_match(&"a".repeat(100_000)));
    }
}
