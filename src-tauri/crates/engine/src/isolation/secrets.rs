//! Secrets as files, where functions of OpenFaaS look for them: `/var/openfaas/secrets/<name>`.
//!
//! Where this account may mount, the thread that starts a process takes a view of the files of its own first, in which
//! `/var` is a small file system in memory: what was there is there as before, and beside it are the secrets. No other
//! process sees them, they are never on a disk, and they are gone with the last process that was started in that view,
//! however it ends.
//!
//! Elsewhere (that takes root) they are files in a folder of the worker's in the data directory, which is removed after
//! it. The folder is named in the variable `secret_mount_path`, as of-watchdog and the templates name it, and stands in
//! for `/var/openfaas/secrets` in the function's command.

use std::ffi::OsString;
use std::fs::{self, DirBuilder, OpenOptions, Permissions};
use std::io::{self, Write as _};
use std::os::fd::AsRawFd as _;
use std::os::unix::ffi::{OsStrExt as _, OsStringExt as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _, PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use beckon_core::Secret;
use nix::mount::{MsFlags, mount};
use nix::sched::{CloneFlags, unshare};
use rustix::fs::{Mode, OFlags};

/// Where functions of OpenFaaS look for secrets.
pub(crate) const PLACE: &str = "/var/openfaas/secrets";
/// The variable that names the folder.
const VARIABLE: &str = "secret_mount_path";
/// What is replaced by a file system in memory.
const COVERED: &str = "/var";
const NOTHING: Option<&str> = None;

/// Names, and values in base64.
#[derive(Debug, Clone, Default)]
pub(crate) struct SecretFiles(Arc<[(String, Secret)]>);

impl SecretFiles {
    /// Values are in base64. A deployment may name one secret twice.
    pub(crate) fn new(mut files: Vec<(String, Secret)>) -> Self {
        files.sort_by(|(a, _), (b, _)| a.cmp(b));
        files.dedup_by(|(a, _), (b, _)| a == b);
        Self(files.into())
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Writes them into a folder that is there, for their owner to read.
    fn write(&self, folder: &Path) -> io::Result<()> {
        for (name, value) in self.0.iter() {
            let bytes = STANDARD.decode(value.expose());
            let bytes = bytes.map_err(|_| io::Error::other(format!("the value of the secret {name}")))?;
            OpenOptions::new()
                .write(true)
                .create_new(true)
                .mode(0o400)
                .open(folder.join(name))?
                .write_all(&bytes)?;
        }
        fs::set_permissions(folder, Permissions::from_mode(0o500))
    }
}

/// Whether this account may show a process other files than everybody's. Tries it, on this thread: to be called on one
/// that ends.
pub(crate) fn try_here() -> bool {
    mounted(&SecretFiles::default()).is_ok()
}

/// Gives this thread, and what it starts, a view of the files in which the secrets are at [`PLACE`].
pub(crate) fn mounted(files: &SecretFiles) -> io::Result<()> {
    unshare(CloneFlags::CLONE_NEWNS)?;
    // What is mounted from here on is nobody else's business.
    mount(
        NOTHING,
        "/",
        NOTHING,
        MsFlags::MS_REC | MsFlags::MS_PRIVATE,
        NOTHING,
    )?;
    // In the new view: what was opened in another cannot be mounted in this one.
    let before = rustix::fs::open(
        COVERED,
        OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC,
        Mode::empty(),
    )?;
    let entries = fs::read_dir(COVERED)?.collect::<io::Result<Vec<_>>>()?;
    let flags = MsFlags::MS_NOSUID | MsFlags::MS_NODEV | MsFlags::MS_NOEXEC;
    mount(Some("tmpfs"), COVERED, Some("tmpfs"), flags, Some("mode=0755"))?;
    let place = Path::new(PLACE);
    for entry in entries {
        let path = entry.path();
        if place.starts_with(&path) {
            continue; // ours stands for it
        }
        let kind = entry.file_type()?;
        let old =
            PathBuf::from(format!("/proc/thread-self/fd/{}", before.as_raw_fd())).join(entry.file_name());
        if kind.is_symlink() {
            symlink(fs::read_link(&old)?, &path)?;
            continue;
        }
        if kind.is_dir() {
            fs::create_dir(&path)?;
        } else {
            fs::write(&path, "")?;
        }
        mount(
            Some(&old),
            &path,
            NOTHING,
            MsFlags::MS_BIND | MsFlags::MS_REC,
            NOTHING,
        )?;
    }
    fs::create_dir_all(place)?;
    files.write(place)?;
    let flags = flags | MsFlags::MS_REMOUNT | MsFlags::MS_RDONLY;
    mount(NOTHING, COVERED, NOTHING, flags, Some("mode=0755"))?;
    Ok(())
}

/// The folder for the secrets of the process with this scratch folder, where nothing can be mounted.
pub(crate) fn folder_beside(scratch: &Path) -> PathBuf {
    let data = scratch.parent().and_then(Path::parent).unwrap_or(scratch);
    data.join("secrets").join(scratch.file_name().unwrap_or_default())
}

/// Makes that folder, with the secrets in it, where a start of the process that failed has not made it already.
pub(crate) fn written(files: &SecretFiles, folder: &Path) -> io::Result<()> {
    match DirBuilder::new().mode(0o700).create(folder) {
        Err(e) if e.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        made => made.and_then(|()| files.write(folder)),
    }
}

/// Says where the secrets are: in the environment, unless the function was told something else, and in its command.
pub(crate) fn name_place(folder: &Path, env: &mut Vec<(String, String)>, arguments: &mut [OsString]) {
    if !env.iter().any(|(name, _)| name == VARIABLE) {
        env.push((VARIABLE.to_owned(), folder.display().to_string()));
    }
    if folder == Path::new(PLACE) {
        return;
    }
    for argument in arguments {
        let (text, place) = (argument.as_bytes(), PLACE.as_bytes());
        let found = text.windows(place.len()).position(|part| part == place);
        let Some(mut at) = found else { continue };
        let mut rest = text;
        let mut new = Vec::with_capacity(text.len());
        loop {
            new.extend_from_slice(&rest[..at]);
            new.extend_from_slice(folder.as_os_str().as_bytes());
            rest = &rest[at + place.len()..];
            match rest.windows(place.len()).position(|part| part == place) {
                Some(next) => at = next,
                None => break,
            }
        }
        new.extend_from_slice(rest);
        *argument = OsString::from_vec(new);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_names_the_folder_that_there_is() {
        let mut env = Vec::new();
        let mut arguments: Vec<OsString> = vec![
            "-c".into(),
            "cat /var/openfaas/secrets/a;cat /var/openfaas/secrets/b".into(),
        ];
        name_place(Path::new(PLACE), &mut env, &mut arguments);
        assert_eq!(env, [(VARIABLE.to_owned(), PLACE.to_owned())]);
        assert_eq!(
            arguments[1],
            "cat /var/openfaas/secrets/a;cat /var/openfaas/secrets/b"
        );
        env.clear();
        name_place(Path::new("/data/secrets/1"), &mut env, &mut arguments);
        assert_eq!(env, [(VARIABLE.to_owned(), "/data/secrets/1".to_owned())]);
        assert_eq!(arguments, ["-c", "cat /data/secrets/1/a;cat /data/secrets/1/b"]);
        // What the deployment says itself stays.
        name_place(Path::new("/other"), &mut env, &mut []);
        assert_eq!(env.len(), 1);
    }

    #[test]
    fn files_are_their_owners_and_written_as_they_are() {
        let data = tempfile::tempdir().unwrap();
        let scratch = data.path().join("scratch/1");
        fs::create_dir(data.path().join("secrets")).unwrap();
        let folder = folder_beside(&scratch);
        let value = Secret::new(STANDARD.encode([0, 159, 10]));
        let files = SecretFiles::new(vec![("key".into(), value.clone()), ("key".into(), value)]);
        written(&files, &folder).unwrap();
        assert_eq!(fs::read(folder.join("key")).unwrap(), [0, 159, 10]);
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!((mode(&folder), mode(&folder.join("key"))), (0o500, 0o400));
        crate::removal::remove_tree(&folder).unwrap();
    }
}
