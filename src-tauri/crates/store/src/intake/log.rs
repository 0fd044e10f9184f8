//! The file: entries one after the other, over zeros or over what was there before and is not needed any more.
//!
//! Writing over blocks that the file has already, and not behind its end, leaves the file system nothing to put down but
//! the data: one write and one fdatasync take half as long as the smallest commit to SQLite.
//!
//! ```text
//! entry:  length of the text u32 · CRC-32 of what follows u32 · seq i64 · text     (little endian)
//! ```
//!
//! Nothing says where the file ends in earnest: an entry that is not whole, or whose `seq` is not above that of the one
//! before it, is from an earlier round.

use std::fs::{File, TryLockError};
use std::io;
use std::os::unix::fs::{FileExt as _, MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

/// Before the text.
const HEAD: usize = 16;
/// By so much the file grows, in bytes.
const STEP: u64 = 1 << 20;
/// From this length on, in bytes, the next round is due.
const FULL: u64 = 4 << 20;

/// One entry as it was found.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Entry {
    pub(crate) seq: i64,
    pub(crate) text: Vec<u8>,
}

#[derive(Debug)]
pub(crate) struct Log {
    path: PathBuf,
    file: File,
    /// Where the next entry goes.
    at: u64,
    /// The file's length: up to there it has blocks.
    length: u64,
    /// Whether its name is known to be on disk.
    named: bool,
}

impl Log {
    /// Opens the file, or makes it, and reads what is in it. `None` when another program has it.
    pub(crate) fn open(path: &Path) -> io::Result<Option<(Self, Vec<Entry>)>> {
        let file = File::options()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            .open(path)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Ok(None),
            Err(TryLockError::Error(error)) => return Err(error),
        }
        // Whoever had it may have removed it since it was opened here.
        if file.metadata()?.nlink() == 0 {
            return Ok(None);
        }
        let mut bytes = Vec::new();
        io::Read::read_to_end(&mut &file, &mut bytes)?;
        let (entries, at) = read(&bytes);
        let length = bytes.len() as u64;
        // What is behind an entry that is not whole must not follow the next one that is written there.
        let zeros = vec![0; usize::try_from(length - at).unwrap_or_default()];
        file.write_all_at(&zeros, at)?;
        let log = Self {
            path: path.to_owned(),
            file,
            at,
            length,
            named: false,
        };
        Ok(Some((log, entries)))
    }

    /// Sees to it that there is room for so many bytes more. Where that fails, nothing was added.
    pub(crate) fn reserve(&mut self, bytes: u64) -> io::Result<()> {
        let end = self.at + bytes;
        if end > self.length {
            let length = end.next_multiple_of(STEP);
            let zeros = vec![0; usize::try_from(length - self.length).unwrap_or_default()];
            self.file.write_all_at(&zeros, self.length)?;
            self.file.sync_all()?;
            self.length = length;
        }
        if !self.named
            && let Some(directory) = self.path.parent()
        {
            File::open(directory)?.sync_all()?;
            self.named = true;
        }
        Ok(())
    }

    /// Adds entries, made with [`entry`], where there is room; they are on disk when this returns. Where it fails nobody
    /// knows whether they are, and the file is of no use any more.
    pub(crate) fn append(&mut self, entries: &[u8]) -> io::Result<()> {
        let added = self
            .file
            .write_all_at(entries, self.at)
            .and_then(|()| self.file.sync_data());
        match added {
            Ok(()) => self.at += entries.len() as u64,
            // Not to be found by the next start, whoever has them now.
            Err(_) => _ = self.file.write_all_at(&[0; HEAD], self.at),
        }
        added
    }

    /// Whether it is time for [`Log::begin_again`].
    pub(crate) fn is_full(&self) -> bool {
        self.at >= FULL
    }

    /// Nothing of what was added is needed any more.
    pub(crate) fn begin_again(&mut self) {
        self.at = 0;
    }

    /// The same, for good.
    pub(crate) fn remove(&self) -> io::Result<()> {
        std::fs::remove_file(&self.path)
    }

    /// One that nothing can be added to.
    #[cfg(test)]
    pub(crate) fn read_only(path: &Path) -> Self {
        Self {
            path: path.to_owned(),
            file: File::open(path).unwrap(),
            at: 0,
            length: STEP,
            named: true,
        }
    }
}

/// How many bytes the entry of this text takes.
pub(crate) fn length(text: &[u8]) -> u64 {
    (HEAD + text.len()) as u64
}

/// Adds an entry to `to`. Its text is at most 4 GiB.
pub(crate) fn entry(to: &mut Vec<u8>, seq: i64, text: &[u8]) {
    let mut crc = crc32fast::Hasher::new();
    crc.update(&seq.to_le_bytes());
    crc.update(text);
    to.reserve(HEAD + text.len());
    to.extend_from_slice(&(text.len() as u32).to_le_bytes());
    to.extend_from_slice(&crc.finalize().to_le_bytes());
    to.extend_from_slice(&seq.to_le_bytes());
    to.extend_from_slice(text);
}

/// The entries of the last round, and where the next one goes.
fn read(bytes: &[u8]) -> (Vec<Entry>, u64) {
    let (mut entries, mut rest) = (Vec::new(), bytes);
    let mut last = i64::MIN;
    while let Some((entry, left)) = first(rest)
        && entry.seq > last
    {
        last = entry.seq;
        entries.push(entry);
        rest = left;
    }
    (entries, (bytes.len() - rest.len()) as u64)
}

fn first(bytes: &[u8]) -> Option<(Entry, &[u8])> {
    let (head, rest) = bytes.split_first_chunk::<HEAD>()?;
    let (length, head) = head.split_first_chunk::<4>()?;
    let (crc, seq) = head.split_first_chunk::<4>()?;
    let length = u32::from_le_bytes(*length) as usize;
    if length == 0 {
        return None;
    }
    let (text, rest) = rest.split_at_checked(length)?;
    let mut found = crc32fast::Hasher::new();
    found.update(seq);
    found.update(text);
    let entry = Entry {
        seq: i64::from_le_bytes(seq.try_into().ok()?),
        text: text.to_vec(),
    };
    (found.finalize() == u32::from_le_bytes(*crc)).then_some((entry, rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn open(path: &Path) -> (Log, Vec<i64>) {
        let (log, entries) = Log::open(path).unwrap().unwrap();
        (log, entries.into_iter().map(|entry| entry.seq).collect())
    }

    fn add(log: &mut Log, seqs: impl IntoIterator<Item = i64>, text: &str) {
        let mut bytes = Vec::new();
        for seq in seqs {
            entry(&mut bytes, seq, text.as_bytes());
        }
        log.reserve(bytes.len() as u64).unwrap();
        log.append(&bytes).unwrap();
    }

    #[test]
    fn what_was_added_is_found_in_order() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("log");
        let (mut log, before) = open(&path);
        assert!(before.is_empty());
        add(&mut log, [1, 2], "first");
        add(&mut log, [7], "second");
        assert!(Log::open(&path).unwrap().is_none(), "it is one program's");
        drop(log); // as a kill does
        let (mut log, entries) = Log::open(&path).unwrap().unwrap();
        let found: Vec<_> = entries
            .iter()
            .map(|entry| (entry.seq, str::from_utf8(&entry.text).unwrap()))
            .collect();
        assert_eq!(found, [(1, "first"), (2, "first"), (7, "second")]);
        add(&mut log, [8], "third");
        drop(log);
        assert_eq!(open(&path).1, [1, 2, 7, 8], "and goes on behind it");
    }

    #[test]
    fn an_earlier_round_does_not_come_back() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("log");
        let (mut log, _) = open(&path);
        add(&mut log, 1..=9, "the same length");
        log.begin_again();
        add(&mut log, 10..=12, "the same length");
        drop(log);
        assert_eq!(open(&path).1, [10, 11, 12]);
        let (mut log, _) = open(&path);
        log.begin_again();
        add(&mut log, [20], "another");
        drop(log);
        assert_eq!(open(&path).1, [20]);
    }

    #[test]
    fn what_is_not_whole_ends_it() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("log");
        let (mut log, _) = open(&path);
        add(&mut log, 1..=3, "text");
        let whole = std::fs::read(&path).unwrap();
        assert_eq!(whole.len() as u64, STEP);
        drop(log);
        for (at, left) in [(0, 0), (17, 0), (21, 1), (30, 1), (59, 2)] {
            let mut torn = whole.clone();
            torn[at] ^= 1;
            std::fs::write(&path, torn).unwrap();
            assert_eq!(open(&path).1.len(), left, "byte {at}");
        }
        std::fs::write(&path, &whole[..50]).unwrap();
        let (mut log, before) = open(&path);
        assert_eq!(before, [1, 2]);
        add(&mut log, [4], "text");
        drop(log);
        assert_eq!(open(&path).1, [1, 2, 4]);
    }

    #[test]
    fn it_grows_in_steps_and_says_when_it_is_full() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("log");
        let (mut log, _) = open(&path);
        let text = "x".repeat(1 << 19);
        for seq in 0..8 {
            assert!(!log.is_full());
            add(&mut log, [seq], &text);
        }
        assert!(log.is_full());
        let length = std::fs::metadata(&path).unwrap().len();
        assert_eq!(length % STEP, 0);
        log.begin_again();
        assert!(!log.is_full());
        add(&mut log, [9], &text);
        assert_eq!(std::fs::metadata(&path).unwrap().len(), length);
        log.remove().unwrap();
        assert!(!path.exists());
    }
}
