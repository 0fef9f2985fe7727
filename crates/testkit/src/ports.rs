//! Ports for processes that have to be told theirs. Each is handed out once and stays this process's until it ends.
//!
//! Asking the system for port 0 and letting it go again is not enough: until the process listens, the system gives the
//! same port to the next one who asks, or to a connection that leaves. These stand below the ports that systems give
//! away by themselves (from 32768 on Linux), and a locked file keeps other test processes off.

use std::fs::File;
use std::net::TcpListener;
use std::ops::Range;
use std::sync::Mutex;

const RANGE: Range<u16> = 20_000..32_000;

/// The next port to try, and the locks of those that are out.
static OUT: Mutex<(u16, Vec<File>)> = Mutex::new((RANGE.start, Vec::new()));

/// A port of 127.0.0.1 on which nobody listens, and that no other caller of this function gets while this process runs.
///
/// # Panics
/// When none of the range is left, or no file can be made in the system's folder for temporary files.
pub fn free() -> u16 {
    let folder = std::env::temp_dir().join("em-test-ports");
    // It may be another user's: then the files in it that are ours alone decide.
    if std::fs::create_dir_all(&folder).is_ok() {
        open_to_all(&folder);
    }
    let mut out = OUT.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    while RANGE.contains(&out.0) {
        let port = out.0;
        out.0 += 1;
        let Ok(lock) = File::options().create(true).append(true).open(folder.join(port.to_string())) else { continue };
        if lock.try_lock().is_ok() && TcpListener::bind(("127.0.0.1", port)).is_ok() {
            out.1.push(lock);
            return port;
        }
    }
    panic!("every port from {} to {} is taken, or {} cannot be written", RANGE.start, RANGE.end - 1, folder.display());
}

/// Whoever comes later, as whatever user, adds files of their own.
fn open_to_all(folder: &std::path::Path) {
    use std::os::unix::fs::PermissionsExt;
    // Fails when it is somebody else's, who did it.
    let _ = std::fs::set_permissions(folder, std::fs::Permissions::from_mode(0o777));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_gets_a_port_twice_and_each_can_be_listened_on() {
        let many: Vec<u16> = std::thread::scope(|scope| {
            let askers: Vec<_> = (0..4).map(|_| scope.spawn(|| (0..50).map(|_| free()).collect::<Vec<_>>())).collect();
            askers.into_iter().flat_map(|asker| asker.join().expect("ports")).collect()
        });
        let different: std::collections::BTreeSet<u16> = many.iter().copied().collect();
        assert_eq!(different.len(), 200);
        assert!(many.iter().all(|port| TcpListener::bind(("127.0.0.1", *port)).is_ok()));
    }

    #[test]
    fn a_port_that_another_process_has_is_passed_over() {
        let listener = TcpListener::bind(("127.0.0.1", free())).expect("a port");
        let theirs = listener.local_addr().expect("an address").port();
        assert!((0..20).all(|_| free() != theirs));
    }
}
