//! The Dockerfile: what it copies is there and not ignored, what it runs exists, and both stages speak the same C library.

use crate::files::{document, list, root, string, strings, text};
use crate::program::{default_of, is_setting, must_be_a_command};

/// Its instructions, continued lines joined: (stage, word, rest).
fn instructions() -> Vec<(usize, String, String)> {
    let file = text(&root().join("Dockerfile"));
    let code: Vec<&str> = file.lines().filter(|line| !line.starts_with('#')).collect();
    let joined = code.join("\n").replace("\\\n", " ");
    let mut stage = 0;
    let mut read = Vec::new();
    for line in joined.lines().filter(|line| !line.trim().is_empty()) {
        let (word, rest) = line.trim().split_once(' ').expect("an instruction has arguments");
        stage += usize::from(word == "FROM");
        read.push((stage, word.to_owned(), rest.trim().to_owned()));
    }
    read
}

fn all(word: &str) -> Vec<String> {
    instructions().into_iter().filter(|(_, found, _)| found == word).map(|(_, _, rest)| rest).collect()
}

fn one(word: &str) -> String {
    let mut found = all(word);
    assert_eq!(found.len(), 1, "one {word}");
    found.remove(0)
}

/// A JSON array of words.
fn words(json: &str) -> Vec<String> {
    serde_json::from_str(json).unwrap_or_else(|error| panic!("{json}: {error}"))
}

/// What is copied out of the folder that is built from.
fn copied() -> Vec<String> {
    let sources = all("COPY").into_iter().filter(|rest| !rest.starts_with("--from="));
    sources
        .flat_map(|rest| rest.rsplit_once(' ').expect("a target").0.split(' ').map(str::to_owned).collect::<Vec<_>>())
        .collect()
}

#[test]
fn what_is_copied_is_there_and_nothing_else_is_sent_to_the_builder() {
    let copied = copied();
    for source in &copied {
        assert!(root().join(source).exists(), "{source} is copied and is not there");
    }
    let ignored = text(&root().join(".dockerignore"));
    let mut allowed: Vec<&str> = ignored.lines().filter(|line| !line.starts_with('#') && !line.is_empty()).collect();
    assert_eq!(allowed.remove(0), "*", "everything is ignored first");
    let mut allowed: Vec<String> =
        allowed.iter().map(|line| line.strip_prefix('!').expect("then what is copied").to_owned()).collect();
    let mut copied = copied;
    allowed.sort();
    copied.sort();
    assert_eq!(allowed, copied);
}

#[test]
fn all_that_the_workspace_is_made_of_is_copied() {
    let manifest = text(&root().join("Cargo.toml"));
    let members = manifest.lines().find_map(|line| line.strip_prefix("members = ")).expect("members");
    let copied = copied();
    for member in words(members) {
        let folder = member.trim_end_matches("/*").to_owned();
        assert!(copied.contains(&folder), "{folder} is not copied: cargo would not find the workspace whole");
    }
    let version = manifest.lines().find_map(|line| line.strip_prefix("rust-version = ")).expect("rust-version");
    assert!(
        all("ARG").contains(&format!("RUST_VERSION={}", version.trim_matches('"'))),
        "the compiler is not {version}"
    );
}

#[test]
fn the_program_that_is_built_is_the_one_that_runs() {
    let build = one("RUN");
    assert!(build.contains("--locked") && build.contains("--package em-agent --bin em-agent"), "{build}");
    let made = build.rsplit(' ').next().expect("a path").to_owned();
    let (stage, from) = all("COPY")
        .into_iter()
        .find_map(|rest| {
            rest.strip_prefix("--from=")
                .map(|rest| rest.split_once(' ').expect("a path"))
                .map(|(a, b)| (a.to_owned(), b.to_owned()))
        })
        .expect("something comes from the build");
    assert!(all("FROM")[0].ends_with(&format!(" AS {stage}")));
    assert_eq!(from, format!("{made} /usr/local/bin/em-agent"));
    assert_eq!(words(&one("ENTRYPOINT")), ["em-agent"]);
    must_be_a_command("CMD", &words(&one("CMD")));
    let asked = one("HEALTHCHECK");
    let asked = words(asked.split_once(" CMD ").expect("a command").1);
    assert_eq!(asked[0], "em-agent");
    must_be_a_command("HEALTHCHECK", &asked[1..]);
}

#[test]
fn the_image_is_small_not_root_and_of_one_debian() {
    let from = all("FROM");
    assert!(from[0].contains("-bookworm ") && from[1].contains("debian12:nonroot"), "two versions of Debian: {from:?}");
    assert_eq!(one("USER"), "65532:65532", "a number, which is not 0");
    assert_eq!(one("EXPOSE"), default_of("PORT"));
    for pair in all("ENV") {
        let (name, value) = pair.split_once('=').expect("NAME=value");
        assert!(is_setting(name), "{name} is no setting");
        let target = all("COPY").into_iter().any(|rest| rest.ends_with(&format!(" {value}")));
        assert!(name != "PLUGINS_DIR" || target, "no plugins are copied to {value}");
    }
}

/// The same image everywhere, so that a release changes its number in one glance.
#[test]
fn every_file_names_the_version_of_the_workspace() {
    let manifest = text(&root().join("Cargo.toml"));
    let version = manifest.lines().find_map(|line| line.strip_prefix("version = ")).expect("version").trim_matches('"');
    let compose = document(&root().join("docker-compose.prod.yml"));
    for service in ["migrate", "gateway", "worker"] {
        assert_eq!(string(&compose["services"][service]["image"]), format!("${{EM_AGENT_IMAGE:-em-agent:{version}}}"));
    }
    let overlay = document(&root().join("k8s/overlays/production/kustomization.yaml"));
    assert_eq!(
        list(&overlay["images"]).iter().flat_map(|image| strings(&image["newTag"])).collect::<Vec<_>>(),
        [version]
    );
}
