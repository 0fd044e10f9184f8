//! Where the process of a single run may write, and the rules of the fence around it, kept for the next run of the same
//! version of a function.
//!
//! Making a folder, removing it, and telling the kernel some fifty paths takes about as long as a short program runs. So
//! a ground that is as it was before the run goes to the next one; one that is not is removed. The rules are kept, and
//! not what the kernel made of them: each process still has a domain of its own, and reaches no other run's.
//!
//! What a run leaves running outside of its group reaches the files of the next runs of the same version, until the watch
//! has ended it. So no ground is kept of a run that was ended by force, nor of a process that has no brand, by which the
//! watch would know what it left.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use parking_lot::Mutex;
use rustix::fs::{Dir, Mode, OFlags};
use rustix::io::Errno;

use super::fence::Rules;

/// Most grounds that are kept for one version.
const MOST: usize = 16;

/// An empty folder and its rules.
pub(crate) struct Ground {
    path: PathBuf,
    /// What it looked like when it was made.
    first: Look,
    rules: Mutex<Option<Rules>>,
}

/// What a function can change of its folder, but for what is in it.
#[derive(Debug, PartialEq, Eq)]
struct Look {
    mode: u32,
    group: u32,
    /// Bytes that the folder itself takes: one that had many files stays large, and slow.
    size: i64,
    /// Bytes that the names of its extended attributes take, access lists among them.
    attributes: usize,
}

impl Look {
    /// `None` of a folder that is not empty.
    fn at(path: &Path) -> rustix::io::Result<Option<Self>> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let folder = rustix::fs::open(path, flags, Mode::empty())?;
        let stat = rustix::fs::fstat(&folder)?;
        let look = Self {
            mode: stat.st_mode,
            group: stat.st_gid,
            size: stat.st_size,
            attributes: match rustix::fs::flistxattr(&folder, &mut [0; 0]) {
                Err(Errno::NOTSUP) => 0,
                count => count?,
            },
        };
        for entry in Dir::new(folder)? {
            if !matches!(entry?.file_name().to_bytes(), b"." | b"..") {
                return Ok(None);
            }
        }
        Ok(Some(look))
    }
}

impl Ground {
    /// Makes the folder.
    pub(crate) fn make(path: PathBuf) -> io::Result<Self> {
        fs::create_dir(&path)?;
        match Look::at(&path) {
            Ok(Some(first)) => Ok(Self {
                path,
                first,
                rules: Mutex::default(),
            }),
            other => {
                let _ = fs::remove_dir(&path);
                Err(other
                    .err()
                    .map_or(io::ErrorKind::DirectoryNotEmpty.into(), Into::into))
            }
        }
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    pub(super) fn rules(&self) -> &Mutex<Option<Rules>> {
        &self.rules
    }

    fn is_untouched(&self) -> bool {
        Look::at(&self.path).is_ok_and(|now| now.as_ref() == Some(&self.first))
    }

    /// Removes the folder with all that is in it. Blocks.
    pub(crate) fn remove(&self) {
        crate::removal::remove_folder(&self.path);
    }
}

/// The grounds of one version that no run is on.
#[derive(Default)]
pub(crate) struct Grounds(Mutex<Free>);

#[derive(Default)]
struct Free {
    grounds: Vec<Ground>,
    /// Nothing is kept any more.
    closed: bool,
}

impl Grounds {
    /// One that was used before, if there is one that still is as it was.
    pub(crate) fn take(&self) -> Option<Ground> {
        loop {
            let ground = self.0.lock().grounds.pop()?;
            if ground.is_untouched() {
                return Some(ground);
            }
            // Rare: somebody outlived the end of a run for a moment.
            ground.remove();
        }
    }

    /// Keeps a ground for the next run, if the last one left it as it was; hands it back otherwise. Takes some system
    /// calls and waits for nothing.
    pub(crate) fn keep(&self, ground: Ground) -> Option<Ground> {
        if !ground.is_untouched() {
            return Some(ground);
        }
        let mut free = self.0.lock();
        if free.closed || free.grounds.len() >= MOST {
            return Some(ground);
        }
        free.grounds.push(ground);
        None
    }

    /// Removes what is kept, and keeps nothing from now on.
    pub(crate) fn close(&self) {
        let grounds = {
            let mut free = self.0.lock();
            free.closed = true;
            std::mem::take(&mut free.grounds)
        };
        grounds.iter().for_each(Ground::remove);
    }
}

impl Drop for Grounds {
    fn drop(&mut self) {
        self.close();
    }
}

/// A ground that a run is on, and where it belongs: there it goes when this is dropped, if it may.
pub(crate) struct Lent {
    path: PathBuf,
    ground: Option<Ground>,
    home: Arc<Grounds>,
    forbidden: bool,
}

impl Lent {
    pub(crate) fn new(ground: Ground, home: Arc<Grounds>) -> Self {
        Self {
            path: ground.path.clone(),
            ground: Some(ground),
            home,
            forbidden: false,
        }
    }

    /// It is not to be kept, whatever it looks like.
    pub(crate) fn forbid(&mut self) {
        self.forbidden = true;
    }

    /// The folder.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    pub(crate) fn ground(&self) -> Option<&Ground> {
        self.ground.as_ref()
    }

    /// The ground, if it is not kept. See [`Grounds::keep`].
    pub(crate) fn end(mut self) -> Option<Ground> {
        self.give_back()
    }

    fn give_back(&mut self) -> Option<Ground> {
        let ground = self.ground.take()?;
        if self.forbidden {
            return Some(ground);
        }
        self.home.keep(ground)
    }
}

impl Drop for Lent {
    fn drop(&mut self) {
        if let Some(ground) = self.give_back() {
            ground.remove();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn a_ground_goes_to_the_next_run_unless_one_left_something_on_it() {
        let data = tempfile::tempdir().unwrap();
        let grounds = Grounds::default();
        let make = || Ground::make(data.path().join(beckon_core::random_hex())).unwrap();
        assert!(grounds.keep(make()).is_none());
        let ground = grounds.take().unwrap();
        assert!(grounds.take().is_none());

        fs::write(ground.path().join("left"), "").unwrap();
        let ground = grounds.keep(ground).unwrap();
        ground.remove();
        assert!(!ground.path().exists());

        let changes: [fn(&Path); 2] = [
            |path| fs::set_permissions(path, fs::Permissions::from_mode(0o700)).unwrap(),
            |path| fs::remove_dir(path).unwrap(),
        ];
        for change in changes {
            let ground = make();
            change(ground.path());
            assert!(grounds.keep(ground).is_some());
        }
    }

    #[test]
    fn what_comes_to_lie_on_a_ground_later_is_not_there_for_the_next_run() {
        let data = tempfile::tempdir().unwrap();
        let grounds = Arc::new(Grounds::default());
        let path = data.path().join("a");
        assert!(grounds.keep(Ground::make(path.clone()).unwrap()).is_none());
        fs::write(path.join("late"), "").unwrap();
        assert!(grounds.take().is_none());
        assert!(!path.exists());

        let mut lent = Lent::new(Ground::make(path.clone()).unwrap(), grounds.clone());
        lent.forbid();
        drop(lent);
        assert!(grounds.take().is_none());
        assert!(!path.exists());
    }

    #[test]
    fn what_is_kept_goes_when_it_is_closed() {
        let data = tempfile::tempdir().unwrap();
        let grounds = Grounds::default();
        let [first, second] = ["a", "b"].map(|name| Ground::make(data.path().join(name)).unwrap());
        assert!(grounds.keep(first).is_none());
        grounds.close();
        assert!(!data.path().join("a").exists());
        assert!(grounds.keep(second).is_some());
    }
}
