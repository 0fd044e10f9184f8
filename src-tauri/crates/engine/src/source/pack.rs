//! A folder as code: the same files always give the same bytes.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::{Cursor, Read as _, Write as _};
use std::path::{Path, PathBuf};

use beckon_core::{CodePackage, Contract, Error, ErrorCode, Language, Result};
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, DateTime, ZipWriter};

use super::walk::{self, Found, Listing};
use super::{FolderFile, FolderPreview, UNPACKED_LIMIT};
use crate::deploy::{CODE_LIMIT, invalid, too_large};

/// Code taken from a folder or a file.
#[derive(Debug)]
pub struct Packed {
    /// The code: a zip, or the text where a folder has one source file and the contract is OpenWhisk's.
    pub code: CodePackage,
    /// How many files are in it.
    pub files: u64,
    /// Their bytes together.
    pub bytes: u64,
}

/// How far packing is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PackProgress {
    /// Files that are packed.
    pub files: u64,
    /// All files.
    pub of: u64,
    /// Bytes read so far.
    pub bytes: u64,
}

/// Looks through a folder without reading its files. Blocks.
///
/// # Errors
/// As [`pack`].
pub fn preview(path: &Path) -> Result<FolderPreview> {
    let path = absolute(path)?;
    let listing = match path.is_file() {
        true => single(path)?,
        false => walk::list(path)?,
    };
    Ok(FolderPreview {
        path: walk::canonical(path)?.display().to_string(),
        bytes: listing.files.iter().map(|file| file.size).sum(),
        files: listing
            .files
            .into_iter()
            .map(|file| FolderFile {
                path: file.name,
                size: file.size,
            })
            .collect(),
        left_out: listing.left_out,
        left_out_count: listing.left_out_count,
    })
}

/// Takes the code from a folder, a source file or a zip. `progress` hears of it now and then. Blocks.
///
/// DigitalOcean's deployer takes a folder with a single source file as that file; so does this, for OpenWhisk's
/// contract. Other contracts look for files by name, and get a zip always.
///
/// # Errors
/// `NotFound` when there is nothing there; `InvalidInput` for a path that is not absolute, an empty folder, and for a
/// file that cannot be used (its path is named): unreadable, a link out of the folder, a name that no zip may have;
/// `LimitExceeded` over 10,000 files, 2,000 folders, 256 MiB unpacked or 48 MiB packed.
pub fn pack(
    path: &Path,
    language: Language,
    contract: Contract,
    progress: &mut dyn FnMut(PackProgress),
) -> Result<Packed> {
    let path = absolute(path)?;
    if path.is_file() && path.extension().is_some_and(|extension| extension == "zip") {
        let bytes = read_at_most(path, CODE_LIMIT as u64 + 1)?;
        return Ok(Packed {
            bytes: bytes.len() as u64,
            code: CodePackage::Zip(bytes),
            files: 1,
        });
    }
    let listing = match path.is_file() {
        true => single(path)?,
        false => walk::list(path)?,
    };
    let (files, bytes) = (
        listing.files.len() as u64,
        listing.files.iter().map(|file| file.size).sum(),
    );
    if listing.files.is_empty() {
        let error = invalid(format!(
            "The folder {} has no files for a function.",
            path.display()
        ));
        return Err(match listing.left_out.first() {
            Some(first) => error.with_hint(format!(
                "For example {} is left out ({}).",
                first.path, first.reason
            )),
            None => error,
        });
    }
    if contract == Contract::Openwhisk
        && let [only] = listing.files.as_slice()
        && is_source(&only.name, language)
        && let Ok(text) = String::from_utf8(read_at_most(&only.path, CODE_LIMIT as u64 + 1)?)
    {
        return Ok(Packed {
            code: CodePackage::Source(text),
            files,
            bytes,
        });
    }
    check_main(&listing, path)?;
    let code = CodePackage::Zip(zip(&listing.files, progress)?);
    if code.len() > CODE_LIMIT {
        return Err(too_large("exec", code.len(), CODE_LIMIT)
            .with_hint("Leave out what the function does not need with a .funcignore file."));
    }
    Ok(Packed { code, files, bytes })
}

fn absolute(path: &Path) -> Result<&Path> {
    if path.is_absolute() {
        return Ok(path);
    }
    Err(invalid(format!("'{}' is not an absolute path.", path.display())))
}

/// A file that stands alone.
fn single(path: &Path) -> Result<Listing> {
    let real = walk::canonical(path)?;
    let size = fs::metadata(&real)
        .map_err(|e| walk::unreadable(&real, &e))?
        .len();
    let name = path.file_name().and_then(|name| name.to_str());
    let name = name.ok_or_else(|| invalid(format!("{} has a name that is not UTF-8.", path.display())))?;
    let mut listing = Listing::default();
    // Editors replace files rather than change them: the folder hears of it.
    for folder in [real.parent(), path.parent()].into_iter().flatten() {
        listing.folders.insert(folder.to_owned());
    }
    listing.files.push(Found {
        name: name.to_owned(),
        path: real,
        size,
        executable: true,
    });
    Ok(listing)
}

/// The folders that hear of changes to a folder or a file, as far as it can be read.
///
/// # Errors
/// `NotFound` when it is not there.
pub(super) fn watched(path: &Path) -> Result<BTreeSet<PathBuf>> {
    match path.is_file() {
        true => Ok(single(path)?.folders),
        false => Ok(walk::list_far(path)?.0.folders),
    }
}

fn is_source(name: &str, language: Language) -> bool {
    let extension = name.rsplit_once('.').map_or("", |(_, extension)| extension);
    match language {
        Language::Node => matches!(extension, "js" | "mjs" | "cjs"),
        Language::Python => extension == "py",
        Language::Php => extension == "php",
        Language::Ruby => extension == "rb",
        Language::Go => extension == "go",
        Language::Rust => extension == "rs",
        Language::Executable => true,
    }
}

/// A built entry point is often in a folder that git does not keep: say so, instead of "not found" at the first run.
fn check_main(listing: &Listing, folder: &Path) -> Result<()> {
    let Some(package) = listing.files.iter().find(|file| file.name == "package.json") else {
        return Ok(());
    };
    let text = read_at_most(&package.path, 1024 * 1024)?;
    let main = serde_json::from_slice::<serde_json::Value>(&text)
        .ok()
        .and_then(|package| package.get("main")?.as_str().map(str::to_owned));
    let Some(main) = main else { return Ok(()) };
    let name = main.trim_start_matches("./");
    let packed = listing.files.iter().any(|file| file.name == name);
    if packed || name.is_empty() || !folder.join(name).is_file() {
        return Ok(());
    }
    let covers = |path: &str| path == name || (path.ends_with('/') && name.starts_with(path));
    let reason = listing.left_out.iter().find(|left| covers(&left.path));
    let error = invalid(format!(
        "package.json's main, '{main}', is left out of the function."
    ));
    Err(match reason {
        Some(left) => error.with_hint(format!(
            "{} says so; bring it back with '!' in a .funcignore file.",
            left.reason
        )),
        None => error.with_hint("Bring it back with '!' in a .funcignore file."),
    })
}

/// Reads a file; one byte more than `limit` shows that it is larger.
fn read_at_most(path: &Path, limit: u64) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    File::open(path)
        .and_then(|file| file.take(limit).read_to_end(&mut bytes))
        .map_err(|e| walk::unreadable(path, &e))?;
    Ok(bytes)
}

/// No times, no owners, two modes: the bytes depend on nothing but names and contents.
fn zip(files: &[Found], progress: &mut dyn FnMut(PackProgress)) -> Result<Vec<u8>> {
    let failed = |e: zip::result::ZipError| Error::internal("pack a folder", e);
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    let mut total = 0u64;
    let mut told = 0u64;
    for (number, file) in files.iter().enumerate() {
        // One read: what is packed is a state that the file was in, however it changes meanwhile.
        let content = read_at_most(&file.path, UNPACKED_LIMIT.saturating_sub(total) + 1)?;
        total += content.len() as u64;
        if total > UNPACKED_LIMIT {
            return Err(Error::new(
                ErrorCode::LimitExceeded,
                format!("The folder has more than {} MiB.", UNPACKED_LIMIT >> 20),
            ));
        }
        let options = SimpleFileOptions::default()
            .compression_method(CompressionMethod::Deflated)
            .last_modified_time(DateTime::default())
            .unix_permissions(if file.executable { 0o755 } else { 0o644 });
        writer.start_file(file.name.as_str(), options).map_err(failed)?;
        writer
            .write_all(&content)
            .map_err(|e| Error::internal("pack a folder", e))?;
        let files_done = number as u64 + 1;
        if total - told > 4 * 1024 * 1024
            || files_done.is_multiple_of(256)
            || files_done == files.len() as u64
        {
            told = total;
            progress(PackProgress {
                files: files_done,
                of: files.len() as u64,
                bytes: total,
            });
        }
    }
    Ok(writer.finish().map_err(failed)?.into_inner())
}
