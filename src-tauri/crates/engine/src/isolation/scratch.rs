//! How much a scratch folder holds.

use std::ffi::CString;
use std::os::fd::OwnedFd;
use std::path::Path;

use rustix::fs::{AtFlags, CWD, Dir, FileType, Mode, OFlags};
use rustix::io::{Errno, Result};

/// Most files and folders in a scratch folder; an empty file takes room too.
pub(crate) const MOST_FILES: usize = 100_000;
/// Most folders in one another: each takes a descriptor meanwhile.
pub(crate) const MOST_DEEP: usize = 128;

/// The bytes that a folder takes on disk; `None` where it cannot be looked into. Stops counting where it is more than
/// `enough`; too many files, or folders that are too deep, are as good as too many bytes. By descriptor: no path is too
/// long for it, and links are not followed, whoever puts them there meanwhile.
pub(crate) fn measure(folder: &Path, enough: u64) -> Option<u64> {
    match count(folder, enough) {
        Ok(total) => Some(total),
        Err(Errno::NOENT) => Some(0),
        Err(_) => None,
    }
}

fn count(folder: &Path, enough: u64) -> Result<u64> {
    let flags = OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC | OFlags::RDONLY;
    let root = rustix::fs::openat(CWD, folder, flags, Mode::empty())?;
    let (mut total, mut files) = (0, 0);
    let mut waiting = vec![Level::of(root, &mut total, &mut files)?];
    loop {
        if files > MOST_FILES || waiting.len() > MOST_DEEP {
            return Ok(u64::MAX);
        }
        if total > enough {
            return Ok(total);
        }
        let Some(level) = waiting.last_mut() else {
            return Ok(total);
        };
        let Some(name) = level.folders.pop() else {
            waiting.pop();
            continue;
        };
        match rustix::fs::openat(&level.folder, &name, flags, Mode::empty()) {
            Ok(inner) => waiting.push(Level::of(inner, &mut total, &mut files)?),
            // It went meanwhile, or something else is in its place.
            Err(Errno::NOENT | Errno::NOTDIR | Errno::LOOP) => {}
            Err(e) => return Err(e),
        }
    }
}

/// A folder, and those in it that have not been gone into.
struct Level {
    folder: OwnedFd,
    folders: Vec<CString>,
}

impl Level {
    /// Counts what is in a folder itself.
    fn of(folder: OwnedFd, total: &mut u64, files: &mut usize) -> Result<Self> {
        let mut folders = Vec::new();
        for entry in Dir::read_from(&folder)? {
            let entry = entry?;
            let name = entry.file_name();
            if matches!(name.to_bytes(), b"." | b"..") {
                continue;
            }
            *files += 1;
            if *files > MOST_FILES {
                break;
            }
            match rustix::fs::statat(&folder, name, AtFlags::SYMLINK_NOFOLLOW) {
                Ok(file) => {
                    *total += u64::try_from(file.st_blocks).unwrap_or(0) * 512;
                    if FileType::from_raw_mode(file.st_mode) == FileType::Directory {
                        folders.push(name.to_owned());
                    }
                }
                Err(Errno::NOENT) => {}
                Err(e) => return Err(e),
            }
        }
        Ok(Self { folder, folders })
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn folders_are_counted_and_links_are_not_followed() {
        let folder = tempfile::tempdir().unwrap();
        let other = tempfile::tempdir().unwrap();
        let big = vec![1; 1 << 20];
        fs::write(other.path().join("big"), &big).unwrap();
        std::os::unix::fs::symlink(other.path(), folder.path().join("link")).unwrap();
        std::os::unix::fs::symlink(folder.path(), folder.path().join("loop")).unwrap();
        assert!(measure(folder.path(), u64::MAX).unwrap() < 1 << 20);
        fs::create_dir_all(folder.path().join("a/b")).unwrap();
        fs::write(folder.path().join("a/b/c"), &big).unwrap();
        let total = measure(folder.path(), u64::MAX).unwrap();
        assert!((1 << 20..2 << 20).contains(&total), "{total}");
        assert_eq!(measure(&folder.path().join("gone"), 1), Some(0));
    }

    #[test]
    fn what_cannot_be_looked_into_is_too_much() {
        let folder = tempfile::tempdir().unwrap();
        let closed = folder.path().join("closed");
        fs::create_dir(&closed).unwrap();
        fs::set_permissions(&closed, fs::Permissions::from_mode(0o300)).unwrap();
        // Root may read everything.
        let readable = fs::read_dir(&closed).is_ok();
        assert_eq!(measure(folder.path(), 1 << 20).is_none(), !readable);
        // Longer than any path, with something big at the end: as deep as it may be, and deeper.
        let name = CString::new("d".repeat(250)).unwrap();
        let top = tempfile::tempdir().unwrap();
        let mut at = rustix::fs::open(top.path(), OFlags::DIRECTORY, Mode::empty()).unwrap();
        for depth in 1..=MOST_DEEP {
            rustix::fs::mkdirat(&at, &name, Mode::RWXU).unwrap();
            at = rustix::fs::openat(&at, &name, OFlags::DIRECTORY, Mode::empty()).unwrap();
            if depth == 40 {
                let flags = OFlags::CREATE | OFlags::WRONLY;
                let file = rustix::fs::openat(&at, c"big", flags, Mode::RUSR).unwrap();
                rustix::io::write(&file, &[1; 1 << 16]).unwrap();
            }
            if depth == 41 {
                let total = measure(top.path(), u64::MAX).unwrap();
                assert!((1 << 16..u64::MAX).contains(&total), "{total}");
            }
        }
        assert_eq!(measure(top.path(), u64::MAX - 1), Some(u64::MAX));
        crate::removal::remove_tree(top.path()).unwrap();
    }
}
