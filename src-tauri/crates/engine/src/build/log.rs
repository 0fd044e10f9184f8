//! What a build says: kept in memory while it lasts, for whoever watches, and on disk afterwards.

use std::collections::VecDeque;

use parking_lot::Mutex;
use tokio::sync::watch;

/// Most bytes of a log that are kept: its first and its last half.
pub(crate) const LIMIT: usize = 1024 * 1024;
/// Longest line; the rest of it is dropped.
const LINE_LIMIT: usize = 8 * 1024;
/// What an error carries of it: so many lines, and so many bytes at most.
const TAIL_LINES: usize = 40;
const TAIL_BYTES: usize = 8 * 1024;

/// The log of one attempt to build.
pub(crate) struct Log {
    text: Mutex<Text>,
    /// How many lines there were; told to those who watch.
    count: watch::Sender<u64>,
}

#[derive(Default)]
struct Text {
    head: Vec<String>,
    head_bytes: usize,
    tail: VecDeque<String>,
    tail_bytes: usize,
    /// Lines that stood between the two.
    dropped: u64,
}

impl Default for Log {
    fn default() -> Self {
        Self {
            text: Mutex::default(),
            count: watch::Sender::new(0),
        }
    }
}

impl Log {
    /// Adds a line of Beckon's own.
    pub(crate) fn note(&self, line: impl AsRef<str>) {
        self.push(line.as_ref().as_bytes());
    }

    /// Adds a line as a tool printed it: without colours and control characters, and without passwords in addresses.
    pub(crate) fn push(&self, line: &[u8]) {
        let line = &line[..line.len().min(LINE_LIMIT)];
        let line = without_password(&plain(&String::from_utf8_lossy(line)));
        self.text.lock().push(line);
        self.count.send_modify(|count| *count += 1);
    }

    /// The whole of what is kept; what is missing in the middle is said.
    pub(crate) fn whole(&self) -> String {
        let text = self.text.lock();
        let mut whole = String::with_capacity(text.head_bytes + text.tail_bytes + 64);
        for line in &text.head {
            whole.push_str(line);
            whole.push('\n');
        }
        if text.dropped > 0 {
            whole.push_str(&format!("… {} lines are not kept …\n", text.dropped));
        }
        for line in &text.tail {
            whole.push_str(line);
            whole.push('\n');
        }
        whole
    }

    /// The last lines.
    pub(crate) fn tail(&self) -> String {
        let text = self.text.lock();
        let mut lines: Vec<&str> = Vec::new();
        let mut bytes = 0;
        for line in text.tail.iter().rev().chain(text.head.iter().rev()) {
            bytes += line.len() + 1;
            if lines.len() == TAIL_LINES || bytes > TAIL_BYTES {
                break;
            }
            lines.push(line);
        }
        lines.reverse();
        lines.join("\n")
    }

    /// Lines from number `from` on, and the number of the next. Lines that are not kept any more are left out.
    pub(crate) fn since(&self, from: u64) -> (Vec<String>, u64) {
        let text = self.text.lock();
        let head = text.head.len() as u64;
        let next = head + text.dropped + text.tail.len() as u64;
        let at = |number: u64| usize::try_from(number).unwrap_or(usize::MAX);
        let mut lines: Vec<String> = text.head.iter().skip(at(from)).cloned().collect();
        let past = from.saturating_sub(head + text.dropped);
        lines.extend(text.tail.iter().skip(at(past)).cloned());
        (lines, next)
    }

    /// Told whenever a line is added.
    pub(crate) fn changes(&self) -> watch::Receiver<u64> {
        self.count.subscribe()
    }
}

impl Text {
    fn push(&mut self, line: String) {
        let bytes = line.len() + 1;
        if self.tail.is_empty() && self.dropped == 0 && self.head_bytes + bytes <= LIMIT / 2 {
            self.head_bytes += bytes;
            self.head.push(line);
            return;
        }
        self.tail_bytes += bytes;
        self.tail.push_back(line);
        while self.tail_bytes > LIMIT / 2
            && let Some(first) = self.tail.pop_front()
        {
            self.tail_bytes -= first.len() + 1;
            self.dropped += 1;
        }
    }
}

/// Without escape sequences (`ESC [ … letter`) and other control characters.
fn plain(line: &str) -> String {
    let mut out = String::with_capacity(line.len());
    let mut letters = line.chars().peekable();
    while let Some(c) = letters.next() {
        if c == '\u{1b}' && letters.peek() == Some(&'[') {
            letters.next();
            while letters.next().is_some_and(|c| !('@'..='~').contains(&c)) {}
        } else if c == '\t' || !c.is_control() {
            out.push(c);
        }
    }
    out
}

/// `https://user:password@host` becomes `https://***@host`: registries are often addressed like that.
fn without_password(line: &str) -> String {
    let mut out = String::with_capacity(line.len());
    let mut rest = line;
    while let Some(at) = rest.find("://") {
        let (before, after) = rest.split_at(at + 3);
        out.push_str(before);
        let authority = after
            .find(|c: char| c == '/' || c.is_whitespace() || c == '"' || c == '\'')
            .unwrap_or(after.len());
        rest = match after[..authority].rfind('@') {
            Some(user) => {
                out.push_str("***");
                &after[user..]
            }
            None => after,
        };
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_log_keeps_its_beginning_and_its_end() {
        let log = Log::default();
        let line = "x".repeat(1000);
        for number in 0..3000 {
            log.note(format!("{number} {line}"));
        }
        let whole = log.whole();
        assert!(whole.len() < LIMIT + 200, "{}", whole.len());
        assert!(whole.starts_with("0 x") && whole.contains("\n2999 x"));
        assert!(whole.contains("lines are not kept"));
        let (lines, next) = log.since(2990);
        assert_eq!((lines.len(), next), (10, 3000));
        assert!(log.tail().ends_with(&format!("2999 {line}")));
        assert!(log.tail().len() <= TAIL_BYTES);
    }

    #[test]
    fn those_who_watch_get_every_line_once() {
        let log = Log::default();
        log.note("a");
        let (first, next) = log.since(0);
        log.note("b");
        let (second, next) = log.since(next);
        assert_eq!((first, second, next), (vec!["a".into()], vec!["b".into()], 2));
    }

    #[test]
    fn colours_and_passwords_are_taken_out() {
        let log = Log::default();
        log.push(
            b"\x1b[31mred\x1b[0m \x07get https://me:s3cret@host.example/x and https://b.example/@scope/y\r",
        );
        assert_eq!(
            log.whole(),
            "red get https://***@host.example/x and https://b.example/@scope/y\n"
        );
    }
}
