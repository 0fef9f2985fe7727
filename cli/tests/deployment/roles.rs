//! compose/postgres-roles.sh, run as PostgreSQL's image runs it, against a server of its own: EM Agent's login is enough to
//! migrate, Grafana's can read what is derived and nothing else.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::Duration;

use boot::private::Postgres;
use testkit::folder::Folder;
use testkit::servers;

use crate::files::root;
use crate::program::STRONG;

const DATABASE: &str = "em_agent";

/// A server that was set up as the one of compose, and the folder of its programs.
pub(crate) struct Server {
    postgres: Postgres,
    programs: PathBuf,
    /// `host=…` of its socket.
    host: String,
}

impl Server {
    pub(crate) async fn start(folder: &Path) -> Self {
        let plan = servers::postgres_plan(folder);
        // psql is beside the server itself, not beside a link to it.
        let program = plan.find().await.expect("PostgreSQL is there").join("postgres").canonicalize().expect("a file");
        let programs = program.parent().expect("a folder").to_owned();
        let postgres = Postgres::start(&plan).await.expect("it starts");
        let host = postgres.url().split_once('?').expect("a socket").1.to_owned();
        let server = Self { postgres, programs, host };
        set_up(&server);
        server
    }

    pub(crate) async fn stop(self) {
        self.postgres.stop(Duration::from_secs(10)).await;
    }

    /// Where EM Agent finds its database.
    pub(crate) fn database_url(&self) -> String {
        self.url("em_agent", DATABASE)
    }

    fn url(&self, login: &str, database: &str) -> String {
        format!("postgresql://{login}:{STRONG}@/{database}?{}", self.host)
    }

    fn sql(&self, login: &str, database: &str, sql: &str) -> Output {
        let mut psql = Command::new(self.programs.join("psql"));
        psql.args(["--no-psqlrc", "-At", "-v", "ON_ERROR_STOP=1", "-c", sql]).arg(self.url(login, database));
        run(&mut psql)
    }

    #[track_caller]
    fn answers(&self, login: &str, sql: &str) -> String {
        let output = self.sql(login, DATABASE, sql);
        assert!(output.status.success(), "{login}: {sql}: {}", told(&output));
        String::from_utf8_lossy(&output.stdout).trim().to_owned()
    }

    #[track_caller]
    fn refuses(&self, login: &str, sql: &str, why: &str) {
        let output = self.sql(login, DATABASE, sql);
        assert!(!output.status.success() && told(&output).contains(why), "{login}: {sql}: {}", told(&output));
    }
}

fn run(command: &mut Command) -> Output {
    command.output().unwrap_or_else(|error| panic!("{command:?}: {error}"))
}

fn told(output: &Output) -> String {
    String::from_utf8_lossy(&[output.stdout.clone(), output.stderr.clone()].concat()).into_owned()
}

/// As the image's own start: the superuser has made the database.
fn set_up(server: &Server) {
    let made = server.sql("postgres", "postgres", &format!("create database {DATABASE}"));
    assert!(made.status.success(), "{}", told(&made));
    let path = format!("{}:/usr/local/bin:/usr/bin:/bin", server.programs.display());
    let mut script = Command::new(root().join("compose/postgres-roles.sh"));
    script.env("PATH", path).env("PGHOST", server.host.trim_start_matches("host="));
    script.env("POSTGRES_USER", "postgres").env("POSTGRES_DB", DATABASE);
    script.env("EM_AGENT_DB_PASSWORD", STRONG).env("GRAFANA_DB_PASSWORD", STRONG);
    let output = run(&mut script);
    assert!(output.status.success(), "{}", told(&output));
}

#[tokio::test]
async fn em_agent_can_do_its_work_and_grafana_can_only_read() {
    let folder = Folder::fresh();
    let server = Server::start(folder.path()).await;

    let mut migrate = Command::new(env!("CARGO_BIN_EXE_em-agent"));
    migrate.args(["migrate", "--wait"]).env_clear().env("DATABASE_URL", server.database_url());
    for time in ["first", "second"] {
        let output = run(&mut migrate);
        assert!(output.status.success(), "the {time} time: {}", told(&output));
    }
    assert_eq!(server.answers("em_agent", "select rolsuper from pg_roles where rolname = current_user"), "f");
    for role in ["em_owner", "em_app", "em_ingest", "em_relay"] {
        server.answers("em_agent", &format!("set role {role}; select count(*) from outbox"));
    }

    assert_eq!(server.answers("grafana", "select count(*) from events"), "0");
    server.answers("grafana", "select count(*) from deployments; select count(*) from dora_v_deployments");
    server.refuses("grafana", "select count(*) from dora_deployments", "permission denied");
    server.refuses("grafana", "select count(*) from deliveries", "permission denied");
    server.refuses("grafana", "delete from events", "read-only transaction");
    server.refuses("grafana", "set transaction read write; delete from events", "permission denied");
    server.refuses("grafana", "set transaction read write; create table mine ()", "permission denied");
    server.refuses("grafana", "set role em_app", "permission denied");
    server.stop().await;
}
