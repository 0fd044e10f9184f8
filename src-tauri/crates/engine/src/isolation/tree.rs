//! Processes as `/proc` tells of them.

use std::collections::{BTreeMap, HashSet};
use std::fs;
use std::os::unix::fs::MetadataExt;

use rustix::process::Pid;

/// Most processes that one look goes through: enough to know that it is too many.
const MOST: usize = 4096;

/// What `/proc/<pid>/stat` tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Stat {
    pub(crate) parent: i32,
    pub(crate) group: i32,
    /// Its controlling terminal; 0 if it has none.
    pub(crate) terminal: i32,
    pub(crate) threads: u32,
    /// Clock ticks since boot.
    pub(crate) start: u64,
    /// Clock ticks that it had of processors, and the descendants that it has waited for.
    pub(crate) ticks: u64,
    /// Bytes in memory, shared ones included.
    pub(crate) resident: u64,
    /// Whether it has ended, and only waits for its parent to hear of it.
    pub(crate) dead: bool,
}

/// A process and when it started, which together nobody else ever has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Member {
    pub(crate) pid: i32,
    pub(crate) stat: Stat,
}

pub(crate) fn stat(pid: i32) -> Option<Stat> {
    parse(&fs::read_to_string(format!("/proc/{pid}/stat")).ok()?)
}

fn parse(text: &str) -> Option<Stat> {
    // The name, in parentheses, may itself hold spaces and parentheses.
    let (_, rest) = text.rsplit_once(')')?;
    let fields: Vec<&str> = rest.split_ascii_whitespace().collect();
    let pages: u64 = fields.get(21)?.parse().ok()?;
    // utime, stime, cutime, cstime
    let ticks = fields
        .get(11..15)?
        .iter()
        .filter_map(|field| field.parse::<u64>().ok());
    Some(Stat {
        parent: fields.get(1)?.parse().ok()?,
        group: fields.get(2)?.parse().ok()?,
        terminal: fields.get(4)?.parse().ok()?,
        threads: fields.get(17)?.parse().ok()?,
        ticks: ticks.sum(),
        start: fields.get(19)?.parse().ok()?,
        resident: pages * rustix::param::page_size() as u64,
        dead: matches!(*fields.first()?, "Z" | "X"),
    })
}

/// A process and its living descendants, as far as its line is unbroken; empty when it is gone.
pub(crate) fn family(root: i32) -> Vec<Member> {
    let mut members: Vec<Member> = Vec::new();
    let mut next = vec![root];
    while let Some(pid) = next.pop() {
        let Some(stat) = stat(pid) else { continue };
        members.push(Member { pid, stat });
        if members.len() >= MOST {
            break;
        }
        children(pid, stat.threads, &mut next);
    }
    members
}

/// What a process and its living descendants, and those that they have waited for, had of processors so far,
/// microseconds; `None` when it is gone.
pub(crate) fn cpu_us(pid: u32) -> Option<u64> {
    let members = family(i32::try_from(pid).ok()?);
    let ticks: u64 = members.iter().map(|member| member.stat.ticks).sum();
    let per_second = rustix::param::clock_ticks_per_second().max(1);
    (!members.is_empty()).then(|| ticks.saturating_mul(1_000_000) / per_second)
}

/// The children of a process, whatever thread started them.
pub(super) fn children_of(pid: i32, into: &mut Vec<i32>) {
    if let Some(stat) = stat(pid) {
        children(pid, stat.threads, into);
    }
}

/// Children belong to the thread that started them.
fn children(pid: i32, threads: u32, into: &mut Vec<i32>) {
    let mut of = |thread: &str| {
        if let Ok(text) = fs::read_to_string(format!("/proc/{pid}/task/{thread}/children")) {
            into.extend(
                text.split_ascii_whitespace()
                    .filter_map(|word| word.parse::<i32>().ok()),
            );
        }
    };
    if threads <= 1 {
        return of(&pid.to_string());
    }
    let list = fs::read_dir(format!("/proc/{pid}/task"));
    for entry in list.into_iter().flatten().flatten() {
        if let Some(thread) = entry.file_name().to_str() {
            of(thread);
        }
    }
}

/// Whether one of these processes listens on a TCP port of this machine; `None` where nobody listens, or `/proc` does not
/// say who.
pub(crate) fn listens(members: &[Member], port: u16) -> Option<bool> {
    let mut sockets = HashSet::new();
    for table in ["tcp", "tcp6"] {
        let text = fs::read_to_string(format!("/proc/self/net/{table}")).unwrap_or_default();
        sockets.extend(text.lines().filter_map(|line| listener(line, port)));
    }
    if sockets.is_empty() {
        return None;
    }
    let mut hidden = false;
    for member in members {
        let Ok(list) = fs::read_dir(format!("/proc/{}/fd", member.pid)) else {
            // One that has just ended listens no more.
            hidden |= stat(member.pid).is_some_and(|now| !now.dead);
            continue;
        };
        let mut targets = list
            .flatten()
            .filter_map(|entry| fs::read_link(entry.path()).ok());
        if targets.any(|target| target.to_str().is_some_and(|name| sockets.contains(name))) {
            return Some(true);
        }
    }
    (!hidden).then_some(false)
}

/// The socket that a line of `/proc/net/tcp` is about, as `/proc/<pid>/fd` names it, if it listens on the port.
fn listener(line: &str, port: u16) -> Option<String> {
    const LISTENS: &str = "0A";
    let mut fields = line.split_ascii_whitespace().skip(1);
    let (_, local) = fields.next()?.rsplit_once(':')?;
    let state = fields.nth(1)?;
    let inode = fields.nth(5)?;
    let here = u16::from_str_radix(local, 16).ok()? == port && state == LISTENS;
    here.then(|| format!("socket:[{inode}]"))
}

/// How many processes and threads the machine has; 0 where that is not told.
pub(crate) fn tasks() -> u64 {
    load(&load_text()).map_or(0, |(all, _)| all)
}

/// Whether the machine has started no task after this one, which then has started none either.
pub(super) fn is_newest(pid: i32) -> bool {
    load(&load_text()).is_some_and(|(_, newest)| newest == pid)
}

fn load_text() -> String {
    fs::read_to_string("/proc/loadavg").unwrap_or_default()
}

/// "0.20 0.18 0.12 1/80 11206": of those that run and all, the latter, and the one that was started last.
fn load(text: &str) -> Option<(u64, i32)> {
    let mut fields = text.split_ascii_whitespace().skip(3);
    let (_, all) = fields.next()?.split_once('/')?;
    Some((all.parse().ok()?, fields.next()?.parse().ok()?))
}

/// Every process that there is.
pub(crate) fn everybody() -> BTreeMap<i32, Stat> {
    let list = fs::read_dir("/proc").into_iter().flatten().flatten();
    list.filter_map(|entry| {
        let pid = entry.file_name().to_str()?.parse().ok()?;
        Some((pid, stat(pid)?))
    })
    .collect()
}

/// Bytes of memory that are this process's own, with its share of what it shares. Slower than [`stat`]: the kernel
/// walks all pages.
pub(crate) fn proportional(pid: i32) -> Option<u64> {
    let text = fs::read_to_string(format!("/proc/{pid}/smaps_rollup")).ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix("Pss:"))?;
    let kilobytes: u64 = line.trim().trim_end_matches("kB").trim().parse().ok()?;
    Some(kilobytes * 1024)
}

/// Bytes of files that a process holds open though they have no name any more.
pub(crate) fn unlinked(pid: i32) -> u64 {
    let list = fs::read_dir(format!("/proc/{pid}/fd"));
    let held = list.into_iter().flatten().flatten().filter_map(|entry| {
        let file = fs::metadata(entry.path()).ok()?;
        (file.is_file() && file.nlink() == 0).then(|| file.blocks() * 512)
    });
    held.sum()
}

/// Kills a process, if it still is the one that was seen.
pub(crate) fn kill(member: Member) {
    let Some(pid) = Pid::from_raw(member.pid) else {
        return;
    };
    // The descriptor first: it names this process and no later one with the same number.
    if let Ok(fd) = rustix::process::pidfd_open(pid, rustix::process::PidfdFlags::empty())
        && stat(member.pid).is_some_and(|now| now.start == member.stat.start)
    {
        let _ = rustix::process::pidfd_send_signal(&fd, rustix::process::Signal::KILL);
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read as _;
    use std::os::unix::process::CommandExt as _;
    use std::process::{Command, Stdio};

    use super::*;

    #[test]
    fn who_started_a_task_is_not_the_newest() {
        assert_eq!(load("0.20 0.18 0.12 1/80 11206\n"), Some((80, 11206)));
        assert_eq!(load("0.20 0.18 0.12 1/80"), None);
        let mut parent = Command::new("sh")
            .args(["-c", "sleep 1000 & echo; wait"])
            .process_group(0)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = [0; 1];
        parent.stdout.as_mut().unwrap().read_exact(&mut line).unwrap();
        assert!(!is_newest(parent.id().try_into().unwrap()));
        let group = Pid::from_child(&parent);
        rustix::process::kill_process_group(group, rustix::process::Signal::KILL).unwrap();
        parent.wait().unwrap();
        // Others start processes meanwhile; not always at the very moment.
        let was_newest = (0..1000).any(|_| {
            let mut child = Command::new("true").spawn().unwrap();
            let newest = is_newest(child.id().try_into().unwrap());
            child.wait().unwrap();
            newest
        });
        assert!(was_newest);
    }

    #[test]
    fn a_name_with_parentheses_is_read() {
        let line =
            "42 (a) b (c)) S 7 9 9 0 -1 4194560 1 0 0 0 1 2 3 4 20 0 11 0 12345 99 10 18446744073709551615";
        let stat = parse(line).unwrap();
        assert_eq!(
            (stat.parent, stat.group, stat.threads, stat.start),
            (7, 9, 11, 12345)
        );
        assert_eq!(stat.ticks, 1 + 2 + 3 + 4);
        assert_eq!(stat.resident, 10 * rustix::param::page_size() as u64);
        assert_eq!(parse("42 (sh"), None);
        assert_eq!(parse("42 (sh) S 1"), None);
    }

    #[test]
    fn a_family_is_found_with_its_grandchildren() {
        let mut child = Command::new("sh")
            .args(["-c", "sh -c 'sleep 1000 & echo; wait' & wait"])
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        std::io::Read::read_exact(child.stdout.as_mut().unwrap(), &mut [0]).unwrap();
        let pid = child.id().try_into().unwrap();
        // Between fork and exec a process has no memory of its own for an instant.
        let mut found = family(pid);
        for _ in 0..1000 {
            if found.iter().all(|member| member.stat.resident > 0) {
                break;
            }
            std::thread::sleep(std::time::Duration::from_millis(10));
            found = family(pid);
        }
        let family = found;
        assert_eq!(family.len(), 3, "{family:?}");
        assert!(family.iter().all(|member| member.stat.resident > 0));
        assert!(proportional(family[0].pid).unwrap() > 0);
        for member in family {
            kill(member);
        }
        child.wait().unwrap();
    }

    #[test]
    fn who_listens_on_a_port_is_found() {
        let me = rustix::process::getpid().as_raw_nonzero().get();
        let mine = [Member {
            pid: me,
            stat: stat(me).unwrap(),
        }];
        for address in ["127.0.0.1:0", "[::1]:0"] {
            let Ok(listener) = std::net::TcpListener::bind(address) else {
                continue; // a machine without IPv6
            };
            let port = listener.local_addr().unwrap().port();
            assert_eq!(listens(&mine, port), Some(true));
            assert_eq!(listens(&[], port), Some(false));
            let mut other = std::process::Command::new("sleep").arg("1000").spawn().unwrap();
            let theirs = family(other.id().try_into().unwrap());
            let found = listens(&theirs, port);
            other.kill().unwrap();
            other.wait().unwrap();
            assert_eq!(found, Some(false));
            drop(listener);
            assert_eq!(listens(&mine, port), None);
        }
    }

    #[test]
    fn open_files_without_a_name_are_counted() {
        let mut file = tempfile::tempfile().unwrap();
        std::io::Write::write_all(&mut file, &vec![1; 300_000]).unwrap();
        file.sync_all().unwrap();
        let me = rustix::process::getpid().as_raw_nonzero().get();
        assert!(unlinked(me) >= 300_000);
    }
}
