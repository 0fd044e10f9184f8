//! Zip packages: looked through before they are stored, and unpacked with every byte counted.

use std::collections::HashSet;
use std::fs::{self, OpenOptions};
use std::io::{self, Cursor, Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use beckon_core::{Error, Result};
use zip::ZipArchive;
use zip::result::ZipError;

use crate::deploy::{CODE_LIMIT, invalid, too_large};

/// Most bytes of all files together, unpacked.
const UNPACKED_LIMIT: u64 = 256 * 1024 * 1024;
/// Most files and folders.
const ENTRY_LIMIT: usize = 10_000;
/// A package that grows more than this when unpacked is a bomb, unless it stays small.
const RATIO_LIMIT: u64 = 100;
/// What may be reached at any ratio.
const RATIO_FREE: u64 = 16 * 1024 * 1024;

/// One file or folder of a package.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Entry {
    /// Relative, with `/` between parts and none at the end.
    pub(crate) name: String,
    /// A folder.
    pub(crate) directory: bool,
    /// Permission bits, if the zip has them.
    pub(crate) mode: Option<u32>,
    /// Its unpacked bytes, counted while they were read.
    pub(crate) size: u64,
}

type Archive<'a> = ZipArchive<Cursor<&'a [u8]>>;

/// Reads through the whole package without writing anything, and lists it.
pub(crate) fn inspect(bytes: &[u8]) -> Result<Vec<Entry>> {
    walk(bytes, |_, _| Ok(Box::new(io::sink())))
}

/// Unpacks into the empty folder `target`. Files become read-only; those marked executable stay so.
pub(crate) fn unpack(bytes: &[u8], target: &Path) -> Result<Vec<Entry>> {
    let failed = |e: io::Error| Error::internal("unpack a function's package", e);
    walk(bytes, |entry, parent| {
        if let Some(parent) = parent {
            fs::create_dir_all(target.join(parent)).map_err(failed)?;
        }
        let path = target.join(&entry.name);
        if entry.directory {
            fs::create_dir_all(&path).map_err(failed)?;
            return Ok(Box::new(io::sink()));
        }
        let mode = 0o444 | (entry.mode.unwrap_or(0) & 0o111);
        let file = OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(mode)
            .open(path)
            .map_err(failed)?;
        Ok(Box::new(file))
    })
}

/// Checks and reads every entry; its bytes go where `open` says. `open` gets the entry and its parent folder.
fn walk(
    bytes: &[u8],
    mut open: impl FnMut(&Entry, Option<&str>) -> Result<Box<dyn Write>>,
) -> Result<Vec<Entry>> {
    if bytes.len() > CODE_LIMIT {
        return Err(too_large("exec", bytes.len(), CODE_LIMIT));
    }
    let mut archive: Archive<'_> = ZipArchive::new(Cursor::new(bytes)).map_err(|e| broken(&e))?;
    if archive.len() > ENTRY_LIMIT {
        return Err(invalid(format!(
            "The zip has {} entries; at most {ENTRY_LIMIT} are allowed.",
            archive.len()
        )));
    }
    if archive.is_empty() {
        return Err(invalid("The zip is empty."));
    }
    if archive.has_duplicate_names() {
        return Err(invalid("The zip has two entries of the same name."));
    }
    if archive.has_overlapping_files().map_err(|e| broken(&e))? {
        return Err(bomb());
    }
    let mut budget = UNPACKED_LIMIT.min(RATIO_FREE.max(RATIO_LIMIT * bytes.len() as u64));
    let mut entries = Vec::with_capacity(archive.len());
    let mut files = HashSet::new();
    let mut folders = HashSet::new();
    for index in 0..archive.len() {
        let mut file = archive.by_index(index).map_err(|e| broken(&e))?;
        let mut entry = check_entry(&file)?;
        let clash = || {
            invalid(format!(
                "The zip has two entries of the same name: '{}'.",
                printable(&entry.name)
            ))
        };
        for (at, _) in entry.name.match_indices('/') {
            folders.insert(entry.name[..at].to_owned());
        }
        if entry.directory {
            folders.insert(entry.name.clone());
        } else if !files.insert(entry.name.clone()) {
            return Err(clash());
        }
        // A file that is also somebody's folder can be neither.
        if (!entry.directory && folders.contains(&entry.name))
            || parents(&entry.name).any(|parent| files.contains(parent))
        {
            return Err(clash());
        }
        if file.size() > budget {
            return Err(bomb());
        }
        let mut out = open(&entry, entry.name.rsplit_once('/').map(|(parent, _)| parent))?;
        entry.size = copy(&mut file, &mut out, budget)?;
        budget -= entry.size;
        entries.push(entry);
    }
    Ok(entries)
}

fn parents(name: &str) -> impl Iterator<Item = &str> {
    name.match_indices('/').map(|(at, _)| &name[..at])
}

/// Copies at most `budget` bytes, whatever the headers say; more is a bomb.
fn copy(from: &mut impl Read, to: &mut impl Write, budget: u64) -> Result<u64> {
    let mut chunk = [0; 64 * 1024];
    let mut total = 0;
    loop {
        let read = match from.read(&mut chunk) {
            Ok(0) => return Ok(total),
            Ok(read) => read,
            Err(e) if e.kind() == io::ErrorKind::Interrupted => continue,
            Err(e) => return Err(invalid("The zip is damaged.").with_details(e.to_string())),
        };
        total += read as u64;
        if total > budget {
            return Err(bomb());
        }
        to.write_all(&chunk[..read])
            .map_err(|e| Error::internal("unpack a function's package", e))?;
    }
}

fn check_entry<R: Read>(file: &zip::read::ZipFile<'_, R>) -> Result<Entry> {
    let name =
        std::str::from_utf8(file.name_raw()).map_err(|_| invalid("The zip has a name that is not UTF-8."))?;
    let shown = printable(name);
    if file.encrypted() {
        return Err(invalid(format!("'{shown}' in the zip is encrypted.")));
    }
    if name.starts_with('/') {
        return Err(invalid(format!("The zip has the absolute path '{shown}'.")));
    }
    let trimmed = name.strip_suffix('/').unwrap_or(name);
    let directory = trimmed.len() < name.len();
    for part in trimmed.split('/') {
        if part == ".." {
            return Err(invalid(format!("The zip has a path that leaves it: '{shown}'.")));
        }
        let odd = part.is_empty() || part == "." || part.len() > 255;
        if odd || part.contains(|c: char| c == '\\' || c.is_control()) {
            return Err(invalid(format!(
                "The zip has a name that cannot be used: '{shown}'."
            )));
        }
    }
    if name.len() > 1024 {
        return Err(invalid("The zip has a path of more than 1,024 bytes."));
    }
    let mode = file.unix_mode();
    let kind = mode.unwrap_or(0) & 0o170_000;
    if file.is_symlink() || kind == 0o120_000 {
        return Err(invalid(format!("The zip has a symbolic link: '{shown}'."))
            .with_hint("Pack the files themselves; `zip -r` follows links, `zip -y` does not."));
    }
    let expected = if directory { 0o040_000 } else { 0o100_000 };
    if kind != 0 && kind != expected {
        return Err(invalid(format!(
            "'{shown}' in the zip is neither a file nor a folder."
        )));
    }
    Ok(Entry {
        name: trimmed.to_owned(),
        directory,
        mode: mode.map(|mode| mode & 0o755),
        size: 0,
    })
}

fn printable(name: &str) -> String {
    name.chars()
        .take(100)
        .map(|c| if c.is_control() { '\u{fffd}' } else { c })
        .collect()
}

fn bomb() -> Error {
    invalid("The zip unpacks to more than is allowed.")
        .with_hint("At most 256 MiB in all, and at most 100 times the size of the zip.")
}

fn broken(error: &ZipError) -> Error {
    let message = match error {
        ZipError::CompressionMethodNotSupported(_) | ZipError::UnsupportedArchive(_) => {
            "The zip uses a method that Beckon does not read; use plain deflate."
        }
        _ => "The package is not a zip file, or it is damaged.",
    };
    invalid(message).with_details(error.to_string())
}

#[cfg(test)]
pub(crate) mod tests {
    use zip::ZipWriter;
    use zip::write::SimpleFileOptions;

    use super::*;

    /// A zip with these files.
    pub(crate) fn zip(files: &[(&str, &[u8])]) -> Vec<u8> {
        let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
        for (name, content) in files {
            writer
                .start_file(*name, SimpleFileOptions::default().unix_permissions(0o644))
                .unwrap();
            writer.write_all(content).unwrap();
        }
        writer.finish().unwrap().into_inner()
    }

    /// Replaces a name inside a finished zip by another of the same length: writers refuse to write bad ones.
    fn rename(mut bytes: Vec<u8>, from: &str, to: &str) -> Vec<u8> {
        assert_eq!(from.len(), to.len());
        let mut at = 0;
        while let Some(found) = bytes[at..].windows(from.len()).position(|w| w == from.as_bytes()) {
            bytes[at + found..at + found + from.len()].copy_from_slice(to.as_bytes());
            at += found + from.len();
        }
        bytes
    }

    fn refusal(bytes: &[u8]) -> String {
        inspect(bytes).unwrap_err().message
    }

    #[test]
    fn names_that_leave_the_folder_are_refused() {
        for (bad, text) in [
            ("../aa.js", "leaves it"),
            ("a/../../b", "leaves it"),
            ("/etc/abc", "absolute"),
            ("a\\..\\b.c", "cannot be used"),
            ("a//b/c.d", "cannot be used"),
            ("./a/b.js", "cannot be used"),
            ("a\nb", "cannot be used"),
        ] {
            let good = "x".repeat(bad.len());
            let bytes = rename(zip(&[(&good, b"content")]), &good, bad);
            assert!(refusal(&bytes).contains(text), "{bad:?}: {}", refusal(&bytes));
        }
    }

    #[test]
    fn links_and_doubles_are_refused() {
        let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
        writer
            .add_symlink("link", "/etc/passwd", SimpleFileOptions::default())
            .unwrap();
        assert!(refusal(&writer.finish().unwrap().into_inner()).contains("symbolic link"));

        let double = rename(zip(&[("aaaa", b"1"), ("bbbb", b"2")]), "bbbb", "aaaa");
        assert!(refusal(&double).contains("same name"));
        let clash = rename(zip(&[("aaaa", b"1"), ("bbbb/x", b"2")]), "bbbb/x", "aaaa/x");
        assert!(refusal(&clash).contains("same name"));
        let clash = rename(zip(&[("bbbb/x", b"2"), ("aaaa", b"1")]), "bbbb/x", "aaaa/x");
        assert!(refusal(&clash).contains("same name"));
    }

    #[test]
    fn bombs_are_refused_whatever_their_headers_say() {
        let zeros = vec![0; 20 * 1024 * 1024];
        let bytes = zip(&[("index.js", b"x"), ("zeros", &zeros)]);
        assert!(bytes.len() < 100_000);
        assert!(refusal(&bytes).contains("more than is allowed"));
        // The same with a header that claims 16 bytes, in both places where the size is told.
        let size = u32::try_from(zeros.len()).unwrap().to_le_bytes();
        let mut lying = bytes;
        let mut changed = 0;
        for at in 0..lying.len() - 4 {
            if lying[at..at + 4] == size {
                lying[at..at + 4].copy_from_slice(&16u32.to_le_bytes());
                changed += 1;
            }
        }
        assert!(changed >= 1);
        assert!(inspect(&lying).is_err());
    }

    #[test]
    fn too_many_entries_are_refused() {
        let names: Vec<String> = (0..=ENTRY_LIMIT).map(|n| format!("f{n}")).collect();
        let files: Vec<(&str, &[u8])> = names.iter().map(|name| (name.as_str(), &b""[..])).collect();
        assert!(refusal(&zip(&files)).contains("10001 entries"));
    }

    #[test]
    fn what_is_no_zip_is_refused() {
        for bytes in [&b""[..], b"PK", b"not a zip at all", &[0; 1000]] {
            assert!(refusal(bytes).contains("not a zip file"));
        }
        let mut damaged = zip(&[("a.txt", &[7; 1000])]);
        damaged[40] ^= 0xff;
        assert!(inspect(&damaged).is_err());
    }

    #[test]
    fn unpacking_keeps_files_and_executable_bits() {
        use std::os::unix::fs::PermissionsExt;
        let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
        let options = SimpleFileOptions::default();
        writer.add_directory("lib", options).unwrap();
        writer
            .start_file("lib/deep/a.txt", options.unix_permissions(0o666))
            .unwrap();
        writer.write_all(b"text").unwrap();
        writer
            .start_file("exec", options.unix_permissions(0o4777))
            .unwrap();
        let bytes = writer.finish().unwrap().into_inner();
        let folder = tempfile::tempdir().unwrap();
        unpack(&bytes, folder.path()).unwrap();
        assert_eq!(fs::read(folder.path().join("lib/deep/a.txt")).unwrap(), b"text");
        let mode = |name: &str| {
            fs::metadata(folder.path().join(name))
                .unwrap()
                .permissions()
                .mode()
                & 0o7777
        };
        assert_eq!(mode("lib/deep/a.txt") & 0o333, 0);
        assert_eq!(mode("exec"), 0o555);
    }
}
