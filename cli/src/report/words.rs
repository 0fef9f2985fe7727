//! The headlines as text for a terminal.

use std::fmt::Write;

use super::headlines::Headline;

/// A line for each, in columns.
pub(super) fn list(title: &str, headlines: &[Headline]) -> String {
    let mut text = format!("{title}\n\n");
    for one in headlines {
        // Writing to a String cannot fail.
        let _ = writeln!(
            text,
            "{:<21} {:>12}  {:<8} {:<24} {}",
            one.name,
            one.shown(),
            one.band,
            one.sample,
            one.shown_before()
        );
    }
    text
}

#[cfg(test)]
mod tests {
    use super::super::headlines::{read, tests::answer};
    use super::*;

    #[test]
    fn columns_stand_under_each_other() {
        let text = list("DORA, last 30 days", &read(&answer()));
        let lines: Vec<&str> = text.lines().skip(2).collect();
        assert_eq!(lines[0], "Deployment frequency    5.4 a week  high     23 on 14 days            1.5 a day before");
        assert_eq!(lines[3], "Recovery time              no data  unknown  0 recovered, 1 open      100 s before");
    }
}
