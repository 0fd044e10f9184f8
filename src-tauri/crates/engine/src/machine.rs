//! The memory of this machine, or of the container that Beckon is in.

use std::fs;

/// Assumed where nobody says: small, so that the machine is not overrun.
const UNKNOWN: u64 = 4 << 30;

/// Bytes that there are altogether.
pub(crate) fn memory() -> u64 {
    let machine = meminfo("MemTotal:").unwrap_or(UNKNOWN);
    container("memory.max").map_or(machine, |most| most.min(machine))
}

/// Bytes that could be taken now without others having to give any up.
pub(crate) fn available() -> u64 {
    let machine = meminfo("MemAvailable:").unwrap_or(UNKNOWN);
    let container = container("memory.max")
        .zip(container("memory.current"))
        .map(|(most, taken)| most.saturating_sub(taken));
    container.map_or(machine, |left| left.min(machine))
}

fn meminfo(name: &str) -> Option<u64> {
    field(&fs::read_to_string("/proc/meminfo").ok()?, name)
}

fn field(text: &str, name: &str) -> Option<u64> {
    let line = text.lines().find_map(|line| line.strip_prefix(name))?;
    let kilobytes: u64 = line.trim().trim_end_matches("kB").trim().parse().ok()?;
    Some(kilobytes * 1024)
}

/// A container's own limit, where it is what is mounted here (cgroup v2). "max" is none.
fn container(file: &str) -> Option<u64> {
    let text = fs::read_to_string(format!("/sys/fs/cgroup/{file}")).ok()?;
    text.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_machine_has_memory_and_some_of_it_is_free() {
        assert!(memory() >= 64 << 20);
        assert!(available() > 0 && available() <= memory());
    }

    #[test]
    fn fields_are_read_in_kilobytes() {
        let text = "MemTotal:       24576 kB\nMemFree:  100 kB\n";
        assert_eq!(field(text, "MemTotal:"), Some(24576 * 1024));
        assert_eq!(field(text, "Swap:"), None);
    }
}
