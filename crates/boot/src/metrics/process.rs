//! The process' own memory and processor time, as the kernel counts them.

use std::fmt::Write;

use super::METRICS;

/// The unit of processor times in `/proc`: fixed at 100 a second for programs on Linux.
const TICKS_PER_SECOND: f64 = 100.0;

/// Adds the figures to `text` in Prometheus' text format; adds nothing where there is no `/proc`.
pub(super) fn append(text: &mut String) {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let figures =
        [("process_resident_memory_bytes", resident_bytes(&status)), ("process_cpu_seconds_total", cpu_seconds(&stat))];
    for (name, value) in figures {
        let Some((metric, value)) = METRICS.iter().find(|metric| metric.name == name).zip(value) else { continue };
        // Writing to a String cannot fail.
        let _ = write!(text, "# HELP {name} {}\n# TYPE {name} {}\n{name} {value}\n", metric.help, metric.kind.as_str());
    }
}

fn resident_bytes(status: &str) -> Option<f64> {
    let kilobytes = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?.trim().strip_suffix(" kB")?;
    Some(kilobytes.parse::<f64>().ok()? * 1024.0)
}

/// User and system time are fields 14 and 15; the name in field 2 may contain anything, but ends with the last `)`.
fn cpu_seconds(stat: &str) -> Option<f64> {
    let (_, fields) = stat.rsplit_once(')')?;
    let mut ticks = fields.split_whitespace().skip(11).map(str::parse::<f64>);
    Some((ticks.next()?.ok()? + ticks.next()?.ok()?) / TICKS_PER_SECOND)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_kernels_files_are_read_as_they_are_written() {
        assert_eq!(resident_bytes("Name:\tem\nVmRSS:\t    2048 kB\nThreads:\t9\n"), Some(2_097_152.0));
        let stat = "77 (a ) b) S 1 77 77 0 -1 4194560 900 0 0 0 250 50 0 0 20 0 9 0 100 1 2";
        assert_eq!(cpu_seconds(stat), Some(3.0));
        assert_eq!(cpu_seconds(""), None);
    }
}
