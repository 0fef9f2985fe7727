//! What programs give, and that the nastiest of them end, quickly, with an error.

use std::time::{Duration, Instant};

use serde_json::{Value as Json, json};

use super::{Failure, Given, Program};

const NOTHING: Given<'_> = Given { kind: "build.finished", headers: &[] };

fn run_on(code: &str, body: &Json) -> Result<Vec<Json>, Failure> {
    Program::compile("", &[code]).unwrap_or_else(|fault| panic!("{code}: {fault:?}")).run(0, body, &NOTHING)
}

fn run(code: &str) -> Result<Vec<Json>, Failure> {
    run_on(code, &Json::Null)
}

#[test]
fn the_language_is_there() {
    for (code, body, expected) in [
        (".a.b", json!({"a": {"b": 1}}), vec![json!(1)]),
        (
            ".[] | select(.n > 1) | {n, kind: $kind}",
            json!([{"n": 1}, {"n": 2}]),
            vec![json!({"n": 2, "kind": "build.finished"})],
        ),
        ("[.[] | ascii_downcase]", json!(["A", "b"]), vec![json!(["a", "b"])]),
        ("to_entries | map(.key)", json!({"b": 1, "a": 2}), vec![json!(["a", "b"])]),
        ("with_entries(.value += 1)", json!({"a": 2}), vec![json!({"a": 3})]),
        (".x // \"none\"", json!({}), vec![json!("none")]),
        (
            "capture(\"(?<owner>[^/]+)/(?<name>.+)\")",
            json!("acme/shop"),
            vec![json!({"owner": "acme", "name": "shop"})],
        ),
        ("sub(\"^refs/heads/\"; \"\")", json!("refs/heads/main"), vec![json!("main")]),
        ("[scan(\"[A-Z]+-[0-9]+\")]", json!("SHOP-1 and PAY-22"), vec![json!(["SHOP-1", "PAY-22"])]),
        ("split(\"/\") | last", json!("a/b/c"), vec![json!("c")]),
        ("test(\"PROD\"; \"i\")", json!("prod-eu"), vec![json!(true)]),
        ("ltrimstr(\"v\") | tonumber", json!("v12"), vec![json!(12)]),
        (". + 1", json!(18_446_744_073_709_551_614_u64), vec![json!(18_446_744_073_709_551_615_u64)]),
        (".id | tostring", json!({"id": 9_007_199_254_740_993_i64}), vec![json!("9007199254740993")]),
        ("[limit(3; range(10))]", json!(null), vec![json!([0, 1, 2])]),
        ("reduce .[] as $x (0; . + $x)", json!([1, 2, 3]), vec![json!(6)]),
        ("try error(\"x\") catch .", json!(null), vec![json!("x")]),
        ("fromjson.a", json!("{\"a\": 1}"), vec![json!(1)]),
        ("@base64d", json!("aGk="), vec![json!("hi")]),
        ("\"\\(.a)-\\(.b)\"", json!({"a": 1, "b": "x"}), vec![json!("1-x")]),
        (
            "fromdate, (fromdate | todate)",
            json!("2026-11-20T10:00:00Z"),
            vec![json!(1_795_168_800), json!("2026-11-20T10:00:00Z")],
        ),
        ("[paths]", json!({"a": [1]}), vec![json!([["a"], ["a", 0]])]),
        ("del(.a) | .b |= . * 2", json!({"a": 1, "b": 2}), vec![json!({"b": 4})]),
        ("group_by(.k) | map(length)", json!([{"k": 1}, {"k": 2}, {"k": 1}]), vec![json!([2, 1])]),
        ("[.[] as [$a, {b: $b}] | $a + $b]", json!([[1, {"b": 2}]]), vec![json!([3])]),
        (
            "[.[] | if . > 1 then \"many\" elif . == 1 then \"one\" else \"none\" end]",
            json!([0, 1, 2]),
            vec![json!(["none", "one", "many"])],
        ),
        ("def f(g): g | g; f(. + 1)", json!(1), vec![json!(3)]),
        (
            "first(.[] | select(. > 1)), (map(. * 2) | add), (.[1:] | length), .[-1]",
            json!([1, 2, 3]),
            vec![json!(2), json!(12), json!(2), json!(3)],
        ),
        ("index(\"b\"), contains(\"bc\"), (. / \"b\")", json!("abc"), vec![json!(1), json!(true), json!(["a", "c"])]),
        ("[.[] | tojson]", json!([1, "a", null, {"b": [1.5]}]), vec![json!(["1", "\"a\"", "null", "{\"b\":[1.5]}"])]),
    ] {
        assert_eq!(run_on(code, &body), Ok(expected), "{code}");
    }
}

/// What runs for ever, or would take all memory or the whole stack.
const ENDLESS: &[&str] = &[
    "def f: f; f",
    "def f: 1 + f; f",
    "def f: [f]; f",
    "def f: f | f; f",
    "def f: f, f; f",
    "def f: try f catch f; f",
    "def f: f? // f; f",
    "def f: (f | .) as $x | f; f",
    "def f(g): f(g | g); f(.)",
    "def f(g; $n): if $n == 0 then g else f(g | g; $n - 1) end; f(.; 60)",
    "def f($n): label $out | ($n, f($n + 1)); f(0)",
    "def f: .a |= f; f",
    "def f: .a | f; path(f)",
    "def f: .a | f; f |= 1",
    "repeat(1)",
    "[repeat(1)]",
    "[repeat(error)?] | repeat(.)",
    "repeat(try error catch .) | empty",
    "last(repeat(1))",
    "[range(1e18)]",
    "[range(0; 1e18; 0.0000001)] | length",
    "range(1e18) | empty",
    "reduce range(1e18) as $x (0; 1)",
    "foreach range(1e18) as $x (0; 1; empty)",
    "[limit(1e12; repeat(1))]",
    "skip(1e12; repeat(1))",
    "until(false; .)",
    "while(true; .)",
    "recurse(.)",
    "[recurse([.])]",
    "[.[]?, recurse(. + 1; . >= 0)]",
    "\"x\" * 1e9",
    "\"xxxxxxxxxxxxxxxx\" * 1e18 * 1e18",
    "reduce range(100) as $x (\"x\"; . + .)",
    "reduce range(100) as $x ([1]; . + .)",
    "reduce range(100) as $x (0; [., .])",
    "reduce range(100) as $x (0; [., .]) | tojson",
    "reduce range(100) as $x (0; {a: ., b: .}) | . == .",
    "reduce range(1e6) as $x (0; [.])",
    "reduce range(1e6) as $x (0; {a: .})",
    "[range(100000)] | [.[] as $a | .[] as $b | $a * $b]",
    "[range(20000)] | . - .",
    "[range(20000)] | [combinations(3)]",
    "[range(3000)] as $a | [$a, $a, $a, $a] | [combinations]",
    "[range(100000)] | sort_by(-.) | sort_by(-.) | sort_by(-.) | sort_by(-.) | sort | sort | unique",
    "[range(30000)] | map(tostring) | join(\"-\") | [match(\".*\"; \"g\")] | length",
    "\"x\" * 60000 | [match(\"(x*x*)*y\"; \"g\")] | repeat(.)",
    "\"x\" * 60000 | [limit(10000; repeat(test(\"(x+x+)+y\")))]",
    "\"a\" | test(\"((((a{100}){100}){100}){100})\")",
    "[splits(\"\"; \"\")] | repeat(.)",
    "[.. , ..] | [..] | [..] | [..] | [..] | [..]",
    "def f: (., .) | f; f",
    "[paths(..)] | [paths(..)] | [paths(..)]",
    "def f($n): if $n == 0 then . else f($n - 1), f($n - 1) end; [f(50)]",
    "label $f | def g: g | break $f; g",
    "first(def f: f; f)",
    "isempty(def f: f; f)",
    "[.[]?] | any(repeat(false); .)",
];

#[test]
fn no_program_runs_for_long() {
    let large = json!({"list": (0..3000).map(|n| json!({"n": n, "deep": [[[[n]]]]})).collect::<Vec<_>>()});
    let forks = ["(., .)"; 60].join(" | ");
    let forks = [forks.clone(), format!("[{forks}]"), format!("{forks} | empty")];
    for code in ENDLESS.iter().copied().chain(forks.iter().map(String::as_str)) {
        let started = Instant::now();
        let result = run_on(code, &large);
        let took = started.elapsed();
        assert!(result.is_err(), "{code}: gave {:?}", result.map(|events| events.len()));
        assert!(took < Duration::from_secs(10), "{code}: took {took:?}");
        assert_eq!(result, run_on(code, &large), "{code}: another result the second time");
    }
}

#[test]
fn bodies_of_any_size_can_be_walked_only_so_far() {
    let large = json!((0..200_000).map(|n| json!({"a": [n, [n]]})).collect::<Vec<_>>());
    for code in ["[paths]", "[.. | .. | ..]", "[..] | length", "tojson | fromjson | tojson | fromjson | length"] {
        let result = run_on(code, &large);
        assert_eq!(result, Err(Failure { reason: "its mapping takes too many steps", detail: None }), "{code}");
    }
    assert_eq!(
        run_on("length, .[0].a[0], (.[-1] | .a[0])", &large),
        Ok(vec![json!(200_000), json!(0), json!(199_999)])
    );
}

#[test]
fn nothing_outside_can_be_reached() {
    for code in [
        "input",
        "inputs",
        "env",
        "$ENV",
        "$ENV.HOME",
        "now",
        "halt",
        "halt(1)",
        "halt_error",
        "debug",
        "debug(.)",
        "stderr",
        "input_filename",
        "input_line_number",
        "$__loc__",
        "$__prog_args",
        "get_search_list",
        "localtime",
        "strflocaltime(\"%Z\")",
        "mktime",
        "getpath(",
        "include \"a\"; .",
        "import \"a\" as a; .",
        "ltrimstr",
    ] {
        assert!(Program::compile("", &[code]).is_err(), "{code} compiles");
    }
}

#[test]
fn no_text_crashes_the_reader() {
    for piece in [
        "(",
        "[",
        "{",
        "-",
        "try ",
        "if ",
        "def f: ",
        "\"\\(",
        ".a",
        "reduce ",
        "{a:",
        "1 as [",
        "?",
        "..",
        "|",
        "\u{1F4A3}",
        "label $a |",
        "not(",
        "f(;",
    ] {
        let long = piece.repeat(16 * 1024 / piece.len());
        let _ = Program::compile("", &[&long]).map(|program| program.run(0, &Json::Null, &NOTHING));
        let _ = Program::compile(&long, &["."]);
    }
    let nested = format!("{}1{}", "[".repeat(8000), "]".repeat(8000));
    assert!(Program::compile("", &[&nested]).is_ok_and(|program| program.run(0, &Json::Null, &NOTHING).is_err()));
    let fault = Program::compile("", &[&"x".repeat(20_000)]).map(|_| ()).map_err(|fault| fault.what);
    assert_eq!(fault, Err("it is longer than 16384 bytes".to_owned()));
}

#[test]
fn output_is_capped() {
    for (code, reason) in [
        ("range(1001)", "its mapping makes more than 1000 events"),
        ("\"x\" * 1000000, \"y\" * 100000", "its mapping makes more than a megabyte"),
        ("reduce range(65) as $x (0; [.])", "its mapping nests more than 64 deep"),
    ] {
        assert_eq!(run(code), Err(Failure { reason, detail: None }), "{code}");
    }
    assert_eq!(run("range(1000)").map(|events| events.len()), Ok(1000));
}

#[test]
fn a_mistake_is_told_with_its_place() {
    for (definitions, mapping, piece, at, what) in [
        ("", ".a |", 1, 4, "term is missing at its end"),
        ("", "{a: 1", 1, 5, "a closing brace is missing here"),
        ("", ". | foo(1)", 1, 4, "there is no filter foo here"),
        ("", "[.[] | $x]", 1, 7, "there is no variable $x here"),
        ("", "if . then 1", 1, 11, "else or end is missing at its end"),
        ("def a: 1; def b: c;", "a", 0, 17, "there is no filter c here"),
        ("def a 1;", "a", 0, 6, ": is expected here"),
    ] {
        let fault = Program::compile(definitions, &[mapping]).map(|_| ()).expect_err(mapping);
        assert_eq!((fault.piece, fault.at, &*fault.what), (piece, at, what), "{mapping}");
    }
}

#[test]
fn mappings_share_definitions_and_are_chosen_by_number() {
    let program =
        Program::compile("def twice: . * 2;", &["twice", ". | twice | twice", "$headers.a"]).expect("a program");
    let headers = [("a".to_owned(), "b".to_owned())];
    let given = Given { kind: "x", headers: &headers };
    let results: Vec<_> = (0..4).map(|number| program.run(number, &json!(3), &given)).collect();
    assert_eq!(results, [Ok(vec![json!(6)]), Ok(vec![json!(12)]), Ok(vec![json!("b")]), Ok(vec![])]);
}

#[test]
fn a_failure_tells_the_author_but_not_the_reason() {
    let failure = run_on(".a + 1", &json!({"a": "private"})).expect_err("a failure");
    assert_eq!(failure.reason, "its mapping failed");
    assert!(failure.detail.is_some_and(|detail| detail.contains("private")));
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig::with_cases(96))]

    #[test]
    fn whatever_is_written_ends_and_ends_alike(words in proptest::collection::vec(proptest::sample::select(WORDS), 1..14), between in proptest::sample::select(&[" ", " | ", ", ", " | "][..])) {
        let code = words.join(between);
        if let Ok(program) = Program::compile("def f: f, 1; def g(h): h | h;", &[&code]) {
            let body = json!({"a": [1, "x", null, {"b": [2.5, true]}], "c": "2026-11-20T10:00:00Z"});
            let first = program.run(0, &body, &NOTHING);
            proptest::prop_assert_ne!(first.as_ref().err().map(|failure| failure.reason), Some("its mapping could not be run"));
            proptest::prop_assert_eq!(first, program.run(0, &body, &NOTHING));
        }
    }
}

/// Pieces that programs are thrown together from.
#[rustfmt::skip]
const WORDS: &[&str] = &[
    ".", ".a", ".[]", "..", "|", "|", "|", ",", "+", "-", "*", "/", "%", "//", "==", "<", "and", "=", "|=", "+=",
    "?", "1", "1e18", "-1", "\"x\"", "[.]", "{a: .}", "f", "g(.[]?)", "g(g(.))", "recurse", "paths", "tojson",
    "fromjson", "length", "keys", "sort", "add", "map(.)", "reverse", "explode", "implode", "limit(9; f)",
    "first(f)", "range(9)", "range(1e9)", "repeat(.)", "until(.; .)", "select(.)", "empty", "error",
    "try . catch .", "tostring", "tonumber", "test(\".*\")", "gsub(\"\"; \"y\")", "split(\"\")", "del(.a)",
    "to_entries", "walk(.)", "input", "$kind", "group_by(.)", "unique", "min", "transpose", "combinations",
    "ascii_downcase", "@base64", "@base64d", "@csv", "indices(.)", "getpath([\"a\"])", "splits(\"a\")", "fromdate",
    "todate", ".[1:]", ".[-1:]", ".[\"a\"]", "as $x |", "$x", "reduce .[]? as $x (0; . + $x)", "label $l |",
    "break $l", "if . then f else . end", "has(0)", "contains(.)", "inside(.)", "flatten", "floor", "@sh",
    "pick(.a)", "abs", "ltrimstr(\"x\")",
];
