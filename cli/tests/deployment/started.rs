//! Gateway and worker with the environment of docker-compose.prod.yml, against PostgreSQL and NATS set up by its files: they
//! become ready, their health checks say so, and what alerts ask for by its absence is there from the beginning.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use outbound::{Outbound, Request};
use testkit::folder::Folder;

use crate::compose::{environment, services};
use crate::files::strings;
use crate::nats::{self, Running};
use crate::program::STRONG;
use crate::roles::Server;

const PATIENCE: Duration = Duration::from_secs(60);

fn em_agent(arguments: &[String], variables: &BTreeMap<String, String>, folder: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_em-agent"));
    command.args(arguments).env_clear().envs(variables).current_dir(folder);
    command.stdout(Stdio::null()).stderr(Stdio::null());
    command
}

/// A service of the file, where its servers are here and its port is a free one.
struct Service {
    name: &'static str,
    variables: BTreeMap<String, String>,
    /// The port of the file, and the one here.
    port: (&'static str, String),
}

impl Service {
    fn new(name: &'static str, port: &'static str, database: &str, nats: &str) -> Self {
        let mut variables = environment(&services()[name]);
        let free = testkit::ports::free().to_string();
        for value in variables.values_mut() {
            *value = value.replace("postgres:5432", "here").replace("nats:4222", nats);
            if *value == port || value.ends_with(&format!(":{port}")) {
                *value = value.replace(port, &free);
            }
        }
        assert!(
            variables["DATABASE_URL"].contains("em_agent:") && variables["DATABASE_URL"].contains("@here/em_agent")
        );
        variables.insert("DATABASE_URL".to_owned(), database.to_owned());
        Self { name, variables, port: (port, free) }
    }

    fn start(&self, folder: &Path) -> Running {
        let arguments = strings(&services()[self.name]["command"]);
        Running(em_agent(&arguments, &self.variables, folder).spawn().expect("it starts"))
    }

    /// Waits until the container would be healthy.
    async fn healthy(&self, process: &mut Running, folder: &Path) {
        let asked = strings(&services()[self.name]["healthcheck"]["test"]);
        let asked: Vec<String> = asked[2..].iter().map(|word| word.replace(self.port.0, &self.port.1)).collect();
        let deadline = Instant::now() + PATIENCE;
        while !em_agent(&asked, &self.variables, folder).status().expect("it runs").success() {
            let ended = process.0.try_wait().expect("a process");
            assert!(ended.is_none() && Instant::now() < deadline, "{} does not become healthy: {ended:?}", self.name);
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }

    /// Waits until all of these are among the metrics.
    async fn shows(&self, series: &[&str]) {
        let outbound = Outbound::new(Duration::from_secs(10), 4 << 20).expect("a client");
        let url = format!("http://127.0.0.1:{}/metrics", self.port.1);
        let deadline = Instant::now() + PATIENCE;
        loop {
            let told = outbound.send(Request::get(url.clone())).await.expect("an answer").text();
            let missing: Vec<&&str> = series.iter().filter(|one| !told.contains(**one)).collect();
            if missing.is_empty() {
                return;
            }
            assert!(Instant::now() < deadline, "{} shows no {missing:?}", self.name);
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }
}

#[tokio::test]
async fn gateway_and_worker_become_healthy_and_measure_what_alerts_miss() {
    let folder = Folder::fresh();
    let server = Server::start(folder.path()).await;
    let (_nats, address) = nats::start(folder.path()).await;
    let gateway = Service::new("gateway", "8000", &server.database_url(), &address);
    let worker = Service::new("worker", "9100", &server.database_url(), &address);
    assert!(gateway.variables["NATS_URL"].contains(STRONG) && worker.variables["NATS_URL"].ends_with(&address));

    let migrate = BTreeMap::from([("DATABASE_URL".to_owned(), server.database_url())]);
    let migrated = em_agent(&strings(&services()["migrate"]["command"]), &migrate, folder.path()).status();
    assert!(migrated.expect("it runs").success());
    let (mut serving, mut working) = (gateway.start(folder.path()), worker.start(folder.path()));
    gateway.healthy(&mut serving, folder.path()).await;
    worker.healthy(&mut working, folder.path()).await;
    let ready = "http_requests_total{method=\"GET\",route=\"/ready\",status=\"200\"}";
    gateway.shows(&["integration_enabled{source=\"github\"} 1", ready, "outbox_oldest_seconds"]).await;
    worker
        .shows(&["consumer_lag{", "consumer_processed_total{", "dead_letters_total{", "db_connection_pool_waiting"])
        .await;

    drop((serving, working));
    server.stop().await;
}
