//! A function's files, put into another folder by links: nothing is copied, and each folder is somebody's own.

use std::collections::HashSet;
use std::fs;
use std::io;
use std::os::unix::fs::symlink;
use std::path::{Component, Path, PathBuf};

/// Most files and folders: linking this many takes 2 ms.
const MOST: usize = 256;

/// What is in a folder of code.
#[derive(Debug, Default)]
pub(crate) struct Tree {
    /// Below the folder, parents first.
    folders: Vec<PathBuf>,
    files: Vec<PathBuf>,
    /// Symbolic links and what they say.
    links: Vec<(PathBuf, PathBuf)>,
    /// The names of files and folders, less their endings.
    names: HashSet<String>,
}

impl Tree {
    /// Looks at a folder of code. `None` when it is not one to be linked: too large, or with links that lead by a path
    /// from the root, or out of it, and with files that are none.
    pub(crate) fn of(root: &Path) -> Option<Self> {
        let mut tree = Self::default();
        tree.gather(root, Path::new("")).ok()?.then_some(tree)
    }

    fn gather(&mut self, root: &Path, folder: &Path) -> io::Result<bool> {
        for entry in fs::read_dir(root.join(folder))? {
            let entry = entry?;
            let path = folder.join(entry.file_name());
            if let Some(name) = Path::new(&entry.file_name()).file_stem() {
                self.names.insert(name.to_string_lossy().into_owned());
            }
            let kind = entry.file_type()?;
            if kind.is_dir() {
                self.folders.push(path.clone());
                if !self.gather(root, &path)? {
                    return Ok(false);
                }
            } else if kind.is_file() {
                self.files.push(path);
            } else if kind.is_symlink() {
                let target = fs::read_link(entry.path())?;
                if !stays_inside(folder, &target) {
                    return Ok(false);
                }
                self.links.push((path, target));
            } else {
                return Ok(false);
            }
            if self.folders.len() + self.files.len() + self.links.len() > MOST {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Whether a file or folder of it bears one of these names: where Python finds a module by its name, an interpreter
    /// that has a module of that name already would not look.
    pub(crate) fn has_any(&self, names: &HashSet<String>) -> bool {
        !self.names.is_disjoint(names)
    }

    /// Makes the same tree in `to`, which is there and empty.
    pub(crate) fn link(&self, from: &Path, to: &Path) -> io::Result<()> {
        for folder in &self.folders {
            fs::create_dir(to.join(folder))?;
        }
        for file in &self.files {
            fs::hard_link(from.join(file), to.join(file))?;
        }
        for (link, target) in &self.links {
            symlink(target, to.join(link))?;
        }
        // As sealed as they are there, children first.
        for folder in self.folders.iter().rev() {
            fs::set_permissions(to.join(folder), fs::metadata(from.join(folder))?.permissions())?;
        }
        fs::set_permissions(to, fs::metadata(from)?.permissions())
    }
}

/// Whether a symbolic link in `folder` leads to a place below the root.
fn stays_inside(folder: &Path, target: &Path) -> bool {
    let mut depth = folder.components().count();
    target.components().all(|part| match part {
        Component::Normal(_) => {
            depth += 1;
            true
        }
        Component::CurDir => true,
        Component::ParentDir => depth.checked_sub(1).is_some_and(|up| {
            depth = up;
            true
        }),
        Component::RootDir | Component::Prefix(_) => false,
    })
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::{MetadataExt, PermissionsExt};

    use super::*;

    #[test]
    fn a_tree_is_linked_as_it_is() {
        let (from, to) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        fs::create_dir_all(from.path().join("node_modules/.bin")).unwrap();
        fs::write(from.path().join("index.js"), "x").unwrap();
        fs::write(from.path().join("node_modules/tool.js"), "y").unwrap();
        symlink("../tool.js", from.path().join("node_modules/.bin/tool")).unwrap();
        let sealed = fs::Permissions::from_mode(0o555);
        fs::set_permissions(from.path().join("node_modules"), sealed.clone()).unwrap();
        let tree = Tree::of(from.path()).unwrap();
        tree.link(from.path(), to.path()).unwrap();
        assert_eq!(
            fs::read_to_string(to.path().join("node_modules/.bin/tool")).unwrap(),
            "y"
        );
        let inode = |root: &Path| fs::metadata(root.join("index.js")).unwrap().ino();
        assert_eq!(inode(from.path()), inode(to.path()));
        let mode = fs::metadata(to.path().join("node_modules")).unwrap().mode();
        assert_eq!(mode & 0o777, 0o555);
        assert!(tree.has_any(&HashSet::from(["tool".to_owned()])));
        assert!(!tree.has_any(&HashSet::from(["json".to_owned()])));
        crate::code::remove_tree(to.path()).unwrap();
        crate::code::remove_tree(from.path()).unwrap();
    }

    #[test]
    fn what_leads_out_or_is_too_much_is_not_linked() {
        for target in ["/etc/passwd", "../outside", "a/../../outside"] {
            let from = tempfile::tempdir().unwrap();
            symlink(target, from.path().join("link")).unwrap();
            assert!(Tree::of(from.path()).is_none(), "{target}");
        }
        let from = tempfile::tempdir().unwrap();
        for n in 0..=MOST {
            fs::write(from.path().join(n.to_string()), "").unwrap();
        }
        assert!(Tree::of(from.path()).is_none());
    }
}
