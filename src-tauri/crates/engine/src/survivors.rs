//! Processes that outlived what they belonged to: found by their brand, by a mark in their environment, and by the
//! record on disk of those that could not be branded.

use std::collections::HashSet;
use std::fs;
use std::io;
use std::path::Path;
use std::time::Duration;

use rustix::process::{Pid, PidfdFlags, Signal};

use crate::isolation::Brand;
use crate::process::MARK;

/// Rounds of 5 ms after which a killed process that is still there is left to the kernel.
const GONE_AFTER: usize = 400;

/// Records a living process: its id, and when it started, which together nobody else ever has (until a reboot).
pub(crate) fn note(record: &Path, pid: Pid) -> io::Result<()> {
    let start = start_time(pid).ok_or_else(|| io::Error::other("the process is gone"))?;
    fs::write(record, format!("{} {start}\n", pid.as_raw_nonzero()))
}

/// The start time of a process in clock ticks since boot: field 22 of `/proc/<pid>/stat`.
fn start_time(pid: Pid) -> Option<u64> {
    let stat = fs::read_to_string(format!("/proc/{}/stat", pid.as_raw_nonzero())).ok()?;
    // The name, in parentheses, may itself hold spaces and parentheses.
    stat.rsplit_once(')')?.1.split_whitespace().nth(19)?.parse().ok()
}

/// Kills what the Beckon before this one left running in this data directory, and forgets it. Returns how many
/// process groups and stray processes that were. `instance` is what [`MARK`] begins with here.
pub(crate) fn end_leftovers(records: &Path, instance: &str) -> usize {
    let mut killed = 0;
    for entry in fs::read_dir(records).into_iter().flatten().flatten() {
        if let Some((pid, start)) = fs::read_to_string(entry.path()).ok().as_deref().and_then(parse)
            && start_time(pid) == Some(start)
        {
            // The leader lives, so the group is its own.
            if rustix::process::kill_process_group(pid, Signal::KILL).is_ok() {
                killed += 1;
            }
        }
        let _ = fs::remove_file(entry.path());
    }
    let ours = Brand::of_engine(instance, "");
    killed + kill_all(&format!("{MARK}={instance}."), &|brand| brand.is_kin(ours))
}

fn parse(record: &str) -> Option<(Pid, u64)> {
    let (pid, start) = record.trim().split_once(' ')?;
    Some((
        Pid::from_raw(pid.parse().ok().filter(|pid| *pid > 1)?)?,
        start.parse().ok()?,
    ))
}

/// Kills every process whose environment has an entry that begins with `mark` (is it, if it ends in NUL), or whose brand
/// `is_ours`, and waits until they are gone. Returns how many there were.
pub(crate) fn kill_all(mark: &str, is_ours: &dyn Fn(Brand) -> bool) -> usize {
    let mut killed = HashSet::new();
    // Again until nothing is found: one may have forked just before, and the end takes the kernel a moment.
    for _ in 0..GONE_AFTER {
        if !kill_round(mark, is_ours, &mut killed) {
            break;
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    killed.len()
}

/// Whether any was found.
fn kill_round(mark: &str, is_ours: &dyn Fn(Brand) -> bool, killed: &mut HashSet<Pid>) -> bool {
    let mut found = false;
    for entry in fs::read_dir("/proc").into_iter().flatten().flatten() {
        let pid = entry
            .file_name()
            .to_str()
            .and_then(|name| name.parse().ok())
            .and_then(Pid::from_raw);
        let Some(pid) = pid.filter(|pid| *pid != rustix::process::getpid()) else {
            continue;
        };
        // The descriptor first: it names this process and no later one with the same number.
        let Ok(fd) = rustix::process::pidfd_open(pid, PidfdFlags::empty()) else {
            continue;
        };
        let branded = Brand::read(pid.as_raw_nonzero().get()).is_some_and(is_ours);
        let marked = || {
            let environment = fs::read(entry.path().join("environ")).unwrap_or_default();
            environment
                .split_inclusive(|byte| *byte == 0)
                .any(|variable| variable.starts_with(mark.as_bytes()))
        };
        if (branded || marked()) && rustix::process::pidfd_send_signal(&fd, Signal::KILL).is_ok() {
            killed.insert(pid);
            found = true;
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use std::os::unix::process::CommandExt;
    use std::process::{Child, Command};

    use super::*;

    fn sleeper(mark: Option<&str>) -> Child {
        let mut command = Command::new("sleep");
        command.arg("1000").process_group(0);
        if let Some(mark) = mark {
            command.env(MARK, mark);
        }
        command.spawn().unwrap()
    }

    fn is_alive(child: &mut Child) -> bool {
        // A killed process needs a moment to become a zombie.
        std::thread::sleep(std::time::Duration::from_millis(100));
        child.try_wait().unwrap().is_none()
    }

    #[test]
    fn a_recorded_process_is_ended_and_another_with_its_number_is_not() {
        let records = tempfile::tempdir().unwrap();
        let (mut ours, mut other) = (sleeper(None), sleeper(None));
        note(&records.path().join("1"), Pid::from_child(&ours)).unwrap();
        // The record of a process whose number is now another's: the start time differs.
        fs::write(records.path().join("2"), format!("{} 1\n", other.id())).unwrap();
        fs::write(records.path().join("3"), "garbage").unwrap();
        fs::write(records.path().join("4"), "1 0").unwrap();
        assert_eq!(end_leftovers(records.path(), "no-such-instance"), 1);
        assert!(!is_alive(&mut ours));
        assert!(is_alive(&mut other));
        assert_eq!(fs::read_dir(records.path()).unwrap().count(), 0);
        other.kill().unwrap();
        other.wait().unwrap();
    }

    #[test]
    fn a_marked_process_is_ended_wherever_it_went() {
        let instance = beckon_core::random_hex();
        let (mut ours, mut other) = (
            sleeper(Some(&format!("{instance}.7"))),
            sleeper(Some("another.7")),
        );
        let kill_marked = |number: u8| kill_all(&format!("{MARK}={instance}.{number}\0"), &|_| false);
        assert_eq!(kill_marked(8), 0);
        assert_eq!(kill_marked(7), 1);
        assert!(!is_alive(&mut ours));
        assert!(is_alive(&mut other));
        other.kill().unwrap();
        other.wait().unwrap();
    }
}
