//! Starts a server so that it never outlives us, and ends it by its process id.
//!
//! Each server is its own process group, so that Ctrl-C in a terminal reaches us first and we stop it in order. The
//! kernel sends it a signal when we die (`PR_SET_PDEATHSIG`), also by `kill -9`. That signal is tied to the THREAD that
//! started the process, not to the process: therefore all servers are started from one thread that never ends.
//! Changing the user clears the setting, so it is made last, in the child, right before it becomes the server.
//!
//! The only unsafe code of the program is here: three system calls that the standard library does not offer.

use std::io;
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, ExitStatus};
use std::sync::{OnceLock, mpsc};
use std::time::Duration;

use super::owner::Owner;

/// How often a condition is looked at again.
pub(super) const GLANCE: Duration = Duration::from_millis(20);

/// The signals by which the servers are asked to stop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Signal {
    /// PostgreSQL: end the sessions, write everything, stop.
    Interrupt = libc::SIGINT as isize,
    /// PostgreSQL: stop at once and recover at the next start.
    Quit = libc::SIGQUIT as isize,
    /// NATS: stop.
    Terminate = libc::SIGTERM as isize,
    Kill = libc::SIGKILL as isize,
}

/// A server that we started.
#[derive(Debug)]
pub(super) struct Server {
    child: Child,
    ask: Signal,
    insist: Signal,
}

impl Server {
    /// Starts `command` as `owner`. `ask` is sent when it shall stop or when we die, `insist` when it does not.
    pub(super) fn start(mut command: Command, owner: Option<&Owner>, ask: Signal, insist: Signal) -> io::Result<Self> {
        become_owner(&mut command, owner);
        command.process_group(0);
        die_with_us(&mut command, ask);
        let (reply, answer) = mpsc::channel();
        let nursery = nursery()?;
        nursery.send((command, reply)).map_err(io::Error::other)?;
        let child = answer.recv().map_err(io::Error::other)??;
        Ok(Self { child, ask, insist })
    }

    pub(super) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// How it ended, when it did.
    pub(super) fn ended(&mut self) -> Option<ExitStatus> {
        self.child.try_wait().ok().flatten()
    }

    /// Asks it to stop and insists after `patience`. True: it stopped when asked.
    pub(super) async fn stop(&mut self, patience: Duration) -> bool {
        send(self.pid(), self.ask);
        if self.ends_within(patience).await {
            return true;
        }
        send(self.pid(), self.insist);
        if !self.ends_within(patience).await {
            send(self.pid(), Signal::Kill);
            self.ends_within(patience).await;
        }
        false
    }

    async fn ends_within(&mut self, patience: Duration) -> bool {
        let ends = async {
            while self.ended().is_none() {
                tokio::time::sleep(GLANCE).await;
            }
        };
        tokio::time::timeout(patience, ends).await.is_ok()
    }
}

/// A server that is let go without [`Server::stop`] is asked to stop and left to do it.
impl Drop for Server {
    fn drop(&mut self) {
        if self.ended().is_none() {
            send(self.pid(), self.ask);
        }
    }
}

/// Lets a command run as `owner`, without the groups of root.
pub(super) fn become_owner(command: &mut Command, owner: Option<&Owner>) {
    if let Some(owner) = owner {
        command.uid(owner.uid).gid(owner.gid);
    }
}

type Order = (Command, mpsc::Sender<io::Result<Child>>);

/// The thread that starts all servers and lives as long as the process.
fn nursery() -> io::Result<&'static mpsc::Sender<Order>> {
    static NURSERY: OnceLock<mpsc::Sender<Order>> = OnceLock::new();
    if let Some(nursery) = NURSERY.get() {
        return Ok(nursery);
    }
    let (orders, inbox) = mpsc::channel::<Order>();
    let work = move || {
        for (mut command, reply) in inbox {
            // Who ordered may have been dropped meanwhile; then the child is stopped again by nobody but the kernel.
            let _ = reply.send(command.spawn());
        }
    };
    std::thread::Builder::new().name("private-servers".to_owned()).spawn(work)?;
    Ok(NURSERY.get_or_init(|| orders))
}

#[cfg(target_os = "linux")]
#[expect(unsafe_code, reason = "there is no safe way to run code between fork and exec")]
fn die_with_us(command: &mut Command, signal: Signal) {
    let parent = std::process::id();
    let ask_kernel = move || {
        // SAFETY: prctl and getppid are async-signal-safe system calls without pointers; nothing is allocated.
        let (answer, parent_now) =
            unsafe { (libc::prctl(libc::PR_SET_PDEATHSIG, signal as libc::c_ulong), libc::getppid()) };
        if answer != 0 {
            return Err(io::Error::last_os_error());
        }
        // We died before the kernel was asked: nobody would ever stop this server.
        if parent_now.cast_unsigned() != parent { Err(io::ErrorKind::BrokenPipe.into()) } else { Ok(()) }
    };
    // SAFETY: the closure only makes the system calls above, which are allowed between fork and exec.
    unsafe { command.pre_exec(ask_kernel) };
}

#[cfg(not(target_os = "linux"))]
fn die_with_us(_: &mut Command, _: Signal) {}

/// Sends a signal to one process. A process that is gone already is no failure.
#[expect(unsafe_code, reason = "the standard library can only send SIGKILL")]
pub(super) fn send(pid: u32, signal: Signal) {
    let Ok(pid) = libc::pid_t::try_from(pid) else { return };
    // SAFETY: kill takes two integers and touches no memory of ours.
    unsafe { libc::kill(pid, signal as libc::c_int) };
}

#[expect(unsafe_code, reason = "the standard library does not tell the user id")]
pub(super) fn effective_uid() -> u32 {
    // SAFETY: geteuid takes nothing, cannot fail and touches no memory of ours.
    unsafe { libc::geteuid() }
}
