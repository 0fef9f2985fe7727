//! The pages of docs/sources and the README's table are what the code says. `INSTA_UPDATE=always` writes them anew; what
//! stands below the line in a page is written by hand and stays.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use domain::rules::Rules;
use integrations::{
    ALL, After, Algorithm, Clock, Encoding, Field, Headers, Identity, Incoming, Integration, Manners, Part, Place,
    Scheme, Signature, Unit, greet, normalize,
};

const LINE: &str = "<!-- Above: made from the code by integrations/tests/pages.rs. Below: written by hand. -->";
const TABLE: (&str, &str) = ("<!-- sources: made from the code -->\n", "<!-- end of sources -->");

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// Compares a file with what it should be, or writes it.
fn hold(path: &Path, expected: &str) {
    if option_env!("INSTA_UPDATE") == Some("always") {
        fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        fs::write(path, expected).expect("written");
    }
    let found = fs::read_to_string(path).unwrap_or_default();
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    assert!(
        found == expected,
        "{name} is not what the code says: INSTA_UPDATE=always cargo test -p integrations --test pages"
    );
}

fn code(names: &[&str]) -> String {
    names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", else ")
}

fn proof(scheme: &Scheme) -> String {
    let told = match scheme {
        Scheme::Signature(signature) => signed(signature),
        Scheme::Token(token) => {
            let places = token.places.iter().map(|place| match place {
                Place::Bearer => "`Authorization: Bearer <secret>`".to_owned(),
                Place::BasicPassword => "`Authorization: Basic` with the secret as password".to_owned(),
                Place::Header(name) => format!("`{name}: <secret>`"),
                Place::Query => "`?token=<secret>` or `?access_token=<secret>` (only where `WEBHOOKS_TOKEN_IN_URL` lists the source)".to_owned(),
            });
            format!("the secret itself: {}", places.collect::<Vec<_>>().join("; "))
        }
        Scheme::Sns(sns) => format!(
            "Amazon SNS: the message's signature by a certificate of Amazon's, from a topic in `AWS_SNS_TOPIC_ARNS`, within {} minutes of our clock",
            sns.window_seconds / 60
        ),
    };
    format!("`{}`: {told}", scheme.name())
}

fn signed(signature: &Signature) -> String {
    let algorithm = match signature.algorithm {
        Algorithm::HmacSha256 => "HMAC-SHA256",
        Algorithm::Ed25519 => "Ed25519 (the secret is the public key, `whpk_…`)",
    };
    let encoding = match signature.encoding {
        Encoding::Hex => "hex",
        Encoding::Base64 => "base64",
    };
    let parts = signature.signed.iter().map(|part| match part {
        Part::Header(name) => format!("`{name}`"),
        Part::NamedTime => "the header named by `GRAFANA_TIMESTAMP_HEADER`".to_owned(),
        Part::Text(text) => format!("`{text}`"),
        Part::Body => "the raw body".to_owned(),
    });
    let mut told = format!("`{}`", signature.header);
    if !signature.tag.is_empty() {
        write!(told, " beginning `{}`", signature.tag).expect("a text");
    }
    write!(told, ", {encoding}: {algorithm} over {}", parts.collect::<Vec<_>>().join(" + ")).expect("a text");
    if let Some(timestamp) = &signature.timestamp {
        let clock = match timestamp.clock {
            Clock::Header(name) => format!("`{name}`"),
            Clock::Named => "that header".to_owned(),
            Clock::Body(pointer) => format!("`{pointer}` of the body"),
        };
        let unit = if timestamp.unit == Unit::Seconds { "seconds" } else { "milliseconds" };
        write!(told, "; {clock} ({unit}) within {} s of our clock, both ways", timestamp.window_seconds)
            .expect("a text");
    }
    told
}

fn field(field: &Field) -> String {
    match field {
        Field::Headers(names) => code(names),
        Field::Constant(value) => format!("always `{value}`"),
        Field::Body(pointers) => {
            format!("of the body: {}", pointers.iter().map(|one| format!("`{one}`")).collect::<Vec<_>>().join(" with "))
        }
        Field::First(fields) => fields.iter().map(self::field).collect::<Vec<_>>().join(", else "),
        Field::Read(_) => "read out of the delivery".to_owned(),
    }
}

fn manners(manners: &Manners) -> String {
    let after = |after: After| match after {
        After::GivesUp => "gives up",
        After::Retries => "sends it again",
        After::Disables => "gives up, and switches the webhook off after some",
        After::Pauses => "gives up, and switches the webhook off for a while after some",
        After::Unknown => "not documented",
    };
    let deadline = manners.deadline_seconds.map_or("not documented".to_owned(), |seconds| format!("{seconds} s"));
    format!(
        "| waits for an answer | {deadline} |\n| after 4xx | {} |\n| after 429 | {} |\n| after 5xx or none | {} |\n",
        after(manners.refused),
        after(manners.limited),
        after(manners.failed)
    )
}

/// Whether samples of a kind are handshakes.
fn is_greeted(integration: &Integration, kind: &str) -> bool {
    integration.samples.iter().filter(|sample| sample.kind == kind).any(|sample| {
        let headers: Headers<'_> = sample.headers.iter().map(|(name, value)| (*name, value.as_bytes())).collect();
        let incoming =
            Incoming { proved: integration.schemes.first().map(Scheme::name), ..Incoming::new(&headers, sample.body) };
        greet(integration, &Identity { kind: kind.to_owned(), key: String::new() }, &incoming).is_some()
    })
}

/// Every kind with the types of events that its fixtures become.
fn becomes(integration: &Integration) -> BTreeMap<&'static str, BTreeSet<String>> {
    let mut kinds: BTreeMap<&'static str, BTreeSet<String>> = BTreeMap::new();
    for sample in integration.samples {
        let headers: Headers<'_> = sample.headers.iter().map(|(name, value)| (*name, value.as_bytes())).collect();
        let drafts = normalize(integration, sample.kind, &headers, sample.body, &Rules::default());
        let types = drafts.iter().filter(|draft| !draft.kind.is_unmapped()).map(|draft| draft.kind.to_string());
        kinds.entry(sample.kind).or_default().extend(types);
    }
    kinds
}

fn page(integration: &Integration) -> String {
    let Integration { name, title, setup, .. } = integration;
    let mut page = format!("# {title}\n\nPosted to `/webhooks/{name}`. Secret: `{}`.\n\n", integration.secret_setting);
    write!(page, "## Set up\n\n1. {}.\n2. Tick: {}.\n", setup.paste, setup.ticks).expect("a text");
    write!(
        page,
        "3. Set `{}` here and restart; `em-agent send {name} {}` sends a sample that is really signed.\n\n",
        integration.secret_setting,
        integration.samples[0].folder()
    )
    .expect("a text");
    write!(page, "The vendor's own page: <{}>\n\n## How it proves itself\n\nThe first of these whose secret is set and whose proof is there decides:\n\n", setup.docs).expect("a text");
    for scheme in integration.schemes {
        writeln!(page, "- {}", proof(scheme)).expect("a text");
    }
    if !integration.weaker_headers.is_empty() {
        write!(page, "\nAlso sent and never taken: {}.\n", code(integration.weaker_headers).replace(", else ", ", "))
            .expect("a text");
    }
    write!(page, "\n## What it becomes\n\n| kind | events |\n| --- | --- |\n").expect("a text");
    for (kind, types) in becomes(integration) {
        let types: Vec<String> = types.into_iter().map(|kind| format!("`{kind}`")).collect();
        let types = match types.join(", ") {
            _ if is_greeted(integration, kind) => "a handshake: answered, not kept".to_owned(),
            none if none.is_empty() => format!("kept as `{name}.unmapped`"),
            types => types,
        };
        writeln!(page, "| `{kind}` | {types} |").expect("a text");
    }
    write!(
        page,
        "\nAnything else is kept as `{name}.unmapped`, to be understood by a later version (`em-agent renormalize`).\n"
    )
    .expect("a text");
    write!(page, "\n## Deliveries\n\n| | |\n| --- | --- |\n| kind | {} |\n| key (a second one is a duplicate) | {}, else a hash of the body |\n| largest body | {} MB |\n{}", field(&integration.kind), field(&integration.key), integration.max_body_bytes >> 20, manners(&integration.manners)).expect("a text");
    if !integration.manners.note.is_empty() {
        write!(page, "\n{}\n", integration.manners.note).expect("a text");
    }
    page.replace("key (a second one is a duplicate) | , else", "key (a second one is a duplicate) |")
}

#[test]
fn every_source_has_its_page() {
    let folder = root().join("docs/sources");
    for integration in ALL {
        let path = folder.join(format!("{}.md", integration.name));
        let by_hand = fs::read_to_string(&path).unwrap_or_default();
        let by_hand = by_hand.split_once(LINE).map_or("\n", |(_, rest)| rest);
        hold(&path, &format!("{}\n{LINE}{by_hand}", page(integration)));
    }
    let expected: BTreeSet<String> =
        ALL.iter().map(|one| format!("{}.md", one.name)).chain(["README.md".into()]).collect();
    let found = fs::read_dir(&folder)
        .expect("a folder")
        .map(|file| file.expect("a file").file_name().into_string().expect("UTF-8"));
    assert_eq!(found.collect::<BTreeSet<_>>(), expected);
}

#[test]
fn the_readme_lists_every_source() {
    let mut table =
        "| source | in its settings | events to tick | secret | becomes |\n| --- | --- | --- | --- | --- |\n"
            .to_owned();
    let mut all: Vec<&Integration> = ALL.to_vec();
    all.sort_by_key(|integration| integration.title.to_lowercase());
    for integration in all {
        let nouns: BTreeSet<String> = becomes(integration)
            .into_values()
            .flatten()
            .filter_map(|kind| Some(kind.split_once('.')?.0.to_owned()))
            .collect();
        let Integration { name, title, setup, secret_setting, .. } = integration;
        let nouns = nouns.into_iter().collect::<Vec<_>>().join(", ");
        writeln!(
            table,
            "| [{title}](docs/sources/{name}.md) `/webhooks/{name}` | {} | {} | `{secret_setting}` | {nouns} |",
            setup.paste, setup.ticks
        )
        .expect("a text");
    }
    let path = root().join("README.md");
    let readme = fs::read_to_string(&path).expect("the README");
    let (before, rest) = readme.split_once(TABLE.0).expect("where the table begins");
    let (_, after) = rest.split_once(TABLE.1).expect("where the table ends");
    hold(&path, &format!("{before}{}{table}{}{after}", TABLE.0, TABLE.1));
}
