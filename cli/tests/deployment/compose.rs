//! docker-compose.prod.yml: every variable is a setting, every path and port is there, no secret has a default.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use serde_json::Value;

use crate::files::{document, lines, list, root, string, strings, text};
use crate::program::{STRONG, default_of, drain, is_setting, must_be_a_command, must_not_start, must_start};

const FILE: &str = "docker-compose.prod.yml";
const SERVING: [&str; 2] = ["gateway", "worker"];

pub(crate) fn services() -> Value {
    document(&root().join(FILE))["services"].clone()
}

/// What stands in `${…}`: names, each with what follows when it is not set.
fn holes(text: &str) -> Vec<(String, String)> {
    let hole = |part: &str| {
        let inside = part.split_once('}')?.0;
        let end = inside.find(':').unwrap_or(inside.len());
        Some((inside[..end].to_owned(), inside[end..].to_owned()))
    };
    text.split("${").skip(1).filter_map(hole).collect()
}

/// A text with its holes filled as compose would.
pub(crate) fn filled(text: &str, values: &BTreeMap<String, String>) -> String {
    let mut done = text.to_owned();
    for (name, otherwise) in holes(text) {
        let value = values.get(&name).cloned().or_else(|| otherwise.strip_prefix(":-").map(str::to_owned));
        let value = value.unwrap_or_else(|| panic!("{name} has no value"));
        done = done.replace(&format!("${{{name}{otherwise}}}"), &value);
    }
    done
}

/// What somebody puts into `.env`.
pub(crate) fn answers() -> BTreeMap<String, String> {
    let required = lines(&root().join(".env.example")).into_iter().filter(|(_, _, live)| *live);
    let answer = |name: &str| if name == "PUBLIC_URL" { "https://em-agent.example.com" } else { STRONG }.to_owned();
    required.map(|(name, _, _)| (name.clone(), answer(&name))).collect()
}

pub(crate) fn environment(service: &Value) -> BTreeMap<String, String> {
    let answers = answers();
    let variables = service["environment"].as_object().expect("variables");
    variables.iter().map(|(name, value)| (name.clone(), filled(string(value), &answers))).collect()
}

#[test]
fn no_secret_has_a_default_and_each_is_asked_for() {
    let mut required = BTreeSet::new();
    for (name, otherwise) in holes(&text(&root().join(FILE))) {
        if otherwise.starts_with(":?") {
            required.insert(name);
        } else {
            let secret = ["PASSWORD", "KEY", "SECRET", "TOKEN"].iter().any(|word| name.contains(word));
            assert!(!secret && otherwise.starts_with(":-"), "{name} is neither required nor has it a default");
        }
    }
    let example = lines(&root().join(".env.example"));
    let empty = example.iter().filter(|(_, value, live)| *live && value.is_empty());
    assert_eq!(
        empty.map(|(name, _, _)| name.clone()).collect::<BTreeSet<_>>(),
        required,
        ".env.example asks for these"
    );
    let optional: BTreeSet<String> = holes(&text(&root().join(FILE)))
        .into_iter()
        .map(|(name, _)| name)
        .filter(|name| !required.contains(name))
        .collect();
    let told = example.iter().filter(|(_, _, live)| !live).map(|(name, _, _)| name.clone());
    assert_eq!(told.collect::<BTreeSet<_>>(), optional, ".env.example shows these");
    assert!(
        string(&services()["nats"]["environment"]["NATS_PASSWORD"]).starts_with("\"${"),
        "digits would be a number"
    );
}

#[test]
fn what_is_shipped_starts_and_without_its_secrets_it_does_not() {
    for name in SERVING {
        let service = &services()[name];
        let variables = environment(service);
        must_start(name, &variables);
        for secret in ["JWT_SECRET_KEY", "AGENT_ADMIN_KEY"] {
            let weak = variables.clone().into_iter().chain([(secret.to_owned(), "changeme".to_owned())]).collect();
            must_not_start(&format!("{name} with a weak {secret}"), &weak);
        }
        assert_eq!(strings(&service["env_file"]), ["em-agent.env"]);
    }
    for (name, _, _) in lines(&root().join("em-agent.env.example")) {
        assert!(is_setting(&name), "em-agent.env.example: {name} is no setting");
        assert!(
            SERVING.iter().all(|role| services()[role]["environment"][&name].is_null()),
            "{name} is set in {FILE} already"
        );
    }
    let migrate = services()["migrate"]["environment"].clone();
    assert_eq!(
        migrate.as_object().map(|all| all.keys().cloned().collect::<Vec<_>>()),
        Some(vec!["DATABASE_URL".to_owned()])
    );
}

#[test]
fn what_is_run_are_commands_of_ours() {
    for name in ["migrate", "gateway", "worker"] {
        must_be_a_command(name, &strings(&services()[name]["command"]));
    }
    for name in SERVING {
        let asked = strings(&services()[name]["healthcheck"]["test"]);
        assert_eq!(asked[..2], ["CMD", "em-agent"], "the image has no shell and no curl");
        must_be_a_command(name, &asked[2..]);
    }
}

#[test]
fn ports_are_those_that_are_listened_on() {
    let services = services();
    let (gateway, worker) = (environment(&services["gateway"]), environment(&services["worker"]));
    assert_eq!(gateway["PORT"], default_of("PORT"));
    let status = worker["METRICS_ADDR"].rsplit_once(':').expect("a port").1;
    let asked = strings(&services["worker"]["healthcheck"]["test"]);
    assert_eq!(asked.last().map(String::as_str), Some(format!("http://127.0.0.1:{status}").as_str()));
    let scraped = document(&root().join("prometheus/prometheus.yml"));
    let scraped: BTreeMap<String, String> = list(&scraped["scrape_configs"])
        .iter()
        .flat_map(|job| list(&job["dns_sd_configs"]))
        .map(|dns| (strings(&dns["names"]).concat(), dns["port"].to_string()))
        .collect();
    let wanted = [("gateway", gateway["PORT"].as_str()), ("worker", status)];
    assert_eq!(scraped, wanted.map(|(name, port)| (name.to_owned(), port.to_owned())).into());
    for (name, service) in services.as_object().expect("services") {
        for port in strings(&service["ports"]) {
            let port = filled(&port, &answers());
            assert!(port.starts_with("127.0.0.1:"), "{name} is open to the network: {port}");
            assert!(name != "gateway" || port.ends_with(&format!(":{}", gateway["PORT"])), "{port}");
        }
    }
}

#[test]
fn every_file_that_is_mounted_is_there() {
    for (name, service) in services().as_object().expect("services") {
        for mount in strings(&service["volumes"]) {
            let (source, target) = mount.split_once(':').expect("source:target");
            if source.starts_with('.') {
                assert!(root().join(source).exists(), "{name}: {source} is not there");
                assert!(target.ends_with(":ro"), "{name} could write into {source}");
            } else {
                assert!(document(&root().join(FILE))["volumes"].get(source).is_some(), "{name}: no volume {source}");
            }
        }
        for needed in service["depends_on"].as_object().into_iter().flat_map(|all| all.keys()) {
            assert!(services().get(needed).is_some(), "{name} waits for {needed}");
        }
        for network in strings(&service["networks"]) {
            assert!(document(&root().join(FILE))["networks"].get(&network).is_some(), "{name}: no network {network}");
        }
    }
}

#[test]
fn our_processes_may_do_little_and_have_time_to_end() {
    for name in ["migrate", "gateway", "worker"] {
        let service = &services()[name];
        assert_eq!(service["read_only"], true, "{name}");
        assert_eq!(strings(&service["cap_drop"]), ["ALL"], "{name}");
        assert_eq!(strings(&service["security_opt"]), ["no-new-privileges:true"], "{name}");
        assert_eq!(service["build"], ".", "{name}: nobody else has the image");
    }
    for name in SERVING {
        let seconds = string(&services()[name]["stop_grace_period"]).trim_end_matches('s').parse().expect("seconds");
        assert!(Duration::from_secs(seconds) >= drain(), "{name} is killed before it has drained");
    }
}

#[test]
fn what_a_2xx_rests_on_is_not_switched_off() {
    let text = text(&root().join(FILE));
    for setting in ["fsync", "full_page_writes", "synchronous_commit"] {
        assert!(!text.contains(&format!("{setting}=")), "{setting} is touched");
    }
    let nats = crate::files::text(&root().join("compose/nats.conf"));
    let volume = strings(&services()["nats"]["volumes"])
        .into_iter()
        .find_map(|one| one.strip_prefix("nats:").map(str::to_owned));
    assert!(
        nats.contains(&format!("store_dir: {}", volume.expect("a volume"))),
        "the stream would die with its container"
    );
}
