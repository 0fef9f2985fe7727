//! The PostgreSQL and NATS that tests run against: never one that was running before.
//!
//! `./dev test` starts both once (`bin/test-servers.rs`) and names them in two variables. A test that is run alone
//! starts its own, which end with the process. Their data dies with them, so nothing waits for the disk.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{LazyLock, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use boot::environment::{self, Variables};
use boot::private::{Nats, NatsPlan, Postgres, PostgresPlan, PrivateError};

pub const DATABASE_URL: &str = "EM_TEST_DATABASE_URL";
pub const NATS_URL: &str = "EM_TEST_NATS_URL";

const FOLDERS: &str = "em-tests-";
const PATIENCE: Duration = Duration::from_secs(10);

/// URL of the maintenance database of a PostgreSQL for tests.
///
/// # Panics
/// When none can be started: the message says why.
pub fn database_url() -> String {
    given(DATABASE_URL).unwrap_or_else(|| own().urls.0.clone())
}

/// URL of a NATS for tests.
///
/// # Panics
/// When none can be started: the message says why.
pub fn nats_url() -> String {
    given(NATS_URL).unwrap_or_else(|| own().urls.1.clone())
}

/// Whether this is a long run (`./dev test --long`): many more random steps.
pub fn is_long_run() -> bool {
    given("EM_TEST_LONG").is_some()
}

pub(crate) fn given(name: &str) -> Option<String> {
    static VARIABLES: LazyLock<BTreeMap<String, String>> = LazyLock::new(environment::variables);
    VARIABLES.get(name).cloned()
}

/// One PostgreSQL and one NATS, in a folder that is removed when they are stopped.
pub struct Servers {
    /// Of PostgreSQL and of NATS.
    pub urls: (String, String),
    postgres: Postgres,
    nats: Nats,
    folder: PathBuf,
}

impl Servers {
    pub async fn start() -> Result<Self, PrivateError> {
        let folder = std::env::temp_dir().join(format!("{FOLDERS}{}", std::process::id()));
        remove_leftovers();
        let postgres = Postgres::start(&postgres_plan(&folder)).await?;
        let nats = Nats::start(&nats_plan(&folder)).await?;
        Ok(Self { urls: (postgres.url(), nats.url().to_owned()), postgres, nats, folder })
    }

    pub async fn stop(self) {
        self.postgres.stop(PATIENCE).await;
        self.nats.stop(PATIENCE).await;
        // What cannot be removed now is removed by the next run.
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

/// A PostgreSQL for tests in `data_dir`; programs as `em-agent up` finds them.
pub fn postgres_plan(data_dir: &Path) -> PostgresPlan {
    let variables = environment::variables();
    PostgresPlan {
        data_dir: data_dir.to_owned(),
        bin: variables.get("EM_PG_BIN").map(PathBuf::from),
        search_path: search_path(&variables),
        durable: false,
        options: vec!["max_connections=400".to_owned()],
    }
}

/// A NATS for tests in `data_dir`.
pub fn nats_plan(data_dir: &Path) -> NatsPlan {
    let variables = environment::variables();
    let bin = variables.get("EM_NATS_BIN").map(PathBuf::from);
    NatsPlan { data_dir: data_dir.to_owned(), bin, search_path: search_path(&variables) }
}

/// Where tests look for programs.
pub(crate) fn program_folders() -> Vec<PathBuf> {
    search_path(&environment::variables())
}

/// `PATH`, and where `./dev` puts programs: tests run in the folder of their crate.
fn search_path(variables: &Variables) -> Vec<PathBuf> {
    let mut folders = environment::search_path(variables);
    folders.push(Path::new(env!("CARGO_MANIFEST_DIR")).join("../../.tools"));
    folders
}

/// The servers of this process, started when first asked for. They end with the process.
fn own() -> &'static Servers {
    static OWN: OnceLock<Servers> = OnceLock::new();
    static STARTING: Mutex<()> = Mutex::new(());
    let _one_at_a_time = STARTING.lock().unwrap_or_else(PoisonError::into_inner);
    OWN.get_or_init(|| {
        // A thread of its own: who asks may be inside a runtime already.
        let start = || tokio::runtime::Runtime::new().expect("a runtime").block_on(Servers::start());
        std::thread::spawn(start)
            .join()
            .expect("no panic")
            .unwrap_or_else(|error| panic!("no servers for tests: {error}"))
    })
}

/// Removes the folders of test processes that are gone.
fn remove_leftovers() {
    let Ok(entries) = std::fs::read_dir(std::env::temp_dir()) else { return };
    for entry in entries.flatten() {
        let name = entry.file_name();
        let Some(pid) = name.to_str().and_then(|name| name.strip_prefix(FOLDERS)) else { continue };
        if pid.parse::<u32>().is_ok() && !Path::new("/proc").join(pid).exists() {
            let _ = std::fs::remove_dir_all(entry.path());
        }
    }
}
