//! Paths of the gateway that pages name: each stands in `ROUTES`, with its method where the page says one.

use gateway::routes::ROUTES;

use crate::lines::typed;
use crate::pages::{FORMER, nothing_of, pages};

/// Addresses of others that look like ours.
const OTHERS: &[&str] = &["/v1/data/em_agent/decision"];
const BEGINNINGS: &[&str] = &["/v1/", "/webhooks/", "/t/", "/agent/"];
const METHODS: &[&str] = &["GET", "POST", "PUT", "PATCH", "DELETE"];

/// The paths in a piece of code, without query and punctuation.
fn paths(code: &str) -> Vec<&str> {
    let is_end = |letter: char| letter.is_whitespace() || "?\"'`)|,;&\\".contains(letter);
    let begins = |at: usize| {
        let before = code[..at].chars().next_back();
        let is_apart = before.is_none_or(|letter| !letter.is_alphanumeric() || code[..at].ends_with("URL"));
        // Behind a host there is a path too; behind a folder or a vendor's host there is none of ours.
        let is_hosted = ["8000", "example.org", "$URL"].iter().any(|host| code[..at].ends_with(host));
        (is_apart || is_hosted) && BEGINNINGS.iter().any(|beginning| code[at..].starts_with(beginning))
    };
    let starts = code.match_indices('/').map(|(at, _)| at).filter(|at| begins(*at));
    starts.map(|at| code[at..].split(is_end).next().unwrap_or_default().trim_end_matches(['.', ':'])).collect()
}

/// Whether a segment of a page may stand for one of a route. A plain word stands for itself, or for a source or tenant.
fn fits(route: &str, said: &str) -> bool {
    let is_open = said.contains('{') || said.contains('<') || said.contains('…') || said.contains('*');
    let is_word = said.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-');
    match route {
        "{source}" | "{tenant}" => true,
        _ if route.starts_with('{') => is_open || !is_word,
        _ => route == said,
    }
}

/// The methods of the routes that fit.
fn routes(path: &str) -> Vec<&'static str> {
    let said: Vec<&str> = path.split('/').collect();
    let rows = ROUTES.iter().filter(|row| {
        let route: Vec<&str> = row.path.split('/').collect();
        route.len() == said.len() && route.iter().zip(&said).all(|(route, said)| fits(route, said))
    });
    rows.map(|row| row.method.as_str()).collect()
}

#[test]
fn every_path_stands_in_the_table_of_routes() {
    let (mut seen, mut found) = (0, Vec::new());
    for page in pages().into_iter().filter(|page| page.name != FORMER) {
        for code in page.code() {
            for path in paths(&code.text).into_iter().filter(|path| !OTHERS.contains(path)) {
                seen += 1;
                if routes(path).is_empty() {
                    found.push(format!("{}:{}: {path}", page.name, code.line));
                }
            }
        }
    }
    assert!(seen > 150, "found only {seen} paths");
    nothing_of("no route of gateway/src/routes.rs is so", &found);
}

/// The methods that stand before a path: "`GET`, `DELETE /v1/x/{id}`" are two.
fn methods(line: &str, at: usize) -> Vec<&str> {
    let before = line[..at].trim_end_matches(['`', ' ']);
    let words = before.rsplit([' ', '|', '(']).map(|word| word.trim_matches(['`', ',']));
    words.take_while(|word| METHODS.contains(word)).collect()
}

#[test]
fn every_method_is_one_that_its_path_takes() {
    let (mut seen, mut found) = (0, Vec::new());
    for page in pages().into_iter().filter(|page| page.name != FORMER) {
        for (at, line) in page.prose() {
            for path in line.split('`').skip(1).step_by(2).flat_map(paths) {
                let place = path.as_ptr().addr() - line.as_ptr().addr();
                for method in methods(line, place) {
                    seen += 1;
                    if !OTHERS.contains(&path) && !routes(path).contains(&method) {
                        found.push(format!("{}:{at}: {method} {path}", page.name));
                    }
                }
            }
        }
    }
    assert!(seen > 80, "found only {seen} methods");
    nothing_of("no route of gateway/src/routes.rs takes these", &found);
}

#[test]
fn every_call_with_curl_is_one_that_is_taken() {
    let (mut seen, mut found) = (0, Vec::new());
    for page in pages() {
        for line in typed(&page) {
            let Some(words) = line.of("curl") else { continue };
            let asked = words.iter().position(|word| word == "-X").and_then(|place| words.get(place + 1));
            let method =
                asked.map_or(if words.iter().any(|word| word == "-d") { "POST" } else { "GET" }, String::as_str);
            for path in words.iter().filter(|word| !word.starts_with('{')).flat_map(|word| paths(word)) {
                seen += 1;
                if !routes(path).contains(&method) {
                    found.push(format!("{}:{}: {method} {path}", page.name, line.at));
                }
            }
        }
    }
    assert!(seen > 12, "found only {seen} calls");
    nothing_of("no route of gateway/src/routes.rs takes these", &found);
}

#[test]
fn what_is_no_path_of_ours_is_seen() {
    assert_eq!(paths("POST /v1/digests/{id}/feedback {\"verdict\"}"), ["/v1/digests/{id}/feedback"]);
    assert_eq!(paths("curl $URL/v1/incidents?x=/v1/y"), ["/v1/incidents", "/v1/y"]);
    assert_eq!(paths("https://api.anthropic.com/v1"), [""; 0]);
    for wrong in ["/v1/digest", "/v1/digests/feedback/x", "/v1/incidents/link", "/v1/metrics/dora/mttrs"] {
        assert!(routes(wrong).is_empty(), "{wrong}");
    }
    let line = "| `GET`, `DELETE /v1/conversations/{id}` |";
    assert_eq!(methods(line, line.find("/v1").expect("a path")), ["DELETE", "GET"]);
}
