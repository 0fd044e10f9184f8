use std::fs::File;
use std::io::{ErrorKind, Read as _};
use std::path::Path;

/// Files of these tools have a few hundred bytes.
const LIMIT: u64 = 256 * 1024;

/// The text of a file; `None` where there is none, and otherwise what is wrong with it. With a fence, a link that leads
/// out of that folder is not followed.
pub(super) fn read(path: &Path, fence: Option<&Path>) -> Result<Option<String>, String> {
    let real = match path.canonicalize() {
        Ok(real) => real,
        Err(error) if error.kind() == ErrorKind::NotFound => {
            // A link to nowhere is somebody's mistake, and worth a line.
            return match path.symlink_metadata() {
                Ok(_) => Err("It is a link to a file that is not there.".into()),
                Err(_) => Ok(None),
            };
        }
        Err(error) if error.kind() == ErrorKind::NotADirectory => return Ok(None),
        Err(error) => return Err(unreadable(&error)),
    };
    if let Some(fence) = fence {
        let fence = fence.canonicalize().map_err(|error| unreadable(&error))?;
        if !real.starts_with(&fence) {
            return Err(format!("It is a link to a place outside of {}.", fence.display()));
        }
    }
    let file_alone = |metadata: std::fs::Metadata| match metadata.is_file() {
        true => Ok(()),
        false => Err("It is not a file.".to_owned()),
    };
    // Before it is opened: to open a pipe waits for its other end.
    file_alone(real.metadata().map_err(|error| unreadable(&error))?)?;
    let file = File::open(&real).map_err(|error| unreadable(&error))?;
    file_alone(file.metadata().map_err(|error| unreadable(&error))?)?;
    let mut bytes = Vec::new();
    file.take(LIMIT + 1)
        .read_to_end(&mut bytes)
        .map_err(|error| unreadable(&error))?;
    if bytes.len() as u64 > LIMIT {
        return Err(format!("It is larger than {} KB.", LIMIT / 1024));
    }
    match String::from_utf8(bytes) {
        Ok(text) if !text.contains('\0') => Ok(Some(text)),
        _ => Err("It is not text.".into()),
    }
}

fn unreadable(error: &std::io::Error) -> String {
    match error.kind() {
        ErrorKind::PermissionDenied => "This user may not read it.".into(),
        kind => format!("It cannot be read: {kind}."),
    }
}
