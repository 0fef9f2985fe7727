//! Every mistake in a file is told with its line, and every misfit of what a mapping makes with its field.

use domain::data::{Body, Tier};
use domain::event::Draft;
use domain::rules::Rules;

use super::{Fault, Plugin};
use crate::headers::Headers;
use crate::integration::{Greeting, Incoming, Unreadable};
use crate::verify::{Refusal, Secrets, verify};
use crate::walk::{greet, identify, normalize};

/// A file that is right, with these mappings in its end.
fn file(name: &str, end: &str) -> String {
    format!(
        "name = \"{name}\"\ntitle = \"House\"\nmapping_version = 3\nkind = {{ body = \"/event\" }}\n\
         key = {{ header = \"X-House-Id\" }}\nkept_headers = [\"X-House-Time\"]\n\
         [setup]\npaste = \"a\"\nticks = \"b\"\ndocs = \"c\"\n\
         [[scheme]]\ntype = \"signature\"\nheader = \"X-House-Signature\"\n{end}"
    )
}

fn mapped(name: &str, jq: &str) -> String {
    file(name, &format!("[[mapping]]\nkind = \"*\"\njq = '''\n{jq}\n'''\n"))
}

fn read(text: &str) -> Plugin {
    Plugin::read(text).unwrap_or_else(|fault| panic!("{fault}"))
}

fn made(jq: &str) -> Result<Vec<Draft>, Unreadable> {
    let headers: Headers<'_> = [("x-house-time", &b"2026-11-20T10:00:00Z"[..])].into_iter().collect();
    read(&mapped("house", jq)).normalize("any", &headers, b"{\"event\":\"any\",\"secret\":\"hush\"}", &Rules::default())
}

fn one(jq: &str) -> Draft {
    let mut drafts = made(jq).unwrap_or_else(|why| panic!("{jq}: {why}"));
    assert_eq!(drafts.len(), 1, "{jq}");
    drafts.remove(0)
}

#[test]
fn a_mistake_in_a_file_is_told_with_its_line() {
    let right = mapped("house", ".");
    for (from, to, line, what) in [
        ("title = \"House\"", "title = \"\"", 2, "field title: what people call the source"),
        ("title = \"House\"", "titel = \"House\"", 2, "unknown field `titel`"),
        ("title = \"House\"", "title = 3", 2, "invalid type: integer `3`, expected a string"),
        ("title = \"House\"\n", "", 1, "missing field `title`"),
        ("name = \"house\"", "name = \"House\"", 1, "field name: 2 to 31 lower-case letters"),
        ("name = \"house\"", "name = \"github\"", 1, "field name: github is a source that is built in"),
        ("name = \"house\"", "name = \"run_id\"", 1, "field name: run_id is a field of events"),
        ("mapping_version = 3", "mapping_version = 0", 3, "field mapping_version: a whole number from 1"),
        ("mapping_version = 3", "max_body_bytes = 1\nmapping_version = 3", 3, "field max_body_bytes: from 1024"),
        ("{ body = \"/event\" }", "{ body = \"event\" }", 4, "field kind: body takes JSON pointers"),
        ("{ body = \"/event\" }", "{ body = \"/event\", header = \"a\" }", 4, "field kind: takes one of header"),
        ("{ body = \"/event\" }", "{ path = \"/event\" }", 4, "unknown field `path`"),
        ("{ body = \"/event\" }", "[]", 4, "field kind: is empty"),
        ("{ header = \"X-House-Id\" }", "{ header = \"X House\" }", 5, "field key: a header's name has letters"),
        ("[\"X-House-Time\"]", "[\"ok\", \"nö\"]", 6, "field kept_headers: a header's name has letters"),
        ("docs = \"c\"", "", 7, "missing field `docs`"),
        ("kind = \"*\"", "kind = \"\"", 15, "field kind: 1 to 100 characters"),
        ("kind = \"*\"", "kind = [\"a\", \"a\"]", 15, "field kind: a has a mapping already"),
        ("kind = \"*\"", "kinds = \"*\"", 15, "unknown field `kinds`"),
        (
            "\n.\n",
            "\n. as $x\n| {type: \"build.finishd\"}\n",
            18,
            "field jq: build.finishd is none of the types of events",
        ),
        ("\n.\n", "\n{a: 1,\n b: oops}\n", 18, "field jq: there is no filter oops here"),
        ("\n.\n", "\n# ok\n\n{a: (1}\n", 19, "field jq: "),
        (
            "[setup]",
            "definitions = '''\ndef a: 1;\ndef b: $x;\n'''\n[setup]",
            9,
            "field definitions: there is no variable $x",
        ),
        ("jq = '''\n.\n'''", "jq = \". |\"", 16, "field jq: term is missing at its end"),
    ] {
        assert!(right.contains(from), "{from}");
        let fault = Plugin::read(&right.replacen(from, to, 1)).map(|_| ()).expect_err(to);
        assert!(fault.line == line && fault.what.starts_with(what), "{to}: {fault}");
    }
}

#[test]
fn without_a_proof_or_a_mapping_nothing_is_taken() {
    let right = mapped("house", ".");
    let scheme = "[[scheme]]\ntype = \"signature\"\nheader = \"X-House-Signature\"\n";
    let fault = Plugin::read(&right.replace(scheme, "")).map(|_| ());
    let what = "no [[scheme]]: say how the source proves itself; without a proof nothing is taken".to_owned();
    assert_eq!(fault, Err(Fault { line: 1, what }));
    let fault = Plugin::read(&file("house", "")).map(|_| ());
    assert_eq!(fault, Err(Fault { line: 1, what: "no [[mapping]]: say what at least one kind means".to_owned() }));
}

#[test]
fn a_proof_that_proves_nothing_is_a_mistake() {
    let right = mapped("house", ".");
    for (scheme, what) in [
        ("type = \"signature\"", "scheme: header is missing"),
        ("type = \"signature\"\nheader = \"a\"\nplace = \"bearer\"", "scheme: place is for tokens"),
        (
            "type = \"signature\"\nheader = \"a\"\nsigned = \"{x-time}\"",
            "scheme: signed: the signature must cover the body",
        ),
        (
            "type = \"signature\"\nheader = \"a\"\nsigned = \"{body}.{body}\"",
            "scheme: signed: the signature must cover the body, once",
        ),
        (
            "type = \"signature\"\nheader = \"a\"\nsigned = \"{x-time}{body}\"",
            "scheme: signed: a text must stand between",
        ),
        ("type = \"signature\"\nheader = \"a\"\nsigned = \"{body\"", "scheme: signed: a { has no }"),
        (
            "type = \"signature\"\nheader = \"a\"\ntimestamp = { header = \"x-time\" }",
            "scheme: timestamp.header: x-time is not signed",
        ),
        (
            "type = \"signature\"\nheader = \"a\"\nsigned = \"{x-time}.{body}\"\ntimestamp = { header = \"x-time\", window_seconds = 0 }",
            "scheme: timestamp.window_seconds takes a number from 1",
        ),
        ("type = \"token\"", "scheme: a token has a header, or a place"),
        ("type = \"token\"\nheader = \"a\"\nplace = \"bearer\"", "scheme: a token has a header, or a place"),
        (
            "type = \"token\"\nheader = \"a\"\nencoding = \"hex\"",
            "scheme: a token has a header or a place, and nothing else",
        ),
        ("type = \"standard-webhooks\"\nheader = \"a\"", "scheme: this type says everything by itself"),
        ("type = \"none\"", "unknown variant `none`"),
        (
            "type = \"token\"\nheader = \"a\"\n[[scheme]]\ntype = \"token\"\nplace = \"bearer\"",
            "scheme: the name token is taken",
        ),
    ] {
        let text = right.replace("type = \"signature\"\nheader = \"X-House-Signature\"", scheme);
        let fault = Plugin::read(&text).map(|_| ()).expect_err(scheme);
        assert!(fault.line >= 11 && fault.what.starts_with(what), "{scheme}: {fault}");
    }
}

#[test]
fn a_secret_is_never_stored() {
    let token = mapped("house", ".")
        .replace("type = \"signature\"\nheader = \"X-House-Signature\"", "type = \"token\"\nheader = \"X-Token\"");
    for (from, to) in [("X-House-Time", "x-token"), ("X-House-Time", "Authorization"), ("X-House-Id", "X-TOKEN")] {
        let fault = Plugin::read(&token.replace(from, to)).map(|_| ()).expect_err(to);
        let what = format!("{} shows the secret: it cannot be kept, nor be the kind or key", to.to_ascii_lowercase());
        assert_eq!(fault, Fault { line: 1, what });
    }
}

#[test]
fn the_same_text_is_read_once() {
    let (text, other) = (mapped("house_once", "."), mapped("house_once", ". "));
    let first = read(&text).integration();
    assert!(std::ptr::eq(first, read(&text).integration()));
    assert!(!std::ptr::eq(first, read(&other).integration()));
}

#[test]
fn a_plugin_is_a_source_like_any_other() {
    let end = "[[mapping]]\nkind = [\"done\", \"begun\"]\njq = '{type: \"build.queued\", repo: \"acme/shop\", run_id: .id}'\n\
               [greeting]\nkind = \"hello\"\nanswer = { ok = true, list = [1, \"a\"] }\n";
    let house = read(&file("house", end)).integration();
    assert_eq!((house.name, house.secret_setting, house.mapping_version), ("house", "HOUSE_WEBHOOK_SECRET", 3));
    let headers: Headers<'_> = [("X-HOUSE-ID", &b"d-1"[..]), ("x-house-signature", b"00")].into_iter().collect();
    let incoming = Incoming::new(&headers, b"{\"event\":\"hello\"}");
    let now = chrono::DateTime::from_timestamp(1_795_200_247, 0).unwrap_or_default();
    assert_eq!(verify(house, &incoming, &Secrets::of(vec![b"secret".to_vec()]), now), Err(Refusal::Wrong));
    assert_eq!(verify(house, &incoming, &Secrets::default(), now), Err(Refusal::Unconfigured));
    let identity = identify(house, &incoming);
    assert_eq!((&*identity.kind, &*identity.key), ("hello", "d-1"));
    let answer = serde_json::json!({"ok": true, "list": [1, "a"]});
    assert_eq!(greet(house, &identity, &incoming), Some(Greeting::Answer(answer)));
    let of = |kind: &str, body: &[u8]| normalize(house, kind, &headers, body, &Rules::default());
    assert_eq!(of("done", b"{\"id\":7}")[0].subject, "acme/shop!/7");
    for (kind, body, reason) in [
        ("done", &b"{"[..], "the JSON ends too early (line 1, column 1)"),
        ("done", b"", "the body is empty"),
        ("other", b"{}", "no mapping for this kind"),
        ("done", b"{}", "its mapping: run_id is missing: the event's subject needs it"),
        ("done", b"[]", "its mapping failed"),
    ] {
        let drafts = of(kind, body);
        let Body::Unmapped(unmapped) = &drafts[0].data.body else { panic!("{kind} is mapped") };
        assert_eq!(unmapped.reason.as_deref(), Some(reason));
    }
}

#[test]
fn what_follows_is_filled_in() {
    let draft = one("{type: \"deployment.finished\", time: $headers[\"x-house-time\"], service: \"shop\", environment: \"prod-eu\",
        deployment_id: 7, outcome: \"success\", repo: \"acme/shop\", commit_sha: \"ABCDEF1234567\", actor: \"renovate-bot\",
        house: {note: \"token=abc\"}}");
    let Body::Deployment(deployment) = &draft.data.body else { panic!("another noun") };
    let time = chrono::DateTime::parse_from_rfc3339("2026-11-20T10:00:00Z").expect("a time").to_utc();
    assert_eq!((draft.time, deployment.at, deployment.finished_at), (Some(time), Some(time), Some(time)));
    assert_eq!((&*draft.subject, &*draft.scope), ("shop/prod-eu:7", "acme/shop"));
    let common = &draft.data.common;
    assert_eq!((common.environment_tier, common.revision), (Some(Tier::Production), Some(time)));
    assert_eq!(common.actor.as_ref().map(|actor| actor.bot), Some(true));
    assert_eq!(common.commit_sha.as_deref(), Some("abcdef1234567"));
    assert_eq!(deployment.components[0].sha.as_deref(), Some("abcdef1234567"));
    assert_eq!(draft.data.extra["house"]["note"], "token=[redacted]");
    let draft = one("{type: \"build.queued\", service: \"shop\", run_id: \"r\", name: null, url: \"\", time: \"0001-01-01T00:00:00Z\",
        commit_sha: \"HEAD\", labels: null, scope: \"rooms\", subject: \"s\"}");
    assert_eq!((draft.time, &*draft.scope, &*draft.subject), (None, "rooms", "s"));
    assert_eq!((draft.data.common.url, draft.data.common.commit_sha), (None, None));
}

#[test]
fn a_misfit_names_its_field_and_never_its_value() {
    for (made_of, misfit) in [
        ("1", "an event takes an object"),
        ("{}", "type is missing"),
        ("{type: 1}", "type is missing"),
        ("{type: .secret}", "type is none of the types of events"),
        ("{type: (\"build.\" + \"exploded\")}", "type is none of the types of events"),
        ("{type: (\"approval\" + \".requested\")}", "type is none of the types of events"),
        ("{type: (\"house\" + \".unmapped\")}", "type is none of the types of events"),
        ("{type: \"build.queued\", runid: .secret}", "runid is no field of build"),
        ("{type: \"build.queued\", run_id: {a: .secret}}", "run_id takes a text"),
        ("{type: \"build.queued\", run_id: 1, number: .secret}", "number takes a whole number"),
        ("{type: \"build.queued\", run_id: 1, started_at: .secret}", "started_at takes a time: RFC 3339, or seconds"),
        ("{type: \"build.queued\", run_id: 1, time: .secret}", "time takes a time: RFC 3339, or seconds"),
        ("{type: \"build.queued\", run_id: 1}", "repo is missing: the event's subject needs it"),
        (
            "{type: \"build.queued\", run_id: 1, repo: \"a/b\", outcome: \"success\"}",
            "outcome is for what is finished, not for build.queued",
        ),
        (
            "{type: \"build.finished\", run_id: 1, repo: \"a/b\", outcome: .secret}",
            "outcome takes one of success, failure, cancelled, skipped, error",
        ),
        ("{type: \"deployment.finished\", service: \"s\", deployment_id: 1}", "outcome is missing"),
        (
            "{type: \"build.queued\", run_id: 1, environment_tier: .secret}",
            "environment_tier takes one of production, staging, testing, development, other",
        ),
        ("{type: \"build.queued\", run_id: 1, actor: {name: .secret}}", "actor.name is none of id, login, email, bot"),
        ("{type: \"build.queued\", run_id: 1, actor: 7}", "actor takes an object"),
        ("{type: \"build.queued\", run_id: 1, actor: {bot: .secret}}", "actor.bot takes true or false"),
        ("{type: \"build.queued\", run_id: 1, labels: .secret}", "labels takes a list"),
        ("{type: \"build.queued\", run_id: 1, labels: [\"a\", [.secret]]}", "labels[1] takes a text"),
        (
            "{type: \"commits.pushed\", repo: \"a/b\", commits: [{sha: \"abcdef1\"}, {author: {email: true}}]}",
            "commits[1].author.email takes a text",
        ),
        ("{type: \"deployment.updated\", contains: [[\"a\"]]}", "contains[0] takes a list of 2"),
    ] {
        assert_eq!(made(made_of).map(|_| ()), Err(Unreadable::new(format!("its mapping: {misfit}"))), "{made_of}");
    }
}

#[test]
fn one_misfit_keeps_the_whole_delivery_unmapped() {
    let right = "{type: \"build.queued\", repo: \"a/b\", run_id: 1}";
    assert_eq!(made(&format!("{right}, {right}")).map(|drafts| drafts.len()), Ok(2));
    assert!(made(&format!("{right}, {{}}")).is_err());
    assert_eq!(made("empty"), Ok(Vec::new()));
}

#[test]
fn texts_are_cleaned_and_capped_on_their_way_in() {
    let draft = one("{type: \"ticket.created\", key: \"K-1\", title: (\"t\" * 1000), url: (\"u\" * 5000), labels: [range(500) | tostring],
        status: \"\\u0007password=hunter2\"}");
    let Body::Ticket(ticket) = &draft.data.body else { panic!("another noun") };
    assert_eq!(ticket.title.as_ref().map(|title| title.chars().count()), Some(300));
    assert_eq!(draft.data.common.url.as_ref().map(|url| url.chars().count()), Some(1000));
    assert_eq!(draft.data.common.labels.len(), 100);
    assert_eq!(ticket.status.as_deref(), Some("password=[redacted]"));
}

#[test]
fn the_author_may_see_what_the_event_does_not_say() {
    let plugin = read(&mapped("house", ".secret + 1"));
    let explained = plugin.explain("any", &Headers::default(), b"{\"secret\":\"hush\"}", &Rules::default());
    let explained = explained.expect_err("an error");
    assert_eq!(explained.why, Unreadable::new("its mapping failed"));
    assert!(explained.detail.is_some_and(|detail| detail.contains("hush")));
}
