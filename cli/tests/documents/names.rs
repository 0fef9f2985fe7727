//! Names in backticks that the program gives: settings, metrics and the codes of problems. A name that a page keeps after
//! the program has dropped it is found here.

use boot::metrics::METRICS;
use boot::settings::SETTINGS;

use crate::pages::{FORMER, nothing_of, pages};

/// What is written like a setting and is read by somebody else: whose it is.
const OTHERS: &[(&str, &str)] = &[
    ("EM_AGENT_IMAGE", "docker-compose.prod.yml"),
    ("EM_POSTGRES_ADDRESS", "Grafana"),
    ("EM_POSTGRES_DATABASE", "Grafana"),
    ("EM_POSTGRES_PASSWORD", "Grafana"),
    ("EM_POSTGRES_SSLMODE", "Grafana"),
    ("EM_POSTGRES_USER", "Grafana"),
    ("EM_PROMETHEUS_URL", "Grafana"),
    ("EM_WRITE_DASHBOARDS", "our tests"),
    ("INSTA_UPDATE", "our tests"),
    ("EMAIL_1", "a text that is redacted"),
    ("IP_2", "a text that is redacted"),
    ("INSUFFICIENT_DATA", "CloudWatch"),
    ("KUBERNETES_TOPOLOGY_CHANGE", "Linear's and Kubernetes' own words"),
    ("REFUSED_FOR_MORE", "a script in oracles"),
    ("TEST_ONLY", "the name of a file"),
];

/// Histograms have three series each in Prometheus.
const SERIES: &[&str] = &["_bucket", "_count", "_sum"];

/// Names that end as metrics do and are none: members of answers and documents, and SQL.
const NO_METRICS: &[&str] = &["expires_seconds", "interval_seconds", "window_seconds"];

/// The words of a piece of code that hold nothing but these letters.
fn words(code: &str, is_letter: fn(char) -> bool) -> Vec<&str> {
    code.split(|letter| !is_letter(letter)).filter(|word| !word.is_empty()).collect()
}

/// A source in a setting's name stands for each: built in, shipped as a plugin, or the example of docs/PLUGINS.md.
fn sources() -> Vec<String> {
    let plugins = std::fs::read_dir(crate::pages::root().join("plugins")).expect("the plugins").flatten();
    let plugins = plugins.filter_map(|entry| Some(entry.file_name().to_str()?.strip_suffix(".toml")?.to_uppercase()));
    let built_in = integrations::ALL.iter().map(|one| one.name.to_uppercase());
    built_in.chain(plugins).chain(["<SOURCE>", "<NAME>", "HARBOUR"].map(str::to_owned)).collect()
}

fn is_setting(name: &str, sources: &[String]) -> bool {
    let plain = name.strip_suffix("_FILE").unwrap_or(name);
    SETTINGS.iter().any(|row| match row.name.split_once("<SOURCE>") {
        None => [plain, name].contains(&row.name),
        Some((before, after)) => plain
            .strip_prefix(before)
            .and_then(|rest| rest.strip_suffix(after))
            .is_some_and(|source| sources.iter().any(|known| known == source)),
    })
}

#[test]
fn every_setting_that_a_page_names_is_read() {
    let is_letter = |letter: char| letter.is_ascii_uppercase() || letter.is_ascii_digit() || "_<>".contains(letter);
    let sources = sources();
    let (mut seen, mut found) = (0, Vec::new());
    for page in pages().into_iter().filter(|page| page.name != FORMER) {
        for code in page.code() {
            // `TEST_ONLY_root` is a file's name: what goes on in small letters ends before its last `_`.
            for word in words(&code.text, is_letter) {
                let word = if sources.iter().any(|source| word.contains(source.as_str())) {
                    word
                } else {
                    word.trim_matches(['<', '>'])
                };
                let name = word.trim_end_matches('_');
                let looks_so =
                    name.contains('_') && name.starts_with(|first: char| first.is_ascii_uppercase() || first == '<');
                if !looks_so || OTHERS.iter().any(|(other, _)| *other == name) {
                    continue;
                }
                seen += 1;
                if !is_setting(name, &sources) {
                    found.push(format!("{}:{}: {name}", page.name, code.line));
                }
            }
        }
    }
    assert!(seen > 300, "found only {seen} settings");
    nothing_of("no settings; docs/CONFIG.md lists those that are (of others: `OTHERS` in cli/tests/documents)", &found);
}

#[test]
fn every_metric_that_a_page_names_is_exported() {
    let is_letter = |letter: char| letter.is_ascii_lowercase() || letter.is_ascii_digit() || letter == '_';
    let families: Vec<&str> =
        METRICS.iter().filter_map(|one| one.name.split_once('_')).map(|(first, _)| first).collect();
    let (mut seen, mut found) = (0, Vec::new());
    for page in pages() {
        for code in page.code() {
            for word in words(&code.text, is_letter) {
                let plain = SERIES.iter().find_map(|ending| word.strip_suffix(ending)).unwrap_or(word);
                let is_known = METRICS.iter().any(|one| one.name == plain || one.name == word);
                let looks_so = ["_total", "_seconds", "_ratio"].iter().any(|ending| plain.ends_with(ending))
                    && (plain.ends_with("_total")
                        || plain.split_once('_').is_some_and(|(first, _)| families.contains(&first)));
                seen += usize::from(is_known);
                if looks_so && !is_known && !NO_METRICS.contains(&word) {
                    found.push(format!("{}:{}: {word}", page.name, code.line));
                }
            }
        }
    }
    assert!(seen > 60, "found only {seen} metrics");
    nothing_of("no metrics of ours; docs/CONFIG.md lists those that are", &found);
}

/// Status and code of every problem: docs/errors.md, which a test of the gateway holds against its table.
fn problems() -> Vec<(u16, String)> {
    let page = std::fs::read_to_string(crate::pages::root().join("docs/errors.md")).expect("the page");
    let row = |line: &str| {
        let (code, rest) = line.strip_prefix("| `")?.split_once("` | ")?;
        Some((rest.split(' ').next()?.parse().ok()?, code.to_owned()))
    };
    page.lines().filter_map(row).collect()
}

/// "409 `conflict`" and "`429 daily-limit`".
#[test]
fn every_problem_that_a_page_names_has_its_code_and_status() {
    let problems = problems();
    assert!(problems.len() > 20, "{problems:?}");
    let (mut seen, mut found) = (0, Vec::new());
    for page in pages() {
        for (at, line) in page.prose() {
            let plain = line.replace('`', "");
            let mut words = plain.split([' ', '(', ')', ',', ';', ':', '.']).peekable();
            while let Some(word) = words.next() {
                let Ok(status @ 400..=599) = word.parse::<u16>() else { continue };
                let Some(slug) = words.peek().filter(|next| next.len() > 4 && line.contains(&format!("{next}`")))
                else {
                    continue;
                };
                seen += 1;
                if !problems.iter().any(|(known, code)| code == slug && *known == status) {
                    found.push(format!("{}:{at}: {status} {slug}", page.name));
                }
            }
        }
    }
    assert!(seen > 1, "found only {seen} problems");
    nothing_of("no such problem; docs/errors.md lists those that are", &found);
}

#[test]
fn what_nobody_reads_is_seen() {
    let sources = sources();
    for name in ["JWT_SECRET_KEY_FILE", "GITHUB_WEBHOOK_SECRET", "<SOURCE>_WEBHOOK_SECRET", "BUILDKITE_WEBHOOK_SECRET"]
    {
        assert!(is_setting(name, &sources), "{name}");
    }
    for name in ["JWT_SECRET", "GITHUBB_WEBHOOK_SECRET", "EM_AGENT_IMAGE"] {
        assert!(!is_setting(name, &sources), "{name}");
    }
}
