//! The built UI, inside the binary: one copy for the window and for the browser.

use beckon_host::Asset;
use rust_embed::RustEmbed;

#[derive(RustEmbed)]
#[folder = "../ui/dist"]
pub(crate) struct Files;

/// One file by its path.
pub(crate) fn asset(path: &str) -> Option<Asset> {
    let file = Files::get(path)?;
    let media_type = mime_guess::from_path(path).first_or_octet_stream().to_string();
    Some(Asset {
        bytes: file.data,
        media_type,
    })
}
