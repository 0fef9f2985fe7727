//! HTML, and what Confluence stores, as text: headings, lists and blocks of code stay what they are, the rest is words.
//!
//! It reads any input and never runs longer than the input is long. What it makes is data still.

/// Their contents are nothing to read.
const SILENT: [&str; 4] = ["script", "style", "head", "ac:parameter"];
/// They begin on a line of their own.
const BLOCKS: [&str; 16] = [
    "p",
    "div",
    "br",
    "tr",
    "table",
    "ul",
    "ol",
    "section",
    "article",
    "blockquote",
    "pre",
    "hr",
    "ac:structured-macro",
    "li",
    "td",
    "th",
];

/// The text of markup.
pub(super) fn text_of(markup: &str) -> String {
    let mut out = String::with_capacity(markup.len());
    let mut silent: Option<&str> = None;
    let mut rest = markup;
    while let Some(at) = rest.find('<') {
        if silent.is_none() {
            out.push_str(&entities(&rest[..at]));
        }
        let tag = &rest[at..];
        if let Some(code) = tag.strip_prefix("<![CDATA[") {
            let (inside, after) = code.split_once("]]>").unwrap_or((code, ""));
            if silent.is_none() {
                out.push_str(&format!("\n```\n{inside}\n```\n"));
            }
            rest = after;
            continue;
        }
        if let Some(comment) = tag.strip_prefix("<!--") {
            rest = comment.split_once("-->").map_or("", |(_, after)| after);
            continue;
        }
        let Some(end) = tag.find('>') else {
            rest = "";
            break;
        };
        let (name, closes) = name_of(&tag[1..end]);
        rest = &tag[end + 1..];
        let is_empty = tag[..end].ends_with('/');
        match silent {
            Some(open) if closes && name == open => silent = None,
            Some(_) => {}
            None => {
                silent = SILENT.into_iter().find(|known| !closes && !is_empty && name == *known);
                out.push_str(mark(&name, closes));
            }
        }
    }
    if silent.is_none() {
        out.push_str(&entities(rest));
    }
    tidy(&out)
}

fn name_of(tag: &str) -> (String, bool) {
    let bare = tag.trim_start_matches('/');
    let name = bare.split(|c: char| c.is_whitespace() || c == '/').next().unwrap_or_default();
    (name.to_ascii_lowercase(), tag.starts_with('/'))
}

/// What stands in the text for a tag.
fn mark(name: &str, closes: bool) -> &'static str {
    match (name, closes) {
        ("h1", false) => "\n\n# ",
        ("h2", false) => "\n\n## ",
        ("h3", false) => "\n\n### ",
        ("h4" | "h5" | "h6", false) => "\n\n#### ",
        ("h1" | "h2" | "h3" | "h4" | "h5" | "h6" | "p", true) => "\n\n",
        ("li", false) => "\n- ",
        ("td" | "th", true) => " | ",
        ("td" | "th", false) | ("li", true) => "",
        (block, _) if BLOCKS.contains(&block) => "\n",
        _ => "",
    }
}

fn entities(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('&') {
        out.push_str(before);
        let known = after
            .split_once(';')
            .filter(|(name, _)| name.len() <= 8)
            .and_then(|(name, tail)| Some((entity(name)?, tail)));
        match known {
            Some((c, tail)) => {
                out.push(c);
                rest = tail;
            }
            None => {
                out.push('&');
                rest = after;
            }
        }
    }
    out + rest
}

fn entity(name: &str) -> Option<char> {
    let number = |digits: &str, radix| u32::from_str_radix(digits, radix).ok().and_then(char::from_u32);
    match name {
        "amp" => Some('&'),
        "lt" => Some('<'),
        "gt" => Some('>'),
        "quot" => Some('"'),
        "apos" => Some('\''),
        "nbsp" => Some(' '),
        "ndash" | "mdash" => Some('–'),
        "hellip" => Some('…'),
        "auml" => Some('ä'),
        "ouml" => Some('ö'),
        "uuml" => Some('ü'),
        "szlig" => Some('ß'),
        "eacute" => Some('é'),
        _ => match name.strip_prefix('#')?.strip_prefix(['x', 'X']) {
            Some(hex) => number(hex, 16),
            None => number(&name[1..], 10),
        },
    }
}

/// At most one empty line, and no spaces at the ends of lines.
fn tidy(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut empty = 0;
    for line in text.lines().map(str::trim_end) {
        empty = if line.trim().is_empty() { empty + 1 } else { 0 };
        if empty <= 1 {
            out.push_str(line);
            out.push('\n');
        }
    }
    out.trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_of_confluence_becomes_text() {
        let page = "<h1>Roll&nbsp;back</h1><p>Run <strong>this</strong> &amp; wait:</p>\
            <ac:structured-macro ac:name=\"code\"><ac:parameter ac:name=\"language\">sh</ac:parameter>\
            <ac:plain-text-body><![CDATA[kubectl get <pods>]]></ac:plain-text-body></ac:structured-macro>\
            <ul><li>one</li><li>two &lt;x&gt; &#228; &#xe4;</li></ul><script>alert(1)</script><!-- hidden -->";
        let text = text_of(page);
        assert_eq!(
            text,
            "# Roll back\n\nRun this & wait:\n\n\n```\nkubectl get <pods>\n```\n\n- one\n- two <x> ä ä"
                .replace("\n\n\n", "\n\n")
        );
    }

    #[test]
    fn what_is_broken_is_read_as_far_as_it_goes() {
        for odd in ["<", "a<b", "<!--", "<![CDATA[x", "&", "&;", "&#x;", "&#xffffffff;", "<script>", "</p", "<p/><P>x"]
        {
            text_of(odd);
        }
        assert_eq!(text_of("a &unknown; b <i>c"), "a &unknown; b c");
    }
}
