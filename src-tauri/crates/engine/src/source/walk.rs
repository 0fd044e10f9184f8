//! A folder as a function sees it: its files in order, and what is left out.

use std::collections::BTreeSet;
use std::fs::{self, Metadata};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use beckon_core::{Error, ErrorCode, Result};

use super::rules::{Rules, Verdict};
use super::{FILE_LIMIT, FOLDER_LIMIT, LEFT_OUT_LIMIT, LeftOut, UNPACKED_LIMIT};

/// One file that is part of a function.
#[derive(Debug)]
pub(super) struct Found {
    /// Relative to the folder, with `/` between parts.
    pub(super) name: String,
    /// Where it is read from.
    pub(super) path: PathBuf,
    /// Its size when it was listed.
    pub(super) size: u64,
    /// Whether anybody may execute it.
    pub(super) executable: bool,
}

/// What is in a folder.
#[derive(Debug, Default)]
pub(super) struct Listing {
    /// In the order of their names.
    pub(super) files: Vec<Found>,
    /// The folders to watch for changes, the first one itself.
    pub(super) folders: BTreeSet<PathBuf>,
    /// The first of what is left out.
    pub(super) left_out: Vec<LeftOut>,
    /// How many files and folders are left out.
    pub(super) left_out_count: u64,
    bytes: u64,
}

/// Lists a folder.
///
/// # Errors
/// `NotFound` when it is not there, `InvalidInput` naming the file that cannot be used, `LimitExceeded`.
pub(super) fn list(root: &Path) -> Result<Listing> {
    let (listing, end) = list_far(root)?;
    end.map(|()| listing)
}

/// Lists a folder as far as it can be read: what was found until then comes with the error, so that the folders can be
/// watched for the mend.
pub(super) fn list_far(root: &Path) -> Result<(Listing, Result<()>)> {
    let root = canonical(root)?;
    let mut walk = Walk {
        rules: Rules::above(&root)?,
        listing: Listing::default(),
        trail: Vec::new(),
        visits: 0,
        root,
    };
    let root = walk.root.clone();
    let end = walk.folder(&root, "");
    let mut listing = walk.listing;
    listing.files.sort_by(|a, b| a.name.cmp(&b.name));
    Ok((listing, end))
}

/// The folder behind a path, links resolved.
pub(super) fn canonical(path: &Path) -> Result<PathBuf> {
    fs::canonicalize(path).map_err(|e| match e.kind() {
        std::io::ErrorKind::NotFound => Error::not_found(format_args!("folder {}", path.display())),
        _ => refused(path, "cannot be read").with_details(e.to_string()),
    })
}

struct Walk {
    root: PathBuf,
    rules: Rules,
    listing: Listing,
    /// The real folders that we are in: a link to one of them has no end.
    trail: Vec<PathBuf>,
    /// Folders read so far; one that several links point to is read for each.
    visits: usize,
}

impl Walk {
    /// `shown` is the folder's name in the package.
    fn folder(&mut self, folder: &Path, shown: &str) -> Result<()> {
        self.visits += 1;
        if self.visits > FOLDER_LIMIT {
            return Err(Error::new(
                ErrorCode::LimitExceeded,
                format!("The folder has more than {FOLDER_LIMIT} folders in it."),
            )
            .with_hint("Leave out what the function does not need with a .funcignore file."));
        }
        self.listing.folders.insert(folder.to_owned());
        self.trail.push(folder.to_owned());
        self.rules.enter(folder)?;
        let mut entries = Vec::new();
        for entry in fs::read_dir(folder).map_err(|e| unreadable(folder, &e))? {
            let entry = entry.map_err(|e| unreadable(folder, &e))?;
            entries.push(entry.path());
        }
        entries.sort();
        for path in entries {
            self.entry(&path, shown)?;
        }
        self.rules.leave();
        self.trail.pop();
        Ok(())
    }

    fn entry(&mut self, path: &Path, parent: &str) -> Result<()> {
        let meta = match fs::symlink_metadata(path) {
            Ok(meta) => meta,
            // Editors make and remove files all the time.
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(()),
            Err(e) => return Err(unreadable(path, &e)),
        };
        let link = meta.is_symlink();
        // What a link points to decides whether folder rules hold for it.
        let followed = if link { fs::metadata(path).ok() } else { Some(meta) };
        let directory = followed.as_ref().is_some_and(Metadata::is_dir);
        if let Verdict::Leave(reason) = self.rules.verdict(path, directory) {
            self.leave_out(path, directory, reason);
            return Ok(());
        }
        let Some(name) = path.file_name().and_then(|name| name.to_str()) else {
            return Err(refused(path, "has a name that is not UTF-8"));
        };
        if name.contains(|c: char| c == '\\' || c.is_control()) {
            return Err(refused(path, "has a name that cannot be used"));
        }
        let shown = if parent.is_empty() {
            name.to_owned()
        } else {
            format!("{parent}/{name}")
        };
        let mut real = path.to_owned();
        if link {
            real = fs::canonicalize(path).map_err(|_| refused(path, "is a link to nothing"))?;
            if !real.starts_with(&self.root) {
                return Err(refused(path, "is a link that leaves the folder").with_hint(
                    "Copy what it points to into the folder, or leave the link out with a .funcignore file.",
                ));
            }
            // Saving what the link points to is a change as well.
            if let Some(parent) = real.parent().filter(|_| !directory) {
                self.listing.folders.insert(parent.to_owned());
            }
        }
        match followed {
            Some(meta) if meta.is_dir() => {
                if self.trail.contains(&real) {
                    return Err(refused(path, "is a link to a folder that it is in"));
                }
                self.folder(&real, &shown)
            }
            Some(meta) if meta.is_file() => self.file(shown, real, &meta),
            _ => {
                self.leave_out(path, false, "neither a file nor a folder".into());
                Ok(())
            }
        }
    }

    fn file(&mut self, name: String, path: PathBuf, meta: &Metadata) -> Result<()> {
        if name.len() > 1024 {
            return Err(refused(&path, "has a path of more than 1,024 bytes"));
        }
        self.listing.bytes = self.listing.bytes.saturating_add(meta.len());
        if self.listing.files.len() >= FILE_LIMIT || self.listing.bytes > UNPACKED_LIMIT {
            let what = if self.listing.files.len() >= FILE_LIMIT {
                format!("more than {FILE_LIMIT} files")
            } else {
                format!("more than {} MiB", UNPACKED_LIMIT >> 20)
            };
            return Err(Error::new(
                ErrorCode::LimitExceeded,
                format!("The folder {} has {what}.", self.root.display()),
            )
            .with_hint("Leave out what the function does not need with a .funcignore file."));
        }
        self.listing.files.push(Found {
            name,
            path,
            size: meta.len(),
            executable: meta.permissions().mode() & 0o111 != 0,
        });
        Ok(())
    }

    fn leave_out(&mut self, path: &Path, directory: bool, reason: String) {
        self.listing.left_out_count += 1;
        if self.listing.left_out.len() < LEFT_OUT_LIMIT {
            let path = path.strip_prefix(&self.root).unwrap_or(path).to_string_lossy();
            let slash = if directory { "/" } else { "" };
            self.listing.left_out.push(LeftOut {
                path: format!("{path}{slash}"),
                reason,
            });
        }
    }
}

pub(super) fn unreadable(path: &Path, cause: &std::io::Error) -> Error {
    refused(path, "cannot be read").with_details(cause.to_string())
}

fn refused(path: &Path, why: &str) -> Error {
    Error::new(ErrorCode::InvalidInput, format!("{} {why}.", path.display()))
}
