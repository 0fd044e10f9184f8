//! How a process is known as ours whatever it does: a limit that nothing looks at any more (on file locks, since Linux
//! 2.4) holds two numbers of ours. It is inherited over `fork` and `exec`, shows in `/proc` to everybody, and the
//! filter of system calls lets nobody change it: unlike the environment it can be neither dropped nor forged.
//!
//! It is put on a process from outside, the instant after its start, because nothing of ours runs in there before its
//! own program does. What a program leaves to itself within that instant, by forking twice, is not branded; the mark in
//! its environment is all that tells then.

use std::fs;
use std::sync::Once;

use rustix::io::Errno;
use rustix::process::{Pid, Resource, Rlimit, prlimit};

use super::tree;

/// `RLIMIT_LOCKS`.
pub(super) const RESOURCE: u32 = 10;

/// Set in every hard limit of ours, so that none is lower than its soft one, which is what the kernel asks.
const OURS: u64 = 1 << 62;
/// Most processes that are branded one after another at a start.
const MOST: usize = 256;

/// Told once, where the limit is bounded already and cannot hold a number.
static UNBRANDED: Once = Once::new();

/// Whose a process is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Brand {
    /// Of the data directory: the same over restarts.
    instance: u64,
    /// Of one engine: not the same.
    engine: u64,
    /// The engine's number for the process.
    pub(crate) number: u64,
}

impl Brand {
    /// That of an engine, for no process yet. Both names are random and hexadecimal.
    pub(crate) fn of_engine(instance: &str, nonce: &str) -> Self {
        Self {
            instance: digits(instance, 15),
            engine: digits(nonce, 7),
            number: 0,
        }
    }

    /// That of a build: of this data directory and of no engine, so that nobody takes it for a worker's.
    pub(crate) fn of_build(instance: &str, number: u64) -> Self {
        Self::of_engine(instance, &beckon_core::random_hex()).of_process(number)
    }

    pub(crate) fn of_process(self, number: u64) -> Self {
        Self {
            number: number & 0xffff_ffff,
            ..self
        }
    }

    /// Whether both are of one data directory.
    pub(crate) fn is_kin(self, other: Self) -> bool {
        self.instance == other.instance
    }

    /// Whether both are of one engine.
    pub(crate) fn is_sibling(self, other: Self) -> bool {
        self.is_kin(other) && self.engine == other.engine
    }

    /// Brands a process that has just been started, and what it may have started in that instant. Whether it has one
    /// now, or has ended.
    pub(crate) fn put(self, pid: Pid) -> bool {
        let limit = Rlimit {
            current: Some(self.instance),
            maximum: Some(OURS | self.engine << 32 | self.number),
        };
        let put = match prlimit(Some(pid), Resource::Locks, limit) {
            Ok(_) => true,
            // It has ended already.
            Err(e) => e == Errno::SRCH,
        };
        let mut next = Vec::new();
        let root = pid.as_raw_nonzero().get();
        // To look into a process's folder in `/proc` takes longer, the kernel's clearing of it afterwards included.
        if !tree::is_newest(root) {
            tree::children_of(root, &mut next);
        }
        for _ in 0..MOST {
            let Some(child) = next.pop() else { break };
            if let Some(pid) = Pid::from_raw(child) {
                // Before its children are looked for: those that come later inherit it.
                let _ = prlimit(Some(pid), Resource::Locks, limit);
                tree::children_of(child, &mut next);
            }
        }
        if !put {
            UNBRANDED
                .call_once(|| tracing::warn!("processes that leave their family are not recognised here"));
        }
        put
    }

    /// Of a living process that has one.
    pub(crate) fn read(pid: i32) -> Option<Self> {
        let found = Self::parse(&fs::read_to_string(format!("/proc/{pid}/limits")).ok()?)?;
        tree::stat(pid).is_some_and(|stat| !stat.dead).then_some(found)
    }

    fn parse(limits: &str) -> Option<Self> {
        let line = limits
            .lines()
            .find_map(|line| line.strip_prefix("Max file locks"))?;
        let mut words = line.split_ascii_whitespace();
        let soft: u64 = words.next()?.parse().ok()?;
        let hard: u64 = words.next()?.parse().ok()?;
        (hard >> 60 == OURS >> 60).then_some(Self {
            instance: soft,
            engine: (hard & !OURS) >> 32,
            number: hard & 0xffff_ffff,
        })
    }
}

/// The number that the first hexadecimal digits are.
fn digits(text: &str, most: usize) -> u64 {
    let digits = text.chars().filter_map(|digit| digit.to_digit(16));
    digits
        .take(most)
        .fold(0, |number, digit| number << 4 | u64::from(digit))
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::*;

    #[test]
    fn a_brand_is_inherited_and_read() {
        let brand = Brand::of_engine("0123456789abcdef0123456789abcdef", "89abcdef").of_process(7);
        let mut child = Command::new("sh")
            .args(["-c", "read line; env -i setsid sleep 1000 & echo $!; wait"])
            .stdin(std::process::Stdio::piped())
            .stdout(std::process::Stdio::piped())
            .spawn()
            .unwrap();
        assert_eq!(Brand::read(child.id().try_into().unwrap()), None);
        brand.put(Pid::from_child(&child));
        std::io::Write::write_all(child.stdin.as_mut().unwrap(), b"\n").unwrap();
        let mut line = String::new();
        let mut said = std::io::BufReader::new(child.stdout.take().unwrap());
        std::io::BufRead::read_line(&mut said, &mut line).unwrap();
        let stray: i32 = line.trim().parse().unwrap();
        let read = Brand::read(stray);
        rustix::process::kill_process(Pid::from_raw(stray).unwrap(), rustix::process::Signal::KILL).unwrap();
        child.wait().unwrap();
        assert_eq!(read, Some(brand));
        let other = Brand::of_engine("0123456789abcdef0123456789abcdef", "00000001");
        assert!(brand.is_kin(other) && !brand.is_sibling(other));
        assert_eq!(RESOURCE, Resource::Locks as u32);
    }

    #[test]
    fn other_limits_are_no_brand() {
        let brand = |line: &str| Brand::parse(&format!("Limit  Soft  Hard  Units\n{line}\n"));
        assert_eq!(
            brand("Max file locks            unlimited            unlimited            locks"),
            None
        );
        assert_eq!(
            brand("Max file locks            5                    10                   locks"),
            None
        );
        let line = format!(
            "Max file locks            5                    {}                   locks",
            OURS | 3 << 32 | 9
        );
        let found = brand(&line).unwrap();
        assert_eq!((found.instance, found.engine, found.number), (5, 3, 9));
    }
}
