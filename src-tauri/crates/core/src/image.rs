use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::{Error, ErrorCode, Millis};

/// What the name of a container image stands for on this machine, which runs no containers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct Image {
    /// The name as clients write it, for example `ghcr.io/me/hello:1.0`. Without a tag it stands for every tag.
    pub name: String,
    /// The folder with the code, absolute; `None`: the process that the deployment itself names.
    pub folder: Option<String>,
    /// When it was mapped first.
    pub created: Millis,
}

/// Most characters of an image's name: a reference's name has at most 255, a tag 128, a digest about as many.
const LONGEST: usize = 512;

impl Image {
    /// A name as it is kept. `InvalidInput` when nothing could be called so.
    pub fn check_name(name: &str) -> Result<&str, Error> {
        let name = name.trim();
        let fits = |c: char| c.is_ascii_alphanumeric() || ".-_/:@+".contains(c);
        if name.is_empty() || name.len() > LONGEST || !name.chars().all(fits) {
            return Err(
                Error::new(ErrorCode::InvalidInput, "This is not the name of an image.")
                    .with_hint("Write it as the client does, for example ghcr.io/me/hello:latest."),
            );
        }
        Ok(name)
    }

    /// The names under which an image may have been mapped, the most exact first: as it is written, and without its tag
    /// or digest.
    #[must_use]
    pub fn candidates(name: &str) -> Vec<&str> {
        let mut all = vec![name];
        let plain = name.split_once('@').map_or(name, |(plain, _)| plain);
        // A colon before the last slash is a registry's port.
        let at = plain.rfind('/').map_or(0, |slash| slash + 1);
        let untagged = plain[at..].find(':').map_or(plain, |colon| &plain[..at + colon]);
        for candidate in [plain, untagged] {
            if !all.contains(&candidate) {
                all.push(candidate);
            }
        }
        all
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_stands_for_its_tags() {
        assert_eq!(Image::candidates("me/hello"), ["me/hello"]);
        assert_eq!(
            Image::candidates("host:5000/hello:1.0"),
            ["host:5000/hello:1.0", "host:5000/hello"]
        );
        assert_eq!(Image::candidates("host:5000/hello"), ["host:5000/hello"]);
        assert_eq!(
            Image::candidates("hello:1@sha256:00"),
            ["hello:1@sha256:00", "hello:1", "hello"]
        );
    }

    #[test]
    fn names_are_checked() {
        assert_eq!(Image::check_name(" me/hello:latest ").unwrap(), "me/hello:latest");
        for bad in ["", " ", "a b", "a\nb", "$(x)", &"x".repeat(513)] {
            assert!(Image::check_name(bad).is_err(), "{bad:?}");
        }
    }
}
