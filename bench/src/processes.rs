//! CPU time of processes, read from `/proc`: the process itself and the children that it has or had.

use std::fs;

use anyhow::{Context, Result};

/// CPU seconds that a process and its children have used, ended children included.
pub(crate) fn cpu_seconds(pid: u32) -> Result<f64> {
    let (own, parent_of) = (ticks(pid)?, children(pid)?);
    let of_children: u64 = parent_of.into_iter().filter_map(|child| ticks(child).ok()).sum();
    Ok((own + of_children) as f64 / ticks_per_second())
}

/// utime, stime, cutime and cstime of `/proc/<pid>/stat`.
fn ticks(pid: u32) -> Result<u64> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).with_context(|| format!("process {pid} is gone"))?;
    // The second field is the name in parentheses and may hold spaces.
    let after_name = stat.rsplit_once(") ").context("no process status")?.1;
    Ok(after_name.split(' ').skip(11).take(4).filter_map(|field| field.parse::<u64>().ok()).sum())
}

fn children(pid: u32) -> Result<Vec<u32>> {
    let list = fs::read_to_string(format!("/proc/{pid}/task/{pid}/children"))?;
    Ok(list.split_whitespace().filter_map(|child| child.parse().ok()).collect())
}

fn ticks_per_second() -> f64 {
    // Linux's user-visible clock tick has been 100 a second on every common platform.
    100.0
}
