//! Removes folders that a hostile function may have filled: of any depth and whatever their permissions, by descriptor
//! and never by a path, so that nothing outside is reached and no name is too long.

use std::ffi::{CStr, CString};
use std::io;
use std::os::fd::{AsFd, AsRawFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use rustix::fs::{AtFlags, CWD, Dir, FileType, Mode, OFlags};
use rustix::io::Errno;

/// How many times a folder is gone through that somebody still fills.
const ROUNDS: usize = 16;

/// Removes a folder of a process, which mostly is empty. What fails is told in Beckon's own log.
pub(crate) fn remove_folder(folder: &Path) {
    if let Err(e) = std::fs::remove_dir(folder)
        && e.kind() != io::ErrorKind::NotFound
        && let Err(e) = remove_tree(folder)
    {
        tracing::warn!(error = %e, "a folder of a process could not be removed");
    }
}

/// Removes a folder with sealed folders in it, or a file or a link; whether it was there does not matter. What can be
/// removed is, whatever else fails.
pub(crate) fn remove_tree(root: &Path) -> io::Result<()> {
    match unlink(CWD, root) {
        Ok(()) | Err(Errno::NOENT) => return Ok(()),
        Err(Errno::NOTEMPTY | Errno::EXIST) => {}
        Err(e) => return Err(e.into()),
    }
    let name = CString::new(root.as_os_str().as_bytes())?;
    let top = open(CWD, &name)?;
    let mut failed = Ok(());
    for _ in 0..ROUNDS {
        failed = empty(&top);
        match rustix::fs::unlinkat(CWD, root, AtFlags::REMOVEDIR) {
            Ok(()) | Err(Errno::NOENT) => return Ok(()),
            Err(Errno::NOTEMPTY | Errno::EXIST) => {}
            Err(e) => return Err(e.into()),
        }
    }
    failed?;
    Err(Errno::NOTEMPTY.into())
}

/// Removes what is in `top`. Folders in folders are moved up to it, so that no depth needs more descriptors or stack;
/// each is then one of its own. The first thing that failed is told.
fn empty(top: &OwnedFd) -> rustix::io::Result<()> {
    let mut failed = Ok(());
    let mut waiting: Vec<CString> = Vec::new();
    clear(top, &mut |name| {
        waiting.push(name.to_owned());
        Ok(())
    })
    .unwrap_or_else(|e| failed = Err(e));
    let token = beckon_core::random_hex();
    let mut moved = 0_u64;
    while let Some(name) = waiting.pop() {
        let removed = open(top, &name).and_then(|folder| {
            clear(&folder, &mut |inner| {
                // A folder moves only if it may itself be written.
                open(&folder, inner)?;
                moved += 1;
                let fresh = CString::new(format!("{token}-{moved}")).map_err(|_| Errno::INVAL)?;
                rustix::fs::renameat(&folder, inner, top, &fresh)?;
                waiting.push(fresh);
                Ok(())
            })?;
            rustix::fs::unlinkat(top, &name, AtFlags::REMOVEDIR)
        });
        match removed {
            Ok(()) | Err(Errno::NOENT) => {}
            Err(e) => failed = failed.and(Err(e)),
        }
    }
    failed
}

/// Removes the files, links and empty folders of `folder`, and gives the names of the others to `full`.
fn clear(folder: &OwnedFd, full: &mut dyn FnMut(&CStr) -> rustix::io::Result<()>) -> rustix::io::Result<()> {
    let mut failed = Ok(());
    for entry in Dir::read_from(folder)? {
        let entry = entry?;
        let name = entry.file_name();
        if matches!(name.to_bytes(), b"." | b"..") {
            continue;
        }
        let removed = match entry.file_type() {
            FileType::Directory => rustix::fs::unlinkat(folder, name, AtFlags::REMOVEDIR),
            FileType::Unknown => unlink(folder, name),
            _ => rustix::fs::unlinkat(folder, name, AtFlags::empty()),
        };
        let removed = match removed {
            Err(Errno::NOTEMPTY | Errno::EXIST) => full(name),
            other => other,
        };
        match removed {
            Ok(()) | Err(Errno::NOENT) => {}
            Err(e) => failed = failed.and(Err(e)),
        }
    }
    failed
}

/// Removes a file, a link or an empty folder.
fn unlink(folder: impl AsFd, name: impl rustix::path::Arg + Copy) -> rustix::io::Result<()> {
    match rustix::fs::unlinkat(&folder, name, AtFlags::empty()) {
        // POSIX has the second for a folder, Linux the first.
        Err(Errno::ISDIR | Errno::PERM) => rustix::fs::unlinkat(&folder, name, AtFlags::REMOVEDIR),
        other => other,
    }
}

/// Opens a folder, and no link to one, and lets its owner change what is in it.
fn open(parent: impl AsFd, name: &CStr) -> rustix::io::Result<OwnedFd> {
    let flags = OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    match rustix::fs::openat(&parent, name, flags | OFlags::RDONLY, Mode::empty()) {
        Ok(folder) => {
            rustix::fs::fchmod(&folder, Mode::RWXU)?;
            Ok(folder)
        }
        // Its owner may not read it. By /proc, because a mode cannot be set by a descriptor without rights.
        Err(Errno::ACCESS) => {
            let place = rustix::fs::openat(&parent, name, flags | OFlags::PATH, Mode::empty())?;
            let path = format!("/proc/self/fd/{}", place.as_raw_fd());
            rustix::fs::chmod(path, Mode::RWXU)?;
            rustix::fs::openat(&place, c".", flags | OFlags::RDONLY, Mode::empty())
        }
        Err(e) => Err(e),
    }
}

#[cfg(test)]
mod tests {
    use std::fs::{self, Permissions};
    use std::os::unix::fs::{PermissionsExt, symlink};

    use super::*;

    #[test]
    fn what_is_too_deep_for_any_path_or_stack_is_removed() {
        let outside = tempfile::tempdir().unwrap();
        let root = outside.path().join("root");
        fs::create_dir(&root).unwrap();
        let name = CString::new("d".repeat(250)).unwrap();
        let mut at = rustix::fs::open(&root, OFlags::DIRECTORY, Mode::empty()).unwrap();
        for _ in 0..600 {
            rustix::fs::mkdirat(&at, &name, Mode::RWXU).unwrap();
            rustix::fs::symlinkat("/", &at, c"link").unwrap();
            at = rustix::fs::openat(&at, &name, OFlags::DIRECTORY, Mode::empty()).unwrap();
        }
        remove_tree(&root).unwrap();
        assert_eq!(fs::read_dir(outside.path()).unwrap().count(), 0);
    }

    #[test]
    fn sealed_folders_are_removed_and_links_are_not_followed() {
        let outside = tempfile::tempdir().unwrap();
        let kept = outside.path().join("kept");
        fs::create_dir(&kept).unwrap();
        fs::write(kept.join("file"), "kept").unwrap();
        fs::set_permissions(&kept, Permissions::from_mode(0o750)).unwrap();
        let root = outside.path().join("root");
        fs::create_dir_all(root.join("a/b/c")).unwrap();
        fs::create_dir_all(root.join("a/e")).unwrap();
        for folder in ["", "a", "a/b", "a/b/c"] {
            symlink(&kept, root.join(folder).join("link")).unwrap();
            fs::write(root.join(folder).join("file"), "x").unwrap();
        }
        for (folder, mode) in [
            ("a/b/c", 0o000),
            ("a/b", 0o300),
            ("a/e", 0),
            ("a", 0o555),
            ("", 0o000),
        ] {
            fs::set_permissions(root.join(folder), Permissions::from_mode(mode)).unwrap();
        }
        remove_tree(&root).unwrap();
        assert!(!root.exists());
        // A link in the place of the folder.
        symlink(&kept, &root).unwrap();
        remove_tree(&root).unwrap();
        assert!(root.symlink_metadata().is_err());
        assert_eq!(fs::read_to_string(kept.join("file")).unwrap(), "kept");
        assert_eq!(kept.metadata().unwrap().permissions().mode() & 0o777, 0o750);
        remove_tree(&root).unwrap();
    }
}
