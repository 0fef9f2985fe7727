//! The Kubernetes objects against the program: settings, subcommands, ports, probes, limits, and each other.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use gateway::routes::ROUTES;
use serde_json::Value;

use crate::files::{lines, list, root, string, strings};
use crate::kustomize::{FOLDERS, build};
use crate::program::{STRONG, default_of, drain, must_be_a_command, must_not_start, must_start};

const ROLES: [&str; 2] = ["gateway", "worker"];
/// What the worker's own listener shows (boot::status).
const STATUS_PAGES: [&str; 3] = ["/health", "/ready", "/metrics"];
/// Open to anybody who reaches the gateway, so only the cluster may.
const INSIDE: [&str; 3] = ["/health", "/ready", "/metrics"];

/// One folder's objects.
struct Cluster {
    name: &'static str,
    objects: Vec<Value>,
}

impl Cluster {
    fn all() -> [Self; 2] {
        FOLDERS.map(|name| Self { name, objects: build(&root().join(name)) })
    }

    fn of_kind(&self, kind: &str) -> Vec<&Value> {
        self.objects.iter().filter(|object| object["kind"] == kind).collect()
    }

    fn one(&self, kind: &str, name: &str) -> &Value {
        let found = self.of_kind(kind).into_iter().find(|object| object["metadata"]["name"] == name);
        found.unwrap_or_else(|| panic!("{}: no {kind} {name}", self.name))
    }

    fn deployment(&self, role: &str) -> &Value {
        self.one("Deployment", &format!("em-agent-{role}"))
    }

    fn pod(&self, role: &str) -> &Value {
        &self.deployment(role)["spec"]["template"]["spec"]
    }

    fn container(&self, role: &str) -> &Value {
        let containers = list(&self.pod(role)["containers"]);
        assert_eq!(containers.len(), 1, "{role}");
        &containers[0]
    }

    /// What a pod's process gets, with the Secret of the example filled in by `secret`.
    fn environment(&self, role: &str, secret: impl Fn(&str) -> String) -> BTreeMap<String, String> {
        let mut variables = BTreeMap::new();
        for from in list(&self.container(role)["envFrom"]) {
            if let Some(name) = from["configMapRef"]["name"].as_str() {
                let data = self.one("ConfigMap", name)["data"].as_object().expect("data");
                variables.extend(data.iter().map(|(name, value)| (name.clone(), string(value).to_owned())));
            } else {
                assert_eq!(from["secretRef"]["name"], "em-agent", "the README names one Secret");
                variables.extend(secret_names().into_iter().map(|name| (name.clone(), secret(&name))));
            }
        }
        for one in list(&self.container(role)["env"]) {
            variables.insert(string(&one["name"]).to_owned(), string(&one["value"]).to_owned());
        }
        variables
    }
}

fn secret_names() -> Vec<String> {
    lines(&root().join("k8s/secret.env.example")).into_iter().map(|(name, _, _)| name).collect()
}

fn filled_in(name: &str) -> String {
    match name {
        "DATABASE_URL" => format!("postgresql://em_agent:{STRONG}@postgres.example.com/em_agent?sslmode=require"),
        "NATS_URL" => "tls://nats.example.com:4222".to_owned(),
        "GITHUB_APP_PRIVATE_KEY" => format!("-----BEGIN PRIVATE KEY-----\\n{STRONG}\\n-----END PRIVATE KEY-----"),
        "OUTGOING_WEBHOOK_SECRETS" => "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw".to_owned(),
        _ => STRONG.to_owned(),
    }
}

#[test]
fn what_is_shipped_starts_and_without_its_secret_it_does_not() {
    for cluster in Cluster::all() {
        for role in ROLES {
            let what = format!("{}, {role}", cluster.name);
            must_start(&what, &cluster.environment(role, filled_in));
            must_not_start(&what, &cluster.environment(role, |_| String::new()));
            must_be_a_command(&what, &strings(&cluster.container(role)["args"]));
            let first = list(&cluster.pod(role)["initContainers"]);
            assert_eq!(first.len(), 1, "{what}");
            assert_eq!(strings(&first[0]["args"]), ["migrate", "--wait"], "two pods start at once");
            must_be_a_command(&what, &strings(&first[0]["args"]));
            let key = &first[0]["env"][0]["valueFrom"]["secretKeyRef"];
            assert!(key["name"] == "em-agent" && secret_names().contains(&string(&key["key"]).to_owned()), "{key}");
            assert_eq!(first[0]["image"], cluster.container(role)["image"], "{what}: one version");
        }
    }
}

#[test]
fn ports_and_probes_are_those_of_the_program() {
    let paths: BTreeSet<&str> = ROUTES.iter().map(|route| route.path).collect();
    for cluster in Cluster::all() {
        for role in ROLES {
            let (container, variables) = (cluster.container(role), cluster.environment(role, filled_in));
            let listens = match role {
                "gateway" => variables["PORT"].clone(),
                _ => variables["METRICS_ADDR"].strip_prefix("0.0.0.0:").expect("every address of the pod").to_owned(),
            };
            let port = &container["ports"][0];
            assert_eq!(port["containerPort"].to_string(), listens, "{role}");
            assert!(role == "worker" || listens == default_of("PORT"), "the image's health check asks the usual port");
            for (probe, path) in
                [("startupProbe", "/health"), ("livenessProbe", "/health"), ("readinessProbe", "/ready")]
            {
                let asked = &container[probe]["httpGet"];
                assert!(asked["path"] == path && asked["port"] == port["name"], "{role} {probe}: {asked}");
            }
            let serves =
                |path: &str| if role == "gateway" { paths.contains(path) } else { STATUS_PAGES.contains(&path) };
            let notes = &cluster.deployment(role)["spec"]["template"]["metadata"]["annotations"];
            assert_eq!(notes["prometheus.io/port"], listens.as_str());
            for path in ["/health", "/ready", string(&notes["prometheus.io/path"])] {
                assert!(serves(path), "{role} has no {path}");
            }
        }
    }
}

#[test]
fn services_budgets_and_policies_select_the_pods() {
    for cluster in Cluster::all() {
        for role in ROLES {
            let labels = &cluster.deployment(role)["spec"]["template"]["metadata"]["labels"];
            let name = format!("em-agent-{role}");
            let service = cluster.one("Service", &name);
            let port = &cluster.container(role)["ports"][0];
            assert!(
                service["spec"]["selector"] == *labels && service["spec"]["ports"][0]["targetPort"] == port["name"],
                "{role}"
            );
            assert_eq!(service["spec"]["ports"][0]["port"], port["containerPort"], "policies name this port");
            assert_eq!(cluster.deployment(role)["spec"]["selector"]["matchLabels"], *labels);
            let budget = &cluster.one("PodDisruptionBudget", &name)["spec"];
            assert_eq!(budget["selector"]["matchLabels"], *labels);
            assert!(
                budget["maxUnavailable"].as_u64() < cluster.deployment(role)["spec"]["replicas"].as_u64(),
                "{role}"
            );
            let policy = &cluster.one("NetworkPolicy", &format!("to-{role}"))["spec"];
            assert_eq!(policy["podSelector"]["matchLabels"], *labels);
            assert_eq!(policy["ingress"][0]["ports"][0]["port"], port["containerPort"]);
        }
        let closed = &cluster.one("NetworkPolicy", "default-deny")["spec"];
        assert_eq!(*closed, serde_json::json!({"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}));
    }
}

#[test]
fn pods_may_do_little_and_have_time_to_end() {
    for cluster in Cluster::all() {
        assert_eq!(cluster.one("ServiceAccount", "em-agent")["automountServiceAccountToken"], false);
        for role in ROLES {
            let pod = cluster.pod(role);
            assert!(pod["serviceAccountName"] == "em-agent" && pod["automountServiceAccountToken"] == false, "{role}");
            assert_eq!(pod["enableServiceLinks"], false, "variables named after services look like settings");
            let user = &pod["securityContext"];
            assert!(user["runAsNonRoot"] == true && user["runAsUser"] == 65532, "{role}: as the image");
            assert_eq!(user["seccompProfile"]["type"], "RuntimeDefault");
            for container in list(&pod["containers"]).iter().chain(list(&pod["initContainers"])) {
                let may = &container["securityContext"];
                assert!(
                    may["readOnlyRootFilesystem"] == true && may["allowPrivilegeEscalation"] == false,
                    "{role}: {may}"
                );
                assert_eq!(strings(&may["capabilities"]["drop"]), ["ALL"], "{role}");
                let resources = &container["resources"];
                let wanted = [("requests", "cpu"), ("requests", "memory"), ("limits", "memory")];
                assert!(wanted.iter().all(|(which, what)| resources[which][what].is_string()), "{role}: {resources}");
            }
            let before = cluster.container(role)["lifecycle"]["preStop"]["sleep"]["seconds"].as_u64().unwrap_or(0);
            let grace = pod["terminationGracePeriodSeconds"].as_u64().expect("seconds");
            assert!(
                Duration::from_secs(grace) >= Duration::from_secs(before) + drain(),
                "{role} is killed while it drains"
            );
        }
    }
}

/// The paths of the Ingress: (path, whether everything below it is meant).
fn open_paths(ingress: &Value) -> Vec<(&str, bool)> {
    let paths = list(&ingress["spec"]["rules"][0]["http"]["paths"]).iter();
    paths.map(|path| (string(&path["path"]), path["pathType"] == "Prefix")).collect()
}

#[test]
fn the_ingress_shows_every_route_but_those_of_the_cluster() {
    for cluster in Cluster::all() {
        let ingress = cluster.one("Ingress", "em-agent");
        let open = open_paths(ingress);
        let is_open = |route: &str| {
            let below =
                |path: &str| route.strip_prefix(path).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
            open.iter().any(|(path, prefix)| route == *path || (*prefix && below(path)))
        };
        for route in ROUTES {
            assert_eq!(is_open(route.path), !INSIDE.contains(&route.path), "{}: {}", cluster.name, route.path);
        }
        let is_served = |path: &str| ROUTES.iter().any(|route| route.path.starts_with(path));
        assert!(open.iter().all(|(path, _)| is_served(path)), "{open:?}");
        for path in list(&ingress["spec"]["rules"][0]["http"]["paths"]) {
            let service = &path["backend"]["service"];
            let port = &cluster.one("Service", string(&service["name"]))["spec"]["ports"][0];
            assert_eq!(service["port"]["name"], port["name"]);
        }
        let host = string(&ingress["spec"]["rules"][0]["host"]);
        assert_eq!(strings(&ingress["spec"]["tls"][0]["hosts"]), [host]);
        let public = &cluster.environment("gateway", filled_in)["PUBLIC_URL"];
        assert_eq!(*public, format!("https://{host}"), "{}", cluster.name);
        let largest: u64 = default_of("MAX_PAYLOAD_BYTES").parse().expect("a number");
        let taken = string(&ingress["metadata"]["annotations"]["nginx.ingress.kubernetes.io/proxy-body-size"]);
        assert_eq!(taken, format!("{}m", largest >> 20));
    }
}
