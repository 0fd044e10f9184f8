//! What a function writes: cut into lines, stamped, and bounded.

use std::time::Instant;

use beckon_core::{LogLine, LogStream, Millis};

/// Most lines kept of one run, whatever their length: an empty line costs memory too.
const MAX_LINES: usize = 131_072;

/// Where bytes came from. What the language runtime wrote and what went straight to the descriptor are cut apart, for
/// half a line of one must not be glued to half a line of the other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Source {
    /// A log frame of the shim.
    Framed(LogStream),
    /// The process's own descriptor 1 or 2.
    Raw(LogStream),
}

impl Source {
    fn stream(self) -> LogStream {
        match self {
            Self::Framed(stream) | Self::Raw(stream) => stream,
        }
    }

    fn index(self) -> usize {
        match self {
            Self::Framed(LogStream::Stdout) => 0,
            Self::Framed(LogStream::Stderr) => 1,
            Self::Raw(LogStream::Stdout) => 2,
            Self::Raw(LogStream::Stderr) => 3,
        }
    }
}

/// A run's log, in the hands of the run and of the worker that it is in.
pub(crate) type SharedLog = std::sync::Arc<parking_lot::Mutex<RunLog>>;

/// The log of one run.
#[derive(Debug)]
pub(crate) struct RunLog {
    lines: Vec<LogLine>,
    /// Lines whose end has not come yet, per source.
    open: [Vec<u8>; 4],
    /// Bytes kept, newlines included.
    bytes: usize,
    limit: usize,
    truncated: bool,
    epoch_us: i64,
    since: Instant,
}

impl RunLog {
    /// A log that keeps `limit` bytes. `now` is the time at which it is made.
    pub(crate) fn new(limit: usize, now: Millis) -> Self {
        Self {
            lines: Vec::new(),
            open: Default::default(),
            bytes: 0,
            limit,
            truncated: false,
            epoch_us: now.saturating_mul(1000),
            since: Instant::now(),
        }
    }

    /// The same, to be shared.
    pub(crate) fn shared(limit: usize, now: Millis) -> SharedLog {
        std::sync::Arc::new(parking_lot::Mutex::new(Self::new(limit, now)))
    }

    /// Takes everything out.
    pub(crate) fn take(&mut self) -> Self {
        let empty = Self {
            lines: Vec::new(),
            open: Default::default(),
            bytes: 0,
            limit: 0,
            truncated: true,
            epoch_us: self.epoch_us,
            since: self.since,
        };
        std::mem::replace(self, empty)
    }

    /// Most bytes that are kept.
    pub(crate) fn limit(&self) -> usize {
        self.limit
    }

    /// The whole lines there are, but for the first `known`.
    pub(crate) fn after(&self, known: usize) -> Vec<LogLine> {
        self.lines.get(known..).unwrap_or_default().to_vec()
    }

    /// Microseconds since the epoch.
    pub(crate) fn now_us(&self) -> i64 {
        self.epoch_us + i64::try_from(self.since.elapsed().as_micros()).unwrap_or(0)
    }

    /// Takes bytes as they came.
    pub(crate) fn push(&mut self, source: Source, mut bytes: &[u8]) {
        if self.truncated {
            return;
        }
        while let Some(end) = bytes.iter().position(|byte| *byte == b'\n') {
            let (head, rest) = bytes.split_at(end);
            bytes = &rest[1..];
            if !self.extend(source, head) {
                return;
            }
            let line = std::mem::take(&mut self.open[source.index()]);
            self.keep(source.stream(), &line, self.now_us());
            if self.truncated {
                return;
            }
        }
        self.extend(source, bytes);
    }

    /// Takes a whole line that was read at `at_us`.
    pub(crate) fn line(&mut self, stream: LogStream, text: &[u8], at_us: i64) {
        self.keep(stream, text, at_us);
    }

    /// A line of the run's account of itself, kept even when the limit is reached: the limit is for what is printed.
    pub(crate) fn entry(&mut self, text: String) {
        let at_us = self.now_us();
        self.lines.push(LogLine {
            at_us,
            stream: LogStream::Stdout,
            text,
        });
    }

    /// Whether nothing was printed.
    pub(crate) fn is_empty(&self) -> bool {
        self.lines.is_empty() && self.open.iter().all(Vec::is_empty)
    }

    /// Whether a line contains `text`.
    pub(crate) fn mentions(&self, text: &str) -> bool {
        self.lines.iter().any(|line| line.text.contains(text))
    }

    /// A line of Beckon's own, kept even when the limit is reached: it says why the run ended as it did.
    pub(crate) fn note(&mut self, text: impl Into<String>) {
        self.close();
        let at_us = self.now_us();
        self.lines.push(LogLine {
            at_us,
            stream: LogStream::Stderr,
            text: text.into(),
        });
    }

    /// Ends the lines that have no newline.
    pub(crate) fn close(&mut self) {
        for source in [
            Source::Framed(LogStream::Stdout),
            Source::Framed(LogStream::Stderr),
            Source::Raw(LogStream::Stdout),
            Source::Raw(LogStream::Stderr),
        ] {
            let line = std::mem::take(&mut self.open[source.index()]);
            if !line.is_empty() {
                self.keep(source.stream(), &line, self.now_us());
            }
        }
    }

    /// The lines, and whether some are missing.
    pub(crate) fn finish(mut self) -> (Vec<LogLine>, bool) {
        self.close();
        (self.lines, self.truncated)
    }

    /// Adds to the open line of `source`, as far as the limit allows. `false` when it was reached.
    fn extend(&mut self, source: Source, bytes: &[u8]) -> bool {
        let waiting: usize = self.open.iter().map(Vec::len).sum();
        let room = self.limit.saturating_sub(self.bytes + waiting);
        self.open[source.index()].extend_from_slice(&bytes[..bytes.len().min(room)]);
        if bytes.len() > room {
            // What there is of the line still counts as a line.
            self.close();
            self.truncated = true;
            return false;
        }
        true
    }

    fn keep(&mut self, stream: LogStream, text: &[u8], at_us: i64) {
        if self.truncated {
            return;
        }
        let text = text.strip_suffix(b"\r").unwrap_or(text);
        let room = self.limit.saturating_sub(self.bytes);
        if self.lines.len() >= MAX_LINES || (text.len() > room || room == 0) {
            self.truncated = true;
            return;
        }
        self.bytes += text.len() + 1;
        self.lines.push(LogLine {
            at_us,
            stream,
            text: String::from_utf8_lossy(text).into_owned(),
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const OUT: Source = Source::Framed(LogStream::Stdout);
    const ERR: Source = Source::Framed(LogStream::Stderr);

    fn texts(log: RunLog) -> (Vec<String>, bool) {
        let (lines, truncated) = log.finish();
        let marks = |stream| if stream == LogStream::Stdout { "o" } else { "e" };
        (
            lines
                .into_iter()
                .map(|l| format!("{}:{}", marks(l.stream), l.text))
                .collect(),
            truncated,
        )
    }

    #[test]
    fn lines_keep_their_order_across_streams() {
        let mut log = RunLog::new(1000, 0);
        log.push(OUT, b"one\ntw");
        log.push(ERR, b"bad\n");
        log.push(OUT, b"o\r\n\nno end");
        assert_eq!(
            texts(log),
            (
                vec![
                    "o:one".into(),
                    "e:bad".into(),
                    "o:two".into(),
                    "o:".into(),
                    "o:no end".into()
                ],
                false
            )
        );
    }

    #[test]
    fn framed_and_raw_bytes_do_not_mix_in_a_line() {
        let mut log = RunLog::new(1000, 0);
        log.push(OUT, b"fra");
        log.push(Source::Raw(LogStream::Stdout), b"raw\n");
        log.push(OUT, b"med\n");
        assert_eq!(texts(log).0, ["o:raw", "o:framed"]);
    }

    #[test]
    fn the_limit_cuts_and_says_so() {
        let mut log = RunLog::new(10, 0);
        log.push(OUT, b"12345\nabcdefgh\nmore\n");
        assert_eq!(texts(log), (vec!["o:12345".into(), "o:abcd".into()], true));

        let mut none = RunLog::new(0, 0);
        none.push(OUT, b"x");
        none.note("why");
        assert_eq!(texts(none), (vec!["e:why".into()], true));

        let mut exact = RunLog::new(4, 0);
        exact.push(OUT, b"abc\n");
        assert_eq!(texts(exact), (vec!["o:abc".into()], false));
    }

    #[test]
    fn empty_lines_are_bounded_too() {
        let mut log = RunLog::new(usize::MAX, 0);
        log.push(OUT, &vec![b'\n'; MAX_LINES + 5]);
        let (lines, truncated) = log.finish();
        assert_eq!((lines.len(), truncated), (MAX_LINES, true));
    }

    #[test]
    fn bytes_that_are_no_text_are_replaced() {
        let mut log = RunLog::new(100, 0);
        log.push(OUT, b"a\xffb\n");
        assert_eq!(texts(log).0, ["o:a\u{fffd}b"]);
    }
}
