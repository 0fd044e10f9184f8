//! How much a scratch folder holds.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

/// Most files and folders in a scratch folder; an empty file takes room too.
pub(crate) const MOST_FILES: usize = 100_000;

/// The bytes that a folder takes on disk. Stops counting where it is more than `enough`; too many files are as good
/// as too many bytes. Links are not followed.
pub(crate) fn measure(folder: &Path, enough: u64) -> u64 {
    let mut total = 0;
    let mut count = 0;
    let mut next: Vec<PathBuf> = vec![folder.to_owned()];
    while let Some(folder) = next.pop() {
        for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
            // Of the entry itself, not of what it points to.
            let Ok(file) = entry.metadata() else { continue };
            total += file.blocks() * 512;
            count += 1;
            if count > MOST_FILES {
                return u64::MAX;
            }
            if total > enough {
                return total;
            }
            if file.is_dir() {
                next.push(entry.path());
            }
        }
    }
    total
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_are_counted_and_links_are_not_followed() {
        let folder = tempfile::tempdir().unwrap();
        let other = tempfile::tempdir().unwrap();
        let big = vec![1; 1 << 20];
        fs::write(other.path().join("big"), &big).unwrap();
        std::os::unix::fs::symlink(other.path(), folder.path().join("link")).unwrap();
        std::os::unix::fs::symlink(folder.path(), folder.path().join("loop")).unwrap();
        assert!(measure(folder.path(), u64::MAX) < 1 << 20);
        fs::create_dir_all(folder.path().join("a/b")).unwrap();
        fs::write(folder.path().join("a/b/c"), &big).unwrap();
        let total = measure(folder.path(), u64::MAX);
        assert!((1 << 20..2 << 20).contains(&total), "{total}");
        assert_eq!(measure(&folder.path().join("gone"), 1), 0);
    }
}
